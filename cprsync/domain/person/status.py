"""What each of the register's eleven statuses does to a record, as one table with its sources.

The code reads the same rows that `cprsync rules` prints. Any other code has no row: the person is parked as unreadable,
and the record stays as it is. No status ever deletes anything.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.action import Action
from cprsync.domain.person.person import Status
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cprsync.domain.person.person import Gap


class Letters(enum.Enum):
    """What happens to letters on paper."""

    #: to the contact address if there is one, else to the registered address
    GO = "go"
    #: only to a contact address: no letter would reach the registered address
    CONTACT_ADDRESS = "contact_address"
    #: the street code seals name and address: a letter goes only to a contact address, after a reasoned reveal
    SEALED_STREET = "sealed_street"
    #: as before, under the number that replaces the patron's: no record ever has this status
    AS_BEFORE = "as_before"
    #: no letter is sent, whatever is known; only staff see a contact address
    STOPPED = "stopped"


class BlockRule(enum.Enum):
    """Whether the patron should be blocked. Nothing blocks a patron without a decision by staff."""

    #: no block
    NONE = "none"
    #: proposed: staff confirm it or reject it
    PROPOSED = "proposed"
    #: proposed; confirming it cancels the patron's reservations, and an annulment offers to undo both
    PROPOSED_AND_CANCELS = "proposed_and_cancels"


class Lives(enum.Enum):
    """What the status says about where the person lives."""

    #: where the address says
    BY_ADDRESS = "by_address"
    #: in no Danish municipality, whatever the last address says
    ELSEWHERE = "elsewhere"
    #: unknown, which never counts as elsewhere
    UNKNOWN = "unknown"
    #: where the person lived before. No record ever has this status; a person shown with it has an unknown residence
    AS_BEFORE = "as_before"


class NetMedia(enum.Enum):
    """What CULR must hold as the person's municipality (decision 11)."""

    #: the municipality's three digits
    DIGITS = "digits"
    #: empty on purpose
    EMPTY = "empty"
    #: nothing is sent: what CULR holds stays
    NOTHING = "nothing"
    #: what CULR holds moves to the number that replaces the patron's; nothing is sent for the old number
    MOVES = "moves"


class Subscribed(enum.Enum):
    """What happens to the subscription (decision 10)."""

    #: kept as long as the person is a patron
    KEPT = "kept"
    #: kept for a set number of days, so that an annulment of the death arrives
    KEPT_FOR_A_TIME = "kept_for_a_time"
    #: the new number is subscribed; the old one stays until a delivery has had the new one
    MOVES = "moves"


@dataclass(frozen=True, slots=True)
class StatusRule:
    """One row: what a status means, what it does, and what undoes it."""

    status: Status
    meaning: Wording
    #: which data of a delivery or an answer are read into the record (decision 1): see `person.by_status`
    record: Wording
    letters: Letters
    block: BlockRule
    lives: Lives
    net_media: NetMedia
    subscription: Subscribed
    #: the action for a change to this status
    coming: Action
    #: the action for a change away from this status, which undoes it
    leaving: Action
    #: event codes that were seen with the undoing: examples only, they decide nothing
    undone_by: tuple[str, ...]
    source: Wording


def _source(*decisions: int, also: str = "", blocks: bool = False) -> Wording:
    """The sources of a row: the register's list of statuses, its other records, the owner of a block, our decisions."""
    theirs = Wording("; Postens Blokeret: personalet ejer det", "; the record's blocks: staff own them")
    *first, last = [str(decision) for decision in decisions]
    danish = " og ".join([", ".join(first), last] if first else [last])
    english = danish.replace(" og ", " and ")
    return Wording(
        f"CPR: post 001 (status){also}{theirs.da if blocks else ''}; beslutning {danish}",
        f"CPR: record 001 (status){also}{theirs.en if blocks else ''}; decision{'s' if first else ''} {english}",
    )


