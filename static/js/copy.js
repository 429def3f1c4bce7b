// Copy buttons: <button data-copy="id-of-the-field">. The label of the button shows the result, also to screen readers.
"use strict";

function textOf(element) {
  return "value" in element ? element.value : element.textContent;
}

async function copyText(element) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(textOf(element));
  // Without https there is no clipboard API (trial installations): use the deprecated copy command.
  const range = document.createRange();
  if ("select" in element) element.select();
  else {
    range.selectNodeContents(element);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
  }
  if (!document.execCommand("copy")) throw new Error("copy failed");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  const label = button.querySelector("[data-copy-words]");
  const before = label.dataset.before || label.textContent;
  label.dataset.before = before;
  try {
    await copyText(source);
    label.textContent = button.dataset.copied;
    button.classList.add("copied");
  } catch {
    if ("select" in source) source.select();
    label.textContent = button.dataset.failed;
  }
  window.setTimeout(() => {
    label.textContent = before;
    button.classList.remove("copied");
  }, 2000);
});

// Focusing a value selects it.
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".copy-row input[readonly]")) event.target.select();
});
