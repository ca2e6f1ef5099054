"""Logging for the whole program: structured events to standard error. Shows only an exception's kind and place."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog

from cprsync.cli.terminal.failures import chain_of, where_raised
from cprsync.cli.terminal.output import escape_controls

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from pathlib import Path

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LEVEL = "WARNING"


def level_in(config: Path) -> str:
    """The `log_level` of a configuration file. Ignores errors in it, which the command that reads it all reports."""
    from cprsync.config.toml import read_toml
    from cprsync.errors import ConfigurationError

    try:
        level = read_toml(config, "configuration")[0].get("log_level", LEVEL)
    except ConfigurationError:
        return LEVEL
    return level if level in LEVELS else LEVEL


def configure(level: str) -> None:
    """Send events of `level` and above to standard error, one line each. Standard output is for the answer."""
    threshold = logging.getLevelNamesMapping()[level]
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_kind_and_place),
        structlog.processors.EventRenamer("event"),
        _escape_values,
    ]
    lines: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, lines],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=lines, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)


def _escape_values(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape the values of an event, so that none moves a terminal's cursor or ends its line."""
    for name, value in event.items():
        if isinstance(value, str):
            # an exception's causes have their own lines
            event[name] = escape_controls(value if name == "exception" else value.replace("\n", "\\n"))
    return event


def _kind_and_place(exc_info: structlog.typing.ExcInfo) -> str:
    """Each exception of the chain, the last one first, without its text, which may quote its input."""
    return "\n  from ".join(f"{type(error).__name__} at {where_raised(error)}" for error in chain_of(exc_info[1]))
