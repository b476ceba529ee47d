// Put a popover beside the button that opened it: below, or above where there is no room.
export function place(popover, button) {
  const at = button.getBoundingClientRect();
  const [width, height] = [popover.offsetWidth, popover.offsetHeight];
  const below = at.bottom + height + 12 < window.innerHeight || at.top < height + 12;
  popover.style.top = `${below ? at.bottom + 6 : at.top - height - 6}px`;
  popover.style.left = `${Math.max(8, Math.min(at.left + (at.width - width) / 2, window.innerWidth - width - 8))}px`;
}

export function placeWhenOpen(popover, button) {
  popover.addEventListener("toggle", (event) => {
    if (event.newState === "open") place(popover, button);
  });
}
