"""`entitlements reconcile` and `verify`: what CULR holds, and whether all is right. Shows patron numbers and counts."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from cprsync.cli.language.advice import advice_for, error_document
from cprsync.cli.language.words import word
from cprsync.cli.night.report_text import DRIFTS, account_lines
from cprsync.cli.terminal.output import failures, print_json, say, show_error
from cprsync.domain.netmedia.drift import Drift
from cprsync.errors import CprsyncError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cprsync.cli.language.words import Language

#: Exit codes: done, a check failed, left to staff, stopped by a limit.
DONE, FAILED, LEFT, BRAKED = 0, 1, 3, 5
#: The most patron numbers of a kind to show; --json has them all.
SHOWN = 20


def reconcile_command(  # noqa: PLR0913 -- one parameter for each option
    config: Path, *, library: str | None, everyone: bool, dry_run: bool, language: Language, as_json: bool
) -> int:
    """Compare a share of the accounts or all of them, and repair what has drifted."""
    from cprsync import wiring
    from cprsync.cli.terminal.progress import progress
    from cprsync.config.settings import load_settings
    from cprsync.services.netmedia.accounts import reconcile_accounts, reconciled
    from cprsync.services.netmedia.verifying import derive_wrong_again

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with progress(as_json=as_json) as shown, wiring.night(settings, section, progress=shown) as night:
            found = reconcile_accounts(night, everyone=everyone, dry_run=dry_run)
            document = reconciled(night, found, dry_run=dry_run)
            document["rights"] = derive_wrong_again(night, dry_run=dry_run) if everyone and not found.error else []
    document["exit"] = BRAKED if document["brake"] else LEFT if document["left_to_a_person"] else DONE
    if found.error is not None:
        document["error"] = error_document(found.error, changed="nothing", reference=secrets.token_hex(4))
        document["exit"] = advice_for(found.error).exit
    _print(document, reconciled_lines(document, language), language, as_json=as_json)
    return int(document["exit"])


def _print(document: Mapping[str, Any], lines: Iterable[str], language: Language, *, as_json: bool) -> None:
    """Print one document, or its lines and then the error."""
    if as_json:
        print_json(document)
        return
    for line in lines:
        say(line)
    if "error" in document:
        show_error(document["error"], language)


def reconciled_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The document as text."""
    if document["rights"]:
        count, whose = len(document["rights"]), patrons_text(document["rights"])
        again = "rights_wrong" if document["dry_run"] else "rights_again"
        yield f"{word(again, language)} {count}: {whose}"
    if not document["net_media"]:
        yield word("accounts_no_net_media", language)
        return
    yield word("accounts_read", language, read=document["read"])
    for name in DRIFTS:
        if document["patrons"][name]:
            yield f"  {word(f'accounts_{name}', language)} {document[name]}: {patrons_text(document['patrons'][name])}"
    if document["read"] and "error" not in document and not any(document["patrons"].values()):
        yield f"  {word('accounts_as_they_should', language)}"
    if document["left_out"]:
        yield f"  {word('accounts_left_out', language, left_out=document['left_out'])}"
    if document["left_to_a_person"]:
        yield f"  {document['left_to_a_person']} {word('accounts_left', language)}"
    if document["repaired"]:
        yield f"  {word('accounts_later', language, repaired=document['repaired'])}"
    yield from (f"  {line}" for line in account_lines({"brake": document["brake"]}, language))
    if document["dry_run"]:
        yield " ".join(_would_be(document, language))


def _would_be(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Say that nothing was changed, and what would be. We do not repair another library's number."""
    yield word("accounts_dry", language)
    if document["brake"] or "error" in document:
        return
    if document["rights"] or any(document["patrons"][name] for name in DRIFTS if name != Drift.FOREIGN.value):
        yield word("accounts_would_mend", language)
    if document["patrons"][Drift.FOREIGN.value]:
        yield word("accounts_would_ask", language)


def patrons_text(patrons: list[str]) -> str:
    """The first patron numbers, and how many more there are."""
    more = f" … (+{len(patrons) - SHOWN})" if len(patrons) > SHOWN else ""
    return ", ".join(patrons[:SHOWN]) + more


def verify_command(config: Path, *, library: str | None, offline: bool, language: Language, as_json: bool) -> int:
    """Verify everyone's rights. The document is printed for every exit code."""
    from cprsync import wiring
    from cprsync.cli.terminal.progress import progress
    from cprsync.config.settings import load_settings
    from cprsync.services.netmedia.verifying import Verified, verify

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
    found = Verified(offline=offline)
    try:
        with progress(as_json=as_json) as shown, wiring.night(settings, section, progress=shown) as night:
            found = verify(night, offline=offline)
    except CprsyncError as error:
        found.error = error
    document = {"agency": section.agency, **found.document(), "exit": DONE if found.ok else FAILED}
    if found.error is not None:
        document["error"] = error_document(found.error, changed="nothing", reference=secrets.token_hex(4))
        # a finding counts even if something else could not be checked
        document["exit"] = advice_for(found.error).exit if found.ok else FAILED
    _print(document, verified_lines(document, language), language, as_json=as_json)
    return int(document["exit"])


def verified_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The document as text, with the verdict first."""
    yield word(_verdict(document), language, count=document["patrons"])
    yield from (f"  {line}" for line in _wrong(document["who"], language))
    if not document["products"]:
        yield f"  {word('rights_none', language)}"
    waiting = dict(document["waiting"])
    if not document["net_media"]:
        yield f"  {word('verified_no_net_media', language, count=waiting.pop('culr'))}"
    elif document["offline"]:
        yield f"  {word('verified_offline', language)}"
    else:
        # replaced numbers are read too
        read = "accounts_read_former" if document["read"] > document["patrons"] else "accounts_read"
        yield f"  {word(read, language, read=document['read'])}"
    for kind, count in waiting.items():
        if count:
            yield f"  {word(f'verified_waits_{kind}', language, count=count)}"
    if document["leaving"]:
        yield f"  {word('verified_leaving', language, count=document['leaving'])}"
    for one in document["reasons_on_no_record"]:
        yield f"  {word('verified_reason', language, **one)}"


def _wrong(who: Mapping[str, list[str]], language: Language) -> Iterator[str]:
    """What is wrong, for which patrons, and how to repair it."""
    for kind, patrons in who.items():
        yield f"{word(f'wrong_{kind}', language)} {len(patrons)}: {patrons_text(patrons)}"
    if who.keys() - {Drift.FOREIGN.value}:
        yield word("verified_next", language)
    if Drift.FOREIGN.value in who:
        yield word("verified_foreign_next", language)


def _verdict(document: Mapping[str, Any]) -> str:
    if document["who"]:
        return "verified_wrong"
    if not document["ok"]:
        return "verified_not_whole"
    if document["waiting"]["rights_differing"]:
        return "verified_differs"
    return "verified_ok_here" if document["offline"] or not document["products"] else "verified_ok"
