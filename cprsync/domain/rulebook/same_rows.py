"""What is no change at all: rows of words, Danish first.

What does it stands in `decide`, `naming` and `services.planning.welcome`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rulebook.rule_rows import Rows

_DECISION_7: Final = Wording("Beslutning 7", "Decision 7")
SAME_ROWS: Final[Rows] = {
    "same-missing": (
        Wording("en låner er ikke i leverancen", "a patron is not in the delivery"),
        Wording("som før: tavshed er ingen nyhed", "as before: silence is no news"),
        Wording("Beslutning 1", "Decision 1"),
    ),
    "same-back": (
        Wording("frem og tilbage inden for én leverance", "there and back within one delivery"),
        Wording(
            "som før: det læses, hvad der gælder til sidst, ikke hændelserne undervejs; over to leverancer er det to "
            "flytninger, og posten ender, som den var",
            "as before: what holds in the end is read, not the events on the way; over two deliveries it is two moves, "
            "and the record ends as it was",
        ),
        _DECISION_7,
    ),
    "same-older": (
        Wording(
            "en kilde, der er ældre end posten; på samme dag et opslag, når leverancen har talt",
            "a source that is older than the record; of the same day a look-up where the delivery has spoken",
        ),
        Wording(
            "som før; dog forsegler et opslag, der siger beskyttet, samme dag",
            "as before; but a look-up of the same day that says protected seals",
        ),
        Wording("Beslutning 1 og 2", "Decisions 1 and 2"),
    ),
    "same-receipt": (
        Wording(
            "kun en fejlpost (910) eller en kvittering (997) om en låner", "an error (910) or a receipt (997) alone"
        ),
        Wording(
            "som før: ingen person er leveret, og ingen tælles i nattens balance",
            "as before: no person is delivered, and none is counted in the night's balance",
        ),
        Wording("CPR: post 910 og 997", "CPR: records 910 and 997"),
    ),
    "same-unanswered": (
        Wording(
            "registret svarer ikke, når en ny låner skal abonneres eller slås op første gang",
            "the register does not answer when a new patron is to be subscribed or looked up for the first time",
        ),
        Wording(
            "om natten som før: ikke bekræftet, og venter ikke på et menneske; natten ender med 4, og den næste "
            "spørger igen. Ved skranken meldes fejlen, og ingen oprettes: prøv igen",
            "at night as before: not verified, and not parked for a person; the night ends with 4, and the next one "
            "asks again. At the desk the fault is told, and nobody is created: try again",
        ),
        Wording("SF1520 og SF6002: intet svar; beslutning 10", "SF1520 and SF6002: no answer; decision 10"),
    ),
    "same-import": (
        Wording("en låner er ikke i listen, der importeres", "a patron is not in the list that is imported"),
        Wording("som før: en import melder ingen ud", "as before: no import makes anybody leave"),
        Wording("Beslutning 1", "Decision 1"),
    ),
    "same-event": (
        Wording(
            "en hændelse, programmet ikke kender, eller en, der intet har ændret",
            "an event that this program does not know, or one that has changed nothing",
        ),
        Wording(
            "følger det, der læses: koden kan højst give en ændring navn",
            "follows what is read: at most the code names a change",
        ),
        Wording("CPR: post 099; beslutning 7", "CPR: record 099; decision 7"),
    ),
    "same-street": (
        Wording(
            "vej, husnummer, postnummer eller koder rettes eller skifter navn (A07, A09, A10, A42, P10), eller samme "
            "bolig skrives anderledes",
            "street, house number, postcode or codes are corrected or renamed (A07, A09, A10, A42, P10), or the same "
            "dwelling is written otherwise",
        ),
        Wording("adressen rettes, og låneren er ikke flyttet", "the address is corrected, and nobody has moved"),
        Wording("CPR: post 002 og 099; beslutning 7", "CPR: records 002 and 099; decision 7"),
    ),
    "same-child": (
        Wording("et barn flytter uden sin værge", "a child moves without the guardian"),
        Wording(
            "barnets adresse følger registret; hvem der er økonomisk ansvarlig, og hvor hun bor, er som før: det "
            "skriver personalet",
            "the child's address follows the register; who answers for it, and where she lives, is as before: staff "
            "write that",
        ),
        Wording("Postens Økonomisk ansvarlig; beslutning 1", "The record's responsible persons; decision 1"),
    ),
}
