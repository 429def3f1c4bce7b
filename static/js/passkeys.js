// Shows passkey errors on the page; allauth's own script only logs them.
"use strict";

document.addEventListener("allauth.error", (event) => {
  const output = document.querySelector("[data-passkey-error]");
  if (!output) return;
  event.preventDefault();
  const cancelled = event.detail.exception && event.detail.exception.name === "NotAllowedError";
  output.textContent = cancelled ? output.dataset.cancelled : output.dataset.failed;
  output.hidden = false;
});
