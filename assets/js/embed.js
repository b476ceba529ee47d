// One line in another site's page: <script async src="…/f/embed.js" data-form="key">. It puts the form there in a frame:
// in place, as a window that opens, or as a tab at the side. No cookie, no name left behind, no style element; it works
// under a policy of the page that names our origin under script-src and frame-src.
const script = document.currentScript ?? [...document.querySelectorAll("script[data-form]")].at(-1);

if (script?.dataset.form) {
  const origin = new URL(script.src).origin;
  const { form, show = "inline", label = "", delay, scroll, exit, days = "7", lang = "", title = label || "Form" } = script.dataset;
  const style = (element, values) => Object.assign(element.style, values);
  const make = (name, values = {}) => Object.assign(document.createElement(name), values);

  function frame() {
    const query = new URLSearchParams({ embed: show });
    if (lang) query.set("lang", lang);
    for (const [name, value] of new URLSearchParams(location.search)) if (name.startsWith("utm_")) query.set(name, value);
    const made = make("iframe", { src: `${origin}/f/${form}/?${query}`, title });
    made.setAttribute("referrerpolicy", "strict-origin-when-cross-origin");
    style(made, { border: "0", width: "100%", height: "30rem", display: "block", colorScheme: "normal" });
    window.addEventListener("message", (event) => {
      if (event.origin !== origin || event.source !== made.contentWindow) return;
      if (event.data?.postduif === "height" && event.data.height > 0) made.style.height = `${Math.min(event.data.height + 8, 10_000)}px`;
      if (event.data?.postduif === "done") remember();
    });
    return made;
  }

  const key = `postduif:${form}`;
  const remember = () => {
    try {
      localStorage.setItem(key, String(Date.now()));
    } catch {
      // a visitor who lets no site remember anything is asked again
    }
  };
  function isResting() {
    try {
      return Date.now() - Number(localStorage.getItem(key) ?? 0) < Number(days) * 86_400_000;
    } catch {
      return false;
    }
  }

  function dialog() {
    const box = make("dialog");
    box.setAttribute("aria-label", title);
    style(box, { border: "0", padding: "0", borderRadius: "10px", width: "min(36rem, 94vw)", maxHeight: "90vh", overflow: "auto", margin: "auto" });
    const close = make("button", { type: "button", textContent: "×" });
    close.setAttribute("aria-label", document.documentElement.lang.startsWith("nl") ? "Sluiten" : "Close");
    style(close, { position: "absolute", top: "4px", right: "4px", width: "44px", height: "44px", border: "0", background: "transparent", fontSize: "24px", cursor: "pointer" });
    close.addEventListener("click", () => box.close());
    box.addEventListener("click", (event) => event.target === box && box.close());
    box.addEventListener("close", remember);
    box.append(close, frame());
    document.body.append(box);
    return box;
  }

  let opened;
  const open = () => {
    opened ??= dialog();
    if (!opened.open) opened.showModal();
  };
  const openOnce = () => {
    if (!opened && !isResting()) open();
  };

  function popup() {
    if (isResting()) return;
    if (delay) setTimeout(openOnce, Number(delay) * 1000);
    if (scroll) {
      const watch = () => {
        const room = document.documentElement.scrollHeight - innerHeight;
        if (room > 0 && scrollY / room >= Number(scroll) / 100) {
          removeEventListener("scroll", watch);
          openOnce();
        }
      };
      addEventListener("scroll", watch, { passive: true });
    }
    if (exit !== undefined) document.documentElement.addEventListener("mouseleave", openOnce, { once: true });
    if (!delay && !scroll && exit === undefined) openOnce();
  }

  function tab() {
    const button = make("button", { type: "button", textContent: label || title });
    style(button, {
      position: "fixed", right: "0", top: "50%", zIndex: "2147483000", padding: "12px 16px", border: "0", borderRadius: "8px 0 0 8px", cursor: "pointer",
      background: "#0f6171", color: "#fff", font: "500 15px system-ui, sans-serif", writingMode: "vertical-rl",
    });
    button.addEventListener("click", open);
    document.body.append(button);
  }

  const start = { popup, tab }[show] ?? (() => script.after(frame()));
  if (document.body && (show === "inline" || document.readyState !== "loading")) start();
  else document.addEventListener("DOMContentLoaded", start);
}
