// Saved blocks: a block of this mail kept for everybody, and one that somebody kept put into this mail.
import { insert } from "./entries.js";

export function startSaved(form, { saving, cards }) {
  const dialog = document.getElementById("keep-block");
  const asked = dialog.querySelector("form");
  const refusal = dialog.querySelector("[data-refusal]");
  let block = "";

  function refuse(sentence) {
    refusal.hidden = !sentence;
    refusal.textContent = sentence;
  }

  async function put(number) {
    const response = await fetch(form.dataset.saved.replace("/0/", `/${number}/`)).catch(() => null);
    const answer = await response?.json().catch(() => null);
    if (!answer?.entries) return document.dispatchEvent(new CustomEvent("messages", { detail: { messages: [{ text: answer?.sentence ?? form.dataset.unuploaded, level: "warning" }] } }));
    return cards.take(insert(saving.entries(), cards.below(), answer.entries), answer.first);
  }

  async function keep() {
    await saving.save();
    const data = new FormData(asked);
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.set("block", block);
    const response = await fetch(asked.dataset.action, { method: "POST", body: data }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    if (!answer?.id) return refuse(answer?.sentence ?? form.dataset.unuploaded);
    dialog.close();
    document.dispatchEvent(new CustomEvent("messages", { detail: { messages: [{ text: form.dataset.kept.replace("%(name)s", answer.name), level: "success" }] } }));
    if (document.querySelector(`[data-saved-block="${answer.id}"]`)) return;
    const made = document.getElementById("saved-pattern").content.firstElementChild.cloneNode(true);
    made.dataset.savedBlock = answer.id;
    made.querySelector("[data-name]").textContent = answer.name;
    document.getElementById("saved-blocks").append(made);
    document.getElementById("saved-blocks").hidden = false;
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.savedBlock) {
      document.getElementById("kinds").hidePopover();
      put(button.dataset.savedBlock);
    }
    if (button?.dataset.do !== "keep") return;
    block = button.closest("[data-block]").dataset.block;
    refuse("");
    dialog.showModal();
    dialog.querySelector("[name=name]").select();
  });
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    keep();
  });
}
