// Copy buttons: <button data-copy="id-of-the-field">. Says so on the button and to screen readers.
"use strict";

function textOf(element) {
  return "value" in element ? element.value : element.textContent;
}

async function copyText(element) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(textOf(element));
  // Plain http on a trial machine has no clipboard API: select the field and ask the browser.
  const range = document.createRange();
  if ("select" in element) element.select();
  else {
    range.selectNodeContents(element);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
  }
  if (!document.execCommand("copy")) throw new Error("copy refused");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  const words = button.querySelector("[data-copy-words]");
  const before = words.dataset.before || words.textContent;
  words.dataset.before = before;
  try {
    await copyText(source);
    words.textContent = button.dataset.copied;
    button.classList.add("copied");
  } catch {
    if ("select" in source) source.select();
    words.textContent = button.dataset.failed;
  }
  window.setTimeout(() => {
    words.textContent = before;
    button.classList.remove("copied");
  }, 2000);
});

// A tap on a value selects the whole of it.
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".copy-row input[readonly]")) event.target.select();
});
