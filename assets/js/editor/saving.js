// Saving: soon after the last letter, at most three seconds after the first, one request at a time. Without a
// connection the text stays in the page and beside it in localStorage, and is sent again until it arrives.
import { body, entries, same } from "./entries.js";

const SOON = 600;
const LATEST = 2500;
const AGAIN = [1000, 2000, 4000, 8000, 15000];
const tell = (state) => document.dispatchEvent(new Event(state));

export function startSaving(form, { onSaved, onNewSheet, restore = () => {} }) {
  const key = form.dataset.keep ?? `content:${form.dataset.mailing}`;
  let [timer, first, tries, isStopped, running, saved] = [0, 0, 0, false, null, entries(form)];
  const isDirty = () => !same(saved, entries(form));

  function setAside() {
    if (isDirty()) localStorage.setItem(key, JSON.stringify({ version: form.elements.version.value, list: entries(form) }));
  }

  function touch() {
    if (isStopped) return setAside();
    clearTimeout(timer);
    first ||= Date.now();
    timer = setTimeout(save, Math.max(0, Math.min(SOON, first + LATEST - Date.now())));
    setAside();
  }

  function swap(html) {
    const answer = new DOMParser().parseFromString(`<template>${html}</template>`, "text/html").querySelector("template").content;
    const hasSheet = answer.getElementById("sheet");
    if (hasSheet) form.dispatchEvent(new Event("sheet-leaves"));
    for (const part of [...answer.children]) {
      const place = part.id && document.getElementById(part.id);
      if (place && !(hasSheet && place.closest("#sheet") && part !== hasSheet)) place.replaceWith(part);
    }
    for (const said of form.querySelectorAll("[data-said]")) {
      document.getElementById(said.dataset.said)?.dispatchEvent(new CustomEvent("said", { detail: said.childElementCount > 0 }));
    }
    if (!hasSheet) return;
    onNewSheet();
    form.dispatchEvent(new Event("sheet-arrives"));
  }

  async function post(list, again) {
    const response = await fetch(form.action, { method: "POST", body: body(form, list, again), headers: { "X-Autosave": "1" }, redirect: "manual" });
    if (response.status === 409) {
      swap(await response.text());
      throw Object.assign(new Error("changed elsewhere"), { isFinal: true });
    }
    if (response.type === "opaqueredirect" || (response.status >= 400 && response.status < 500)) {
      const isSaid = response.status === 400 && response.headers.get("Content-Type")?.startsWith("text/plain");
      notice(isSaid ? await response.text() : form.dataset.unsavable);
      throw Object.assign(new Error("not ours to save"), { isFinal: true });
    }
    if (!response.ok) throw new Error(String(response.status));
    swap(await response.text());
    saved = again ? entries(form) : list;
    localStorage.removeItem(key);
    document.getElementById("conflict").replaceChildren();
    tell("saved");
    onSaved();
  }

  async function send(list, again) {
    while (running) await running.catch(() => {});
    clearTimeout(timer);
    first = 0;
    tell("saving");
    running = post(list ?? entries(form), again);
    try {
      await running;
      tries = 0;
      return true;
    } catch (failure) {
      tell("unsaved");
      isStopped = Boolean(failure.isFinal);
      if (!isStopped && !again) timer = setTimeout(save, AGAIN[Math.min(tries++, AGAIN.length - 1)]);
      return false;
    } finally {
      running = null;
    }
  }

  async function save() {
    if (isStopped || !isDirty()) return true;
    const done = await send();
    if (done && isDirty()) touch();
    return done;
  }

  async function look() {
    const response = await fetch(`${form.action}?look=1&as=${form.elements.as?.value ?? ""}`, { redirect: "manual" }).catch(() => null);
    if (response?.ok) swap(await response.text());
    onSaved();
  }

  function notice(text) {
    document.dispatchEvent(new CustomEvent("messages", { detail: { messages: [{ text, level: "warning" }] } }));
  }

  function takeUp() {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null");
    if (!kept || same(kept.list, entries(form))) return localStorage.removeItem(key);
    if (kept.version !== form.elements.version.value) return localStorage.removeItem(key);
    restore(kept.list); // a page that gets no new fields in the answer takes them from here
    send(kept.list, true).then((done) => done && document.dispatchEvent(new CustomEvent("messages", { detail: { messages: [{ text: form.dataset.restored, level: "info" }] } })));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  form.addEventListener("input", touch);
  form.addEventListener("change", touch);
  window.addEventListener("online", () => save());
  window.addEventListener("pagehide", () => {
    setAside();
    if (!isStopped && isDirty()) fetch(form.action, { method: "POST", body: body(form, entries(form)), headers: { "X-Autosave": "1" }, keepalive: true });
  });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty() && (isStopped || tries)) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const what = event.target.closest("#conflict [data-do]")?.dataset.do;
    if (what === "take-theirs") {
      localStorage.removeItem(key);
      saved = entries(form);
      location.reload();
    } else if (what === "keep-mine") {
      form.elements.version.value = document.getElementById("conflict").dataset.version;
      isStopped = false;
      send();
    }
  });
  // a link out of the page waits for the last letters
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || link.target || isStopped || !isDirty()) return;
    event.preventDefault();
    await save();
    location.assign(link.href);
  });
  form.addEventListener("reader", look);
  takeUp();
  return { touch, save, replace: (list) => send(list, true), entries: () => entries(form) };
}
