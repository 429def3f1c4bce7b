"""Decorators of views stand in one order, so that every view answers 404 before 403 before 405."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

VIEWS = sorted(path for path in (ROOT / "portal/views").glob("*.py") if path.name not in {"__init__.py", "health.py"})
# From the outermost to the innermost; those of one row are alternatives or may stand in any order.
ORDER = (
    {"sensitive_variables", "sensitive_post_parameters"},  # Django: above whatever passes the values on
    {"login_not_required"},
    {"csrf_protect", "csrf_exempt"},
    {"never_cache", "_private"},  # headers, also of what the lower ones answer
    {"readers_of_all_sites", "dashboard", "administrators", "editors"},
    {"page_view", "form_view", "action"},
)
METHODS = ORDER[-1]
RAISES_404 = {"no_page"}


def views(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The decorators of every function that takes a request and is public, by its name."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list and not node.name.startswith("_"):
            yield node.name, [ast.unparse(one).partition("(")[0] for one in node.decorator_list]


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_one_order_everywhere(path: Path) -> None:
    for name, decorators in views(path):
        if "dataclass" in decorators:
            continue
        places = [next((n for n, names in enumerate(ORDER) if one in names), None) for one in decorators]
        assert None not in places, f"{name}: give {decorators} a place in ORDER"
        assert places == sorted(places, key=lambda place: place or 0), f"{name}: {decorators}"
        assert decorators[-1] in METHODS, f"{name}: says which methods it takes last"


def test_every_view_says_which_methods_it_takes() -> None:
    """A view in the URLconf without a decorator would take any method."""
    urls = ast.parse((ROOT / "portal/urls.py").read_text())
    routed = {
        (node.value.id, node.attr)
        for node in ast.walk(urls)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    decorated = {(path.stem, name) for path in VIEWS for name, _decorators in views(path)}
    modules = {path.stem for path in VIEWS}
    # sites hands on what its two neighbors define
    decorated |= {("sites", name) for module, name in decorated if module in {"site_csv", "site_page"}}
    missing = {(module, name) for module, name in routed if module in modules} - decorated
    assert {name for _module, name in missing} == RAISES_404
