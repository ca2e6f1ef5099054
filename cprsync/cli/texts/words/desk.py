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
    "kept_lifted": (
        "Ophævet: {count} af {of} huskes ikke længere.",
        "Lifted: {count} of {of} are kept no longer.",
    ),
    "kept_came": ("Blokeret ved udmeldelsen", "Blocked when they left"),
    "warning_note": ("vær opmærksom", "note"),
    "warning_ask": ("spørg først", "ask first"),
    "warning_stop": ("stop", "stop"),
    "preview_is": (
        "Alder {age}, lånergruppe {group}, kommune {municipality} ({lives})",
        "Age {age}, group {group}, municipality {municipality} ({lives})",
    ),
    "preview_age": ("Alder {age}, lånergruppe {group}", "Age {age}, group {group}"),
    "day_form": ("ÅÅÅÅ-MM-DD", "YYYY-MM-DD"),
    "would_yes": ("Siger du ja", "After a yes"),
    "would_register": ("En registrering ville give", "A registration would bring"),
    "would_nothing": ("intet på posten ændres", "nothing on the record changes"),
    "would_first_copy": (
        "personen vil blive oprettet og tilmeldt ændringer fra CPR",
        "the person will be added, and changes will come from the register",
    ),
    "would_borrows": ("personen bliver låner", "the person becomes a borrower"),
    "would_stays": ("udmeldelsen tages tilbage", "the patron does not leave after all"),
    "would_subscribed": ("tilmeldt ændringer fra CPR", "subscribed to the register's changes"),
    "would_verified": ("bekræftet af CPR", "verified by the register"),
    "registered_updated": ("Posten {patron} er opdateret: {what}.", "Record {patron} is updated: {what}."),
    "registered_same": (
        "Posten {patron} står, som den var: CPR siger intet nyt.",
        "Record {patron} is as it was: the register says nothing new.",
    ),
    "registered": ("Låner {patron} er registreret.", "Patron {patron} is registered."),
    "registered_without": (
        "Posten {patron} er registreret uden lånerret.",
        "Record {patron} is registered without borrowing rights.",
    ),
    "compared_same": ("det samme", "the same"),
    "compared_differs": ("ikke det samme", "not the same"),
    "compared_unknown": ("kan ikke sammenlignes", "cannot be compared"),
    "compared_sealed": ("sammenlignes ikke", "is not compared"),
    "compared_age": ("Alder", "Age"),
    "whose": ("{name}, alder {age}, kort {cards}", "{name}, age {age}, cards {cards}"),
    "set_cpr_undo": ("Nummeret tages tilbage fra låner {patron}", "The number is taken back from patron {patron}"),
    "set_undone": ("taget tilbage: posten er, som den var før", "taken back: the record is as it was before"),
    "confirm_reason": ("Skriv en begrundelse:", "Give a reason:"),
    "confirm_type_yes": ("Skriv ja:", "Type yes:"),
    "confirm_registration_new": ("Skal personen oprettes?", "Add the person?"),
    "confirm_registration": ("Skal posten opdateres?", "Update the record?"),
    "confirm_add_new": ("Skal personen oprettes?", "Add the person?"),
    "confirm_set_cpr": ("Skal låneren have nummeret?", "Give the patron this number?"),
    "confirm_set_cpr_undo": ("Skal nummeret tages tilbage?", "Take the number back?"),
    "confirm_leave": ("Skal låneren meldes ud?", "Let the patron leave?"),
    "confirm_erase": ("Skal alt om låneren slettes?", "Erase everything about the patron?"),
}
