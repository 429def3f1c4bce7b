"""Structured logs without secrets: what a URL or a form may carry is cut out before a line is written."""

from __future__ import annotations

import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_QUERY = re.compile(r"\?[^\s\"']*")
_TOKEN_PATH = re.compile(r"(?i)(/(?:e|welcome)/)[^\s/?\"']+")


def redact(text: str) -> str:
    """The text with every query string and every token in a path (``/e/…``, ``/welcome/…``) masked."""
    return _TOKEN_PATH.sub(r"\1[hidden]", _QUERY.sub("?[hidden]", text))


def redact_event(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """A structlog processor: masks every text value of the event."""
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """The LOGGING setting: one line an event on standard error, as text or as JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    redact_event,
                    renderer,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {"django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
    }
