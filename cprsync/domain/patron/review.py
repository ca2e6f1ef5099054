"""Everything that staff decide: why, what accepting and rejecting do, and what can be undone.

The code, the command line and the report read this one table. A kind without a row cannot be raised: a test collects
all reasons from the code. This module writes nothing: see `services.desk.reviewing`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.person.person import Status
from cprsync.domain.person.status import STATUS_RULES, BlockRule
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cprsync.domain.person.person import Silent

#: The first part of a kind that could not be decided. The person counts as protected until it is.
PARKED: Final = "parked."
BLOCK_DEAD: Final = "block.dead"
BLOCK_DISAPPEARED: Final = "block.disappeared"
BLOCK_ANNULLED: Final = "block.annulled"
DEATH_ANNULLED: Final = "death.annulled"
FOUND_AGAIN: Final = "person.found"
NUMBER_RESTORED: Final = "number.restored"
BOTH_PATRONS: Final = "parked.number.both_patrons"
#: An old number of the patron now leads to another number than the patron has.
OTHER_SUCCESSOR: Final = "parked.number.other_successor"
#: The register has replaced the patron's number, and staff decide what that means.
REPLACED_KINDS: Final = frozenset({BOTH_PATRONS, f"{PARKED}number.circle", f"{PARKED}number.unresolved"})
#: About a minor: something has happened to a person who answers for them.
RESPONSIBLE_GONE: Final = "responsible.gone"
RESPONSIBLE_PROTECTED: Final = "responsible.protected"
#: About the net media: CULR refused an effect for good, or holds another library's municipality number.
NET_MEDIA_REFUSED: Final = "net_media.refused"
NET_MEDIA_FOREIGN: Final = "net_media.foreign"
NET_MEDIA_KINDS: Final = frozenset({NET_MEDIA_REFUSED, NET_MEDIA_FOREIGN})
#: By the birth date that counts now, the patron came of age earlier, and someone still answers for them.
RESPONSIBLE_OF_AGE: Final = "responsible.of_age"
LINK_KINDS: Final = frozenset({RESPONSIBLE_GONE, RESPONSIBLE_PROTECTED, RESPONSIBLE_OF_AGE})
#: On three nights the register answered no, against a protection without an end: two people may end it (decision 35).
PROTECTION_DOUBTED: Final = "protection.doubted"
#: A number was set at the desk. It is recorded as accepted, so that it can be taken back.
NUMBER_SET: Final = "number.set"
#: The register's birth date differs from the one in the number. The register's counts, but either may be wrong.
BIRTH_DIFFERS: Final = "birth.differs"


class State(enum.Enum):
    """The state of a review item."""

    #: waits for staff
    WAITING = "waiting"
    #: staff accepted: it is done
    ACCEPTED = "accepted"
    #: staff rejected: nothing was done
    REJECTED = "rejected"
    #: the register settled it by itself
    SETTLED = "settled"
    #: staff accepted, and later took it back
    UNDONE = "undone"


#: States that leave the record unchanged. Such an item is not raised again as long as its reason holds.
UNCHANGING: Final = frozenset({State.WAITING, State.REJECTED, State.UNDONE})


class Doing(enum.Enum):
    """What accepting an item does."""

    #: staff have looked; nothing is written
    SEEN = "seen"
    #: the record gets a block; a dead patron's reservations are cancelled
    BLOCK = "block"
    #: the block is lifted, and the cancelled reservations come back
    LIFT = "lift"
    #: two patrons become one
    MERGE = "merge"
    #: the register is asked about the person once more
    ASK_AGAIN = "ask_again"
    #: the patron gets the number that the register names, and is looked up
    GIVE_NUMBER = "give_number"
    #: the register is asked each night for the person's number, until it can be decided
    ASK_NUMBER = "ask_number"
    #: the person that the item is about no longer answers for the minor
    END_LINK = "end_link"
    #: the net media are told again
    TELL_AGAIN = "tell_again"
    #: a protection ends, after two people have accepted
    END_PROTECTION = "end_protection"
    #: a patron got a number at the desk: nothing waits, and it can be taken back
    NUMBER_SET = "number_set"


@dataclass(frozen=True, slots=True)
class ReviewKind:
    """One row of the table."""

    kind: str
    why: Wording
    accept: Wording
    reject: Wording
    doing: Doing

    @property
    def undoable(self) -> bool:
        """Whether `review undo` can take an acceptance back."""
        return self.doing in {Doing.BLOCK, Doing.MERGE, Doing.END_LINK, Doing.END_PROTECTION, Doing.NUMBER_SET}

    @property
    def needs_two(self) -> bool:
        """Whether two people must accept. If a protection ends by mistake, someone may find the address."""
        return self.doing is Doing.END_PROTECTION

    @property
    def leaves_replaced(self) -> bool:
        """Whether rejecting leaves the patron with a number that the register has replaced."""
        return self.kind in REPLACED_KINDS

    @property
    def may_wait_again(self) -> bool:
        """Whether `review reopen` can let a rejected or undone item wait again. An item that never waited cannot."""
        return self.doing is not Doing.NUMBER_SET


# -- the table ---------------------------------------------------------------------------------------------

_CLOSE: Final = Wording("punktet lukkes; posten er uændret", "the item is closed; the record stays as it is")
_NO_BLOCK: Final = Wording("ingen blokering; posten er uændret", "no block; the record stays as it is")
_KEEP_BLOCK: Final = Wording("blokeringen bliver", "the block stays")
_SEEN: Final = Wording("punktet lukkes som set", "the item is closed as seen")
_ASK: Final = Wording("registret spørges igen i nat", "the register is asked again tonight")
_ASK_NUMBER: Final = Wording(
    "registret spørges hver nat, til det er afgjort", "the register is asked each night until it is decided"
)
_END_LINK: Final = Wording(
    "ansvaret ophører for ny gæld; det, der allerede skyldes, ændres ikke",
    "the responsibility ends for new debts; what is owed already stays as it is",
)
_KEEP_LINK: Final = Wording(
    "ansvaret består; der sendes stadig ingen breve til den ansvarlige",
    "the responsibility stays; still no letters go to the responsible person",
)
_KEEP_FOR_NOW: Final = Wording(
    "ansvaret består; bliver låneren mindreårig igen efter en ny fødselsdato, ophører det på 18-årsdagen",
    "the responsibility stays; if a later birth date makes the patron a minor again, it ends on the 18th birthday",
)
_TELL_AGAIN: Final = Wording("netmedierne får det at vide igen i nat", "the net media are told again tonight")
_LEAVE: Final = Wording(
    "posten bliver, som den er; oplysningerne skjules ikke længere af denne grund",
    "the record stays as it is; its data are no longer hidden for this reason",
)
_LEAVE_REPLACED: Final = Wording(
    "posten bliver, som den er, og låneren er ubekræftet, til registret siger, hvilket nummer låneren har",
    "the record stays as it is, and the patron is unverified until the register says which number they have",
)


def _row(kind: str, da: str, en: str, doing: Doing, *, accept: Wording, reject: Wording) -> ReviewKind:  # noqa: PLR0913 -- one parameter for each cell
    return ReviewKind(kind, Wording(da, en), accept, reject, doing)


def _block(kind: str, da: str, en: str, *, accept: Wording) -> ReviewKind:
    return _row(kind, da, en, Doing.BLOCK, accept=accept, reject=_NO_BLOCK)


def _lift(kind: str, da: str, en: str, *, accept: Wording) -> ReviewKind:
    return _row(kind, da, en, Doing.LIFT, accept=accept, reject=_KEEP_BLOCK)


def _link(kind: str, da: str, en: str, *, reject: Wording = _KEEP_LINK) -> ReviewKind:
    return _row(kind, da, en, Doing.END_LINK, accept=_END_LINK, reject=reject)


def _parked(reason: str, da: str, en: str) -> ReviewKind:
    return _row(f"{PARKED}{reason}", da, en, Doing.ASK_AGAIN, accept=_ASK, reject=_LEAVE)


def _number(reason: str, da: str, en: str) -> ReviewKind:
    kind = f"{PARKED}{reason}"
    reject = _LEAVE_REPLACED if kind in REPLACED_KINDS else _LEAVE
    return _row(kind, da, en, Doing.ASK_NUMBER, accept=_ASK_NUMBER, reject=reject)


_ROWS: Final = (
    _block(
        BLOCK_DEAD,
        "registret siger, at låneren er død",
        "the register says that the patron is dead",
        accept=Wording(
            "låneren blokeres, og reserveringer annulleres", "the patron is blocked, and reservations are cancelled"
        ),
    ),
    _block(
        BLOCK_DISAPPEARED,
        "registret ved ikke længere, hvor låneren er",
        "the register no longer knows where the patron is",
        accept=Wording("låneren blokeres", "the patron is blocked"),
    ),
    _block(
        BLOCK_ANNULLED,
        "lånerens personnummer er annulleret",
        "the patron's number is annulled",
        accept=Wording("låneren blokeres", "the patron is blocked"),
    ),
    _lift(
        DEATH_ANNULLED,
        "dødsfaldet er annulleret, og låneren er blokeret",
        "the death is annulled, and the patron is blocked",
        accept=Wording(
            "blokeringen ophæves, og de annullerede reserveringer genoptages",
            "the block is lifted, and the cancelled reservations are taken back",
        ),
    ),
    _lift(
        FOUND_AGAIN,
        "låneren er genfundet og er blokeret",
        "the patron is found again, and is blocked",
        accept=Wording("blokeringen ophæves", "the block is lifted"),
    ),
    _lift(
        NUMBER_RESTORED,
        "personnummeret er gyldigt igen, og låneren er blokeret",
        "the number is valid again, and the patron is blocked",
        accept=Wording("blokeringen ophæves", "the block is lifted"),
    ),
    _row(
        "number.annulled",
        "nummeret er annulleret; det, vi ved, kan være forkert",
        "the number is annulled; what we know may be wrong",
        Doing.SEEN,
        accept=_SEEN,
        reject=_CLOSE,
    ),
    _row(
        BIRTH_DIFFERS,
        "registrets fødselsdato er en anden end den i personnummeret",
        "the register's birth date is another than the one in the number",
        Doing.SEEN,
        accept=Wording("punktet lukkes som set; registrets dato gælder", "closed as seen; the register's date holds"),
        reject=_CLOSE,
    ),
    _row(
        "protection.contradicted",
        "filen siger, at beskyttelsen er ophørt, registret siger nej",
        "the file says that the protection has ended, the register says no",
        Doing.SEEN,
        accept=Wording(
            "beskyttelsen bliver; en senere leverance afgør det", "the protection stays; a later delivery decides"
        ),
        reject=_CLOSE,
    ),
    _row(
        PROTECTION_DOUBTED,
        "registret har tre nætter svaret, at låneren ikke er beskyttet, ved en beskyttelse uden slutdato",
        "on three nights the register said that the patron is not protected, beside a protection without an end",
        Doing.END_PROTECTION,
        accept=Wording(
            "beskyttelsen ophører, når to personer har accepteret", "the protection ends once two people have accepted"
        ),
        reject=Wording("beskyttelsen bliver", "the protection stays"),
    ),
    _link(
        RESPONSIBLE_GONE,
        "en økonomisk ansvarlig er død, udrejst eller forsvundet, eller nummeret er annulleret",
        "a responsible person is dead, abroad or disappeared, or the number is annulled",
    ),
    _link(
        RESPONSIBLE_PROTECTED,
        "en økonomisk ansvarlig har fået navne- og adressebeskyttelse",
        "a responsible person has got name and address protection",
    ),
    _link(
        RESPONSIBLE_OF_AGE,
        "efter den fødselsdato, der gælder nu, er låneren allerede fyldt 18; en økonomisk ansvarlig står der endnu",
        "by the birth date that counts now the patron has turned 18 already; someone still answers for them",
        reject=_KEEP_FOR_NOW,
    ),
    _row(
        NET_MEDIA_REFUSED,
        "netmedierne (CULR) afviste det, de fik at vide om låneren",
        "the net media (CULR) refused what they were told of the patron",
        Doing.TELL_AGAIN,
        accept=_TELL_AGAIN,
        reject=Wording("netmedierne beholder det, de har", "the net media keep what they have"),
    ),
    _row(
        NET_MEDIA_FOREIGN,
        "et andet bibliotek har givet netmedierne (CULR) et andet kommunenummer",
        "another library has given the net media (CULR) another municipality number",
        Doing.TELL_AGAIN,
        accept=Wording("vores kommunenummer sendes igen i nat", "our municipality number is sent again tonight"),
        reject=Wording("det andet biblioteks nummer bliver stående", "the other library's number stays"),
    ),
    _row(
        BOTH_PATRONS,
        "to lånere er efter registret én person",
        "two patrons are one person, the register says",
        Doing.MERGE,
        accept=Wording(
            "lånerne lægges sammen: alt flytter til den, der bliver",
            "the patrons become one: everything moves to the one who stays",
        ),
        reject=Wording(
            "de forbliver to lånere; den, hvis nummer er skiftet ud, er ubekræftet",
            "they stay two patrons; the one whose number was replaced is unverified",
        ),
    ),
    _row(
        OTHER_SUCCESSOR,
        "et gammelt nummer er nu afløst af et andet end det, låneren har",
        "an old number is now replaced by another than the one that the patron has",
        Doing.GIVE_NUMBER,
        accept=Wording(
            "låneren får det nummer, registret nævner, og registret spørges om det i nat",
            "the patron gets the number that the register names, and the register is asked about it tonight",
        ),
        reject=Wording(
            "låneren beholder sit nummer, og registret spørges om det i nat",
            "the patron keeps the number, and the register is asked about it tonight",
        ),
    ),
    _row(
        NUMBER_SET,
        "låneren har fået et personnummer ved skranken (`patron set-cpr`)",
        "the patron got a CPR number at the desk (`patron set-cpr`)",
        Doing.NUMBER_SET,
        accept=Wording(
            "nummeret blev skrevet; `review undo` tager det tilbage", "written; `review undo` takes it back"
        ),
        reject=_CLOSE,
    ),
    _number("number.circle", "numrene afløser hinanden i ring", "the numbers replace each other in a circle"),
    _number("number.old_active", "et gammelt nummer lever igen", "an old number lives again"),
    _number(
        "number.unresolved",
        "nummeret er skiftet ud, men ikke sikkert med hvad",
        "the number was replaced, and not said surely by which",
    ),
    _parked("abroad.country", "landekoden kan ikke læses", "the country code cannot be read"),
    _parked("address.missing", "registret har ingen hel adresse", "the register has no whole address"),
    _parked("address.code", "adressens koder kan ikke læses", "the address's codes cannot be read"),
    _parked("address.municipality", "kommunekoden kan ikke læses", "the municipality code cannot be read"),
    _parked("address.street", "vejkoden kan ikke læses", "the street code cannot be read"),
    _parked("address.contradiction", "to adresser modsiger hinanden", "two addresses contradict each other"),
    _parked("name.lost", "navnet er væk", "the name is gone"),
    _parked("person.current_number", "det nye nummer kan ikke læses", "the new number cannot be read"),
    _parked("person.duplicate_", "en posttype står to gange", "a record type stands twice"),
    _parked(
        "person.misread",
        "et navn eller en adresse er læst i en anden tegnkodning",
        "a name or an address was read in another encoding",
    ),
    _parked("person.no_001", "stamposten (001) mangler", "the main record (001) is missing"),
    _parked("person.number", "nummeret kan ikke læses", "the number cannot be read"),
    _parked("person.status", "ukendt status", "an unknown status"),
    _parked("person.too_large", "for mange poster om én", "too many records about one"),
    _parked("protection.type", "beskyttelsens art kan ikke læses", "the kind of protection cannot be read"),
    _parked("status.missing", "registret siger ingen status", "the register gives no status"),
    _parked(
        "register.misread",
        "et navn eller en adresse er læst i en anden tegnkodning",
        "a name or an address was read in another encoding",
    ),
    _parked("register.no_such_person", "registret kender ikke nummeret", "the register does not know the number"),
    # any other answer without a person; the last part of the kind tells which
    _parked("register.", "registret gav intet brugbart svar", "the register gave no answer that can be used"),
)

#: The table by kind. A kind that ends in `.` or `_` covers all kinds that begin with it.
REVIEW_KINDS: Final[Mapping[str, ReviewKind]] = {row.kind: row for row in _ROWS}
_HEADS: Final = tuple(kind for kind in REVIEW_KINDS if kind.endswith((".", "_")))


def review_kind(kind: str) -> ReviewKind:
    """The row of a kind. Raises KeyError: the kind has no row."""
    head = next((head for head in _HEADS if kind.startswith(head)), kind)
    return REVIEW_KINDS[kind if kind in REVIEW_KINDS else head]


# -- blocks that a status proposes ---------------------------------------------------------------------------

#: The block that a status proposes, and the reason on the record (Blokeringsårsag).
PROPOSED_AT: Final[Mapping[Status, str]] = {
    Status.DEAD: BLOCK_DEAD,
    Status.DISAPPEARED: BLOCK_DISAPPEARED,
    Status.ANNULLED: BLOCK_ANNULLED,
}
BLOCK_REASONS: Final[Mapping[str, str]] = {
    BLOCK_DEAD: "død",
    BLOCK_DISAPPEARED: "forsvundet",
    BLOCK_ANNULLED: "personnummer annulleret",
}
#: What is proposed when the reason of a confirmed block is gone.
LIFTED_BY: Final[Mapping[str, str]] = {
    BLOCK_DEAD: DEATH_ANNULLED,
    BLOCK_DISAPPEARED: FOUND_AGAIN,
    BLOCK_ANNULLED: NUMBER_RESTORED,
}
BLOCK_OF: Final[Mapping[str, str]] = {lift: block for block, lift in LIFTED_BY.items()}
#: The kinds that follow from the status. Other kinds come from a decision.
PROPOSALS: Final = frozenset({*LIFTED_BY, *BLOCK_OF})
#: Kinds that follow from the written record, whatever was decided. A change has one reason of its own beside these.
FOLLOWING: Final = PROPOSALS | LINK_KINDS | {BIRTH_DIFFERS}


def proposed_at(status: Status | Silent) -> str | None:
    """The block that a status proposes; None: the status table proposes none."""
    if not isinstance(status, Status) or STATUS_RULES[status].block is BlockRule.NONE:
        return None
    return PROPOSED_AT[status]


def stands(block: str, status: Status | Silent) -> bool:
    """Whether the reason of a block holds at a status.

    Every reason holds for an annulled number: it undoes no death, and it does not mean that a person was found.
    """
    return status is Status.ANNULLED or proposed_at(status) == block


def no_longer_asked(kind: str, status: Status | Silent) -> bool:
    """Whether a waiting proposal has lost its purpose.

    A proposed block loses it if its reason is gone; a proposed lifting, if the reason of the block is back.
    """
    return not stands(kind, status) if kind in LIFTED_BY else stands(BLOCK_OF[kind], status)


def newly_proposed(
    before: Status | Silent, after: Status | Silent, held: Mapping[str, Collection[State]]
) -> Iterator[str]:
    """The kinds that a change of status proposes, besides the proposals that wait or were accepted."""
    block = proposed_at(after)
    if block is not None and block not in held:
        yield block
    for kind, lift in LIFTED_BY.items():
        if State.ACCEPTED in held.get(kind, ()) and stands(kind, before) and not stands(kind, after):
            yield lift


def concerns_blocks(before: Status | Silent, after: Status | Silent) -> bool:
    """Whether a change of status may propose a block or its lifting, or settle an earlier proposal."""
    return before is not after and (proposed_at(before) is not None or proposed_at(after) is not None)
