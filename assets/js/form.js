// A visitor's form: pages, questions that follow from answers, the small sum before sending, its height told to the site
// around it. Without this script the form is one long page that works all the same.
import { pbkdf2, solveChallenge } from "altcha/lib";

const form = document.querySelector("form[data-form]");
const isFramed = "framed" in document.body.dataset && window.parent !== window;

function tellHeight() {
  const height = Math.ceil(document.getElementById("framed").getBoundingClientRect().height);
  window.parent.postMessage({ postduif: "height", form: form?.dataset.form, height }, "*");
}
if (isFramed) {
  new ResizeObserver(tellHeight).observe(document.getElementById("framed"));
  if (document.querySelector("[data-done]")) window.parent.postMessage({ postduif: "done" }, "*");
}
document.querySelector("[data-mistakes], [data-done]")?.focus();

if (form) {
  const fields = [...form.querySelectorAll("[data-field]")];
  const pages = [...form.querySelectorAll("[data-page]")];
  const answer = (name) => new FormData(form).getAll(name).map(String).filter(Boolean);
  form.elements.shown_at.value = isFramed ? document.referrer : location.href;

  function follow() {
    for (const field of fields) {
      if (!field.dataset.if) continue;
      const given = answer(field.dataset.if);
      field.hidden = !(field.dataset.is ? given.includes(field.dataset.is) : given.length);
      for (const part of field.querySelectorAll("input, select, textarea")) part.disabled = field.hidden;
    }
  }

  let at = 0;
  function turn(to) {
    at = Math.max(0, Math.min(pages.length - 1, to));
    for (const [number, page] of pages.entries()) page.hidden = number !== at;
    form.querySelector("[data-previous]").hidden = at === 0;
    form.querySelector("[data-next]").hidden = at === pages.length - 1;
    form.querySelector("[data-send]").hidden = at < pages.length - 1;
    const progress = form.querySelector("[data-progress]");
    progress.hidden = false;
    progress.textContent = progress.dataset.words.replace("%(page)s", at + 1).replace("%(pages)s", pages.length);
    if (isFramed) tellHeight();
  }
  function isFilled(page) {
    for (const field of page.querySelectorAll("[data-required]:not([hidden])")) {
      const said = field.querySelector("[data-missing]");
      const isEmpty = answer(field.dataset.field).length === 0;
      if (isEmpty && !said) {
        const line = Object.assign(document.createElement("p"), { className: "text-sm bad mt-1", textContent: field.dataset.required });
        line.dataset.missing = "";
        line.setAttribute("role", "alert");
        field.append(line);
      } else if (!isEmpty) said?.remove();
      if (isEmpty) {
        field.querySelector("input, select, textarea").focus();
        return false;
      }
    }
    return true;
  }
  if (pages.length > 1) {
    form.querySelector("[data-next]").addEventListener("click", () => {
      if (!isFilled(pages[at])) return;
      turn(at + 1);
      pages[at].querySelector("input, select, textarea, h2")?.focus();
    });
    form.querySelector("[data-previous]").addEventListener("click", () => turn(at - 1));
    turn(Math.max(0, pages.findIndex((page) => page.querySelector("[aria-invalid=true]"))));
  }

  form.addEventListener("click", (event) => {
    const put = event.target.closest("[data-put]");
    if (!put) return;
    const input = document.getElementById(put.dataset.put);
    input.value = put.dataset.value;
    input.focus();
  });

  // only counters: seen, begun, how far
  const told = new Set();
  function note(what, field = "") {
    if (!form.dataset.noted || told.has(what + field)) return;
    told.add(what + field);
    const body = new URLSearchParams({ what, field, embed: form.elements.embed.value, source: form.elements.utm_source?.value ?? "" });
    fetch(form.dataset.noted, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
  }
  note("view");
  form.addEventListener("input", (event) => {
    follow();
    note("start");
    const field = event.target.closest("[data-number]");
    if (field) note("field", field.dataset.number);
  });
  follow();

  // the sum is begun with the first letter, so that nobody waits for it
  let sum;
  async function solve() {
    const challenge = await (await fetch(form.dataset.proof, { credentials: "omit" })).json();
    const solution = await solveChallenge({ challenge, deriveKey: pbkdf2.deriveKey });
    return solution ? btoa(JSON.stringify({ challenge, solution })) : "";
  }
  const canSolve = form.dataset.proof && window.crypto?.subtle;
  const begin = () => (sum ??= solve().catch(() => ""));
  if (canSolve) form.addEventListener("focusin", begin, { once: true });

  let isReady = false;
  form.addEventListener("submit", async (event) => {
    if ("inert" in form.dataset) event.preventDefault(); // a preview
    if (isReady || !canSolve) return;
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("[data-send]");
    const words = form.querySelector("[data-proof-words]");
    button.setAttribute("aria-busy", "true");
    words.textContent = words.dataset.busy;
    const proof = await begin();
    if (proof) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "altcha", value: proof }));
    isReady = true;
    setTimeout(() => form.requestSubmit(button)); // not within the event of the first submission: it would be ignored
  });
}
