// What Word, Outlook, Google Docs and web pages put on the clipboard, as the paragraphs, lists, bold and links that were meant.
// Styles are read, never applied: our content security policy would refuse them, and a mail has its own.
const OURS = "data-pm-slice"; // copied from this very editor
const LISTED = /mso-list:\s*(l\d+)\s+level(\d+)/i;
const NUMBER = /^\s*(?:\d+|[a-z]|[ivx]+)[.)]/i;

export function asMeant(html) {
  if (html.includes(OURS)) return html;
  const harmless = html.replace(/<style\b[\s\S]*?<\/style\s*>/gi, "").replace(/\sstyle\s*=/gi, " data-style=");
  const page = new DOMParser().parseFromString(harmless.replace(/<!--\[if !supportLists\]-->|<!\[if !supportLists\]>/gi, "<i data-sign>").replace(/<!--\[endif\]-->|<!\[endif\]>/gi, "</i>"), "text/html");
  const body = page.body;
  for (const junk of body.querySelectorAll("meta, link, title, xml, script, img, o\\:p:empty")) junk.remove();
  const comments = page.createTreeWalker(body, NodeFilter.SHOW_COMMENT);
  const all = [];
  while (comments.nextNode()) all.push(comments.currentNode);
  for (const comment of all) comment.remove();
  for (const one of body.querySelectorAll("span, b, font")) dress(one, page);
  for (const title of body.querySelectorAll("h1, h2, h3, h4, h5, h6")) become(title, "p", page, "strong");
  for (const cell of body.querySelectorAll("td, th")) if (!cell.querySelector("p")) become(cell, "p", page);
  lists(body, page);
  for (const paragraph of body.querySelectorAll("p")) if (!paragraph.textContent.replace(/\u00a0/g, " ").trim() && !paragraph.querySelector("br")) paragraph.remove();
  return body.innerHTML;
}

// bold and italic are styles there, and some bold is none
function dress(one, page) {
  const style = one.getAttribute("data-style") ?? "";
  const bold = /(?:^|;)\s*font-weight:\s*(bold|[6-9]00)/i.test(style) || (one.localName === "b" && !/(?:^|;)\s*font-weight:\s*(normal|400)/i.test(style));
  const italic = /(?:^|;)\s*font-style:\s*italic/i.test(style);
  let inner = [...one.childNodes];
  for (const name of [italic && "em", bold && "strong"].filter(Boolean)) {
    const made = page.createElement(name);
    made.append(...inner);
    inner = [made];
  }
  one.replaceWith(...inner);
}

function become(one, name, page, within) {
  const made = page.createElement(name);
  const inside = within ? made.appendChild(page.createElement(within)) : made;
  inside.append(...one.childNodes);
  one.replaceWith(made);
}

// paragraphs that Word lists stand beside one another, each with its sign and its level
function lists(body, page) {
  let open = []; // one list per level
  for (const paragraph of [...body.querySelectorAll("p")]) {
    const listed = LISTED.exec(paragraph.getAttribute("data-style") ?? "");
    if (!listed) {
      if (paragraph.textContent.trim()) open = [];
      continue;
    }
    const sign = paragraph.querySelector("[data-sign]");
    const name = NUMBER.test(sign?.textContent ?? "") ? "ol" : "ul";
    sign?.remove();
    const level = Math.min(Number(listed[2]), open.length + 1);
    open = open.slice(0, level);
    if (open.length < level || (open[level - 1].localName !== name && level === 1)) {
      const list = page.createElement(name);
      if (level > 1) open[level - 2].lastElementChild.append(list);
      else paragraph.before(list);
      open[level - 1] = list;
    }
    const item = page.createElement("li");
    const words = item.appendChild(page.createElement("p"));
    words.append(...paragraph.childNodes);
    open[level - 1].append(item);
    paragraph.remove();
  }
  for (const sign of body.querySelectorAll("[data-sign]")) sign.replaceWith(...sign.childNodes);
}
