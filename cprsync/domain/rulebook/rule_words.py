"""How the rule tables name each value of a rule, Danish first. Holds words only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.protection import Protecting, Says, Stands, Voice
from cprsync.domain.person.age import BirthSource, LeapDay
from cprsync.domain.person.status import BlockRule, Letters, Lives, NetMedia, Subscribed
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

LETTERS: Final[Mapping[Letters, Wording]] = {
    Letters.GO: Wording(
        "til kontaktadressen: lånerens egen, ellers registrets. Uden kontaktadresse: til en adresse, der er rettet ved "
        "skranken, ellers til bopælen",
        "to the contact address: the patron's own, else the register's. Without one: to an address corrected at the "
        "desk, else to the residence",
    ),
    Letters.CONTACT_ADDRESS: Wording(
        "kun til kontaktadressen eller, hvis der ingen er, til en adresse, der er rettet ved skranken",
        "only to the contact address or, without one, to an address corrected at the desk",
    ),
    Letters.SEALED_STREET: Wording(
        "forseglet: kun til kontaktadressen eller, hvis der ingen er, til en adresse, der er rettet ved skranken; "
        "først når adressen er åbnet med en begrundelse",
        "sealed: only to the contact address or, without one, to an address corrected at the desk; only once the "
        "address is opened with a reason",
    ),
    Letters.AS_BEFORE: Wording("som før: posten får det nye nummer", "as before: the record gets the new number"),
    Letters.STOPPED: Wording(
        "standses straks, også sms og e-mail; kontaktadressen vises for personalet",
        "stop at once, SMS and e-mail too; staff see the contact address",
    ),
}
BLOCK: Final[Mapping[BlockRule, Wording]] = {
    BlockRule.NONE: Wording("ingen", "none"),
    BlockRule.PROPOSED: Wording("foreslås; et menneske afgør", "proposed; a person decides"),
    BlockRule.PROPOSED_AND_CANCELS: Wording(
        "foreslås; et menneske afgør. Accepteres forslaget, annulleres reserveringerne, indtil dødsfaldet annulleres",
        "proposed; a person decides. If it is accepted, reservations are cancelled until the death is annulled",
    ),
}
LIVES: Final[Mapping[Lives, Wording]] = {
    Lives.BY_ADDRESS: Wording("efter adressen", "by the address"),
    Lives.ELSEWHERE: Wording("ikke hjemmehørende", "not resident"),
    Lives.UNKNOWN: Wording("ukendt", "unknown"),
    Lives.AS_BEFORE: Wording("som før: posten får det nye nummer", "as before: the record gets the new number"),
}
NET_MEDIA: Final[Mapping[NetMedia, Wording]] = {
    NetMedia.DIGITS: Wording("kommunens tre cifre", "the municipality's three digits"),
    NetMedia.EMPTY: Wording("tom med vilje", "deliberately empty"),
    NetMedia.NOTHING: Wording(
        "intet sendes, og CULR beholder det, den har", "nothing is sent, and CULR keeps what it has"
    ),
    NetMedia.MOVES: Wording(
        "kontoen flytter: den oprettes under det nye nummer, og så slettes den gamle",
        "the account moves: it is made under the new number, then the old one is deleted",
    ),
}
SUBSCRIPTION: Final[Mapping[Subscribed, Wording]] = {
    Subscribed.KEPT: Wording("beholdes", "kept"),
    Subscribed.KEPT_FOR_A_TIME: Wording("beholdes i et fast antal dage", "kept for a set number of days"),
    Subscribed.MOVES: Wording("følger med til det nye nummer", "moves on to the new number"),
}
VOICE: Final[Mapping[Voice, Wording]] = {
    Voice.FILE: Wording("leverancen", "the delivery"),
    Voice.LOOKUP: Wording("et opslag", "a look-up"),
    Voice.ANSWER: Wording(
        "nattens opslag, efter at leverancen har sagt: ophørt", "the night's look-up, after a delivery said: ended"
    ),
}
SAYS: Final[Mapping[Says, Wording]] = {
    Says.KNOWN: Wording("beskyttet", "protected"),
    Says.CONTRADICTORY: Wording("modsiger sig selv", "contradicts itself"),
    Says.DOUBTED: Wording(
        "ingen beskyttelse, men en periode, der er begyndt og ikke har slutdato",
        "no protection, but a period that has begun and has no end date",
    ),
    Says.EMPTY: Wording("ingen beskyttelse", "no protection"),
    Says.SILENT: Wording("intet", "nothing"),
    Says.NUMBER_ONLY: Wording("status 30, 50 eller 60", "status 30, 50 or 60"),
    Says.UNKNOWN_NUMBER: Wording("nummeret er ukendt", "the number is unknown"),
    Says.UNANSWERED: Wording(
        "intet svar, et svar, der ikke kan læses, eller et svar, der er ældre end leverancen",
        "no answer, an answer that cannot be read, or an answer older than the delivery",
    ),
}
AGREED: Final[Mapping[bool | None, Wording | str]] = {
    True: Wording("ja", "yes"),
    False: Wording("nej", "no"),
    None: Wording("ligegyldigt", "either"),
}
STANDS: Final[Mapping[Stands, Wording]] = {
    Stands.PROTECTED: Wording("beskyttet", "protected"),
    Stands.OPEN: Wording("ikke beskyttet", "not protected"),
    Stands.NEW: Wording("ny: intet kendt", "new: nothing known"),
}
PROTECTING: Final[Mapping[Protecting, Wording]] = {
    Protecting.SEAL: Wording("forsegles, før alt andet", "sealed, before anything else"),
    Protecting.KEEP: Wording("som før", "as before"),
    Protecting.ASK: Wording("som før; låneren slås op samme nat", "as before; the patron is looked up the same night"),
    Protecting.LIFT: Wording("beskyttelsen ophører", "the protection ends"),
    Protecting.SETTLED_OPEN: Wording("afklaret: ikke beskyttet", "settled: not protected"),
    Protecting.SEALED_UNTIL_TOLD: Wording(
        "forseglet, indtil en kilde siger noget (policy.toml: silent_protection)",
        "sealed until a source says something (policy.toml: silent_protection)",
    ),
    Protecting.KEEP_FOR_REVIEW: Wording("beskyttet; et menneske ser på det", "protected; a person looks at it"),
    Protecting.KEEP_AND_COUNT: Wording(
        "beskyttet; næste nat spørger igen. Efter tre nætter med samme svar kan to personer lade beskyttelsen ophøre "
        "(protection.doubted)",
        "protected; the next night asks again. After three nights with the same answer, two people may end the "
        "protection (protection.doubted)",
    ),
    Protecting.KEEP_AND_ASK_AGAIN: Wording("beskyttet; næste nat spørger igen", "protected; the next night asks again"),
}
BIRTH: Final[Mapping[BirthSource, tuple[Wording, Wording]]] = {
    BirthSource.STAFF: (
        Wording("rettet ved skranken, til rettelsen udløber", "corrected at the desk, until the correction ends"),
        Wording("Princip: én ejer; policy.toml: overrides", "Principle: one owner; policy.toml: overrides"),
    ),
    BirthSource.REGISTER: (
        Wording(
            "ellers registrets, også når den er usikker. En umulig dato (1950-00-00) siger intet, og den kendte dato "
            "bliver stående",
            "else the register's, also when it is uncertain. An impossible date (1950-00-00) says nothing, and the "
            "known date stays",
        ),
        Wording("CPR: post 001 (FOED_DT)", "CPR: record 001 (FOED_DT)"),
    ),
    BirthSource.NUMBER: (
        Wording("ellers nummerets, markeret som usikker", "else the number's, marked as uncertain"),
        Wording("CPR: personnummerets opbygning", "CPR: how a number is made"),
    ),
}
LEAP: Final[Mapping[LeapDay, Wording]] = {
    LeapDay.MARCH: Wording("født 29. februar: 1. marts i almindelige år", "born 29 February: 1 March in common years"),
    LeapDay.FEBRUARY: Wording(
        "født 29. februar: 28. februar i almindelige år", "born 29 February: 28 February in common years"
    ),
}
