// A form with data-inserts="id" puts a variable where the caret stands in that field, or where it stood last.
document.addEventListener("submit", (event) => {
  const field = document.getElementById(event.target.dataset?.inserts ?? "");
  if (!field) return;
  event.preventDefault();
  const given = new FormData(event.target);
  const otherwise = String(given.get("otherwise") ?? "").replace(/[[\]|]/g, "").trim();
  const written = `[[${given.get("variable")}${otherwise ? `|${otherwise}` : ""}]]`;
  field.setRangeText(written, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
