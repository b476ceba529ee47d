// Undo and redo: the form as it was after each pause in writing.
import { same } from "./entries.js";

const PAUSE = 500;
const DEEPEST = 100;

export function startHistory(form, saving) {
  const past = [saving.entries()];
  let [future, timer, isMoving] = [[], 0, false];
  const button = (name) => form.querySelector(`[data-do="${name}"]`);

  function show() {
    button("undo").disabled = past.length < 2;
    button("redo").disabled = future.length === 0;
  }

  function note() {
    clearTimeout(timer);
    const now = saving.entries();
    if (isMoving || same(now, past.at(-1))) return;
    past.push(now);
    if (past.length > DEEPEST) past.shift();
    future = [];
    show();
  }

  async function go(from, to) {
    note();
    if (isMoving || (from === past ? past.length < 2 : future.length === 0)) return;
    isMoving = true;
    to.push(from.pop());
    if (!(await saving.replace(past.at(-1)))) from.push(to.pop());
    isMoving = false;
    show();
  }

  const undo = () => go(past, future);
  const redo = () => go(future, past);
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(note, PAUSE);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("click", (event) => {
    const what = event.target.closest("[data-do]")?.dataset.do;
    if (what === "undo") undo();
    if (what === "redo") redo();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.closest("[contenteditable=true], input, textarea, dialog")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    (key === "y" || event.shiftKey ? redo : undo)();
  });
  return { note, undo };
}
