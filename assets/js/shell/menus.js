// A form with data-submit-on-change sends itself; the button is there for whoever has no script.
document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit-on-change]")?.requestSubmit();
});

// A form sent twice by an impatient double click is sent once.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented || button.hasAttribute("data-again")) return;
  button.setAttribute("aria-busy", "true");
  setTimeout(() => (button.disabled = true));
  setTimeout(() => {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }, 4000);
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});
