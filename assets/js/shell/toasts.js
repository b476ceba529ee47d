// Django's messages: on a full page they stand in the page; after an htmx request they arrive as an event.
function close(toast) {
  toast?.remove();
}

function age(toast) {
  const seconds = Number(toast.dataset.seconds || 10);
  setTimeout(function end() {
    if (toast.matches(":hover, :focus-within")) setTimeout(end, 2000);
    else close(toast);
  }, seconds * 1000);
}

function add({ text, level }) {
  const bad = level === "error" || level === "warning";
  const pattern = document.getElementById(bad ? "notice-pattern" : "toast-pattern");
  const place = document.getElementById(bad ? "notices" : "toasts");
  if (!pattern || !place) return;
  const made = pattern.content.firstElementChild.cloneNode(true);
  made.querySelector("[data-text]").textContent = text;
  if (level === "warning") made.classList.replace("notice-bad", "notice-warn");
  place.append(made);
  if (bad) made.scrollIntoView({ block: "nearest" });
  else age(made);
}

document.addEventListener("messages", (event) => {
  const list = event.detail.messages ?? event.detail.value ?? [];
  for (const message of list) add(message);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) close(event.target.closest("[data-toast]"));
});
document.querySelectorAll("#toasts [data-toast]").forEach(age);
