// A form with [data-keeps-typing] hears of a change as soon as somebody stops typing, not only when the field is left;
// and what is typed while the form is on its way to be drawn again is put back into the new one.
const WAIT = 700;
const FIELDS = "input:is([type=text], [type=date])";
const timers = new WeakMap();
const sent = new WeakMap(); // by form: what its fields held when it was last sent
const say = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));
const held = (form) => new Map([...form.querySelectorAll(FIELDS)].map((field) => [field.id, field.value]));
const source = (event) => event.detail?.ctx?.sourceElement;

document.addEventListener("input", ({ target }) => {
  if (!target.matches(`[data-keeps-typing] ${FIELDS}`)) return;
  clearTimeout(timers.get(target));
  timers.set(target, setTimeout(() => target.isConnected && say(target), WAIT));
});
document.addEventListener("change", ({ target }) => clearTimeout(timers.get(target)));

document.addEventListener("htmx:before:request", (event) => {
  const form = source(event);
  if (form?.matches?.("[data-keeps-typing]")) sent.set(form, held(form));
});
document.addEventListener("htmx:before:swap", (event) => {
  const form = source(event);
  const before = form && sent.get(form);
  if (!before || event.detail.ctx.request?.submitter) return; // a button may have moved every field
  const typed = [...held(form)].filter(([id, value]) => before.has(id) && before.get(id) !== value);
  if (typed.length) event.detail.ctx.typed = typed;
});
document.addEventListener("htmx:after:swap", (event) => {
  let last;
  for (const [id, value] of event.detail?.ctx?.typed ?? []) {
    const field = document.getElementById(id);
    if (!field || field.value === value) continue;
    field.value = value;
    last = field;
  }
  if (last) say(last);
});
