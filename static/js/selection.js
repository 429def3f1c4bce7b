// Rows to act on: counts the ticked boxes of a form[data-selection] and shows its bar only when there are some.
"use strict";

function boxes(form) {
  return [...document.querySelectorAll(`input[type="checkbox"][data-row]`)].filter((box) => box.form === form);
}

function show(form) {
  const all = boxes(form);
  const ticked = all.filter((box) => box.checked).length;
  const bar = form.querySelector("[data-bulk-bar]");
  const every = form.querySelector("input[data-every-row]");
  if (bar) bar.hidden = ticked === 0;
  for (const count of form.querySelectorAll("[data-selected-count]")) count.textContent = String(ticked);
  if (every) {
    every.checked = ticked > 0 && ticked === all.length;
    every.indeterminate = ticked > 0 && ticked < all.length;
  }
}

function showAll() {
  for (const form of document.querySelectorAll("form[data-selection]")) show(form);
}

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form || !form.matches("form[data-selection]")) return;
  if (event.target.matches("input[data-every-row]")) {
    for (const box of boxes(form)) box.checked = event.target.checked;
  }
  show(form);
});

document.addEventListener("click", (event) => {
  const clear = event.target.closest("[data-clear-selection]");
  if (!clear) return;
  for (const box of boxes(clear.form)) box.checked = false;
  show(clear.form);
});

showAll();
window.addEventListener("pageshow", showAll);
document.addEventListener("htmx:afterSettle", showAll);
