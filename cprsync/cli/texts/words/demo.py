"""The words of the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DEMO: Final[Mapping[str, tuple[str, str]]] = {
    "demo_title": ("En uge på biblioteket", "A week at the library"),
    "demo_set_up": (
        "Opstilling: certifikater, et falsk register, en tom database og {patrons} lånere",
        "Set-up: certificates, a mock register, an empty store and {patrons} patrons",
    ),
    "demo_first": (
        "Dagen før: lånerne oprettes og tilmeldes ændringer fra CPR",
        "Beforehand: subscriptions and first copies",
    ),
    "demo_happens": ("I registret sker der", "In the register"),
    "demo_quiet": ("ingen leverance: weekend eller helligdag", "no delivery: weekend or holiday"),
    "demo_desk": (
        "{who}: skranken retter {field}, indtil {until}",
        "{who}: the desk corrects the {field}, until {until}",
    ),
    "demo_compare": ("Sammenligning med registret", "Compared with the register"),
    "demo_equal": (
        "{equal} af {patrons} poster er lig registrets egen tilstand, og netmedier og rettigheder passer til dem",
        "{equal} of {patrons} records equal the register's own state, and net media and rights agree with them",
    ),
    "demo_movers": (
        "Beskyttet og flyttet, med samme ret til netmedier som enhver anden i kommunen: {who} ({rights})",
        "Protected and moved, with the same right to net media as anyone in the municipality: {who} ({rights})",
    ),
    "demo_intended": ("Med vilje anderledes", "Different on purpose"),
    "demo_markers": ("navnemarkeringer gemmes ikke", "name markers are not stored"),
    "demo_no_date": ("en umulig fødselsdato er ingen", "an impossible birth date is none"),
    "demo_last_address": ("den sidst kendte adresse beholdes", "the last known address is kept"),
    "demo_differs": ("AFVIGER", "DIFFERS"),
    "demo_kept": ("Alt ligger i {folder}", "Everything is in {folder}"),
    "event_move": ("flytter", "moves"),
    "event_rename": ("skifter navn", "changes name"),
    "event_protect": ("får navne- og adressebeskyttelse", "gains name and address protection"),
    "event_unprotect": ("har ikke længere beskyttelse", "is no longer protected"),
    "event_emigrate": ("udrejser", "emigrates"),
    "event_die": ("dør", "dies"),
    "event_undie": ("er alligevel ikke død", "is not dead after all"),
    "event_number": ("får nyt personnummer", "gets another CPR number"),
    "event_birthdate": ("får rettet sin fødselsdato", "has the birth date corrected"),
    "event_resend": ("sendes igen", "is sent again"),
    "not_patron": ("ikke låner", "no patron"),
    "decisions": ("Beslutninger", "Decisions"),
}
