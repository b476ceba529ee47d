// Rows picked by check box: [data-picking] holds the table and a [data-picked] tool bar that appears above it.
function show(area) {
  const boxes = [...area.querySelectorAll("tbody input[type=checkbox][name]")];
  const picked = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest("tr").setAttribute("aria-selected", String(box.checked));
  for (const bar of area.querySelectorAll("[data-picked]")) bar.hidden = picked.length === 0;
  for (const number of area.querySelectorAll("[data-picked-count]")) number.textContent = String(picked.length);
  for (const all of area.querySelectorAll("input[data-pick-all]")) {
    all.checked = picked.length > 0 && picked.length === boxes.length;
    all.indeterminate = picked.length > 0 && picked.length < boxes.length;
  }
}

document.addEventListener("change", (event) => {
  const area = event.target.closest("[data-picking]");
  if (!area) return;
  if (event.target.matches("[data-pick-all]")) {
    for (const box of area.querySelectorAll("tbody input[type=checkbox][name]")) box.checked = event.target.checked;
  }
  if (event.target.matches("input[type=checkbox]")) show(area);
});
const showAll = () => document.querySelectorAll("[data-picking]").forEach(show);
document.addEventListener("htmx:after:swap", showAll);
window.addEventListener("pageshow", showAll);
