// Tells the server the reader's time zone, and keeps relative times true while a page stays open.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`time_zone=${zone}`)) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `time_zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

const units = [
  ["year", 31557600],
  ["month", 2629800],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

function relative(seconds, format) {
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return null;
}

function refresh() {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const words = relative((Date.parse(element.dateTime) - Date.now()) / 1000, format);
    if (words) element.textContent = words;
  }
}

window.setInterval(refresh, 60000);
