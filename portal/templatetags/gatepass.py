"""Template tags for domain values: badges, times, sentences, links that keep the query string and small charts.

The style page shows every tag in every state.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from portal.pages.icons import ICONS
from portal.presenters import messages
from rollout.models.site import VerdictChoices

register = template.Library()

# A tone selects a color and an icon. Both are always shown with a word, because color alone is not accessible.
TONE_ICONS = {"ok": "ok", "warn": "warn", "bad": "bad", "idle": "idle", "info": "info", "busy": "busy"}
TONES = {
    "READY_MDM": "ok",
    "READY_NON_MDM": "ok",
    "ACTION_NEEDED": "warn",
    "INCOMPATIBLE": "bad",
    "UNKNOWN": "idle",
    "PASS": "ok",
    "WARNING": "warn",
    "queued": "idle",
    "running": "busy",
    "paused": "info",
    "done": "ok",
    "failed": "bad",
    "valid": "ok",
    "expired": "idle",
    "revoked": "bad",
    "used_up": "info",
}
STATE_ICONS = {"queued": "clock", "paused": "pause", "expired": "clock", "revoked": "revoke", "used_up": "check"}
OUTCOME_LABELS = {
    "PASS": gettext_lazy("Passed"),
    "WARNING": gettext_lazy("Warning"),
    "UNKNOWN": gettext_lazy("Unknown"),
    "ACTION_NEEDED": gettext_lazy("Action needed"),
    "INCOMPATIBLE": gettext_lazy("Incompatible"),
}
STATE_LABELS = {
    "queued": gettext_lazy("Waiting"),
    "running": gettext_lazy("Running"),
    "paused": gettext_lazy("Paused"),
    "done": gettext_lazy("Done"),
    "failed": gettext_lazy("Failed"),
    "valid": gettext_lazy("Valid"),
    "expired": gettext_lazy("Expired"),
    "revoked": gettext_lazy("Revoked"),
    "used_up": gettext_lazy("Used up"),
}
YEAR_SECONDS, MONTH_SECONDS, DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS = 31_557_600, 2_629_800, 86_400, 3_600, 60
MAX_DAYS = 30  # longer times are given in months; weeks are not used, so that a 7-day pass reads "in 7 days"
PAST_UNITS = {
    "year": ngettext_lazy("%(n)d year ago", "%(n)d years ago", "n"),
    "month": ngettext_lazy("%(n)d month ago", "%(n)d months ago", "n"),
    "day": ngettext_lazy("%(n)d day ago", "%(n)d days ago", "n"),
    "hour": ngettext_lazy("%(n)d hour ago", "%(n)d hours ago", "n"),
    "minute": ngettext_lazy("%(n)d minute ago", "%(n)d minutes ago", "n"),
}
FUTURE_UNITS = {
    "year": ngettext_lazy("in %(n)d year", "in %(n)d years", "n"),
    "month": ngettext_lazy("in %(n)d month", "in %(n)d months", "n"),
    "day": ngettext_lazy("in %(n)d day", "in %(n)d days", "n"),
    "hour": ngettext_lazy("in %(n)d hour", "in %(n)d hours", "n"),
    "minute": ngettext_lazy("in %(n)d minute", "in %(n)d minutes", "n"),
}


# --- Icons and badges ------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon, hidden from screen readers because the text beside it has the same meaning.

    Raises KeyError for an unknown name.
    """
    drawing = mark_safe(ICONS[name])  # nosec B308 B703  # noqa: S308  (our own drawings)
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        f" {css}" if css else "",
        drawing,
    )


@register.filter
def tone(value: Any) -> str:
    """Tone of a verdict, outcome, run state or pass state: one of ``ok warn bad idle info busy``."""
    return TONES.get(str(value), "idle")


@register.filter
def tone_icon(value: Any) -> SafeString:
    """Colored icon of a verdict, outcome or state, for places where the template adds the text itself."""
    name = tone(value)
    return icon(TONE_ICONS[name], f"is-{name}{' spin' if name == 'busy' else ''}")


@register.simple_tag
def status(kind: str, label: str, size: str = "", icon_name: str = "") -> SafeString:
    """Badge with an icon. ``kind`` is a tone (``ok warn bad idle info busy``); ``size="lg"`` is for page headings."""
    return format_html(
        '<span class="badge is-{}{}">{}{}</span>',
        kind,
        f" badge-{size}" if size else "",
        icon(icon_name or TONE_ICONS[kind], "spin" if kind == "busy" else ""),
        label,
    )


@register.simple_tag
def verdict(value: Any, size: str = "") -> SafeString:
    """Badge of a verdict such as ``READY_MDM``; an empty value is shown as unknown."""
    value = str(value or "UNKNOWN")
    label = str(VerdictChoices(value).label) if value in VerdictChoices.values else value
    return status(tone(value), label, size)