#: The registered address is an administrative street: VEJKOD in record 002.
_HIGH = ", 002 (vejkode)"
#: An address that is not a residence.
_ADDRESS = ", 002 (adresse)"
#: The contact address of a person who is gone.
_CONTACT = ", 006 (kontaktadresse)"
#: The contact address, and the foreign address.
_ABROAD = ", 005 (udlandsadresse), 006 (kontaktadresse)"

_FOLLOWS: Final = Wording("følger kilden", "follows the source")
_LAST_ADDRESS: Final = Wording(
    "følger kilden, men den sidste adresse bliver stående", "follows the source, but the last address stays"
)
_NEW_NUMBER: Final = Wording(
    "posten får aldrig denne status: den skifter nummer, og resten bliver stående",
    "the record never gets this status: its number changes, and the rest stays",
)
_ROWS: Final = (
    StatusRule(
        Status.RESIDENT,
        Wording("bopæl i Danmark", "lives in Denmark"),
        _FOLLOWS,
        Letters.GO,
        BlockRule.NONE,
        Lives.BY_ADDRESS,
        NetMedia.DIGITS,
        Subscribed.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
        undone_by=(),
        source=_source(8, 11),
    ),
    StatusRule(
        Status.RESIDENT_ADMINISTRATIVE,
        Wording(
            "i Danmark, uden fast adresse (vejkode 9900-9999)",
            "in Denmark, without a fixed address (street code 9900-9999)",
        ),
        _FOLLOWS,
        Letters.SEALED_STREET,
        BlockRule.NONE,
        Lives.BY_ADDRESS,
        NetMedia.DIGITS,
        Subscribed.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
        undone_by=("A01",),
        source=_source(2, 8, 11, also=_HIGH),
    ),
    StatusRule(
        Status.GREENLAND,
        Wording("bopæl i Grønland", "lives in Greenland"),
        _FOLLOWS,
        Letters.GO,
        BlockRule.NONE,
        Lives.ELSEWHERE,
        NetMedia.EMPTY,
        Subscribed.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
        undone_by=("A01",),
        source=_source(8, 11),
    ),
    StatusRule(
        Status.GREENLAND_ADMINISTRATIVE,
        Wording(
            "i Grønland, uden fast adresse (vejkode 9900-9999)",
            "in Greenland, without a fixed address (street code 9900-9999)",
        ),
        _FOLLOWS,
        Letters.SEALED_STREET,
        BlockRule.NONE,
        Lives.ELSEWHERE,
        NetMedia.EMPTY,
        Subscribed.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
        undone_by=("A01",),
        source=_source(2, 8, 11, also=_HIGH),
    ),
    StatusRule(
        Status.NO_RESIDENCE,
        Wording("uden bopæl, nummer af skattehensyn", "no residence, number given for tax"),
        Wording(
            "følger kilden, også adressen, hvis den er gyldig; ellers bliver den sidste adresse stående, og ingen "
            "venter på et menneske af den grund",
            "follows the source, also the address if it is valid; otherwise the last address stays, and nobody is "
            "parked for that",
        ),
        Letters.CONTACT_ADDRESS,
        BlockRule.NONE,
        Lives.ELSEWHERE,
        NetMedia.EMPTY,
        Subscribed.KEPT,
        coming=Action.STATUS,
        leaving=Action.STATUS,
        undone_by=("P31",),
        source=_source(1, 8, 11, also=_ADDRESS),
    ),
    StatusRule(
        Status.ANNULLED,
        Wording("nummeret er annulleret", "the number is annulled"),
        Wording(
            "kun status læses; navn, adresse, beskyttelse og resten bliver stående",
            "only the status is read; name, address, protection and the rest stay",
        ),
        Letters.CONTACT_ADDRESS,
        BlockRule.PROPOSED,
        Lives.UNKNOWN,
        NetMedia.NOTHING,
        Subscribed.KEPT,
        coming=Action.NUMBER_ANNULLED,
        leaving=Action.NUMBER_RESTORED,
        undone_by=(),
        source=_source(1, 8, 11, blocks=True),
    ),
    StatusRule(
        Status.DUPLICATE,
        Wording("nummeret er slettet: personen havde to numre", "the number is deleted: the person had two"),
        _NEW_NUMBER,
        Letters.AS_BEFORE,
        BlockRule.NONE,
        Lives.AS_BEFORE,
        NetMedia.MOVES,
        Subscribed.MOVES,
        coming=Action.RENUMBER,
        leaving=Action.RENUMBER,
        undone_by=("P43",),
        source=_source(6, 11),
    ),
    StatusRule(
        Status.CHANGED,
        Wording("nummeret er ændret", "the number is changed"),
        _NEW_NUMBER,
        Letters.AS_BEFORE,
        BlockRule.NONE,
        Lives.AS_BEFORE,
        NetMedia.MOVES,
        Subscribed.MOVES,
        coming=Action.RENUMBER,
        leaving=Action.RENUMBER,
        undone_by=("P42",),
        source=_source(6, 11),
    ),
    StatusRule(
        Status.DISAPPEARED,
        Wording("forsvundet", "disappeared"),
        _LAST_ADDRESS,
        Letters.CONTACT_ADDRESS,
        BlockRule.PROPOSED,
        Lives.UNKNOWN,
        NetMedia.NOTHING,
        Subscribed.KEPT,
        coming=Action.VANISH,
        leaving=Action.FOUND,
        undone_by=("A03", "A10"),
        source=_source(8, 11, also=_CONTACT, blocks=True),
    ),
    StatusRule(
        Status.EMIGRATED,
        Wording("udrejst", "emigrated"),
        Wording(
            "følger kilden; den sidste danske adresse bliver stående, og udlandsadressen vises, men får ingen breve",
            "follows the source; the last Danish address stays, and the foreign address is shown but gets no letters",
        ),
        Letters.CONTACT_ADDRESS,
        BlockRule.NONE,
        Lives.ELSEWHERE,
        NetMedia.EMPTY,
        Subscribed.KEPT,
        coming=Action.EMIGRATE,
        leaving=Action.RETURN,
        undone_by=("A04", "A10"),
        source=_source(8, 11, also=_ABROAD),
    ),
    StatusRule(
        Status.DEAD,
        Wording("død", "dead"),
        Wording(
            "følger kilden, men den sidste adresse bliver stående. Nye lån afvises, og gebyrer vokser ikke. Posten "
            "lukkes ikke, og lån og gæld bliver stående, til personalet har afviklet dem",
            "follows the source, but the last address stays. New loans are refused, and fees stop growing. The record "
            "is not closed, and loans and debts stay until staff have settled them",
        ),
        Letters.STOPPED,
        BlockRule.PROPOSED_AND_CANCELS,
        Lives.ELSEWHERE,
        NetMedia.EMPTY,
        Subscribed.KEPT_FOR_A_TIME,
        coming=Action.DIE,
        leaving=Action.DEATH_ANNULLED,
        undone_by=("A25",),
        source=_source(3, 8, 10, 11, blocks=True),
    ),
)

#: The table by status: each of the eleven has its row.
STATUS_RULES: Final[Mapping[Status, StatusRule]] = {rule.status: rule for rule in _ROWS}


def stops_letters(status: Status | Gap) -> bool:
    """True for a status that stops all letters."""
    return isinstance(status, Status) and STATUS_RULES[status].letters is Letters.STOPPED


def counts_as_dead(status: Status | Gap, letters_stopped: date | None) -> bool:
    """True for a dead person, and for a person whose number was annulled after the death: that undoes no death.

    A death that is parked or held only stops letters (decision 3): the status is still another one then.

    Args:
        status: the record's status.
        letters_stopped: the day on which a death stopped letters; None: letters are sent.
    """
    return stops_letters(status) or (status is Status.ANNULLED and letters_stopped is not None)
