"""A log-in broker: it asks CULR whose a card is, and which cards a person has. It knows nothing of our code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doubles import altered

from cprsync.services.netmedia.entitlements import verify

if TYPE_CHECKING:
    from culr_double import CulrDouble
    from doubles import Library


def by_card(culr: CulrDouble, card: str) -> str | None:
    """The broker's first question: whose is this card? The CPR number, if there is one."""
    found = culr.accounts.accounts_of_account(culr.agency, card)
    return None if found.patron is None else found.patron.number


def by_number(culr: CulrDouble, number: str) -> set[str]:
    """The broker's second question: which cards of this library does this person have?"""
    accounts = culr.accounts.accounts_of_number(number).accounts
    return {value for agency, kind, value in accounts if (agency, kind) == (culr.agency, "LOCAL")}


def at_culr(culr: CulrDouble) -> dict[str, str | None]:
    """By card, the CPR number that it leads to."""
    keys = [key for patron in culr.accounts.patrons for key in patron.accounts]
    return {value: by_card(culr, value) for agency, kind, value in keys if (agency, kind) == (culr.agency, "LOCAL")}


def of_records(library: Library) -> dict[str, str | None]:
    """By card, the CPR number of the patron who has it now. By patron number, None: an account without a CPR number."""
    everything, found = library.everything(), dict[str, str | None]()
    told = {row["patron_id"]: row["id_type"] for row in everything["account"]}
    for row in everything["patron"]:
        if row["status_class"] in {"closed", "merged"} or row["id"] not in told:
            continue
        view = library.store.views.patron(row["id"])
        assert view is not None
        if view.patron.number.is_replacement:
            found |= {row["id"]: None} if told[row["id"]] == "LOCAL" else {}
        else:
            found |= {card.number: view.patron.number.digits for card in view.local.cards}
    return found


def unread(library: Library) -> Any:
    """The library's store, where no night compares accounts: nothing is right because it was repaired."""
    return altered(library.store, accounts_oldest=lambda *_, **__: [], accounts_without=list)


def make_sure_that_right(library: Library, culr: CulrDouble) -> None:
    """Let nights do what is left to do without a comparison, and ask CULR as the broker does."""
    for _ in range(2):
        library.one_night(unread(library))
    wanted = of_records(library)
    assert at_culr(culr) == wanted
    for number in {one for one in wanted.values() if one is not None}:
        assert by_number(culr, number) == {card for card, one in wanted.items() if one == number}
    backlog = library.store.outbox.backlog()
    assert (backlog.waiting, backlog.failed) == (0, 0), backlog
    # what we believe that CULR holds is what it holds
    known = {row["card"]: row["patron_id"] for row in library.rows("card_account")}
    cards = {bytes.fromhex(card).decode() for card in known}
    found = verify(library.ports(), offline=False)
    assert found.ok, found.wrong
    library.night()
    assert cards == {card for card, number in wanted.items() if number is not None}, (cards, wanted)
