// A form with [data-keeps-typing] hears of a change as soon as somebody stops typing, not only when the field is left.
const WAIT = 700;
const timers = new WeakMap();

document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-keeps-typing] input:is([type=text], [type=date])")) return;
  clearTimeout(timers.get(target));
  const tell = () => target.isConnected && target.dispatchEvent(new Event("change", { bubbles: true }));
  timers.set(target, setTimeout(tell, WAIT));
});
document.addEventListener("change", ({ target }) => clearTimeout(timers.get(target)));
