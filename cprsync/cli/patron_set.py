"""`patron set` and `patron set-cpr`: numbers and values come by standard input, never as arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cprsync.cli.output import failures, note, print_json, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

#: Fields that may have several lines.
LINES = frozenset({"address", "blocks", "contact_address", "telephones", "emails", "internal_note", "note_to_patron"})
#: A field that no prompt shows as it is typed.
HIDDEN = frozenset({"pin"})
OUTCOMES = {
    "set": "sat / set",
    "withdrawn": "taget tilbage, registret gælder / taken back, the register counts",
    "unchanged": "det stod der allerede / it said so already",
}
#: Of these the words when nothing was typed.
EMPTIED = {
    "set": "tømt / emptied",
    "unchanged": "der var intet at tage tilbage / there was nothing to take back",
}
WARNINGS = {
    "not_verified": "registret svarede ikke: natten spørger igen / the register did not answer: the night asks again",
}


def set_command(  # noqa: PLR0913 -- one parameter for each option
    patron: str,
    field: str,
    *,
    reason: str,
    until: date | None,
    withdraw: bool,
    config: Path,
    library: str | None,
    as_json: bool,
) -> None:
    """Set one field of one patron, or with `withdraw` take back what was set."""
    from cprsync import wiring
    from cprsync.cli.operator import ask_value, user_name
    from cprsync.settings import load_settings
    from cprsync.sync.setting import Setting, check, set_field

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        asked = Setting(patron, field, None if withdraw else "", user_name(), reason=reason, until=until)
        with wiring.counter(settings, section) as counter:
            # before anything is asked for: nobody types an address in vain
            check(counter, asked)
            if not withdraw:
                asked = replace(asked, text=ask_value(field, lines=field in LINES, hidden=field in HIDDEN))
            document = set_field(counter, asked)
        wiring.tell_now(settings, section, patron)
    if as_json:
        print_json(document)
        return
    until_told = f" til / until {document['until']}" if document["until"] else ""
    outcomes = OUTCOMES | EMPTIED if withdraw else OUTCOMES
    say(f"{document['patron']} · {document['field']}: {outcomes[document['outcome']]}{until_told}")
    if document["culr"] is not None:
        say("  netmedierne får besked / the net media are told")


def set_cpr_command(patron: str, *, config: Path, library: str | None, as_json: bool) -> None:
    """Give one patron her real number."""
    from cprsync import wiring
    from cprsync.cli.operator import ask_number, user_name
    from cprsync.settings import load_settings
    from cprsync.sync.set_cpr import SetNumber, set_number

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        asked = SetNumber(patron, ask_number(), user_name())
        with wiring.desk(settings, section) as desk:
            document = set_number(desk, asked)
        wiring.tell_now(settings, section, patron)
    if as_json:
        print_json(document)
        return
    say(f"{document['patron']} · cpr_number: {OUTCOMES[document['outcome']]}")
    _warn(document)


def _warn(document: Mapping[str, Any]) -> None:
    for warning in document["warnings"]:
        note(f"  ! {WARNINGS[warning]}")
