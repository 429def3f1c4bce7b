"""Structured logs without secrets: values of URLs and forms are masked before a line is written."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_QUERY = re.compile(r"\?[^\s\"']*")
_TOKEN_PATH = re.compile(r"(?i)(/(?:e|welcome|password/reset/key|confirm-email)/)[^\s/?\"']+")


def redact(text: str) -> str:
    """The text with every query string and every token in a path masked (passes, sign-in links, e-mail links)."""
    return _TOKEN_PATH.sub(r"\1[hidden]", _QUERY.sub("?[hidden]", text))


def redact_event(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """A structlog processor that masks every value of the event, of any type."""
    return {key: value if key.startswith("_") else _redacted(value) for key, value in event.items()}


def _redacted(value: Any) -> Any:
    """Numbers stay as they are; a request or an error becomes its masked text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_redacted(item) for item in value]
    return redact(str(value))


# The WSGI environment of the current request on the fast path.
REQUEST: ContextVar[dict[str, Any] | None] = ContextVar("gatepass_request", default=None)
REQUEST_ID = "gatepass.request_id"  # in a WSGI environment


def request_context(meta: dict[str, Any]) -> dict[str, Any]:
    """Return the context of log lines about a request without a user. The first line assigns the request its ID."""
    request_id = meta[REQUEST_ID] = meta.get(REQUEST_ID) or str(uuid.uuid4())
    return {"request_id": request_id, "user_id": None, "ip": meta.get("REMOTE_ADDR", "")}


def merge_request(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """A structlog processor that adds the context of a request on the fast path."""
    meta = REQUEST.get()
    return event if meta is None else {**request_context(meta), **event}


LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """The LOGGING setting: one line per event on standard error, as text or as JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        merge_request,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    structlog.configure(
        # First, so that a line below the current level is not formatted.
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
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
        "loggers": {
            "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            # At DEBUG these log codes and tokens unmasked.
            "oauthlib": {"level": "INFO"},
            "oauth2_provider": {"level": "INFO"},
        },
    }
