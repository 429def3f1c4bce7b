// Menus are <details>, so they work without this script. It closes them on Escape and on a click outside, and
// removes dismissed messages.
"use strict";

const menus = "details[data-menu]";

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(`${menus}[open]`)) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(`${menus}[open]`)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.closest(".message").remove();
});
