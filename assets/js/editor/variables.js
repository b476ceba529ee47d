// Merge variables: a chip in the text, `[[name|words]]` in the form. "[[" opens the list of them.
import { InputRule, Node, mergeAttributes } from "@tiptap/core";
import { PluginKey } from "@tiptap/pm/state";
import Suggestion from "@tiptap/suggestion";

const WRITTEN = /\[\[\s*([A-Za-z][\w.]*)\s*(?::([^[\]|]*))?(?:\|([^[\]|]*))?\]\]/g;
const box = () => document.getElementById("variables");
const options = () => [...box().querySelectorAll("[role=option]")];
export const labelOf = (name) => options().find((one) => one.dataset.name === name)?.dataset.label;
const written = ({ name, pattern, fallback }) => `[[${name}${pattern ? `:${pattern}` : ""}${fallback ? `|${fallback}` : ""}]]`;
const read = (match) => ({ name: match[1], pattern: (match[2] ?? "").trim(), fallback: (match[3] ?? "").trim() });

/** HTML with `[[…]]` in its words to HTML with chips; what we do not know stays words. */
export function withChips(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const walker = document.createTreeWalker(holder.content, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const parts = [];
    let done = 0;
    for (const match of text.data.matchAll(WRITTEN)) {
      if (!labelOf(match[1])) continue;
      const chip = document.createElement("span");
      const { name, pattern, fallback } = read(match);
      Object.assign(chip.dataset, { variable: name, pattern, fallback });
      parts.push(text.data.slice(done, match.index), chip);
      done = match.index + match[0].length;
    }
    if (parts.length) text.replaceWith(...parts, text.data.slice(done));
  }
  return holder.innerHTML;
}

/** The other way round. */
export function withoutChips(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  for (const chip of holder.content.querySelectorAll("span[data-variable]")) {
    chip.replaceWith(written({ ...chip.dataset, name: chip.dataset.variable }));
  }
  return holder.innerHTML;
}

function ask(attrs, done) {
  const dialog = document.getElementById("fallback");
  const words = document.getElementById("fallback-words");
  document.getElementById("fallback-title").textContent = labelOf(attrs.name);
  const pattern = document.getElementById("fallback-pattern");
  words.value = attrs.fallback;
  pattern.value = attrs.pattern;
  pattern.parentElement.hidden = !attrs.pattern && !attrs.name.includes(".x_");
  dialog.returnValue = "";
  dialog.onclose = () => {
    const [fallback, as] = [words, pattern].map((field) => field.value.replace(/[[\]|]/g, "").trim());
    done(dialog.returnValue, { fallback, pattern: as });
  };
  dialog.showModal();
  words.select();
}

export function edit(editor, position) {
  const node = editor.state.doc.nodeAt(position);
  if (node?.type.name !== "variable") return false;
  ask(node.attrs, (answer, changes) => {
    const chain = editor.chain().focus();
    if (answer === "keep") chain.command(({ tr }) => Boolean(tr.setNodeMarkup(position, undefined, { ...node.attrs, ...changes }))).setTextSelection(position + 1).run();
    else if (answer === "remove") chain.deleteRange({ from: position, to: position + 1 }).run();
    else chain.run();
  });
  return true;
}

