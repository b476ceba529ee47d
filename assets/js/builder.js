// The builder of forms: the same cards, saving and undo as the writing of a mail; the preview is the form itself.
import { startCards } from "./editor/cards.js";
import { startHistory } from "./editor/history.js";
import { startSaving } from "./editor/saving.js";

function startPreview() {
  const area = document.querySelector("[data-preview]");
  const paper = document.getElementById("paper");
  let [front, back] = paper.querySelectorAll("iframe");
  let wanted = 0;
  // the one behind loads; when it is ready they change places
  function refresh() {
    const turn = ++wanted;
    back.onload = () => {
      if (turn !== wanted) return;
      back.classList.remove("is-behind");
      front.classList.add("is-behind");
      [front, back] = [back, front];
    };
    back.src = `${area.dataset.src}&v=${turn}`;
  }
  area.addEventListener("click", (event) => {
    const view = event.target.closest("[data-view]")?.dataset.view;
    if (!view) return;
    paper.dataset.view = view;
    for (const button of area.querySelectorAll("button[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  });
  refresh();
  return { refresh };
}

const form = document.getElementById("content");
if (form) {
  const words = {
    mount() {},
    unmount() {},
    focusFirst(card) {
      const first = card.querySelector(".block-body :is(input:not([type=hidden]), textarea, select)");
      first?.focus();
      return Boolean(first);
    },
  };
  const preview = startPreview();
  const saving = startSaving(form, { onSaved: preview.refresh, onNewSheet: words.mount });
  const history = startHistory(form, saving);
  startCards(form, { saving, history, words, preview });
}
