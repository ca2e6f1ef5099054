"""Everything that staff decide: why, what accepting and rejecting do, and what can be undone.

The code, the command line and the report read this one table. A kind without a row cannot be raised: a test collects
all reasons from the code. This module writes nothing: see `services.desk.reviewing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.review import (
    BIRTH_DIFFERS,
    BLOCK_ANNULLED,
    BLOCK_DEAD,
    BLOCK_DISAPPEARED,
    BOTH_PATRONS,
    DEATH_ANNULLED,
    FOUND_AGAIN,
    NET_MEDIA_FOREIGN,
    NET_MEDIA_REFUSED,
    NUMBER_RESTORED,
    NUMBER_SET,
    OTHER_SUCCESSOR,
    PARKED,
    PROTECTION_DOUBTED,
    REPLACED_KINDS,
    RESPONSIBLE_GONE,
    RESPONSIBLE_OF_AGE,
    RESPONSIBLE_PROTECTED,
    Doing,
)
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping


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
