// Block cards: open, move by button, key and hand, duplicate, delete with undo, add.
import Sortable from "sortablejs";
import { newId, withCopy, withNew } from "./entries.js";
import { placeWhenOpen } from "./place.js";

const fill = (pattern, values) => pattern.replace(/%\((\w+)\)s/g, (_whole, name) => values[name]);

export function startCards(form, { saving, history, words, preview }) {
  const list = () => form.querySelector("#cards");
  const cards = () => [...form.querySelectorAll("[data-block]")];
  const card = (id) => form.querySelector(`[data-block="${id}"]`);
  const opened = () => form.querySelector(".block-card.is-open");

  function changed() {
    for (const [index, one] of cards().entries()) {
      const grip = one.querySelector("[data-grip]");
      grip.setAttribute("aria-label", grip.getAttribute("aria-label").replace(/\d+/, String(index + 1)));
    }
    history.note();
    saving.touch();
  }

  function setOpen(one, isOpen) {
    one.classList.toggle("is-open", isOpen);
    one.querySelector("[data-toggle]").setAttribute("aria-expanded", String(isOpen));
    one.querySelector(".block-body").hidden = !isOpen;
  }

  function open(one, { focus = false } = {}) {
    for (const other of cards()) setOpen(other, other === one);
    if (!one) return;
    if (focus) words.focusFirst(one) || one.querySelector("[data-toggle]").focus();
    preview.refresh();
  }

  function tellPlace(one) {
    const all = cards();
    document.getElementById("told").textContent = fill(form.dataset.moved, { label: one.dataset.label, place: all.indexOf(one) + 1, total: all.length });
  }

  function move(one, by) {
    const all = cards();
    const other = all[all.indexOf(one) + by];
    if (!other) return;
    const focused = document.activeElement;
    if (by < 0) other.before(one);
    else other.after(one);
    if (one.contains(focused)) focused.focus();
    one.scrollIntoView({ block: "nearest" });
    tellPlace(one);
    changed();
  }

  function remove(one) {
    history.note();
    const label = one.dataset.label;
    const next = one.nextElementSibling ?? one.previousElementSibling;
    words.unmount(one);
    one.remove();
    (next?.querySelector("[data-toggle]") ?? form.querySelector("#add")).focus();
    changed();
    toast(fill(form.dataset.deleted, { label }));
  }

  function toast(text) {
    const made = document.getElementById("toast-pattern").content.firstElementChild.cloneNode(true);
    made.querySelector("[data-text]").textContent = text;
    const undo = document.createElement("button");
    undo.type = "button";
    undo.className = "btn btn-ghost btn-sm text-neutral-content! underline";
    undo.textContent = form.dataset.undo;
    undo.addEventListener("click", () => {
      made.remove();
      history.undo();
    });
    made.querySelector("[data-text]").after(undo);
    document.getElementById("toasts").append(made);
    setTimeout(() => made.remove(), 60_000);
  }

  async function take(entriesAfter, id) {
    history.note();
    if (!(await saving.replace(entriesAfter))) return;
    history.note();
    open(card(id), { focus: true });
    card(id)?.scrollIntoView({ block: "nearest" });
  }

  // the button stands at the end and adds there; the key adds below the block one is at
  let below;
  const add = (kind) => {
    const id = newId();
    return take(withNew(saving.entries(), kind, id, below), id);
  };
  const duplicate = (one) => {
    const id = newId();
    return take(withCopy(saving.entries(), one.dataset.block, id), id);
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const one = button.closest("[data-block]");
    if (button.dataset.add) {
      document.getElementById("kinds").hidePopover();
      add(button.dataset.add);
    } else if ("toggle" in button.dataset && one) {
      if (one.classList.contains("is-open")) setOpen(one, false);
      else open(one);
    } else if ("toggle" in button.dataset) {
      const body = document.getElementById(button.getAttribute("aria-controls"));
      body.hidden = !body.hidden;
      button.setAttribute("aria-expanded", String(!body.hidden));
    } else if (one) {
      ({ up: () => move(one, -1), down: () => move(one, 1), duplicate: () => duplicate(one), delete: () => remove(one) })[button.dataset.do]?.();
    }
  });

  // another number of columns needs other fields: the server draws them
  form.addEventListener("change", (event) => {
    if (event.target.matches('select[name$="-count"]')) take(saving.entries(), event.target.closest("[data-block]").dataset.block);
  });

  form.addEventListener("keydown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    move(grip.closest("[data-block]"), event.key === "ArrowUp" ? -1 : 1);
  });

  const kinds = document.getElementById("kinds");
  placeWhenOpen(kinds, form.querySelector("#add"));
  form.querySelector("#add").addEventListener("click", () => (below = undefined));
  kinds.addEventListener("toggle", (event) => {
    if (event.newState === "open") kinds.querySelector("button").focus();
  });
  kinds.addEventListener("keydown", (event) => {
    const buttons = [...kinds.querySelectorAll("button")];
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    buttons.at((buttons.indexOf(document.activeElement) + by) % buttons.length).focus();
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("[contenteditable=true], input, textarea, select, dialog, [popover]")) return;
      event.preventDefault();
      event.stopPropagation();
      form.querySelector("#add").scrollIntoView({ block: "nearest" });
      below = (event.target.closest("[data-block]") ?? opened())?.dataset.block;
      kinds.showPopover();
    },
    { capture: true },
  );

  let sortable;
  function drag() {
    sortable?.destroy();
    sortable = Sortable.create(list(), { handle: "[data-grip]", draggable: "[data-block]", animation: 0, onEnd: (event) => event.oldIndex !== event.newIndex && (tellPlace(event.item), changed()) });
  }
  let remembered;
  form.addEventListener("sheet-leaves", () => (remembered = opened()?.dataset.block));
  form.addEventListener("sheet-arrives", () => {
    drag();
    const again = remembered && card(remembered);
    if (again) setOpen(again, true);
  });
  drag();
  return { take, below: () => below };
}
