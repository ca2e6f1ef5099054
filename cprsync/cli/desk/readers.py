"""`accounts reader`: which program may fetch the changes for a target, by a certificate, a secret, or both."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cprsync.cli.desk.machines import fingerprints
from cprsync.cli.desk.serving import lacking_lines, open_accounts, reader_document, reader_line
from cprsync.cli.terminal.frame import CONFIG, Config, Json, Lang, Library, print_document
from cprsync.errors import BadInput
from cprsync.language.words import word

#: A secret has so many random bytes: nobody guesses it.
_SECRET_BYTES: Final = 32
app = typer.Typer()
Certificates = Annotated[
    list[Path] | None, typer.Option("--certificate", help="A PEM file with its certificate; again for the next one.")
]


@app.command("reader")
def set_reader(
    name: Annotated[str, typer.Argument(help="The name of the target whose changes it fetches.")],
    *,
    certificate: Certificates = None,
    secret: Annotated[
        bool, typer.Option("--secret", help="Draw a new secret, and show it this once; the old one ends.")
    ] = False,
    asks: Annotated[int, typer.Option("--asks", min=1, max=6000, help="How often it may ask in a minute.")] = 120,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Let the reader of a target fetch the changes, or change how.

    By a certificate, or by OAuth2 with its name and a secret that is drawn here. What is not named stays as it is, and
    so does the reader of another library's target of the same name.
    """
    from cprsync.web.accounts import ReaderEntry, hash_secret, with_entry

    with open_accounts(config, library, as_json=as_json) as file:
        if name not in file.feeds:
            raise BadInput("no target of kind feed has that name", kind="target.unknown")
        before = next((one for one in file.readers if one.name == name and file.agency in one.libraries), None)
        drawn = secrets.token_urlsafe(_SECRET_BYTES) if secret else None
        kept = None if before is None else before.secret
        certificates = frozenset() if before is None else before.certificates
        prints = fingerprints(certificate) if certificate else certificates
        if drawn is None and kept is None and not prints:
            raise BadInput("a reader needs a secret or a certificate", kind="account.certificate")
        entry = ReaderEntry(
            name=name,
            secret=kept if drawn is None else hash_secret(drawn),
            certificates=prints,
            libraries=frozenset({file.agency}),
            asks_a_minute=asks,
        )
        file.check_free(ReaderEntry, name, prints)
        file.write(readers=with_entry(file.readers, entry))
    document: dict[str, Any] = reader_document(entry) | ({} if drawn is None else {"secret": drawn})
    document["desk_lacks"] = list(file.lacking) if prints else []
    lines = [word("account_set", lang, line=reader_line(entry, lang))]
    lines += [] if drawn is None else [word("account_secret", lang, secret=drawn)]
    lines += lacking_lines(file, prints, lang)
    print_document(document, lines, as_json=as_json)
