// The Content step: blocks on the left, the mail on the right, every letter saved.
// The form is the truth on this page, the server keeps a copy: moving and deleting happen here and are saved;
// whatever needs new HTML (adding, duplicating, undo) sends the form as it should be and takes the answer over.
import { startCards } from "./editor/cards.js";
import { startHistory } from "./editor/history.js";
import { placeWhenOpen } from "./editor/place.js";
import { startPictures } from "./editor/pictures.js";
import { startPreview } from "./editor/preview.js";
import { startSaved } from "./editor/saved.js";
import { startSaving } from "./editor/saving.js";
import { startWords } from "./editor/words.js";

const form = document.getElementById("content");
if (form) {
  const words = startWords(form);
  const preview = startPreview(form);
  const saving = startSaving(form, { onSaved: preview.refresh, onNewSheet: words.mount });
  const history = startHistory(form, saving);
  const modes = document.getElementById("modes");
  if (modes) placeWhenOpen(modes, document.getElementById("modes-button"));
  const cards = startCards(form, { saving, history, words, preview });
  if (document.getElementById("pictures")) startPictures(form, { saving, words, cards });
  if (document.getElementById("keep-block")) startSaved(form, { saving, cards });
}
