// One sprite of our own origin: every lucide icon named in a template, a Python table or a script, and the mark.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const project = resolve(here, "..");
const drawings = resolve(project, "node_modules/lucide-static/icons");
const places = ["templates", "assets/js", "config", "consent", "recipients", "tracking", "mailings", "forms"];

function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["__pycache__", "migrations"].includes(entry.name) ? [] : files(path);
    return /\.(html|py|js)$/.test(entry.name) ? [path] : [];
  });
}

function names() {
  const found = new Set();
  for (const path of places.flatMap((place) => files(resolve(project, place)))) {
    const text = readFileSync(path, "utf8");
    for (const [, name] of text.matchAll(/["'#]([a-z][a-z0-9]*(?:-[a-z0-9]+)*)["']/g)) found.add(name);
  }
  return [...found].filter((name) => existsSync(join(drawings, `${name}.svg`))).sort();
}

function symbol(name, svg, box) {
  const inside = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  const lean = inside.replace(/<!--.*?-->/gs, "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="${box}">${lean}</symbol>`;
}

export default function icons() {
  return {
    name: "icons",
    generateBundle() {
      const mark = readFileSync(resolve(here, "mark.svg"), "utf8");
      const symbols = names().map((name) => symbol(name, readFileSync(join(drawings, `${name}.svg`), "utf8"), "0 0 24 24"));
      this.emitFile({
        type: "asset",
        fileName: "icons.svg",
        source: `<svg xmlns="http://www.w3.org/2000/svg">${symbol("mark", mark, "0 0 32 32")}${symbols.join("")}</svg>`,
      });
      // the tab's icon stands alone: no page colours reach it
      this.emitFile({ type: "asset", fileName: "mark.svg", source: mark.replaceAll("currentColor", "#0f6171") });
    },
  };
}
