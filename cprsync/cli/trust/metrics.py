"""`metrics` prints the numbers of every library for Prometheus, or writes them where node exporter reads them."""

from __future__ import annotations

import enum
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.terminal.frame import Frame, framed
from cprsync.cli.terminal.output import note, say
from cprsync.errors import ConfigurationError, CprsyncError, Exit
from cprsync.resources import monitoring_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.catalogues import Language
    from cprsync.domain.trust.metrics import Sample
    from cprsync.wiring.site import Site


class Ready(enum.Enum):
    """What is ready for a monitoring system."""

    RULES = "rules"
    DASHBOARD = "dashboard"


app = typer.Typer()
_FILES = {Ready.RULES: "prometheus-rules.yml", Ready.DASHBOARD: "grafana-dashboard.json"}
#: Node exporter runs as another user. No number is about a person.
_MODE = 0o644


@app.command("metrics")
@framed
def print_metrics(
    *,
    textfile: Annotated[
        Path | None,
        typer.Option("--textfile", help="Write to this file (NAME.prom) in node exporter's folder, whole or not."),
    ] = None,
    ready: Annotated[
        Ready | None, typer.Option("--ready", help="Print alert rules for Prometheus, or a dashboard for Grafana.")
    ] = None,
    frame: Frame,
) -> int:
    """Print what Prometheus reads: how each library stands.

    It is in English. The desk answers the same at /metrics, with what it has counted itself. A library that cannot be
    measured is told as `cprsync_measured 0`, and the exit is 1.
    """
    if ready is not None:
        say(monitoring_path(_FILES[ready]).read_text(encoding="utf-8").rstrip("\n"))
        return Exit.DONE
    from cprsync.config.settings import load_settings
    from cprsync.domain.trust.metrics import render
    from cprsync.wiring.site import sites_of

    with frame.failures():
        settings = load_settings(frame.config)
        sites = sites_of(settings, frame.library)
        samples = [one for site in sites for one in _samples(site, frame.lang)]
        text = render(samples)
        if textfile is not None:
            write_whole(textfile, text)
    document: dict[str, Any] = {"metrics": [asdict(one) for one in samples]}
    frame.print(document, [] if textfile is not None else text.splitlines())
    return Exit.DONE if all(one.value for one in samples if one.name == "measured") else Exit.REFUSED


def _samples(site: Site, language: Language) -> Iterator[Sample]:
    from cprsync.doctor.measuring import measure_site
    from cprsync.domain.trust.metrics import Sample
    from cprsync.language.errors import error_text

    found: list[Sample] = []
    try:
        found = measure_site(site)
    except CprsyncError as error:
        note(f"{site.section.agency}: {error_text(error, language)}")
    yield Sample("measured", bool(found), agency=site.section.agency)
    yield from found


def write_whole(path: Path, text: str) -> None:
    """Write a file beside, and give it the name when it is whole: a reader sees the old one or the new one.

    Raises ConfigurationError: the folder takes no file. What stood there stays.
    """
    # node exporter reads what ends in .prom
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), _MODE)
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise ConfigurationError(
            "the file of metrics cannot be written ({strerror})", strerror=error.strerror, kind="usage"
        ) from error
