// The mail on the right: two frames take turns, so that it changes without a flash. It follows the open block.
import { placeWhenOpen } from "./place.js";

const VIEWS = { desktop: "", mobile: "", dark: "&dark=1", text: "&part=text", headers: "&part=headers", bare: "&images=off" };

export function startPreview(form) {
  const area = document.querySelector("[data-preview]");
  const paper = document.getElementById("paper");
  let view = "desktop";
  let [front, back] = paper.querySelectorAll("iframe");
  let wanted = 0;

  function place() {
    const cards = [...form.querySelectorAll("[data-block]")];
    const open = cards.findIndex((card) => card.classList.contains("is-open"));
    return open < 0 ? "" : `#b${open + 1}`;
  }

  // the one behind loads; when it is ready they change places
  function refresh() {
    const turn = ++wanted;
    back.onload = () => {
      if (turn !== wanted) return;
      back.classList.remove("is-behind");
      front.classList.add("is-behind");
      [front, back] = [back, front];
    };
    back.src = `${area.dataset.src}?as=${form.elements.as.value}&v=${form.elements.version.value}.${turn}${VIEWS[view]}${place()}`;
  }

  function look(name) {
    view = name;
    paper.dataset.view = name;
    for (const button of area.querySelectorAll("[data-view][aria-pressed]")) button.setAttribute("aria-pressed", String(button.dataset.view === name));
    refresh();
  }

  function as(button) {
    form.elements.as.value = button.dataset.as;
    document.getElementById("as-name").textContent = button.dataset.name;
    form.dispatchEvent(new Event("reader"));
  }

  function step(by) {
    const people = [...document.querySelectorAll("#people-list [data-as]")];
    const here = people.findIndex((one) => one.dataset.as === form.elements.as.value);
    const next = people[here + by];
    if (next) as(next);
  }

  area.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.view) look(button.dataset.view);
    else if (button.dataset.do === "previous") step(-1);
    else if (button.dataset.do === "next") step(1);
    else if ("as" in button.dataset) {
      as(button);
      document.getElementById("people").hidePopover();
      document.getElementById("as-button").focus();
    }
  });
  placeWhenOpen(document.getElementById("people"), document.getElementById("as-button"));
  refresh();
  return { refresh };
}
