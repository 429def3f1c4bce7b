"""What templates say of domain values: badges, times, sentences, links that keep the query string, small charts.

Every tag here is shown in every state on the style page.
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

# What a value looks like: the tone names a colour and an icon, both always with a word.
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
OUTCOME_WORDS = {
    "PASS": gettext_lazy("Passed"),
    "WARNING": gettext_lazy("Warning"),
    "UNKNOWN": gettext_lazy("Unknown"),
    "ACTION_NEEDED": gettext_lazy("Action needed"),
    "INCOMPATIBLE": gettext_lazy("Incompatible"),
}
STATE_WORDS = {
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
AGO = (
    (31_557_600, ngettext_lazy("%(n)d year ago", "%(n)d years ago", "n")),
    (2_629_800, ngettext_lazy("%(n)d month ago", "%(n)d months ago", "n")),
    (604_800, ngettext_lazy("%(n)d week ago", "%(n)d weeks ago", "n")),
    (86_400, ngettext_lazy("%(n)d day ago", "%(n)d days ago", "n")),
    (3_600, ngettext_lazy("%(n)d hour ago", "%(n)d hours ago", "n")),
    (60, ngettext_lazy("%(n)d minute ago", "%(n)d minutes ago", "n")),
)
AHEAD = (
    (31_557_600, ngettext_lazy("in %(n)d year", "in %(n)d years", "n")),
    (2_629_800, ngettext_lazy("in %(n)d month", "in %(n)d months", "n")),
    (604_800, ngettext_lazy("in %(n)d week", "in %(n)d weeks", "n")),
    (86_400, ngettext_lazy("in %(n)d day", "in %(n)d days", "n")),
    (3_600, ngettext_lazy("in %(n)d hour", "in %(n)d hours", "n")),
    (60, ngettext_lazy("in %(n)d minute", "in %(n)d minutes", "n")),
)


# --- Icons and badges ------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon, invisible to screen readers: the word beside it says the same. An unknown name is a KeyError."""
    drawing = mark_safe(ICONS[name])  # noqa: S308  (our own drawings)
    return format_html(
        '<svg class="icon{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        f" {css}" if css else "",
        drawing,
    )


@register.filter
def tone(value: Any) -> str:
    """The tone of a verdict, outcome, run state or pass state: ``ok warn bad idle info busy``."""
    return TONES.get(str(value), "idle")


@register.filter
def tone_icon(value: Any) -> SafeString:
    """The icon of a verdict, outcome or state in its colour, for places where the word follows by itself."""
    name = tone(value)
    return icon(TONE_ICONS[name], f"is-{name}{' spin' if name == 'busy' else ''}")


@register.simple_tag
def status(kind: str, words: str, size: str = "", icon_name: str = "") -> SafeString:
    """A badge: ``kind`` is a tone (``ok warn bad idle info busy``); ``size="lg"`` for page heads."""
    return format_html(
        '<span class="badge is-{}{}">{}{}</span>',
        kind,
        f" badge-{size}" if size else "",
        icon(icon_name or TONE_ICONS[kind], "spin" if kind == "busy" else ""),
        words,
    )


@register.simple_tag
def verdict(value: Any, size: str = "") -> SafeString:
    """The one way a verdict is shown. Takes ``READY_MDM`` and the like; empty means unknown."""
    value = str(value or "UNKNOWN")
    words = str(VerdictChoices(value).label) if value in VerdictChoices.values else value
    return status(tone(value), words, size)


@register.simple_tag
def outcome(value: Any, size: str = "") -> SafeString:
    """The badge of one finding's outcome."""
    return status(tone(value), str(OUTCOME_WORDS.get(str(value), value)), size)


@register.simple_tag
def state(value: Any, size: str = "") -> SafeString:
    """The badge of a run's or a pass's state."""
    return status(tone(value), str(STATE_WORDS.get(str(value), value)), size, STATE_ICONS.get(str(value), ""))


# --- Words -----------------------------------------------------------------------------------------------------
@register.simple_tag
def sentence(message: str, values: dict[str, Any] | None = None) -> str:
    """A message id of a pure room in the reader's language, its values put in (escaped like any text)."""
    return messages.sentence(message, values)


