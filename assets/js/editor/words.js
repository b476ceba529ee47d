// Editors in the place of fields: data-editor="line" (words and chips) and data-editor="text" (bold, lists, links too).
// The field keeps the value and its name; the editor writes into it.
import { Editor, Extension } from "@tiptap/core";
import Document from "@tiptap/extension-document";
import StarterKit from "@tiptap/starter-kit";
import { asMeant } from "./pasted.js";
import { Variable, edit, withChips, withoutChips } from "./variables.js";

const PLAIN = { blockquote: false, code: false, codeBlock: false, heading: false, horizontalRule: false, dropcursor: false, gapcursor: false, trailingNode: false };
const LINE = { ...PLAIN, document: false, bold: false, italic: false, strike: false, underline: false, link: false, bulletList: false, orderedList: false, listItem: false, listKeymap: false, hardBreak: false };
const TEXT = { ...PLAIN, link: { openOnClick: false, autolink: false, linkOnPaste: true, HTMLAttributes: { rel: null, target: null, class: "lnk" }, isAllowedUri: (_url, { defaultValidate }) => defaultValidate(_url) || _url.includes("[[") } };
const OneLine = Document.extend({ content: "paragraph" });
const NoBreak = Extension.create({ name: "noBreak", priority: 1, addKeyboardShortcuts: () => ({ Enter: () => true, "Shift-Enter": () => true }) });
const COMMANDS = { bold: "toggleBold", italic: "toggleItalic", bulletList: "toggleBulletList", orderedList: "toggleOrderedList" };

const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);

export function startWords(form) {
  const editors = new Map();

  const read = (editor, isLine) => {
    if (isLine) return editor.getText({ blockSeparator: " " });
    const html = editor.isEmpty ? "" : withoutChips(editor.getHTML());
    return html.replace(/(<p><\/p>)+$/, "").replaceAll(' class="lnk"', "");
  };

  function showLength(field) {
    const counter = document.querySelector(`[data-length-of="${field.id}"]`);
    if (counter) counter.textContent = field.value.replace(/\[\[[^\]]*\]\]/g, "friend").length;
  }

  function attributes(field, isLine) {
    const label = document.getElementById(`${field.id}_label`);
    const hint = document.getElementById(`${field.id}_helptext`);
    return {
      role: "textbox",
      "aria-multiline": String(!isLine),
      "aria-labelledby": label?.id ?? "",
      "aria-describedby": [hint?.id, `said_${field.id}`].filter(Boolean).join(" "),
      class: isLine ? "line-editor" : "text-editor",
    };
  }

  function make(field) {
    const isLine = field.dataset.editor === "line";
    const holder = document.createElement("div");
    holder.className = isLine ? "line-holder" : "text-holder";
    field.before(holder);
    field.hidden = true;
    const editor = new Editor({
      element: holder,
      injectCSS: false,
      extensions: [StarterKit.configure(isLine ? LINE : TEXT), Variable, ...(isLine ? [OneLine, NoBreak] : [])],
      content: withChips(isLine ? `<p>${escaped(field.value)}</p>` : field.value),
      editorProps: {
        attributes: attributes(field, isLine),
        transformPastedText: (text) => (isLine ? text.replace(/\s+/g, " ") : text),
        transformPastedHTML: (html) => withChips(isLine ? `<p>${escaped(new DOMParser().parseFromString(html, "text/html").body.textContent.replace(/\s+/g, " "))}</p>` : asMeant(html)),
      },
      onUpdate: () => {
        field.value = read(editor, isLine);
        showLength(field);
        field.dispatchEvent(new Event("input", { bubbles: true }));
      },
      onSelectionUpdate: () => tools && light(tools, editor),
      onTransaction: () => tools && light(tools, editor),
    });
    const tools = toolbar(isLine, holder, editor);
    // reading once more what was written keeps an untouched mail untouched
    field.value = read(editor, isLine);
    showLength(field);
    field.addEventListener("said", (event) => (event.detail ? editor.view.dom.setAttribute("aria-invalid", "true") : editor.view.dom.removeAttribute("aria-invalid")));
    const label = document.getElementById(`${field.id}_label`);
    label?.removeAttribute("for"); // the hidden field is nobody's target any more
    label?.addEventListener("click", () => editor.commands.focus());
    editors.set(field, editor);
  }

  function toolbar(isLine, holder, editor) {
    const made = document.getElementById(isLine ? "line-tools" : "text-tools").content.firstElementChild.cloneNode(true);
    if (isLine) holder.append(made);
    else holder.prepend(made);
    made.addEventListener("mousedown", (event) => event.preventDefault());
    made.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.do === "variable") editor.chain().focus().insertContent("[[").run();
      else if (button.dataset.mark === "link") link(editor);
      else editor.chain().focus()[COMMANDS[button.dataset.mark]]().run();
    });
    return made;
  }

  function light(tools, editor) {
    for (const button of tools.querySelectorAll("[data-mark]")) button.setAttribute("aria-pressed", String(editor.isActive(button.dataset.mark)));
  }

  function link(editor) {
    const dialog = document.getElementById("link");
    const field = document.getElementById("link-address");
    field.value = editor.getAttributes("link").href ?? "";
    dialog.returnValue = "";
    dialog.onclose = () => {
      const chain = editor.chain().focus().extendMarkRange("link");
      if (dialog.returnValue === "remove" || (dialog.returnValue === "keep" && !field.value.trim())) chain.unsetLink().run();
      else if (dialog.returnValue === "keep") put(editor, chain, complete(field.value.trim()));
      else editor.commands.focus();
    };
    dialog.showModal();
    field.select();
  }

  function put(editor, chain, href) {
    if (editor.state.selection.empty && !editor.isActive("link")) chain.insertContent({ type: "text", text: href.replace(/^mailto:/, ""), marks: [{ type: "link", attrs: { href } }] }).run();
    else chain.setMark("link", { href }).run();
  }

  const complete = (address) => (/^[a-z][a-z0-9+.-]*:/i.test(address) || address.startsWith("[[") ? address : address.includes("@") ? `mailto:${address}` : `https://${address}`);

  function unmount(part) {
    for (const field of part.querySelectorAll("[data-editor]")) {
      editors.get(field)?.destroy();
      editors.delete(field);
    }
  }

  function mount() {
    for (const [field, editor] of editors) {
      if (form.contains(field)) continue;
      editor.destroy();
      editors.delete(field);
    }
    for (const field of form.querySelectorAll("[data-editor]")) if (!editors.has(field)) make(field);
    for (const field of form.querySelectorAll("input:not([data-editor]), select")) {
      field.addEventListener("said", (event) => (event.detail ? field.setAttribute("aria-invalid", "true") : field.removeAttribute("aria-invalid")));
    }
  }

  function focusFirst(part) {
    const field = part.querySelector("[data-editor]");
    editors.get(field)?.commands.focus("end");
    if (!field) part.querySelector(".block-body input, .block-body select")?.focus();
    return Boolean(field);
  }

  const focus = (field) => (editors.get(field) ? editors.get(field).commands.focus("end") : field.focus());

  function set(field, text) {
    if (editors.has(field)) editors.get(field).commands.setContent(withChips(`<p>${escaped(text)}</p>`), { emitUpdate: true });
    else field.value = text;
  }

  mount();
  return { mount, unmount, focusFirst, focus, set, edit };
}
