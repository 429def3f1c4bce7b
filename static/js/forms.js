// Forms: focus the first error, show that a form has changes, prevent a second submission, require a typed name.
"use strict";

const problem = document.querySelector("[data-error-summary]") || document.querySelector("form[method='post'] [aria-invalid='true']");
if (problem) problem.focus();

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form) return;
  if (form.matches("[data-dirty]")) {
    for (const hint of form.querySelectorAll("[data-unsaved]")) hint.hidden = false;
  }
  const required = event.target.dataset.mustEqual;
  if (required !== undefined) form.querySelector("[data-guarded]").disabled = event.target.value.trim() !== required;
});

for (const field of document.querySelectorAll("[data-must-equal]")) {
  field.form.querySelector("[data-guarded]").disabled = field.value.trim() !== field.dataset.mustEqual;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || form.dataset.again !== undefined) return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  window.setTimeout(() => delete form.dataset.sent, 4000);
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Submits <form data-submit-on-change> when one of its fields changes.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form && form.matches("[data-submit-on-change]")) form.requestSubmit();
});
