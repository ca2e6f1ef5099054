"""`entitlements reconcile`: the accounts in CULR held against the records. Shows patron numbers and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.output import failures, print_json, say
from cprsync.cli.report_text import DRIFTS, account_lines
from cprsync.cli.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cprsync.cli.words import Language

#: Exit codes: done, left to a person, stopped by a brake.
DONE, LEFT, BRAKED = 0, 3, 5
#: So many patron numbers of a kind are shown; --json has them all.
SHOWN = 20


def reconcile_command(  # noqa: PLR0913 -- one parameter for each option
    config: Path, *, library: str | None, everyone: bool, dry_run: bool, language: Language, as_json: bool
) -> int:
    """Compare a share of the accounts or all of them, and put right what has drifted."""
    from cprsync import wiring
    from cprsync.cli.progress import progress
    from cprsync.settings import load_settings
    from cprsync.sync.accounts import reconcile_accounts

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with progress(as_json=as_json) as shown, wiring.night(settings, section, progress=shown) as night:
            document = reconcile_accounts(night, everyone=everyone, dry_run=dry_run)
    document["exit"] = BRAKED if document["brake"] else LEFT if document["left_to_a_person"] else DONE
    if as_json:
        print_json(document)
    else:
        for line in reconciled_lines(document, language):
            say(line)
    return int(document["exit"])


def reconciled_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The document as text."""
    if not document["net_media"]:
        yield word("accounts_no_net_media", language)
        return
    yield word("accounts_read", language, read=document["read"])
    for name in DRIFTS:
        if document["patrons"][name]:
            yield f"  {word(f'accounts_{name}', language)} {document[name]}: {patrons_text(document['patrons'][name])}"
    if not any(document["patrons"].values()):
        yield f"  {word('accounts_as_they_should', language)}"
    if document["left_out"]:
        yield f"  {word('accounts_left_out', language, left_out=document['left_out'])}"
    if document["left_to_a_person"]:
        yield f"  {document['left_to_a_person']} {word('accounts_left', language)}"
    if document["repaired"]:
        yield f"  {word('accounts_later', language, repaired=document['repaired'])}"
    yield from (f"  {line}" for line in account_lines({"brake": document["brake"]}, language))
    if document["dry_run"]:
        yield word("accounts_dry", language)


def patrons_text(patrons: list[str]) -> str:
    """The first of them."""
    more = f" … (+{len(patrons) - SHOWN})" if len(patrons) > SHOWN else ""
    return ", ".join(patrons[:SHOWN]) + more
