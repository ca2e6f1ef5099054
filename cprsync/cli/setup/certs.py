"""`certs`: make certificates for development, and check those in use."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.cli.language.words import Language, word
from cprsync.cli.terminal.failures import failures
from cprsync.cli.terminal.frame import opened, print_document
from cprsync.cli.terminal.options import CONFIG, Config, Json, Lang, Library

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()


@app.command("dev")
def certs_dev(
    folder: Annotated[Path, typer.Argument(help="Where they go; valid ones stay.")],
    *,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Make a development CA, a server and a client certificate.

    Shaped like the OCES3 test certificates; production refuses them.
    """
    from cprsync.mock.certs.authority import develop_certificates

    with failures(as_json=as_json):
        made = develop_certificates(folder, now=datetime.now(UTC))
    names = ("ca", "client", "client_key", "client_p12", "server", "server_key")
    paths = {name: str(getattr(made, name)) for name in names}
    document = {**paths, "serial": made.serial}
    lines = [f"{name:<12} {value}" for name, value in document.items()]
    print_document(document, [*lines, word("certs_dev", lang)], as_json=as_json)


@app.command("check")
def certs_check(*, config: Config = CONFIG, library: Library = None, lang: Lang = "da", as_json: Json = False) -> int:
    """Say whose each certificate is, and how many days are left.

    Ours, its chain, those we trust, and the counterparts' own; exit 2 when one cannot be used.
    """
    from cprsync.register.identity.certificates import Place, certificate_report
    from cprsync.wiring import register_settings

    with opened(config, library, as_json=as_json) as site:
        culr = site.section.culr
        beside = [] if culr is None else [Place(culr.url, culr.ca, culr.crl)]
        register = register_settings(site.section.register_, production=site.settings.is_production)
        rows = certificate_report(register, now=datetime.now(UTC), beside=beside)
    print_document({"certificates": rows}, (_certificate_line(row, lang) for row in rows), as_json=as_json)
    return 2 if any(row["level"] == "critical" for row in rows) else 0


def _certificate_line(row: Mapping[str, Any], language: Language) -> str:
    state = row["revocation"]
    cells = {**row, "revocation": state and word("certs_revocation", language, state=state)}
    return "  ".join(f"{value}" for value in cells.values() if value not in {None, ""})
