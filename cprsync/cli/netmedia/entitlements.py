"""`entitlements`: one patron's rights in plain words, and whether all rights and CULR's accounts are as they should be.

Shows patron numbers and counts, no CPR number.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cprsync.catalogues import Language, command_words
from cprsync.cli.terminal.frame import TYPED, Approve, Confirm, Frame, Patron, Yes, day, framed
from cprsync.cli.terminal.long_work import progress
from cprsync.domain.deciding.guard import describe_excess
from cprsync.domain.netmedia.drift import Drift
from cprsync.errors import Braked, CprsyncError
from cprsync.language.errors import advice_for, error_document
from cprsync.language.netmedia import cards_text, entitlement_lines
from cprsync.language.night import DRIFTS, account_lines
from cprsync.language.words import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.cli.desk.confirming import Asker
    from cprsync.services.netmedia.publishing import Compared
    from cprsync.services.ports.night import Night

#: Exit codes: done, a check failed, left to staff.
DONE, FAILED, LEFT = 0, 1, 3
NOT_AS_THEY_SHOULD: Final = "rights or accounts of some patrons are not as they should be"
#: The most patron numbers of a kind to show; --json has them all.
SHOWN = 20
app = typer.Typer()


@app.command("show")
@framed
def entitlements_show(
    patron: Patron,
    *,
    on: Annotated[
        date | None,
        typer.Option(
            "--on", parser=day, metavar=TYPED, help="YYYY-MM-DD: the rights of that day, by what the record holds now."
        ),
    ] = None,
    frame: Frame,
) -> None:
    """Say which net media a patron may use, and why.

    By the library's policy: for each product yes, no or undecided, since when, and what would change it; and what CULR
    has been told. A protected patron's municipality shows, their address does not.
    """
    from cprsync.municipalities import load_municipalities
    from cprsync.services.netmedia.entitlements import Entitlements

    with frame.opened() as site, site.library(shows_records=False) as ours:
        entitlements = Entitlements(ours, load_municipalities())
        document = entitlements.shown(patron, on=on)
    frame.print(document, entitlement_lines(document, frame.lang))


@app.command("reconcile")
@framed
def entitlements_reconcile(
    *,
    everything: Annotated[bool, typer.Option("--all", help="All accounts, and not only a night's share.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and tell; change nothing.")] = False,
    frame: Frame,
) -> int:
    """Hold the accounts in CULR against the records.

    What is missing, one too many or has the wrong municipality is sent again by the next night, unless it is more than
    policy.toml allows; a municipality that another library has set is left to a person. With --all, the night also
    derives each right again that does not follow from the record.
    """
    from cprsync.services.netmedia.entitlements import derive_wrong_again
    from cprsync.services.netmedia.publishing import reconcile_accounts, reconcile_document

    with (
        frame.opened() as site,
        progress(as_json=frame.as_json) as shown,
        site.night(progress=shown) as night,
    ):
        found = reconcile_accounts(night, everyone=everything, dry_run=dry_run)
        document = reconcile_document(night, found, dry_run=dry_run)
        document["rights"] = derive_wrong_again(night, dry_run=dry_run) if everything and not found.error else []
    document["exit"] = LEFT if document["left_to_a_person"] else DONE
    if (error := find_error(found)) is not None:
        # rights are derived again although the accounts are over a limit
        changed = "part" if document["rights"] and not dry_run else "nothing"
        document["error"] = error_document(error, changed=changed)
        document["exit"] = advice_for(error).exit
    frame.print_outcome(document, reconciled_lines(document, frame.lang))
    return int(document["exit"])


def find_error(found: Compared) -> CprsyncError | None:
    """Why the accounts were not all read and repaired. None: they were."""
    if found.error is not None or not found.excess:
        return found.error
    over = describe_excess(found.excess, command_words)
    return Braked("the repairs are more than policy.toml allows: {over}", over=over, kind="netmedia.braked")


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
        yield " ".join(_dry_run_texts(document, language))


def _dry_run_texts(document: Mapping[str, Any], language: Language) -> Iterator[str]:
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


@app.command("verify")
@framed
def entitlements_verify(
    *, offline: Annotated[bool, typer.Option("--offline", help="Without asking CULR.")] = False, frame: Frame
) -> int:
    """Check that everyone's rights and CULR are as they should be.

    The rights kept for each patron, protected or not, follow from the record as it is today. CULR has what it was told,
    where nothing waits. Versions only rise. Exit 1 with counts and patron numbers, 4 when CULR does not answer. Changes
    nothing.
    """
    from cprsync.services.netmedia.entitlements import Verified, verify

    def unchecked(error: dict[str, Any], code: int) -> dict[str, Any]:
        return {"agency": None, **Verified(offline=offline).document(), "ok": False, "exit": code, "error": error}

    with frame.opened(shape=unchecked) as site:
        try:
            with progress(as_json=frame.as_json) as shown, site.night(progress=shown) as night:
                found = verify(night, offline=offline)
        except CprsyncError as error:
            found = Verified(offline=offline, error=error)
    document = {"agency": site.section.agency, **found.document(), "exit": DONE if found.ok else FAILED}
    wrong = None if found.ok else CprsyncError(NOT_AS_THEY_SHOULD, kind="entitlements.wrong")
    if (failure := found.error or wrong) is not None:
        document["error"] = error_document(failure, changed="nothing")
        # a finding counts even if something else could not be checked
        document["exit"] = advice_for(failure).exit if found.ok else FAILED
    frame.print_outcome(document, verified_lines(document, frame.lang))
    return int(document["exit"])


def verified_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The document as text, with the verdict first."""
    yield word(_verdict_key(document), language, count=document["patrons"])
    yield from (f"  {line}" for line in _wrong_lines(document["who"], language))
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
    if document["cards_stay"]:
        yield f"  {word('verified_cards_stay', language, count=document['cards_stay'])}"
    if document["leaving"]:
        yield f"  {word('verified_leaving', language, count=document['leaving'])}"
    for one in document["reasons_on_no_record"]:
        yield f"  {word('verified_reason', language, **one)}"


