// Adding a site: fills in the title and product that a look-up found, unless the person has entered their own.
"use strict";

const addSite = document.querySelector("[data-add-site]");
const address = addSite.querySelector("#id_base_url");
const reported = { title: addSite.querySelector("#id_title"), product: addSite.querySelector("#id_product") };

for (const field of Object.values(reported)) {
  if (field.value) field.dataset.entered = "";
  field.addEventListener("input", () => { field.dataset.entered = ""; });
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "site-preview") return;
  const preview = event.detail.target;
  if (preview.querySelector("#id_base_url_error")) address.setAttribute("aria-invalid", "true");
  else address.removeAttribute("aria-invalid");
  const found = preview.querySelector(".found");
  for (const [name, field] of Object.entries(reported)) {
    if (field.dataset.entered === undefined) field.value = found?.dataset[name] ?? "";
  }
  if (found?.dataset.title) addSite.querySelector("[data-identity]").open = true;
});
