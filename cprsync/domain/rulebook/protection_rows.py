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
_AS_PROTECTED: Final = Wording("som: beskyttet", "as: protected")
_AS_NONE: Final = Wording("som: ingen beskyttelse", "as: no protection")
_DECISION_3: Final = Wording("Beslutning 3", "Decision 3")

#: How the register may word the four things that a source says.
_WORDED: Final[Rows] = {
    "protection-types": (
        _FILE,
        Wording(
            "0002 (lokalvejviser), 0003 (reklame), 0004 (forskning), 0005 (kreditadvarsel) eller en ukendt art, "
            "og ingen 0001",
            "0002 (local directory), 0003 (marketing), 0004 (research), 0005 (credit warning) or an unknown kind, "
            "and no 0001",
        ),
        _EITHER,
        _ANY,
        _AS_NONE,
        Wording("CPR: post 004 (BESKYTTYPE); beslutning 2", "CPR: record 004 (BESKYTTYPE); decision 2"),
    ),
    "protection-type-unread": (
        _FILE,
        Wording("en art, der ikke er fire cifre", "a kind that is not four digits"),
        _EITHER,
        _ANY,
        Wording(
            "venter på et menneske; en 0001 ved siden af forsegler straks",
            "parked for a person; a 0001 beside it seals at once",
        ),
        Wording("CPR: post 004 (BESKYTTYPE); beslutning 3", "CPR: record 004 (BESKYTTYPE); decision 3"),
    ),
    "protection-future": (
        _SOURCE,
        Wording(
            "0001, eller beskyttet true, fra en dag, der kommer", "0001, or beskyttet true, from a day still to come"
        ),
        _EITHER,
        _ANY,
        Wording("som: beskyttet, straks", "as: protected, at once"),
        Wording("CPR: post 004 (startdato); beslutning 2", "CPR: record 004 (start date); decision 2"),
    ),
    "protection-true-ended": (
        _LOOKUP,
        Wording("beskyttet true ved en periode, der er slut", "beskyttet true beside a period that is over"),
        _EITHER,
        _ANY,
        _AS_PROTECTED,
        Wording("SF1520: beskyttet er true; beslutning 2", "SF1520: beskyttet is true; decision 2"),
    ),
    "protection-false-ended": (
        _LOOKUP,
        Wording("beskyttet false ved en periode, der er slut", "beskyttet false beside a period that is over"),
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
            "tæller som beskyttet, så længe det venter på et menneske",
            "counts as protected as long as it is parked for a person",
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
            "intet af det gælder, som af en beskadiget leverance; om natten venter hun på et menneske (spurgte "
            "natten, om en beskyttelse er ophørt, da først den anden nat, og beskyttelsen står), ved skranken "
            "fortælles fejlen",
            "none of it counts, as of a damaged delivery; at night she is parked (if the night asked whether a "
            "protection has ended, only the second night, and the protection stays), at the desk the fault is told",
        ),
        Wording("SF1520: skemaet; beslutning 3", "SF1520: the schema; decision 3"),
    ),
    "protection-damaged": (
        _FILE,
        Wording("beskyttet, men leverancen er beskadiget", "protected, but the delivery is damaged"),
        _EITHER,
        _ANY,
        Wording(
            "intet af den gælder: natten standser, til den kommer hel eller lægges til side (feed discard); hele "
            "leverancer, der venter, beskytter straks",
            "none of it counts: the night stops until it comes whole or is set aside (feed discard); whole deliveries "
            "that wait protect at once",
        ),
        Wording("CPR: post 000 og 999; beslutning 3", "CPR: records 000 and 999; decision 3"),
    ),
    "protection-number-only": (
        _SOURCE,
        Wording("beskyttet, ved status 30, 50 eller 60", "protected, at status 30, 50 or 60"),
        _EITHER,
        _ANY,
        Wording(
            "læses ikke: dér er kun status og det nye nummer kendt; beskyttelsen som før",
            "not read: there only the status and the new number are known; the protection as before",
        ),
        Wording("CPR: post 001 (status); beslutning 1", "CPR: record 001 (status); decision 1"),
    ),
    "protection-held": (
        _FILE,
        Wording("beskyttet, men natten er standset", "protected, but the night is held"),
        _EITHER,
        _ANY,
        Wording(
            "forsegles; breve til døde standses, også til en ny låner; alt andet venter, også en flytning til "
            "vejkode 9900-9999, og status 03 eller 07",
            "sealed; letters to the dead stop, to a new patron too; all else waits, also a move to street code "
            "9900-9999, and status 03 or 07",
        ),
        _DECISION_3,
    ),
    "protection-older": (
        _SOURCE,
        Wording(
            "hvad som helst, men ældre end posten (på samme dag: opslaget, når det ikke siger beskyttet)",
            "anything, but older than the record (of the same day: the look-up, unless it says protected)",
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
            "forsegles, før alt andet; hvad opslaget ellers siger, ændrer intet",
            "sealed, before anything else; what else the look-up says changes nothing",
        ),
        Wording("Beslutning 1 og 2: de modsiger hinanden", "Decisions 1 and 2: they contradict each other"),
    ),
    "protection-what": (
        Wording("enhver forsegling for egen skyld", "any seal for one's own sake"),
        Wording("beskyttet", "protected"),
        _EITHER,
        _ANY,
        Wording(
            "navn, adresse, udlands- og kontaktadresse vises ingen steder, heller ikke en rettelse af dem, før de er "
            "åbnet med en grund, og først da går et brev på papir; kommunen vises",
            "name, address, foreign and contact address show nowhere, nor does a correction of them, until opened "
            "for a reason, and only then a letter goes on paper; the municipality shows",
        ),
        Wording("CPR: post 002, 005, 006 og 008; beslutning 2", "CPR: records 002, 005, 006, 008; decision 2"),
    ),
    "protection-age": (
        Wording("enhver forsegling for egen skyld", "any seal for one's own sake"),
        Wording("beskyttet", "protected"),
        _EITHER,
        _ANY,
        Wording(
            "i stedet for fødselsdatoen vises alderen, og af personnummeret intet, til de er åbnet med en grund; "
            "reglerne regner med datoen",
            "the age shows instead of the birth date, and nothing of the number, until opened for a reason; rules "
            "count from the date",
        ),
        Wording("Feltlisten: fødselsdato (cprsync fields)", "The field table: birth date (cprsync fields)"),
    ),
    "protection-use": (
        Wording("en beskyttet låner", "a protected patron"),
        Wording("vil bruge biblioteket", "wants to use the library"),
        _EITHER,
        _ANY,
        Wording(
            "som andre: lån, reserveringer, netmedier efter kommunen, beskeder til egen telefon og e-mail",
            "as others: loans, reservations, net media by the municipality, messages to her own telephone and e-mail",
        ),
        Wording("Beslutning 2 og 11", "Decisions 2 and 11"),
    ),
    "protection-unknown-number": (
        Wording("ingen: CPR kender ikke nummeret", "nobody: CPR does not know the number"),
        Wording(
            "intet, og siger aldrig noget: erstatningsnummer eller intet nummer, også en institutions eller et "
            "biblioteks",
            "nothing, ever: a replacement number or none, also an institution's or a library's",
        ),
        _EITHER,
        Wording("ny: intet kendt", "new: nothing known"),
        Wording(
            "åben: biblioteket har selv skrevet, hvad der står; personalet kan beskytte den (patron set ID protection)",
            "open: the library wrote what stands there; staff may protect it (patron set ID protection)",
        ),
        Wording(
            "Vores egen læsning af beslutning 2: kun den, der kunne have talt, tier",
            "Our own reading of decision 2: only who could have spoken is silent",
        ),
    ),
}
_STAFF: Final = Wording("personalet", "staff")
#: What staff may write of it.
_DESK: Final[Rows] = {
    "protection-staff-never": (
        _STAFF,
        Wording("hæv eller sæt den for en, hvis CPR-nummer er kendt", "lift or set it for one whose number is known"),
        _EITHER,
        _ANY,
        Wording(
            "afvises: kun registret beskytter, og kun dets ord ophæver; heller ingen rettelse rører den",
            "refused: only the register protects, and only its word lifts; no correction touches it either",
        ),
        Wording("Princip: én ejer; beslutning 2", "Principle: one owner; decision 2"),
    ),
    "protection-merged": (
        _STAFF,
        Wording(
            "læg to lånere sammen, hvoraf den, der lukkes, er beskyttet (review accept)",
            "merge two patrons of whom the one that closes is protected (review accept)",
        ),
        _EITHER,
        _OPEN,
        Wording(
            "den, der bliver, forsegles straks; næste nat spørges registret, og svaret gælder, som når leverancen har "
            "sagt: ophørt",
            "the one who stays is sealed at once; the next night asks the register, and its answer counts as after a "
            "delivery said: ended",
        ),
        Wording("Beslutning 2", "Decision 2"),
    ),
    "protection-staff-own": (
        _STAFF,
        Wording(
            "beskyt en uden et nummer, som CPR kender, og senere det rigtige nummer (patron set-cpr)",
            "protect one without a number that CPR knows, and later the real number (patron set-cpr)",
        ),
        _EITHER,
        Wording("beskyttet af personalet", "protected by staff"),
        Wording(
            "registret har ordet: siger opslaget nej, slår natten op, og dens svar ophæver den; tier det, eller er der "
            "intet svar, står den",
            "the register has the word: when the look-up says no, the night looks up too, and its answer ends it; "
            "silence, or no answer, lets it stand",
        ),
        Wording("Princip: én ejer; beslutning 2", "Principle: one owner; decision 2"),
    ),
}
PROTECTION_ROWS: Final[Rows] = {**_WORDED, **STREET_ROWS, **HOUSEHOLD_ROWS, **_ALL_THE_SAME, **_DESK, **WINDOW_ROWS}
