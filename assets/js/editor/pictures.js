// Pictures: chosen from the library, dropped anywhere on the blocks, or pasted. Each lands in the library first.
import { newId, withNew } from "./entries.js";

const isPicture = (file) => file.type.startsWith("image/");
const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
const ours = (url) => /^\/i\/[0-9a-f]{20}-\d+x\d+\.(jpg|png|gif)$/.exec(url);
const shown = (url) => (ours(url) ? url.replace("/i/", "/i/320/") : url.startsWith("/") && !url.startsWith("//") ? url : "");
const altOf = (field) => field.form.elements[field.name.replace(/(url|image)$/, "alt")];

export function startPictures(form, { saving, words, cards }) {
  const dialog = document.getElementById("pictures");
  const told = document.getElementById("told");
  const search = dialog.querySelector("[type=search]");
  let wanted = null; // the field that the dialog was opened for

  function say(text, level = "warning") {
    document.dispatchEvent(new CustomEvent("messages", { detail: { messages: [{ text, level }] } }));
  }

  async function upload(file) {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.set("file", file);
    told.textContent = form.dataset.uploading;
    const response = await fetch(dialog.dataset.add, { method: "POST", body: data, headers: { Accept: "application/json" } }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    told.textContent = "";
    if (answer?.url) return answer;
    say(answer?.sentence ?? form.dataset.unuploaded);
    return null;
  }

  function put(field, picture) {
    field.value = picture.url;
    const alt = altOf(field);
    if (alt && !alt.value && picture.alt) words.set(alt, picture.alt);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    show(field);
    if (alt && !alt.value) words.focus(alt);
  }

  const newBlock = (picture, below) => {
    const id = newId();
    const more = [["url", picture.url], ["alt", picture.alt]].map(([name, value]) => [`${id}-${name}`, value]);
    return cards.take(withNew(saving.entries(), "image", id, below, more), id);
  };

  async function receive(files, place) {
    const field = place?.closest("[data-picture-field]")?.querySelector("[data-picture]") ?? place?.closest(".is-open")?.querySelector("[data-picture]");
    const below = (place?.closest("[data-block]") ?? form.querySelector(".block-card.is-open"))?.dataset.block;
    for (const file of files.filter(isPicture)) {
      const picture = await upload(file);
      if (!picture) return;
      if (field && file === files.find(isPicture)) put(field, picture);
      else await newBlock(picture, below);
    }
  }

  function show(field) {
    const frame = field.parentElement.querySelector("[data-frame]");
    const address = shown(field.value.trim());
    frame.hidden = !address;
    if (address) frame.querySelector("img").src = address;
  }

  function decorate() {
    for (const field of form.querySelectorAll("[data-picture]")) {
      if (field.parentElement.querySelector("[data-frame]")) continue;
      field.parentElement.dataset.pictureField = "";
      field.before(document.getElementById("picture-tools").content.firstElementChild.cloneNode(true));
      field.addEventListener("change", () => show(field));
      show(field);
    }
  }

  function choose(field) {
    wanted = field;
    dialog.showModal();
    dialog.dispatchEvent(new Event("opened"));
    search.focus();
  }

  function chosen(picture) {
    dialog.close();
    if (wanted && form.contains(wanted)) put(wanted, picture);
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest('[data-do="picture"]');
    if (button) choose(button.closest("[data-picture-field]").querySelector("[data-picture]"));
  });
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[data-picture-url]");
    if (button) chosen({ url: button.dataset.pictureUrl, alt: button.dataset.pictureAlt });
  });
  dialog.querySelector("[type=file]").addEventListener("change", async (event) => {
    const picture = event.target.files[0] && (await upload(event.target.files[0]));
    event.target.value = "";
    if (picture) chosen(picture);
  });

  for (const kind of ["dragenter", "dragover"]) {
    form.addEventListener(kind, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      for (const one of form.querySelectorAll("[data-over]")) one.removeAttribute("data-over");
      event.target.closest("[data-block]")?.setAttribute("data-over", "");
    });
  }
  form.addEventListener("dragleave", (event) => event.target.closest?.("[data-block]")?.removeAttribute("data-over"));
  form.addEventListener(
    "drop",
    (event) => {
      for (const one of form.querySelectorAll("[data-over]")) one.removeAttribute("data-over");
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      receive([...event.dataTransfer.files], event.target);
    },
    { capture: true },
  );
  document.addEventListener(
    "paste",
    (event) => {
      const files = [...(event.clipboardData?.files ?? [])].filter(isPicture);
      if (!files.length || event.target.closest?.("dialog")) return;
      const html = event.clipboardData.getData("text/html");
      if (html && new DOMParser().parseFromString(html, "text/html").body.textContent.trim()) return; // words with pictures: the words are wanted
      event.preventDefault();
      event.stopPropagation();
      receive(files, event.target instanceof Element ? event.target : null);
    },
    { capture: true },
  );
  form.addEventListener("sheet-arrives", decorate);
  decorate();
}
