"""The words of a preview at the desk, and of the question before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DESK: Final[Mapping[str, tuple[str, str]]] = {
    "parting_leave": ("Udmeldelse af låner {patron}", "Patron {patron} leaves"),
    "parting_erase": ("Sletning af låner {patron}", "Patron {patron} is erased"),
    "parting_open": ("Åbent endnu", "Still open"),
    "parting_block": ("Blokeret: {reason} (siden {since})", "Blocked: {reason} (since {since})"),
    "parting_reservations": ("Reserveringer, der slettes", "Reservations that are deleted"),
    "parting_later": (
        "Afmeldes bagefter: abonnementer i CPR {subscriptions} (om natten), konti hos netmedierne {accounts}",
        "Ended afterwards: subscriptions at CPR {subscriptions} (by the night), accounts at the net media {accounts}",
    ),
    "kept_none": ("Ingen blokering huskes ved nummeret.", "No block is kept by the number."),
    "kept_lifted": ("Ophævet: de huskes ikke længere.", "Lifted: they are kept no longer."),
    "kept_came": ("Blokeret ved udmeldelsen", "Blocked when they left"),
    "warning_note": ("vær opmærksom", "note"),
    "warning_ask": ("spørg først", "ask first"),
    "warning_stop": ("stop", "stop"),
    "preview_is": (
        "Alder {age}, lånergruppe {group}, kommune {municipality} ({lives})",
        "Age {age}, group {group}, municipality {municipality} ({lives})",
    ),
    "registered": ("Låner {patron} er registreret.", "Patron {patron} is registered."),
    "registered_without": (
        "Posten {patron} er registreret uden lånerret.",
        "Record {patron} is registered without borrowing rights.",
    ),
    "compared_same": ("det samme", "the same"),
    "compared_differs": ("ikke det samme", "not the same"),
    "compared_unknown": ("kan ikke sammenlignes", "cannot be compared"),
    "set_undone": ("taget tilbage: posten er, som den var før", "taken back: the record is as it was before"),
    "confirm_reason": ("Skriv en begrundelse:", "Give a reason:"),
    "confirm_question": ("Skal det skrives? Skriv ja:", "Write this? Type yes:"),
}