def _relative(seconds: float) -> str:
    table = AGO if seconds >= 0 else AHEAD
    for length, words in table:
        count = int(abs(seconds) // length)
        if count:
            return words % {"n": count}
    return _("just now") if seconds >= 0 else _("in less than a minute")


@register.simple_tag
def when(value: datetime | None, missing: str = "") -> str | SafeString:
    """A relative time, the exact one in its tooltip; ``missing`` (default "Never") for None."""
    if value is None:
        return format_html('<span class="muted">{}</span>', missing or _("Never"))
    exact = date_format(timezone.localtime(value), "j M Y, H:i e")
    words = _relative((timezone.now() - value).total_seconds())
    return format_html('<time datetime="{}" title="{}" data-relative>{}</time>', value.isoformat(), exact, words)


@register.simple_tag
def exactly(value: datetime | None, missing: str = "") -> str | SafeString:
    """The exact time in the reader's zone, for print, the audit trail and expiry dates."""
    if value is None:
        return format_html('<span class="muted">{}</span>', missing or _("Never"))
    return format_html(
        '<time datetime="{}">{}</time>', value.isoformat(), date_format(timezone.localtime(value), "j M Y, H:i e")
    )


# --- The query string ------------------------------------------------------------------------------------------
def _query(context: template.Context) -> QueryDict:
    request = getattr(context, "request", None)  # an include with ``only`` keeps the attribute, not the variable
    return request.GET.copy() if request is not None else QueryDict(mutable=True)


def _address(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: Any) -> str:
    """``?…`` of this page with parameters changed; None or "" takes one out. Any but ``page`` starts at page 1."""
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
    """A ``<th>`` whose link sorts by ``?sort=field``, then by ``?sort=-field``; all other parameters stay."""
    current = str(_query(context).get("sort", context.get("sort", "")))
    turned = f"-{field}" if current == field else field
    order = {field: "ascending", f"-{field}": "descending"}.get(current)
    return {"label": label, "url": query_with(context, sort=turned), "order": order, "numeric": numeric}


@register.inclusion_tag("partials/filter_chip.html", takes_context=True)
def filter_chip(
    context: template.Context, name: str, value: str, label: str, count: int | None = None
) -> dict[str, Any]:
    """A link that sets ``?name=value``, or takes it out when it is set. ``value=""`` is the chip for *all*."""
    current = _query(context).get(name, "")
    is_set = current == str(value) if value else not current
    target = None if is_set and value else value
    return {"label": label, "count": count, "is_set": is_set, "url": query_with(context, **{name: target})}


@register.simple_tag(takes_context=True)
def hidden_query(context: template.Context, *without: str) -> SafeString:
    """Hidden fields that keep this page's parameters in a GET form, but ``page`` and those named."""
    pairs = [(name, value) for name, values in _query(context).lists() for value in values]
    kept = [(name, value) for name, value in pairs if name not in {"page", *without}]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', kept)


# --- Navigation ------------------------------------------------------------------------------------------------
@register.inclusion_tag("partials/nav_link.html", takes_context=True)
def nav_link(
    context: template.Context, route: str, label: str, icon_name: str, count: int | None = None
) -> dict[str, Any]:
    """An entry of the navigation; current on its page and every page below it."""
    url = reverse(route)
    path = getattr(context.get("request"), "path", "")
    is_current = path == url if url == "/" else path.startswith(url)
    return {"url": url, "label": label, "icon_name": icon_name, "count": count, "is_current": is_current}


@register.inclusion_tag("partials/tab.html", takes_context=True)
def tab(context: template.Context, url: str, label: str, count: int | None = None) -> dict[str, Any]:
    """A tab: a link to ``url`` (an address or a route without arguments), current when it is this page."""
    address = url if url.startswith(("/", "?")) else reverse(url)
    request = context.get("request")
    is_current = request is not None and address in {request.path, request.get_full_path()}
    return {"url": address, "label": label, "count": count, "is_current": is_current}


# --- Widgets that need a little arithmetic ---------------------------------------------------------------------
@register.inclusion_tag("partials/copy_field.html")
def copy_field(
    value: Any, label: str = "", name: str = "value", rows: int = 0, show_label: bool = True
) -> dict[str, Any]:
    """A read-only field with a copy button. ``name`` makes its id (``copy-NAME``), unique on the page."""
    return {"value": value, "label": label or _("Value"), "name": name, "rows": rows, "show_label": show_label}


@register.inclusion_tag("partials/progress.html")
def progress(value: int, maximum: int, label: str, kind: str = "") -> dict[str, Any]:
    """A progress bar with words and "3 of 7"; ``kind="ok"`` makes it green."""
    return {"value": value, "maximum": max(maximum, 1), "total": maximum, "label": label, "kind": kind}


@register.inclusion_tag("partials/share_bar.html")
def share_bar(parts: list[dict[str, Any]], label: str) -> dict[str, Any]:
    """Shares of a whole as one bar and its key. Parts: ``{"tone", "label", "count", "url"?}``."""
    total = sum(part["count"] for part in parts)
    at, drawn = 0.0, []
    for part in parts:
        width = 100 * part["count"] / total if total else 0
        drawn.append(
            part
            | {
                "x": f"{at:.3f}%",
                "width": f"{width:.3f}%",
                "icon": TONE_ICONS[part["tone"]],
                "css": f"is-{part['tone']}",
            }
        )
        at += width
    return {"parts": drawn, "total": total, "label": label}


@register.inclusion_tag("partials/funnel.html")
def funnel(stages: list[dict[str, Any]]) -> dict[str, Any]:
    """How many of the first stage reached each later one. Stages: ``{"label", "count", "url"?}``, widest first."""
    whole = max([stage["count"] for stage in stages[:1]] + [0])
    return {
        "stages": [stage | {"percent": round(100 * stage["count"] / whole) if whole else 0} for stage in stages],
        "whole": max(whole, 1),
    }


@register.filter
def initials(user: Any) -> str:
    """One or two letters for the round mark of a person."""
    words = str(user).split("@", maxsplit=1)[0].replace(".", " ").replace("-", " ").split()
    return "".join(word[0] for word in words[:2]) or "?"


@register.filter
def first_error_id(field: Any) -> str:
    """Where the error summary's link leads: the field's own id, or that of the first of its choices."""
    subwidgets = field.subwidgets if getattr(field.field.widget, "input_type", "") in {"radio", "checkbox"} else []
    return (subwidgets[0].id_for_label if subwidgets else field.id_for_label) or field.auto_id
