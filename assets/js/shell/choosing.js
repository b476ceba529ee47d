// A form that shows only the fields its choice needs: <form data-chooses="does">, fields with data-for="a b".
function show(form) {
  const choice = form.elements[form.dataset.chooses];
  for (const field of form.querySelectorAll("[data-for]")) {
    const row = field.closest("[data-row-of]") || field.parentElement;
    row.hidden = !field.dataset.for.split(" ").includes(choice.value);
  }
}

for (const event of ["DOMContentLoaded", "htmx:after:swap"])
  document.addEventListener(event, () => document.querySelectorAll("form[data-chooses]").forEach(show));
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && form.dataset.chooses === event.target.name) show(form);
});
