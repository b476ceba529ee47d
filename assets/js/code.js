// The Content step of a mail written as HTML or MJML: CodeMirror in the place of the field, the mail beside it.
import { html } from "@codemirror/lang-html";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";
import { EditorView, basicSetup } from "codemirror";
import { placeWhenOpen } from "./editor/place.js";
import { startPreview } from "./editor/preview.js";
import { startSaving } from "./editor/saving.js";

// It lives in a shadow: there its style sheets are objects, which our content security policy has nothing against.
const look = EditorView.theme({
  "&": { color: "var(--color-base-content)", backgroundColor: "var(--color-base-100)", fontSize: "13px" },
  ".cm-content": { caretColor: "var(--color-base-content)", fontFamily: "ui-monospace, monospace", minHeight: "24rem" },
  ".cm-cursor": { borderLeftColor: "var(--color-base-content)" },
  ".cm-gutters": { backgroundColor: "var(--color-base-200)", color: "var(--t3)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in oklab, var(--color-primary) 8%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in oklab, var(--color-primary) 25%, transparent)" },
  ".cm-panels, .cm-tooltip": { color: "var(--color-base-content)", backgroundColor: "var(--color-base-200)" },
});
const colours = HighlightStyle.define([
  { tag: [tags.tagName, tags.angleBracket, tags.keyword], color: "var(--live)" },
  { tag: [tags.attributeName, tags.propertyName], color: "var(--odd)" },
  { tag: [tags.attributeValue, tags.string, tags.number, tags.color], color: "var(--ok)" },
  { tag: [tags.comment, tags.processingInstruction, tags.documentMeta], color: "var(--t3)" },
]);

const form = document.getElementById("content");
if (form) {
  const field = form.elements.source;
  const restore = (list) => {
    for (const [name, value] of list) if (form.elements[name]) form.elements[name].value = value;
  };
  const preview = startPreview(form);
  const saving = startSaving(form, { onSaved: preview.refresh, onNewSheet: () => {}, restore });
  const label = document.getElementById("source-label");
  const place = document.getElementById("code");
  const root = place.attachShadow({ mode: "open" });
  const editor = new EditorView({
    doc: field.value,
    parent: root,
    root,
    extensions: [
      basicSetup,
      html({ matchClosingTags: true, autoCloseTags: true }),
      look,
      syntaxHighlighting(colours),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": place.dataset.label }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        field.value = update.state.doc.toString();
        saving.touch();
      }),
    ],
  });
  placeWhenOpen(document.getElementById("modes"), document.getElementById("modes-button"));
  field.hidden = true;
  label.addEventListener("click", () => editor.focus());
  document.getElementById("source-file").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    event.target.value = "";
    if (file) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: wordsOf(await file.arrayBuffer()) } });
  });
}

// A file of words in UTF-8, or in what old programs wrote: UTF-16 with its mark, else what Windows calls Western European.
function wordsOf(bytes) {
  const [first, second] = new Uint8Array(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
