"""Begins, or ends, to let a library's cards log in at the net media: tells patron after patron, in shares.

Each share is one transaction, so that a killed run goes on behind the last one. What a patron's account has to hold
waits in the outbox like any other effect, and is sent by the same pass. Leaves out a card that is changed at the desk:
the store tells of it in the transaction of the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import Preview
from cprsync.domain.netmedia.cards import TOLD_A_NIGHT
from cprsync.errors import ConfigurationError
from cprsync.services.desk.showing import check_confirmed

if TYPE_CHECKING:
    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.services.ports.netmedia import CardsState
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.runs import Run

#: The name of the preview.
END: Final = "end_cards"


def tell_of_cards(night: Night, run: Run | None, *, most: int | None = TOLD_A_NIGHT) -> int:
    """Tell the patrons of a new setting for their cards. Returns how many were told.

    Args:
        night: the library, which has a CULR.
        run: the run, or None for a caller who holds the agreement's lock.
        most: how many patrons to look at; None: all.
    """
    told, looked = 0, 0
    while most is None or looked < most:
        night.raise_if_stopped()
        share = night.batch if most is None else min(night.batch, most - looked)
        now = night.store.card_accounts.tell(run, share)
        if now is None:
            break
        told, looked = told + now, looked + share
    return told


def begin_cards(night: Night) -> int:
    """Tell all patrons of the setting now instead of a share in each night. Returns how many were told.

    Raises RunBusy while a night runs.
    """
    with night.store.runs.lock():
        return tell_of_cards(night, None, most=None)


def preview_end(night: Night) -> Preview:
    """Show how many accounts of cards would be deleted.

    Raises:
        ConfigurationError: the setting lets cards log in.
    """
    state = night.store.card_accounts.state()
    if state.log_in:
        raise ConfigurationError('the cards log in: set local_accounts = "none" in [library.culr] first')
    return Preview(END, None, (), (str(state.accounts), state.stage.value))


def end_cards(night: Night, confirmation: Confirmation, *, user: str) -> int:
    """Delete the accounts of all cards. Returns how many patrons were told.

    Whoever runs it again after a kill goes on where it stopped.

    Raises:
        ConfigurationError: the setting lets cards log in.
        NotConfirmed: no person has said yes to what is there now; nothing is written.
        RunBusy: a night runs.
    """
    check_confirmed(preview_end(night), confirmation)
    with night.store.runs.lock():
        night.store.card_accounts.end(user=user)
        return tell_of_cards(night, None, most=None)


def cards_document(state: CardsState, *, told: int = 0) -> dict[str, Any]:
    """How far the library has come, as reports and `entitlements cards` show it. It holds counts alone."""
    return {
        "local_accounts": "cards" if state.log_in else "none",
        "stage": state.stage.value,
        "accounts": state.accounts,
        "told": told,
        "left": state.left,
        "stays": state.stays,
    }
