"""The words of rights to net media, and of what CULR knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NET_MEDIA: Final[Mapping[str, tuple[str, str]]] = {
    "rights": ("Låner {patron} den {day}: ret til netmedier", "Patron {patron} on {day}: rights to net media"),
    "undecided": ("uafklaret", "undecided"),
    "rights_none": (
        "policy.toml har ingen netmedier: se [[product]].",
        "policy.toml has no net media: see [[product]].",
    ),
    "rights_municipality": (
        "Kommune: {name}, {lives}; {source}{since}",
        "Municipality: {name}, {lives}; {source}{since}",
    ),
    "rights_no_municipality": ("Kommune: ikke kendt, {lives}", "Municipality: not known, {lives}"),
    "rights_resident": ("hjemmehørende her", "resident here"),
    "rights_not_resident": ("ikke hjemmehørende her", "not resident here"),
    "rights_unknown": ("bopæl ukendt", "residence unknown"),
    "rights_from_file": ("fra CPR", "from CPR"),
    "rights_from_lookup": ("fra CPR", "from CPR"),
    "rights_from_staff": ("rettet ved skranken", "corrected at the desk"),
    "rights_from_None": ("CPR har ikke svaret endnu", "CPR has not answered yet"),
    "rights_since": ("siden {day}", "since {day}"),
    "rights_valid_from": ("Gælder her siden {day}.", "In force here since {day}."),
    "rights_until": ("Sidste dag er {day}.", "The last day is {day}."),
    "rights_changes": ("Ændres, {change}.", "Changes {change}."),
    "culr_no_account": ("CULR: ingen konto kendt.", "CULR: no account known."),
    "culr_has": ("CULR har {what}", "CULR has {what}"),
    "culr_sent": ("sendt er {what}", "sent: {what}"),
    "culr_pending": ("ændringer, der venter på at blive sendt: {pending}", "changes that wait to be sent: {pending}"),
    "culr_checked": ("senest bekræftet {day}", "last confirmed {day}"),
    "culr_unknown": ("intet, der er bekræftet endnu", "nothing that is confirmed yet"),
    "culr_empty": ("ingen kommune, med vilje", "no municipality, on purpose"),
}
