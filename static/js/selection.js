// Row selection in form[data-selection]: shows the bulk bar with the number of selected rows if there are any.
"use strict";

function boxes(form) {
  return [...document.querySelectorAll(`input[type="checkbox"][data-row]`)].filter((box) => box.form === form);
}

function show(form) {
  const all = boxes(form);
  const selected = all.filter((box) => box.checked).length;
  const bar = form.querySelector("[data-bulk-bar]");
  const every = form.querySelector("input[data-every-row]");
  if (bar) bar.hidden = selected === 0;
  for (const count of form.querySelectorAll("[data-selected-count]")) count.textContent = String(selected);
  if (every) {
    every.checked = selected > 0 && selected === all.length;
    every.indeterminate = selected > 0 && selected < all.length;
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
