import { readdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import icons from "./icons.js";

const here = dirname(fileURLToPath(import.meta.url));
// Each file directly in js/ is the script of one page; what they share lies in folders below.
const scripts = readdirSync(resolve(here, "js")).filter((name) => name.endsWith(".js"));

export default defineConfig({
  root: here,
  base: "./",
  publicDir: false,
  plugins: [tailwindcss(), icons()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsInlineLimit: 0, // a data: picture would be refused by our own content security policy
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      input: [resolve(here, "app.css"), ...scripts.map((name) => resolve(here, "js", name))],
    },
  },
});
