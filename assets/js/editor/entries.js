// The form as a list of [name, value]: what is sent, remembered for undo, and kept aside while there is no connection.
const OURS = new Set(["csrfmiddlewaretoken", "version", "as", "again"]);

export const entries = (form) => [...new FormData(form)].filter(([name]) => !OURS.has(name));

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export function body(form, list, again) {
  const data = new FormData();
  for (const name of ["csrfmiddlewaretoken", "version", "as"]) if (form.elements[name]) data.set(name, form.elements[name].value);
  for (const [name, value] of list) data.append(name, value);
  if (again) data.set("again", "1");
  return data;
}

const belongs = (id) => ([name, value]) => (name === "block" ? value === id : name.startsWith(`${id}-`));

export const newId = () => [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function insert(list, after, added) {
  const place = after ? list.findLastIndex(belongs(after)) : list.findLastIndex(([name]) => name === "block" || /-kind$/.test(name));
  const last = after ? place : list.reduce((found, entry, index) => (list.some(([n, v]) => n === "block" && belongs(v)(entry)) ? index : found), place);
  return [...list.slice(0, last + 1), ...added, ...list.slice(last + 1)];
}

export const withNew = (list, kind, id, after, more = []) => insert(list, after, [["block", id], [`${id}-kind`, kind], [`${id}-new`, "1"], ...more]);

export function withCopy(list, of, id) {
  const copy = list.filter(belongs(of)).map(([name, value]) => (name === "block" ? [name, id] : [name.replace(of, id), value]));
  return insert(list, of, copy);
}
