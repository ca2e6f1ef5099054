"""What seals, or does not, beside a source's plain word about protection: rows of words, Danish first.

What does it stands in `patron`, `household`, `protective`, `letter`, and in how the two sources are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rule_rows import Rows

_FILE: Final = Wording("leverancen", "the delivery")
_LOOKUP: Final = Wording("et opslag", "a look-up")
_SOURCE: Final = Wording("leverancen eller et opslag", "the delivery or a look-up")
_EITHER: Final = Wording("ligegyldigt", "either")
_ANY: Final = Wording("ligegyldigt hvad", "whatever")
_OPEN: Final = Wording("ikke beskyttet", "not protected")
_SEALED_FIRST: Final = Wording("forsegles, før alt andet", "sealed, before anything else")
_AS_PROTECTED: Final = Wording("som: beskyttet", "as: protected")
_AS_NONE: Final = Wording("som: ingen beskyttelse", "as: no protection")
_DECISION_2: Final = Wording("Beslutning 2", "Decision 2")
_DECISION_3: Final = Wording("Beslutning 3", "Decision 3")
_DECISIONS_2_AND_3: Final = Wording("Beslutning 2 og 3", "Decisions 2 and 3")

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
#: The street that seals, and the status that does, whatever the street.
_STREETS: Final[Rows] = {
    "protection-street": (
        _SOURCE,
        Wording(
            "vejkode 9900-9999, ved status 01, 03, 05, 07 eller 20",
            "street code 9900-9999, at status 01, 03, 05, 07 or 20",
        ),
        _EITHER,
        _ANY,
        Wording(
            "som: beskyttet, men først når adressen er skrevet; til en anden adresse kommer, så også mens hun er "
            "udrejst, forsvundet eller død; gaden står på intet brev",
            "as: protected, but only once the address is written; until another address comes, so also while she is "
            "abroad, disappeared or dead; no letter bears the street",
        ),
        Wording("CPR: post 002 (vejkode); beslutning 1 og 2", "CPR: record 002 (street code); decisions 1 and 2"),
    ),
    "protection-street-ordinary": (
        _SOURCE,
        Wording("status 03 eller 07 med en almindelig vejkode", "status 03 or 07 with an ordinary street code"),
        _EITHER,
        _ANY,
        Wording(
            "ligeså: status er nok, for truede kan stå sådan; til en adresse kommer ved status 01, 05 eller 20, så "
            "også mens hun er udrejst, forsvundet eller død; breve kun til kontaktadressen, når den er åbnet med en "
            "grund",
            "the same: the status is enough, for the threatened may stand so; until an address comes at status 01, 05 "
            "or 20, so also while she is abroad, disappeared or dead; letters only to the contact address, once it is "
            "opened for a reason",
        ),
        Wording(
            "CPR: post 001 (status), 002 (vejkode); beslutning 2", "CPR: record 001, 002 (street code); decision 2"
        ),
    ),
}
#: For a reason of her own: see `patron.is_sealed`.
_HER_OWN: Final = Wording(
    "forseglet for sin egen skyld: 0001 (også efter sin død), vejkode 9900-9999, status 03 eller 07, ingen kilde har "
    "talt (hvor policy forsegler det), eller venter på et menneske",
    "sealed for her own sake: 0001 (after her death too), street code 9900-9999, status 03 or 07, no source has spoken "
    "(where policy seals that), or parked for a person",
)
#: Whose address is sealed for the sake of someone else.
_HOUSEHOLDS: Final[Rows] = {
    "protection-household": (
        Wording(
            "en anden låner med samme bopæl (kommune, vej, hus, bygning, etage, dør)",
            "another patron of the dwelling (municipality, street, house, building, floor, door)",
        ),
        _HER_OWN,
        _EITHER,
        _OPEN,
        Wording(
            "adressen forsegles, navnet ikke; til de ikke længere deler bopæl, eller grunden ophører; et brev "
            "går først, når den er åbnet med en grund",
            "her address is sealed, her name is not; until they share it no more or the reason ends; a letter "
            "goes once it is opened for a reason",
        ),
        _DECISIONS_2_AND_3,
    ),
    "protection-linked": (
        Wording(
            "den, der er økonomisk ansvarlig for hende, eller som hun er det for",
            "whoever answers for her, or for whom she answers",
        ),
        _HER_OWN,
        _EITHER,
        _OPEN,
        Wording(
            "adressen forsegles, navnet ikke, hvor de end bor; til tilknytningen eller grunden ophører",
            "her address is sealed, her name is not, wherever they live; until the link or the reason ends",
        ),
        _DECISIONS_2_AND_3,
    ),
    "protection-house": (
        Wording("flere end 40 andre lånere med samme bopæl", "more than 40 other patrons of the dwelling"),
        Wording("hvad som helst", "anything"),
        _EITHER,
        _OPEN,
        Wording(
            "adressen forsegles: ingen af dem åbnes for at se efter",
            "her address is sealed: none of them is opened to look",
        ),
        _DECISION_2,
    ),
    "protection-household-other": (
        Wording("en anden med samme bopæl eller tilknyttet", "another of the dwelling, or linked"),
        Wording("forseglet kun for en tredjes skyld", "sealed only for a third one's sake"),
        _EITHER,
        _OPEN,
        Wording("forsegler ikke andres adresse", "seals nobody else's address"),
        _DECISION_2,
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
            "intet af det gælder, som af en beskadiget leverance; om natten venter hun på et menneske, ved skranken "
            "fortælles fejlen",
            "none of it counts, as of a damaged delivery; at night she is parked, at the desk the fault is told",
        ),
        Wording("SF1520: skemaet; beslutning 3", "SF1520: the schema; decision 3"),
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
        Wording("enhver forsegling", "any seal"),
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
        Wording("Beslutning 2: kun den, der kunne have talt, tier", "Decision 2: only who could have spoken is silent"),
    ),
}
PROTECTION_ROWS: Final[Rows] = {**_WORDED, **_STREETS, **_HOUSEHOLDS, **_ALL_THE_SAME}
