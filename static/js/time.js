// Sends the browser's time zone to the server in a cookie, and keeps relative times up to date.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split("; ").includes(`time_zone=${zone}`)) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `time_zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const MONTH = 2629800;
const YEAR = 31557600;
const MAX_DAYS = 30;

// The same rounding as _relative in portal/templatetags/gatepass.py. Returns [count, unit], or null for "just now".
function past(seconds) {
  const days = Math.floor(seconds / DAY);
  if (days > MAX_DAYS && seconds >= YEAR) return [Math.floor(seconds / YEAR), "year"];
  if (days > MAX_DAYS) return [Math.max(Math.floor(seconds / MONTH), 1), "month"];
  if (days) return [days, "day"];
  if (seconds >= HOUR) return [Math.floor(seconds / HOUR), "hour"];
  return seconds >= MINUTE ? [Math.floor(seconds / MINUTE), "minute"] : null;
}

function calendarDays(from, to) {
  const midnight = (date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(to) - midnight(from)) / (DAY * 1000));
}

function future(seconds, from, to) {
  if (seconds >= DAY - MINUTE) {
    const days = Math.max(calendarDays(from, to), 1);
    const months = Math.round(seconds / MONTH);
    if (days <= MAX_DAYS) return [days, "day"];
    return months < 12 ? [Math.max(months, 1), "month"] : [Math.round(seconds / YEAR), "year"];
  }
  const minutes = Math.round(seconds / MINUTE);
  if (minutes >= 60) return [Math.round(seconds / HOUR), "hour"];
  return minutes ? [minutes, "minute"] : null;
}

function relative(date, now, format) {
  const seconds = (date - now) / 1000;
  const result = seconds > 0 ? future(seconds, now, date) : past(-seconds);
  return result && format.format(seconds > 0 ? result[0] : -result[0], result[1]);
}

function refresh() {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });
  const now = new Date();
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relative((Date.parse(element.dateTime) - Date.now()) / 1000, format);
    if (text) element.textContent = text;
  }
}

window.setInterval(refresh, 60000);
