"""`status`: the status on one screen. Exit 1 if someone must look after something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cprsync.cli.language.dates import day_text
from cprsync.cli.language.words import Language, word
from cprsync.cli.night.report_text import audit_lines
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import print_document
from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library
from cprsync.cli.terminal.output import emphasise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.wiring import Site

WRONG = 1


app = typer.Typer()


@app.command()
def status(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> int:
    """Show on one screen how it stands.

    Exit 1 when someone has to look after something. The last night, late deliveries, what waits, whether the audit
    is whole, certificates, keys.
    """
    from cprsync.config.settings import load_settings
    from cprsync.wiring import Site, site_of

    with failures(as_json=as_json):
        settings = load_settings(config)
        sites = [site_of(settings, library)] if library else [Site(settings, one) for one in settings.library]
        documents = [_status(site) for site in sites]
    whole = documents[0] if len(documents) == 1 else {"libraries": documents}
    lines = (line for document in documents for line in status_lines(document, lang))
    print_document(whole, lines, as_json=as_json)
    return 0 if all(document["ok"] for document in documents) else WRONG


def _status(site: Site) -> dict[str, Any]:
    from cprsync.services.trust.status import status_of

    section, now, certificates = site.section, site.clock.now(), site.certificates()
    with site.store() as store:
        return status_of(store, agency=section.agency, name=section.name, now=now, certificates=certificates)


def status_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The status of one library, line by line, with problems first."""
    title = word("status_ok" if document["ok"] else "status_wrong", language, **document)
    yield emphasise(title, colour=None if document["ok"] else "red")
    yield from (f"  ! {_problem_text(one, language)}" for one in document["wrong"])
    run = document["run"]
    yield "  " + (
        word("status_no_run", language) if run is None else word("status_run", language, **_run_values(run, language))
    )
    deliveries, waits = document["deliveries"], document["waits"]
    days = {key: day_text(deliveries[key], language) for key in ("last", "due")}
    yield "  " + word("status_delivery", language, **days)
    net_media = waits["net_media"]
    counts = {"reviews": waits["reviews"], "net_media": net_media["waiting"], "failed": net_media["failed"]}
    yield "  " + word("status_waits", language, **counts)
    yield from ("  " + line for line in audit_lines(document["audit"], language))
    yield from ("  " + _certificate_text(one, language) for one in document["certificates"])
    keys = ", ".join(f"{key['purpose']} {key['id']}" for key in document["keys"])
    yield "  " + word("status_keys", language, keys=keys or "–")


def _run_values(run: Mapping[str, Any], language: Language) -> dict[str, Any]:
    return {"run": run["run"], "day": day_text(run["day"], language), "ended": _ended_text(run["exit"], language)}


def _ended_text(code: int | None, language: Language) -> str:
    """How a night ended, in words. None: it has not ended."""
    return word(f"ended_{code}", language)


def _problem_text(one: Mapping[str, Any], language: Language) -> str:
    values = {**one, "ended": _ended_text(one["exit"], language)} if "exit" in one else one
    return word("wrong_" + one["what"], language, **values)


def _certificate_text(one: Mapping[str, Any], language: Language) -> str:
    whose = word(f"certificate_{one['whose']}", language)
    if one.get("problem") or one.get("days_left") is None:
        return word("status_certificate_bad", language, whose=whose, problem=one.get("problem") or "–")
    return word("status_certificate", language, whose=whose, count=one["days_left"])
