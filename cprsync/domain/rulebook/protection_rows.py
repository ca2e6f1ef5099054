"""What seals, or does not, beside a source's plain word about protection: rows of words, Danish first.

What does it stands in `patron`, `protective`, `letter`, and in how the two sources are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.rulebook.sealing_rows import HOUSEHOLD_ROWS, STREET_ROWS, WINDOW_ROWS
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rulebook.rule_rows import Rows

_FILE: Final = Wording("leverancen", "the delivery")
_LOOKUP: Final = Wording("et opslag", "a look-up")
_SOURCE: Final = Wording("leverancen eller et opslag", "the delivery or a look-up")
_EITHER: Final = Wording("ligegyldigt", "either")
_ANY: Final = Wording("ligegyldigt hvad", "whatever")
_OPEN: Final = Wording("ikke beskyttet", "not protected")
_SEALED_FIRST: Final = Wording("forsegles, før alt andet", "sealed, before anything else")
_AS_PROTECTED: Final = Wording("som beskyttet", "as protected")
_AS_NONE: Final = Wording("som ingen beskyttelse", "as no protection")
_DECISION_3: Final = Wording("Beslutning 3", "Decision 3")

#: How the register may word the four things that a source says.
_WORDED: Final[Rows] = {
    "protection-types": (
        _FILE,
        Wording(
            "0002 (lokalvejviser), 0003 (reklame), 0004 (forskning), 0005 (kreditadvarsel) eller en ukendt type, og "
            "ingen 0001",
            "0002 (local directory), 0003 (marketing), 0004 (research), 0005 (credit warning) or an unknown type, and "
            "no 0001",
        ),
        _EITHER,
        _ANY,
        _AS_NONE,
        Wording("CPR: post 004 (BESKYTTYPE); beslutning 2", "CPR: record 004 (BESKYTTYPE); decision 2"),
    ),
    "protection-type-unread": (
        _FILE,
        Wording("en type, der ikke er fire cifre", "a type that is not four digits"),
        _EITHER,
        _ANY,
        Wording(
            "venter på et menneske; står der også 0001, forsegles låneren straks",
            "parked for a person; if 0001 is there too, the patron is sealed at once",
        ),
        Wording("CPR: post 004 (BESKYTTYPE); beslutning 3", "CPR: record 004 (BESKYTTYPE); decision 3"),
    ),
    "protection-future": (
        _SOURCE,
        Wording(
            "0001, eller beskyttet true, fra en dag i fremtiden", "0001, or beskyttet true, from a day in the future"
        ),
        _EITHER,
        _ANY,
        Wording("som beskyttet, straks", "as protected, at once"),
        Wording("CPR: post 004 (startdato); beslutning 2", "CPR: record 004 (start date); decision 2"),
    ),
    "protection-true-ended": (
        _LOOKUP,
        Wording("beskyttet true, men perioden er slut", "beskyttet true, but the period is over"),
        _EITHER,
        _ANY,
        _AS_PROTECTED,
        Wording("SF1520: beskyttet er true; beslutning 2", "SF1520: beskyttet is true; decision 2"),
    ),
    "protection-false-ended": (
        _LOOKUP,
        Wording("beskyttet false, og perioden er slut", "beskyttet false, and the period is over"),
        _EITHER,
        _ANY,
        _AS_NONE,
        Wording("SF1520: beskyttet er false; beslutning 1", "SF1520: beskyttet is false; decision 1"),
    ),
}
#: What counts though the rest does not, and what does not count.
_ALL_THE_SAME: Final[Rows] = {
    "protection-waits": (
        _SOURCE,
        Wording("noget, der ikke kan afgøres eller læses", "something that cannot be decided or read"),
        _EITHER,
        _ANY,
        Wording(
            "låneren tæller som beskyttet, så længe det venter på et menneske",
            "the patron counts as protected while it is parked for a person",
        ),
        _DECISION_3,
    ),
    "protection-parked": (
        _FILE,
        Wording(
            "beskyttet, men resten venter på et menneske eller kan ikke læses",
            "protected, but the rest is parked or cannot be read",
        ),
        _EITHER,
        _ANY,
        _SEALED_FIRST,
        _DECISION_3,
    ),
    "protection-answer-unread": (
        _LOOKUP,
        Wording("beskyttet, men svaret bryder kontrakten", "protected, but the answer breaks the contract"),
        _EITHER,
        _ANY,
        Wording(
            "intet af svaret gælder, ligesom ved en beskadiget leverance. Om natten venter låneren på et menneske; "
            "spurgte natten, om en beskyttelse er ophørt, sker det først den anden nat, og beskyttelsen bliver. Ved "
            "skranken vises fejlen",
            "nothing in the answer counts, as with a damaged delivery. At night the patron is parked; if the night "
            "asked whether a protection has ended, this happens only on the second night, and the protection stays. At "
            "the desk the fault is shown",
        ),
        Wording("SF1520: skemaet; beslutning 3", "SF1520: the schema; decision 3"),
    ),
    "protection-damaged": (
        _FILE,
        Wording("beskyttet, men leverancen er beskadiget", "protected, but the delivery is damaged"),
        _EITHER,
        _ANY,
        Wording(
            "intet i leverancen gælder: natten standser, indtil leverancen kommer hel eller lægges til side (feed "
            "discard). Hele leverancer, der venter, beskytter straks",
            "nothing in the delivery counts: the night stops until the delivery comes whole or is set aside (feed "
            "discard). Whole deliveries that wait protect at once",
        ),
        Wording("CPR: post 000 og 999; beslutning 3", "CPR: records 000 and 999; decision 3"),
    ),
    "protection-number-only": (
        _SOURCE,
        Wording("beskyttet, ved status 30, 50 eller 60", "protected, at status 30, 50 or 60"),
        _EITHER,
        _ANY,
        Wording(
            "læses ikke: ved de statusser er kun status og det nye nummer kendt. Beskyttelsen er som før",
            "not read: at those statuses only the status and the new number are known. The protection is as before",
        ),
        Wording("CPR: post 001 (status); beslutning 1", "CPR: record 001 (status); decision 1"),
    ),
    "protection-held": (
        _FILE,
        Wording("beskyttet, men natten er standset", "protected, but the night is held"),
        _EITHER,
        _ANY,
        Wording(
            "låneren forsegles. Breve til døde standses, også til en ny låner. Alt andet venter, også en flytning til "
            "vejkode 9900-9999 og status 03 eller 07",
            "the patron is sealed. Letters to the dead stop, to a new patron too. Everything else waits, also a move "
            "to street code 9900-9999, and status 03 or 07",
        ),
        _DECISION_3,
    ),
    "protection-older": (
        _SOURCE,
        Wording(
            "hvad som helst, men kilden er ældre end posten (på samme dag: et opslag, der ikke siger beskyttet)",
            "anything, but the source is older than the record (on the same day: a look-up that does not say "
            "protected)",
        ),
        _EITHER,
        _ANY,
        Wording("som før", "as before"),
        Wording("Beslutning 1: ældre ændrer ikke nyere", "Decision 1: older never changes newer"),
    ),
    "protection-same-day": (
        _LOOKUP,
        Wording(
            "beskyttet, men leverancen fra samme dag siger: ingen beskyttelse",
            "protected, but the delivery of the same day says: no protection",
        ),
        _EITHER,
        _OPEN,
        Wording(
            "forsegles, før alt andet; resten af opslaget ændrer intet",
            "sealed, before anything else; the rest of the look-up changes nothing",
        ),
        Wording("Beslutning 1 og 2: de modsiger hinanden", "Decisions 1 and 2: they contradict each other"),
    ),
    "protection-what": (
        Wording("enhver, der er forseglet for sin egen skyld", "anyone who is sealed for their own sake"),
        Wording("beskyttet", "protected"),
        _EITHER,
        _ANY,
        Wording(
            "navn, adresse, udlands- og kontaktadresse vises ingen steder, og rettelser af dem heller ikke, før de er "
            "åbnet med en begrundelse. Først da går der breve på papir. Kommunen vises",
            "name, address, foreign and contact address show nowhere, nor do corrections of them, until they are "
            "opened with a reason. Only then do letters go on paper. The municipality shows",
        ),
        Wording("CPR: post 002, 005, 006 og 008; beslutning 2", "CPR: records 002, 005, 006, 008; decision 2"),
    ),
    "protection-age": (
        Wording("enhver, der er forseglet for sin egen skyld", "anyone who is sealed for their own sake"),
        Wording("beskyttet", "protected"),
        _EITHER,
        _ANY,
        Wording(
            "alderen vises i stedet for fødselsdatoen, og intet af personnummeret vises, før de er åbnet med en "
            "begrundelse. Reglerne regner med datoen",
            "the age shows instead of the birth date, and nothing of the CPR number shows, until they are opened with "
            "a reason. The rules use the date",
        ),
        Wording("Feltlisten: fødselsdato (cprsync fields)", "The field table: birth date (cprsync fields)"),
    ),
    "protection-use": (
        Wording("en beskyttet låner", "a protected patron"),
        Wording("vil bruge biblioteket", "wants to use the library"),
        _EITHER,
        _ANY,
        Wording(
            "som andre: lån, reserveringer, netmedier efter kommunen, beskeder til lånerens egen telefon og e-mail",
            "as others: loans, reservations, net media by the municipality, messages to the patron's own telephone and "
            "e-mail",
        ),
        Wording("Beslutning 2 og 11", "Decisions 2 and 11"),
    ),
    "protection-unknown-number": (
        Wording("ingen: CPR kender ikke nummeret", "nobody: CPR does not know the number"),
        Wording(
            "intet, og siger aldrig noget: låneren har et erstatningsnummer eller intet nummer; det gælder også "
            "institutioner og biblioteker",
            "nothing, and never says anything: the patron has a replacement number or none; this includes institutions "
            "and libraries",
        ),
        _EITHER,
        Wording("ny: intet kendt", "new: nothing known"),
        Wording(
            "åben: biblioteket har selv skrevet oplysningerne. Personalet kan beskytte posten (patron set ID "
            "protection)",
            "open: the library wrote the details itself. Staff may protect the record (patron set ID protection)",
        ),
        Wording(
            "Vores egen læsning af beslutning 2: kun en kilde, der kunne have sagt noget, kan tie",
            "Our own reading of decision 2: only a source that could have said something can be silent",
        ),
    ),
}
_STAFF: Final = Wording("personalet", "staff")
#: What staff may write of it.
_DESK: Final[Rows] = {
    "protection-staff-never": (
        _STAFF,
        Wording(
            "vil ophæve eller sætte beskyttelsen for en låner, hvis CPR-nummer er kendt",
            "want to lift or set the protection of a patron whose CPR number is known",
        ),
        _EITHER,
        _ANY,
        Wording(
            "afvises: kun registret beskytter, og kun registret ophæver. Heller ingen rettelse ændrer beskyttelsen",
            "refused: only the register protects, and only the register lifts. No correction changes the protection "
            "either",
        ),
        Wording("Princip: én ejer; beslutning 2", "Principle: one owner; decision 2"),
    ),
    "protection-merged": (
        _STAFF,
        Wording(
            "lægger to lånere sammen, og den, der lukkes, er beskyttet (review accept)",
            "merge two patrons, and the one that closes is protected (review accept)",
        ),
        _EITHER,
        _OPEN,
        Wording(
            "den låner, der bliver, forsegles straks. Næste nat spørges registret, og svaret gælder, som når "
            "leverancen har sagt: ophørt",
            "the patron who stays is sealed at once. The next night asks the register, and its answer counts as after "
            "a delivery said: ended",
        ),
        Wording("Beslutning 2", "Decision 2"),
    ),
    "protection-staff-own": (
        _STAFF,
        Wording(
            "beskytter en låner uden et nummer, som CPR kender, og skriver senere det rigtige nummer (patron set-cpr)",
            "protect a patron without a number that CPR knows, and later enter the real number (patron set-cpr)",
        ),
        _EITHER,
        Wording("beskyttet af personalet", "protected by staff"),
        Wording(
            "registret bestemmer. Siger opslaget nej, slår natten også op, og nattens svar ophæver beskyttelsen. Siger "
            "registret intet, eller kommer der intet svar, bliver beskyttelsen",
            "the register decides. If the look-up says no, the night looks up too, and the night's answer ends the "
            "protection. If the register says nothing, or no answer comes, the protection stays",
        ),
        Wording("Princip: én ejer; beslutning 2", "Principle: one owner; decision 2"),
    ),
}
PROTECTION_ROWS: Final[Rows] = {**_WORDED, **STREET_ROWS, **HOUSEHOLD_ROWS, **_ALL_THE_SAME, **_DESK, **WINDOW_ROWS}