def _wrong_lines(who: Mapping[str, list[str]], language: Language) -> Iterator[str]:
    """What is wrong, and for which patrons."""
    for kind, patrons in who.items():
        yield f"{word(f'wrong_{kind}', language)} {len(patrons)}: {patrons_text(patrons)}"


@app.command("cards")
@framed
def entitlements_cards(
    *,
    now: Annotated[bool, typer.Option("--now", help="Tell all patrons now, not a share in each night.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Delete the accounts of all cards.")] = False,
    yes: Yes = False,
    confirm: Confirm = False,
    approve: Approve = "",
    frame: Frame,
) -> None:
    """Say how many cards log in at the net media.

    `local_accounts` of [library.culr] decides. With `cards`, each night tells a share of the patrons until each card
    has an account; --now tells all of them. With `none`, the accounts that there are stay, and --remove deletes them
    after a yes. What is told waits for the next night, which sends it.
    """
    from cprsync.cli.desk.confirming import Asker
    from cprsync.services.netmedia.cards import begin_cards

    asker, told = Asker(yes=yes, confirm=confirm, approve=approve, lang=frame.lang, as_json=frame.as_json), 0
    with (
        frame.opened() as site,
        progress(as_json=frame.as_json) as shown,
        site.night(progress=shown) as night,
    ):
        if remove:
            told = _remove_cards(night, asker)
        elif now:
            told = begin_cards(night)
        document = night.store.card_accounts.state().document(told=told)
    lines = [cards_text(document, frame.lang), *([word("cards_sent", frame.lang)] if told else [])]
    frame.print({"agency": site.section.agency, **document}, lines)


def _remove_cards(night: Night, asker: Asker) -> int:
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.desk.showing import preview_document
    from cprsync.services.netmedia.cards import end_cards, preview_end

    state, preview = night.store.card_accounts.state().document(), preview_end(night)
    line = word("cards_would_end", asker.lang, accounts=state["accounts"])
    with asker.confirmed({**state, "preview": preview_document(preview)}, preview, [line]) as confirmation:
        return end_cards(night, confirmation, user=user_name())


def _verdict_key(document: Mapping[str, Any]) -> str:
    if document["who"]:
        return "verified_wrong"
    if not document["ok"]:
        return "verified_not_whole"
    if document["waiting"]["rights_differing"]:
        return "verified_differs"
    return "verified_ok_here" if document["offline"] or not document["products"] else "verified_ok"