/** The list below the caret: arrows move, Enter takes, Escape leaves. */
function picker() {
  let [props, chosen] = [null, 0];
  const shown = () => options().filter((one) => !one.hidden);

  function choose(index) {
    const all = shown();
    chosen = (index + all.length) % Math.max(1, all.length);
    for (const [place, one] of all.entries()) one.setAttribute("aria-selected", String(place === chosen));
    all[chosen]?.scrollIntoView({ block: "nearest" });
    if (all[chosen]) props.editor.view.dom.setAttribute("aria-activedescendant", all[chosen].id);
  }

  function take(one) {
    if (one) props.command(one.dataset.text ? { text: one.dataset.text } : { name: one.dataset.name, fallback: "" });
  }

  function draw(now) {
    props = now;
    const words = now.query.toLowerCase().trim();
    for (const one of options()) one.hidden = !`${one.dataset.label} ${one.dataset.name ?? "if else"}`.toLowerCase().includes(words);
    for (const group of box().querySelectorAll("[role=group]")) group.hidden = !group.querySelector("[role=option]:not([hidden])");
    const at = now.clientRect?.();
    box().hidden = shown().length === 0 || !at;
    if (at) {
      const height = box().offsetHeight;
      const above = at.bottom + height + 8 > window.innerHeight && at.top > height;
      box().style.top = `${above ? at.top - height - 6 : at.bottom + 6}px`;
      box().style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - box().offsetWidth - 8))}px`;
    }
    choose(0);
  }

  const press = (event) => {
    event.preventDefault();
    take(event.target.closest("[role=option]"));
  };

  function end() {
    box().hidden = true;
    box().removeEventListener("mousedown", press);
    props?.editor.view.dom.removeAttribute("aria-activedescendant");
  }

  return {
    onStart(now) {
      box().addEventListener("mousedown", press);
      draw(now);
    },
    onUpdate: draw,
    onKeyDown({ event }) {
      if (event.key === "ArrowDown") choose(chosen + 1);
      else if (event.key === "ArrowUp") choose(chosen - 1);
      else if (event.key === "Enter" || event.key === "Tab") take(shown()[chosen]);
      else if (event.key === "Escape") end();
      else return false;
      return event.key === "Escape" || shown().length > 0;
    },
    onExit: end,
  };
}

export const Variable = Node.create({
  name: "variable",
  group: "inline",
  inline: true,
  atom: true,
  selectable: true,

  addAttributes() {
    const of = (name) => ({ default: "", parseHTML: (element) => element.dataset[name] ?? "", renderHTML: (attrs) => ({ [`data-${name}`]: attrs[name] }) });
    return { name: { ...of("variable"), renderHTML: (attrs) => ({ "data-variable": attrs.name }) }, pattern: of("pattern"), fallback: of("fallback") };
  },

  parseHTML: () => [{ tag: "span[data-variable]" }],
  renderHTML: ({ HTMLAttributes }) => ["span", mergeAttributes(HTMLAttributes)],
  renderText: ({ node }) => written(node.attrs),

  addNodeView() {
    return ({ node, editor, getPos }) => {
      const dom = document.createElement("span");
      dom.className = "var";
      dom.append(labelOf(node.attrs.name) ?? node.attrs.name);
      const { pattern, fallback } = node.attrs;
      for (const said of [pattern, fallback && `${document.getElementById("content").dataset.or} ${fallback}`].filter(Boolean)) {
        const small = document.createElement("small");
        small.textContent = said;
        dom.append(small);
      }
      dom.addEventListener("click", () => edit(editor, getPos()));
      return { dom };
    };
  },

  addKeyboardShortcuts() {
    const isChosen = ({ from, to, $from }) => to === from + 1 && $from.nodeAfter?.type === this.type;
    return { Enter: ({ editor }) => isChosen(editor.state.selection) && edit(editor, editor.state.selection.from) };
  },

  addInputRules() {
    const typed = /\[\[\s*([A-Za-z][\w.]*)\s*(?::([^[\]|]*))?(?:\|([^[\]|]*))?\]\]$/;
    return [
      new InputRule({
        find: typed,
        handler: ({ state, range, match }) => {
          if (labelOf(match[1])) state.tr.replaceWith(range.from, range.to, this.type.create(read(match)));
        },
      }),
    ];
  },

  addProseMirrorPlugins() {
    return [
      Suggestion({
        editor: this.editor,
        char: "[[",
        pluginKey: new PluginKey("variables"),
        allowSpaces: true,
        allowedPrefixes: null,
        items: () => [],
        command: ({ editor, range, props }) => editor.chain().focus().insertContentAt(range, props.text ? { type: "text", text: props.text } : { type: "variable", attrs: props }).run(),
        render: picker,
      }),
    ];
  },
});
