"""Begins, or ends, at once to let a library's cards log in at the net media, because staff asked for it.

Leaves out the share that each night does (`publishing`), and a card that is changed at the desk: the store tells of it
in the transaction of the change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.desk.confirming import Preview
from cprsync.errors import ConfigurationError
from cprsync.services.desk.showing import check_confirmed
from cprsync.services.netmedia.publishing import tell_of_cards

if TYPE_CHECKING:
    from cprsync.domain.desk.confirming import Confirmation
    from cprsync.services.ports.night import Night

#: The name of the preview.
END: Final = "end_cards"


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
        raise ConfigurationError("the cards log in: set local_accounts to none first")
    return Preview(END, None, (), (str(state.accounts), state.stage.value))


def end_cards(night: Night, confirmation: Confirmation, *, user: str) -> int:
    """Delete the accounts of all cards. Returns how many patrons were told.

    Run again after a kill, it goes on where it stopped.

    Raises:
        ConfigurationError: the setting lets cards log in.
        NotConfirmed: no person has said yes to what is there now; nothing is written.
        RunBusy: a night runs.
    """
    check_confirmed(preview_end(night), confirmation)
    with night.store.runs.lock():
        night.store.card_accounts.end(user=user)
        return tell_of_cards(night, None, most=None)