@register.simple_tag
def outcome(value: Any, size: str = "") -> SafeString:
    """Badge of a finding's outcome."""
    return status(tone(value), str(OUTCOME_LABELS.get(str(value), value)), size)


@register.simple_tag
def state(value: Any, size: str = "") -> SafeString:
    """Badge of the state of a run or a pass."""
    return status(tone(value), str(STATE_LABELS.get(str(value), value)), size, STATE_ICONS.get(str(value), ""))


# --- Sentences and times -----------------------------------------------------------------------------------------
@register.simple_tag
def sentence(message: str, values: dict[str, Any] | None = None) -> str:
    """Translated sentence for a message id, with its values inserted (and escaped like any text)."""
    return messages.sentence(message, values)


def _relative(value: datetime, now: datetime) -> str:
    """``3 days ago`` or ``in 7 days``; ``static/js/time.js`` repeats this calculation while a page stays open.

    The past is rounded down. The future is rounded to the nearest minute or hour, and from one day on counted in
    calendar days of the reader's zone: a pass that is valid for 7 days reads "in 7 days" during the whole first day.
    """
    seconds = (now - value).total_seconds()
    unit, count = _past(seconds) if seconds >= 0 else _future(-seconds, value, now)
    if not count:
        return _("just now") if seconds >= 0 else _("in less than a minute")
    return (PAST_UNITS if seconds >= 0 else FUTURE_UNITS)[unit] % {"n": count}


