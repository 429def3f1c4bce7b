"""Every kind of finding, by its stable id. Pure."""

from __future__ import annotations

from .container_kinds import CONTAINER_KINDS
from .entry_kinds import ENTRY_KINDS
from .list_findings import Kind
from .syntax_kinds import SYNTAX_KINDS

KINDS: dict[str, Kind] = {**CONTAINER_KINDS, **SYNTAX_KINDS, **ENTRY_KINDS}
