// The line below a mailing's name: how long ago it was saved, that it is being saved, that it could not be.
// What saves by htmx says so with data-autosave around it; other scripts send "saving", "saved", "unsaved" on document.
const steps = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [Infinity, "day", 86400],
];
const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { style: "narrow", numeric: "auto" });

function words(at) {
  const seconds = Math.max(0, (Date.now() - at) / 1000);
  const [, unit, length] = steps.find(([limit]) => seconds < limit);
  return ago.format(-Math.floor(seconds / length), unit);
}

function show(state) {
  const line = document.getElementById("saved");
  if (!line) return;
  if (state) line.dataset.state = state;
  if (state === "saved") line.dataset.at = new Date().toISOString();
  const text = line.querySelector("[data-words]");
  const { state: now = "saved", at, saved, saving, unsaved } = line.dataset;
  const said = { saving, unsaved }[now] ?? `${saved} ${words(new Date(at))}`;
  if (text.textContent !== said) text.textContent = said;
  line.classList.toggle("warn", now === "unsaved");
  if (now === "unsaved") text.setAttribute("role", "alert");
  else text.removeAttribute("role");
}

const saves = (event) => (event.detail?.ctx?.sourceElement ?? event.target)?.closest?.("[data-autosave]");

for (const state of ["saving", "saved", "unsaved"]) document.addEventListener(state, () => show(state));
document.addEventListener("htmx:before:request", (event) => saves(event) && show("saving"));
document.addEventListener("htmx:after:request", (event) => {
  if (saves(event)) show(event.detail?.ctx?.response?.status < 400 ? "saved" : "unsaved");
});
document.addEventListener("htmx:error", (event) => saves(event) && show("unsaved"));
if (document.getElementById("saved")) setInterval(() => show(), 5000);
