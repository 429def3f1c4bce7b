// Says on the page what a passkey ceremony came to: allauth's own script only logs it.
"use strict";

document.addEventListener("allauth.error", (event) => {
  const place = document.querySelector("[data-passkey-error]");
  if (!place) return;
  event.preventDefault();
  const cancelled = event.detail.exception && event.detail.exception.name === "NotAllowedError";
  place.textContent = cancelled ? place.dataset.cancelled : place.dataset.failed;
  place.hidden = false;
});
