// Ctrl K or / searches; in a table J and K move, X selects, Enter opens; in search results the arrows move.
const typing = (element) => element?.matches?.("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true]");

function step(links, by) {
  const here = links.findIndex((link) => link === document.activeElement || link.closest("tr")?.contains(document.activeElement));
  const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by;
  links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
}

function rows() {
  return [...document.querySelectorAll("table.tbl tbody tr")]
    .filter((row) => row.offsetParent !== null)
    .map((row) => row.querySelector("a[data-row], a[href]"))
    .filter(Boolean);
}

function search() {
  const dialog = document.getElementById("search");
  if (!dialog) return;
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input")?.select();
}

const inTable = {
  j: () => step(rows(), 1),
  k: () => step(rows(), -1),
  x: () => document.activeElement?.closest("tr")?.querySelector("input[type=checkbox]")?.click(),
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    search();
    return;
  }
  const dialog = document.querySelector("dialog#search[open]");
  if (dialog && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    step([...dialog.querySelectorAll("a.hit")], event.key === "ArrowDown" ? 1 : -1);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    event.preventDefault();
    search();
  } else if (inTable[event.key] && rows().length) {
    event.preventDefault();
    inTable[event.key]();
  }
});
