// Applies a theme without reloading the page. Without this script, the form is submitted normally.
"use strict";

document.documentElement.classList.remove("no-js");

document.addEventListener("submit", (event) => {
  const form = event.target;
  const chosen = event.submitter;
  if (!form.matches("form[data-theme-switch]") || !chosen) return;
  event.preventDefault();
  document.documentElement.dataset.theme = chosen.value;
  for (const button of document.querySelectorAll("form[data-theme-switch] button")) {
    button.setAttribute("aria-pressed", String(button.value === chosen.value));
  }
  const body = new FormData(form);
  body.set("theme", chosen.value);
  fetch(form.action, { method: "POST", body, credentials: "same-origin" }).catch(() => form.submit());
});
