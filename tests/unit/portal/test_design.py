"""Design system: contrast of all color pairs, no inline scripts or styles, and the output of the template tags."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import timezone

from portal.templatetags import gatepass
from tests.support.paths import ROOT

TOKENS = (ROOT / "static/css/tokens.css").read_text()
BACKGROUNDS = ("canvas", "surface", "sunken", "hover")
TEXT_PAIRS = [
    *[(text, background) for text in ("text", "muted", "accent-text") for background in BACKGROUNDS],
    ("accent-text", "accent-soft"),
    ("text", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-bad", "bad"),
    ("surface", "bad-text"),
    ("bad-text", "surface"),
    ("warn-text", "surface"),
    *[(f"{tone}-text", f"{tone}-soft") for tone in ("ok", "warn", "bad", "info", "idle")],
    *[("text", f"{tone}-soft") for tone in ("ok", "warn", "bad", "info", "idle")],
]
SHAPE_PAIRS = [
    *[("control", background) for background in ("surface", "canvas")],
    *[(tone, "surface") for tone in ("accent", "ok", "warn", "bad", "info", "idle")],
    *[("accent-text", background) for background in BACKGROUNDS],  # the focus ring
]


_TOKEN = re.compile(r"--([a-z-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
COLORS = {name: (light, dark) for name, light, dark in _TOKEN.findall(TOKENS)}
THEMES = {theme: {name: pair[at] for name, pair in COLORS.items()} for at, theme in enumerate(("light", "dark"))}


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def rendered(source: str, path: str = "/", **values: object) -> str:
    request = RequestFactory().get(path)
    return Template("{% load gatepass %}" + source).render(RequestContext(request, values)).strip()


# --- Colours ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "background"), TEXT_PAIRS)
def test_text_is_readable(theme: str, text: str, background: str) -> None:
    assert contrast(THEMES[theme][text], THEMES[theme][background]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("shape", "background"), SHAPE_PAIRS)
def test_shapes_are_visible(theme: str, shape: str, background: str) -> None:
    assert contrast(THEMES[theme][shape], THEMES[theme][background]) >= 3


def test_the_switch_and_the_system_give_the_same_dark() -> None:
    stated = re.findall(r"--([a-z0-9-]+):", TOKENS)
    assert len(stated) == len(set(stated))
    blocks = dict(re.findall(r"^(:root\S*) \{(.*?)\}", TOKENS, re.DOTALL | re.MULTILINE))
    assert "color-scheme: light dark;" in blocks.pop(":root")
    assert {selector: block.strip() for selector, block in blocks.items()} == {
        ':root[data-theme="light"]': "color-scheme: light;",
        ':root[data-theme="dark"]': "color-scheme: dark;",
    }


def test_every_color_of_light_has_one_in_dark() -> None:
    assert len(re.findall(r"#[0-9a-f]{3,8}\b", TOKENS)) == 2 * len(COLORS)
    assert {name for name, (light, dark) in COLORS.items() if light == dark} == {"on-accent"}


def test_every_token_that_is_used_is_defined() -> None:
    defined = set(re.findall(r"--([a-z0-9-]+):", TOKENS))
    sheets = (ROOT / "static/css").glob("*.css")
    used = {name for sheet in sheets for name in re.findall(r"var\(--([a-z0-9-]+)", sheet.read_text())}
    assert used <= defined


# --- Templates ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("template", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_inline_style_or_script(template: Path) -> None:
    html = template.read_text()
    assert not re.search(r"\sstyle=", html)
    assert not re.search(r"\son[a-z]+=", html)
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)", html)


def test_static_error_pages_need_no_context() -> None:
    for name in ("400.html", "403_csrf.html", "500.html", "503.html"):
        html = Template((ROOT / "templates" / name).read_text()).render(Context({}))
        assert "Go to the home page" in html


# --- Tags ------------------------------------------------------------------------------------------------------
def test_a_verdict_has_icon_and_word() -> None:
    badge = rendered('{% verdict "ACTION_NEEDED" %}')
    assert "is-warn" in badge
    assert "<svg" in badge
    assert "Action needed" in badge


def test_an_unknown_value_is_escaped_and_gray() -> None:
    badge = rendered("{% outcome value %}", value="<b>")
    assert "&lt;b&gt;" in badge
    assert "is-idle" in badge


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=800), "2 years ago"),
        (-timedelta(days=3), "in 3 days"),
    ],
)
def test_a_time_is_relative_with_the_exact_time_as_title(ago: timedelta, words: str) -> None:
    at = timezone.now() - ago
    shown = rendered("{% when at %}", at=at)
    assert words in shown
    assert f'datetime="{at.isoformat()}"' in shown.replace("+00:00", at.isoformat()[-6:])
    assert "title=" in shown


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(seconds=20), "in less than a minute"),
        (timedelta(minutes=59, seconds=40), "in 1 hour"),
        (timedelta(hours=23, minutes=59, seconds=30), "in 1 day"),
        (timedelta(days=7), "in 7 days"),
        (timedelta(days=6, hours=19), "in 7 days"),  # a 7-day pass, five hours after it was created
        (timedelta(days=30), "in 30 days"),
        (timedelta(days=90), "in 3 months"),
        (timedelta(days=365), "in 1 year"),
        (-timedelta(days=13), "13 days ago"),
        (-timedelta(days=31), "1 month ago"),
    ],
)
def test_a_relative_time_counts_as_people_do(ahead: timedelta, expected: str) -> None:
    now = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)
    assert gatepass._relative(now + ahead, now) == expected


def test_days_are_counted_in_the_zone_of_the_reader() -> None:
    now, value = datetime(2026, 11, 29, 22, 30, tzinfo=UTC), datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    assert gatepass._relative(value, now) == "in 2 days"
    with timezone.override("Europe/Berlin"):  # 29 November, 23:30, to 2 December, 0:30
        assert gatepass._relative(value, now) == "in 3 days"


def test_an_exact_time_names_the_zone_only_while_that_of_the_reader_is_unknown() -> None:
    value = datetime(2026, 11, 29, 13, 5, tzinfo=UTC)
    assert ">29 Nov 2026, 13:05 UTC<" in rendered("{% exactly value %}", value=value)
    with timezone.override("Europe/Berlin"):
        assert ">29 Nov 2026, 14:05<" in rendered("{% exactly value %}", value=value)


def test_a_missing_time() -> None:
    assert "Never" in rendered("{% when at %}", at=None)
    assert "Not yet" in rendered('{% when at "Not yet" %}', at=None)


def test_a_sentence_takes_its_values_and_escapes_them() -> None:
    shown = rendered("{% sentence message values %}", message="Sends to %(host)s.", values={"host": "<sso>"})
    assert shown == "Sends to &lt;sso&gt;."


@pytest.mark.parametrize("message", ["Sends to %(host)s.", "%(a)d"])
def test_a_sentence_that_does_not_fit_its_values_is_shown_as_it_is(message: str) -> None:
    assert rendered("{% sentence message values %}", message=message, values={"a": "x"}) == message


def test_links_keep_the_query_and_start_again_at_page_one() -> None:
    kept = rendered('{% query_with sort="title" %}', "/sites/?q=a%26b&page=3")
    assert kept == "?q=a%26b&amp;sort=title"
    assert rendered("{% query_with page=2 %}", "/sites/?q=a&page=3") == "?q=a&amp;page=2"
    assert rendered('{% query_with q="" %}', "/sites/?q=a") == "?"


def test_a_sort_link_reverses() -> None:
    once = rendered('{% sort_link "title" "Title" %}', "/sites/?sort=title")
    assert 'aria-sort="ascending"' in once
    assert "sort=-title" in once
    assert "aria-sort" not in rendered('{% sort_link "title" "Title" %}', "/sites/?sort=people")


def test_an_active_chip_removes_its_filter() -> None:
    chip = rendered('{% filter_chip "verdict" "UNKNOWN" "Unknown" 3 %}', "/sites/?verdict=UNKNOWN&q=a")
    assert 'aria-current="true"' in chip
    assert 'href="?q=a"' in chip


def test_hidden_fields_keep_the_filters_of_a_search() -> None:
    kept = rendered('{% hidden_query "q" %}', '/sites/?q=a&verdict="><script>&page=2')
    assert 'name="verdict"' in kept
    assert "<script>" not in kept
    assert 'name="q"' not in kept
    assert 'name="page"' not in kept


def test_pagination_shows_the_position() -> None:
    page = Paginator(range(60), 25).get_page(2)
    html = rendered('{% include "partials/pagination.html" %}', "/sites/?q=a&page=2", page=page)
    assert "<strong>26–50</strong> of <strong>60</strong>" in html
    assert 'href="?q=a&amp;page=3"' in html


def test_a_copy_field_has_a_label() -> None:
    html = rendered('{% copy_field value "Client ID" "client" %}', value='"><script>')
    assert 'for="copy-client"' in html
    assert "readonly" in html
    assert "<script>" not in html


def test_a_share_bar_and_a_funnel_can_be_empty() -> None:
    parts = [{"tone": "ok", "label": "ready", "count": 0}]
    assert 'width="0.000%"' in rendered('{% share_bar parts "Sites" %}', parts=parts)
    assert "0%" in rendered("{% funnel stages %}", stages=[{"label": "Issued", "count": 0}])
    assert rendered("{% funnel stages %}", stages=[]).startswith("<ol")


# --- Forms -----------------------------------------------------------------------------------------------------
class Example(forms.Form):
    title = forms.CharField(help_text="As people see it.")
    setup = forms.ChoiceField(choices=[("mdm", "MDM")], widget=forms.RadioSelect)
    keep = forms.BooleanField(required=False)


def test_a_field_links_its_help_and_its_error() -> None:
    html = rendered('{% include "partials/field.html" with field=form.title %}', form=Example({"title": ""}))
    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_title_helptext"' in html
    assert 'id="id_title_error"' in html


def test_the_summary_links_to_every_error() -> None:
    html = rendered('{% include "partials/error_summary.html" %}', form=Example({}))
    assert "Correct 2 problems" in html
    assert 'href="#id_title"' in html
    assert 'href="#id_setup_0"' in html


def test_choices_are_a_named_group() -> None:
    html = rendered('{% include "partials/field.html" with field=form.setup %}', form=Example())
    assert 'role="group" aria-labelledby="id_setup_label"' in html


def test_a_dangerous_action_describes_its_impact_and_asks_for_the_name() -> None:
    source = '{% include "partials/confirm.html" with url="/x/" label="Revoke" text=text danger=True type_name=name %}'
    html = rendered(source, text="Signs out 1,204 phones.", name="<Wiki>")
    assert "Signs out 1,204 phones." in html
    assert 'data-must-equal="&lt;Wiki&gt;"' in html
    assert 'method="post"' in html
