"""`accounts machine` and `accounts reader`: which programs the desk knows, and by what.

A machine asks by card and PIN. A reader fetches the changes for a target.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cprsync.cli.desk.serving import (
    lacking_lines,
    machine_document,
    machine_line,
    open_accounts,
    reader_document,
    reader_line,
)
from cprsync.cli.terminal.frame import Frame, framed
from cprsync.domain.desk.pins import USUAL
from cprsync.errors import BadInput
from cprsync.language.words import word

#: The most certificates of a machine: the one in use, and the one that replaces it.
CERTIFICATES_MAX: Final = 4
#: No file with one certificate and its chain is larger.
_FILE_BYTES_MAX: Final = 64 * 1024
#: A secret has so many random bytes: nobody guesses it.
_SECRET_BYTES: Final = 32
app = typer.Typer()
Certificates = Annotated[
    list[Path], typer.Option("--certificate", help="A PEM file with its certificate; again for one that replaces it.")
]
SomeCertificates = Annotated[
    list[Path] | None, typer.Option("--certificate", help="A PEM file with its certificate; again for the next one.")
]
Asks = Annotated[int, typer.Option("--asks", min=1, max=600, help="How often it may ask in a minute.")]
Wrong = Annotated[
    int, typer.Option("--wrong", min=1, max=600, help="How many wrong cards and PINs it may try in an hour.")
]


@app.command("machine")
@framed
def set_machine(
    name: Annotated[str, typer.Argument(help="The name by which the audit calls it.")],
    *,
    certificate: Certificates,
    asks: Asks = USUAL.asks,
    wrong: Wrong = USUAL.wrong,
    frame: Frame,
) -> None:
    """Let a machine ask by card and PIN, or change its certificates.

    The desk knows it by exactly these certificates. Name the old one and the new one while one replaces the other. What
    it is at other libraries stays.
    """
    from cprsync.web.accounts import MachineEntry, check_name, with_entry

    with open_accounts(frame) as file:
        check_name(name)
        entry = MachineEntry(
            name=name,
            certificates=_fingerprints(certificate),
            libraries=frozenset({file.agency}),
            asks_a_minute=asks,
            wrong_an_hour=wrong,
        )
        file.check_free(MachineEntry, name, entry.certificates)
        file.write(machines=with_entry(file.machines, entry))
    document = machine_document(entry) | {"desk_lacks": list(file.lacking)}
    lines = [word("account_set", frame.lang, line=machine_line(entry, frame.lang))]
    frame.print(document, lines + lacking_lines(file, entry.certificates, frame.lang))


@app.command("reader")
@framed
def set_reader(
    name: Annotated[str, typer.Argument(help="The name of the target whose changes it fetches.")],
    *,
    certificate: SomeCertificates = None,
    secret: Annotated[
        bool, typer.Option("--secret", help="Draw a new secret, and show it this once; the old one ends.")
    ] = False,
    asks: Annotated[int, typer.Option("--asks", min=1, max=6000, help="How often it may ask in a minute.")] = 120,
    frame: Frame,
) -> None:
    """Let the reader of a target fetch the changes, or change how.

    By a certificate, or by OAuth2 with its name and a secret that is drawn here. What is not named stays as it is, and
    so does the reader of another library's target of the same name.
    """
    from cprsync.web.accounts import ReaderEntry, hash_secret, with_entry

    with open_accounts(frame) as file:
        if name not in file.feeds:
            raise BadInput("no target of kind feed has that name", kind="target.unknown")
        before = next((one for one in file.readers if one.name == name and file.agency in one.libraries), None)
        drawn = secrets.token_urlsafe(_SECRET_BYTES) if secret else None
        kept = None if before is None else before.secret
        certificates = frozenset() if before is None else before.certificates
        prints = _fingerprints(certificate) if certificate else certificates
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
    lines = [word("account_set", frame.lang, line=reader_line(entry, frame.lang))]
    lines += [] if drawn is None else [word("account_secret", frame.lang, secret=drawn)]
    lines += lacking_lines(file, prints, frame.lang)
    frame.print(document, lines)


def _fingerprints(paths: list[Path]) -> frozenset[str]:
    """The SHA-256 of the certificate in each file. Raises BadInput."""
    if len(paths) > CERTIFICATES_MAX:
        raise BadInput("a machine has at most {most} certificates", most=CERTIFICATES_MAX, kind="account.certificate")
    return frozenset(map(_fingerprint, paths))


def _fingerprint(path: Path) -> str:
    """The SHA-256 of the first certificate in a file, in hex."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        with path.open("rb") as file:
            first, *_ = x509.load_pem_x509_certificates(file.read(_FILE_BYTES_MAX))
    except (OSError, ValueError):
        raise BadInput("{path}: no certificate in PEM can be read", path=path, kind="account.certificate") from None
    return first.fingerprint(hashes.SHA256()).hex()
