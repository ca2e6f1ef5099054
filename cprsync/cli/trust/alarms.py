"""`alarms check` looks what is wrong and tells it; `test` tries each channel; `list` shows what stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cprsync.cli.terminal.frame import Frame, framed
from cprsync.errors import ConfigurationError, CprsyncError, Exit
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cprsync.catalogues import Language
    from cprsync.config.settings import Settings
    from cprsync.wiring.site import Site

app = typer.Typer()


@app.command("check")
@framed
def check(frame: Frame) -> int:
    """Check once what is wrong, and tell what has not been told.

    For a timer, each five minutes. Exit 1 if something could not be told; it is tried again. What is wrong is no error
    here: `status` exits 1 for it.
    """
    from cprsync.doctor.alarming import check_site

    counts: dict[str, dict[str, int]] = {}
    errors: list[CprsyncError] = []
    with frame.failures():
        sites = _sites(frame)
        for site in sites:
            try:
                counts[site.section.agency] = check_site(site)
            except CprsyncError as error:
                # the next library's alarms do not wait for it
                errors.append(error)
        if errors:
            raise errors[0]
    channels = list(sites[0].settings.alarms.channels)
    documents = [{"agency": agency, **found} for agency, found in counts.items()]
    lines = checked_lines(documents, frame.lang) if channels else [word("alarms_no_channel", frame.lang)]
    frame.print({"libraries": documents, "channels": channels}, lines)
    return Exit.REFUSED if any(one["failed"] for one in counts.values()) else Exit.DONE


def checked_lines(documents: Iterable[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """How much was told of each library, and what the quiet hours hold back."""
    for one in documents:
        waiting = word("alarms_waiting", language, count=one["waiting"]) if one["waiting"] else ""
        yield word("alarms_checked", language, **one) + waiting


@app.command("test")
@framed
def try_channels(frame: Frame) -> int:
    """Send a test on each channel, and say what came of it.

    The heartbeat's address is called too, if there is one. Exit 1 if one could not be used. The channels are those of
    the whole installation: where more than one library is set up, the first one's name stands in the test.
    """
    from cprsync.doctor import alarming
    from cprsync.language.errors import error_document

    with frame.failures():
        sites = _sites(frame)
        if not sites[0].settings.alarms.has_channels and sites[0].settings.alarms.heartbeat is None:
            raise ConfigurationError(
                "[alarms] names no channel: add [alarms.email] or [alarms.webhook]", kind="setting"
            )
        found = alarming.try_channels(sites)
    told = {
        name: {"ok": error is None, "error": None if error is None else error_document(error, changed="nothing")}
        for name, error in found.items()
    }
    frame.print({"channels": told}, tried_lines(found, frame.lang))
    return Exit.DONE if all(error is None for error in found.values()) else Exit.REFUSED


def tried_lines(found: Mapping[str, CprsyncError | None], language: Language) -> Iterator[str]:
    """What came of the test of each channel, and below a failure what to do."""
    from cprsync.language.errors import advice_for, error_text

    for name, error in found.items():
        if error is None:
            yield word("alarm_went", language, name=name)
            continue
        yield word("alarm_failed", language, name=name, why=error_text(error, language))
        yield f"    {advice_for(error).next.text(language)}"


@app.command("list")
@framed
def show(frame: Frame) -> None:
    """List what rings, since when, and whether it could be told. For each library, or for the one that is named."""
    from cprsync.doctor.alarming import file_of
    from cprsync.language.alarms import list_lines
    from cprsync.services.trust.alarms import list_alarms

    document: dict[str, list[dict[str, Any]]] = {"alarms": [], "undelivered": []}
    lines: list[str] = []
    with frame.failures():
        sites = _sites(frame)
        for site in sites:
            with site.store_to_show() as store:
                logs = [list_alarms(log, site.settings.alarms.channels) for log in (store.alarms, file_of(site))]
            found = {key: [one for log in logs for one in log[key]] for key in document}
            lines += [site.section.agency] if len(sites) > 1 else []
            lines += list_lines(found, frame.lang)
            for key, listed in found.items():
                document[key] += [{"agency": site.section.agency, **one} for one in listed]
    frame.print(document, lines)


def _sites(frame: Frame) -> list[Site]:
    from cprsync.config.settings import load_settings
    from cprsync.wiring.site import sites_of

    return sites_of(load_settings(frame.config), frame.library)


def tell_after_nights(settings: Settings, documents: Iterable[Mapping[str, Any]]) -> None:
    """After a night: tell what is wrong, and an outside watcher that all is well. Never fails the night.

    All is well after the night of this day has gone well in each library. One may have a timer of its own.
    """
    if not settings.alarms.has_channels and settings.alarms.heartbeat is None:
        return
    import structlog

    from cprsync.doctor.alarming import check_site, has_gone_well, tell_well
    from cprsync.services.ports.runs import WELL
    from cprsync.wiring.site import site_of

    agencies = [one["agency"] for one in documents]
    for agency in agencies:
        try:
            check_site(site_of(settings, agency))
        except CprsyncError as error:
            structlog.get_logger("cprsync.alarms").error("alarms.failed", kind=error.kind)
        except Exception as error:  # noqa: BLE001 -- the night is over, and its report is still to be printed
            structlog.get_logger("cprsync.alarms").error("alarms.failed", kind=type(error).__name__)
    if settings.alarms.heartbeat is None or not all(one["exit"] in WELL for one in documents):
        return
    others = (site_of(settings, one.agency) for one in settings.library if one.agency not in agencies)
    if all(map(has_gone_well, others)):
        tell_well(settings.alarms, production=settings.is_production)
