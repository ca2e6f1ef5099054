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
        Wording("som før: tavshed ændrer intet", "as before: silence changes nothing"),
        Wording("Beslutning 1", "Decision 1"),
    ),
    "same-back": (
        Wording("en ændring frem og tilbage inden for én leverance", "a change there and back within one delivery"),
        Wording(
            "som før: det, der gælder til sidst, læses, ikke hændelserne undervejs. Over to leverancer er det to "
            "flytninger, og posten ender, som den var",
            "as before: what holds in the end is read, not the events on the way. Over two deliveries it is two moves, "
            "and the record ends as it was",
        ),
        _DECISION_7,
    ),
    "same-older": (
        Wording(
            "en kilde, der er ældre end posten; eller et opslag fra samme dag som en leverance om låneren",
            "a source that is older than the record; or a look-up of the same day as a delivery about the patron",
        ),
        Wording(
            "som før; siger opslaget fra samme dag beskyttet, forsegler det dog",
            "as before; but a look-up of the same day that says protected does seal",
        ),
        Wording("Beslutning 1 og 2", "Decisions 1 and 2"),
    ),
    "same-receipt": (
        Wording(
            "kun en fejlpost (910) eller en kvittering (997) om en låner",
            "only an error record (910) or a receipt (997) about a patron",
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
            "om natten som før: låneren er ikke bekræftet og venter ikke på et menneske. Natten ender med 4, og den "
            "næste nat spørger igen. Ved skranken vises fejlen, og ingen oprettes: prøv igen",
            "at night as before: the patron is not verified and not parked for a person. The night ends with 4, and "
            "the next night asks again. At the desk the fault is shown, and nobody is created: try again",
        ),
        Wording("SF1520 og SF6002: intet svar; beslutning 10", "SF1520 and SF6002: no answer; decision 10"),
    ),
    "same-import": (
        Wording("en låner er ikke i listen, der importeres", "a patron is not in the list that is imported"),
        Wording("som før: en import melder ingen ud", "as before: an import makes nobody leave"),
        Wording("Beslutning 1", "Decision 1"),
    ),
    "same-event": (
        Wording(
            "en hændelse, som programmet ikke kender, eller som intet har ændret",
            "an event that the program does not know, or that has changed nothing",
        ),
        Wording(
            "følger de oplysninger, der læses; koden kan højst give en ændring navn",
            "follows the details that are read; at most the code names a change",
        ),
        Wording("CPR: post 099; beslutning 7", "CPR: record 099; decision 7"),
    ),
    "same-street": (
        Wording(
            "vej, husnummer, postnummer eller koder rettes eller skifter navn (A07, A09, A10, A42, P10), eller samme "
            "bolig skrives anderledes",
            "street, house number, postcode or codes are corrected or renamed (A07, A09, A10, A42, P10), or the same "
            "residence is written differently",
        ),
        Wording(
            "adressen rettes, og låneren er ikke flyttet", "the address is corrected, and the patron has not moved"
        ),
        Wording("CPR: post 002 og 099; beslutning 7", "CPR: records 002 and 099; decision 7"),
    ),
    "same-child": (
        Wording("et barn flytter uden sin værge", "a child moves without the guardian"),
        Wording(
            "barnets adresse følger registret. Hvem der er økonomisk ansvarlig, og hvor den ansvarlige bor, er som "
            "før: det skriver personalet",
            "the child's address follows the register. Who answers for the child, and where that person lives, is as "
            "before: staff write that",
        ),
        Wording("Postens Økonomisk ansvarlig; beslutning 1", "The record's responsible persons; decision 1"),
    ),
}
