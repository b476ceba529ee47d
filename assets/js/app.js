// The script of every page: htmx, Alpine without eval, and the few keys and toasts of the shell.
import Alpine from "@alpinejs/csp";
import "htmx.org";
import "./shell/choosing.js";
import "./shell/dialogs.js";
import "./shell/inserting.js";
import "./shell/keys.js";
import "./shell/menus.js";
import "./shell/picking.js";
import "./shell/saved.js";
import "./shell/toasts.js";
import "./shell/typing.js";
import "./shell/uploads.js";

window.Alpine = Alpine;
// Page scripts come later in the head and register their parts on "alpine:init".
document.addEventListener("DOMContentLoaded", () => Alpine.start());
