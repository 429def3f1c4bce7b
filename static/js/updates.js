// When a check ends, the content of a site's page is replaced. What the reader opened stays open, and the focus stays
// where it was: htmx restores it by ID, and this script moves it to the content if its element no longer exists.
"use strict";

let openIds = [];
let hadFocus = false;

document.addEventListener("htmx:beforeSwap", (event) => {
  const replaced = event.detail.target;
  openIds = [...document.querySelectorAll("details[id][open]")].map((details) => details.id);
  hadFocus = replaced.contains(document.activeElement);
});

document.addEventListener("htmx:afterSettle", () => {
  for (const id of openIds) {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }
  const content = document.getElementById("site-content");
  if (hadFocus && document.activeElement === document.body && content) content.focus({ preventScroll: true });
  hadFocus = false;
});