def _past(seconds: float) -> tuple[str, int]:
    days = int(seconds // DAY_SECONDS)
    if days > MAX_DAYS:
        years = int(seconds // YEAR_SECONDS)
        return ("year", years) if years else ("month", max(int(seconds // MONTH_SECONDS), 1))
    if days:
        return "day", days
    hours = int(seconds // HOUR_SECONDS)
    return ("hour", hours) if hours else ("minute", int(seconds // MINUTE_SECONDS))


def _future(seconds: float, value: datetime, now: datetime) -> tuple[str, int]:
    if seconds >= DAY_SECONDS - MINUTE_SECONDS:  # a pass for one day is shown moments after it was created
        days = max((timezone.localtime(value).date() - timezone.localtime(now).date()).days, 1)
        if days <= MAX_DAYS:
            return "day", days
        months = round(seconds / MONTH_SECONDS)
        return ("month", max(months, 1)) if months < 12 else ("year", round(seconds / YEAR_SECONDS))
    minutes = round(seconds / MINUTE_SECONDS)
    return ("hour", round(seconds / HOUR_SECONDS)) if minutes >= 60 else ("minute", minutes)


def _exact(value: datetime) -> str:
    """``29 Nov 2026, 14:05`` in the reader's zone. The server's zone is named while the reader's is not known."""
    known = timezone.get_current_timezone_name() != timezone.get_default_timezone_name()
    return date_format(timezone.localtime(value), "j M Y, H:i" if known else "j M Y, H:i e")


@register.simple_tag
def when(value: datetime | None, missing: str = "") -> str | SafeString:
    """Relative time with the exact one in its tooltip; ``missing`` (default "Never") is shown for None."""
    if value is None:
        return format_html('<span class="muted">{}</span>', missing or _("Never"))
    relative = _relative(value, timezone.now())
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>', value.isoformat(), _exact(value), relative
    )


@register.simple_tag
def exactly(value: datetime | None, missing: str = "") -> str | SafeString:
    """Exact time in the reader's zone, for print, the audit log and expiry dates."""
    if value is None:
        return format_html('<span class="muted">{}</span>', missing or _("Never"))
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), _exact(value))


# --- The query string ------------------------------------------------------------------------------------------
def _query(context: template.Context) -> QueryDict:
    request = getattr(context, "request", None)  # ``{% include … only %}`` drops the variable but keeps the attribute
    return request.GET.copy() if request is not None else QueryDict(mutable=True)


def _address(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: Any) -> str:
    """Query string of this page with parameters changed; None or "" removes one.

    A change of anything but ``page`` returns to page 1.
    """
    query = _query(context)
    if set(changes) != {"page"}:
        query.pop("page", None)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return _address(query)


@register.inclusion_tag("partials/sort_link.html", takes_context=True)
def sort_link(context: template.Context, field: str, label: str, numeric: bool = False) -> dict[str, Any]:
    """``<th>`` with a link that sorts by ``?sort=field``, or ``?sort=-field`` when already sorted by it."""
    current = str(_query(context).get("sort", context.get("sort", "")))
    next_sort = f"-{field}" if current == field else field
    order = {field: "ascending", f"-{field}": "descending"}.get(current)
    return {"label": label, "url": query_with(context, sort=next_sort), "order": order, "numeric": numeric}


@register.inclusion_tag("partials/filter_chip.html", takes_context=True)
def filter_chip(
    context: template.Context, name: str, value: str, label: str, count: int | None = None
) -> dict[str, Any]:
    """Link that sets ``?name=value``, or removes the parameter when it is set. ``value=""`` is the chip for *all*."""
    current = _query(context).get(name, "")
    is_set = current == str(value) if value else not current
    target = None if is_set and value else value
    return {"label": label, "count": count, "is_set": is_set, "url": query_with(context, **{name: target})}


@register.simple_tag(takes_context=True)
def hidden_query(context: template.Context, *without: str) -> SafeString:
    """Hidden fields that keep this page's parameters in a GET form, except ``page`` and those named."""
    pairs = [(name, value) for name, values in _query(context).lists() for value in values]
    fields = [(name, value) for name, value in pairs if name not in {"page", *without}]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', fields)


# --- Navigation ------------------------------------------------------------------------------------------------
@register.inclusion_tag("partials/nav_link.html", takes_context=True)
def nav_link(
    context: template.Context, route: str, label: str, icon_name: str, count: int | None = None
) -> dict[str, Any]:
    """Navigation entry; current on its page and on every page below it."""
    url = reverse(route)
    path = getattr(context.get("request"), "path", "")
    is_current = path == url if url == "/" else path.startswith(url)
    return {"url": url, "label": label, "icon_name": icon_name, "count": count, "is_current": is_current}


@register.inclusion_tag("partials/tab.html", takes_context=True)
def tab(context: template.Context, url: str, label: str, count: int | None = None) -> dict[str, Any]:
    """Tab that links to ``url`` (a URL or the name of a route without arguments); current on that page."""
    address = url if url.startswith(("/", "?")) else reverse(url)
    request = context.get("request")
    is_current = request is not None and address in {request.path, request.get_full_path()}
    return {"url": address, "label": label, "count": count, "is_current": is_current}


# --- Widgets --------------------------------------------------------------------------------------------------
@register.inclusion_tag("partials/copy_field.html")
def copy_field(
    value: Any, label: str = "", name: str = "value", rows: int = 0, show_label: bool = True
) -> dict[str, Any]:
    """Read-only field with a copy button. Its id is ``copy-NAME``, so ``name`` must be unique on the page."""
    return {"value": value, "label": label or _("Value"), "name": name, "rows": rows, "show_label": show_label}


@register.inclusion_tag("partials/progress.html")
def progress(value: int, maximum: int, label: str, kind: str = "") -> dict[str, Any]:
    """Progress bar with a label and "3 of 7"; ``kind="ok"`` makes it green."""
    return {"value": value, "maximum": max(maximum, 1), "total": maximum, "label": label, "kind": kind}


@register.inclusion_tag("partials/share_bar.html")
def share_bar(parts: list[dict[str, Any]], label: str) -> dict[str, Any]:
    """Stacked bar of shares with its legend. Parts: ``{"tone", "label", "count", "url"?}``."""
    total = sum(part["count"] for part in parts)
    offset, drawn = 0.0, []
    for part in parts:
        width = 100 * part["count"] / total if total else 0
        drawn.append(
            part
            | {
                "x": f"{offset:.3f}%",
                "width": f"{width:.3f}%",
                "icon": TONE_ICONS[part["tone"]],
                "css": f"is-{part['tone']}",
            }
        )
        offset += width
    return {"parts": drawn, "total": total, "label": label}


@register.inclusion_tag("partials/funnel.html")
def funnel(stages: list[dict[str, Any]]) -> dict[str, Any]:
    """Share of the first stage that reached each later stage. Stages: ``{"label", "count", "url"?}``, widest first."""
    total = stages[0]["count"] if stages else 0
    return {
        "stages": [stage | {"percent": round(100 * stage["count"] / total) if total else 0} for stage in stages],
        "total": max(total, 1),
    }


@register.filter
def initials(user: Any) -> str:
    """One or two initials for the avatar of a person."""
    words = str(user).split("@", maxsplit=1)[0].replace(".", " ").replace("-", " ").split()
    return "".join(word[0] for word in words[:2]) or "?"


@register.filter
def first_error_id(field: Any) -> str:
    """Target of a link in the error summary: the id of the field, or of its first choice."""
    subwidgets = field.subwidgets if getattr(field.field.widget, "input_type", "") in {"radio", "checkbox"} else []
    return (subwidgets[0].id_for_label if subwidgets else field.id_for_label) or field.auto_id
