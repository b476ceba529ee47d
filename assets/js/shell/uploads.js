// A form with data-upload: the chosen file's name is shown in place of the invitation; a file that was
// dropped is sent at once, and with data-submits on the field one that was chosen too.
const area = (event) => event.target.closest?.("form[data-upload] [data-drop]");

for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => area(event)?.toggleAttribute("data-over", true));
document.addEventListener("dragleave", (event) => area(event)?.removeAttribute("data-over"));
document.addEventListener("drop", (event) => {
  const place = area(event);
  if (!place) return;
  place.removeAttribute("data-over");
  place.dataset.dropped = "";
});
document.addEventListener("change", (event) => {
  const place = area(event);
  const file = event.target.files?.[0];
  if (!place || !file) return;
  place.querySelector("[data-chosen]").textContent = file.name;
  if ("dropped" in place.dataset || "submits" in event.target.dataset) {
    delete place.dataset.dropped;
    const form = place.closest("form");
    form.requestSubmit([...form.elements].find((one) => one.type === "submit")); // its own, not one of a form within
  }
});
