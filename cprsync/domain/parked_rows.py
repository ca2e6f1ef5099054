"""What is left to a person, and what the register's links between numbers do: rows of words, Danish first.

What does it stands in `decide`, `number_change` and `sync.renumbering`; each reason has its row in `review`, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rule_rows import Rows

# -- parked ------------------------------------------------------------------------------------------------

_PROTECTS: Final = Wording("0001 forsegler, 90 standser breve", "0001 seals, 90 stops letters")
_SEALS: Final = Wording("0001 forsegler", "0001 seals")
_NOTHING: Final = Wording("intet", "nothing")
_LATER: Final = Wording("en senere kilde, der kan afgøres", "a later source that can be decided")
_ASKED: Final = Wording(
    "et svar, der kan bruges; registret spørges igen, når et menneske beder om det",
    "an answer that can be used; the register is asked again when a person wants it",
)
PARKED_ROWS: Final[Rows] = {
    "parked-address": (
        Wording("status 01, 03, 05 eller 07 uden adresse", "status 01, 03, 05 or 07 without an address"),
        "address.missing",
        _SEALS,
        _LATER,
        Wording("CPR: post 001, 002 og 003; beslutning 1 og 3", "CPR: records 001, 002, 003; decisions 1 and 3"),
    ),
    "parked-name": (
        Wording(
            "intet navn til en, hvis navn er kendt (et barn, der ikke har fået navn endnu, venter ikke)",
            "no name for one whose name is known (a child not yet named does not wait)",
        ),
        "name.lost",
        _PROTECTS,
        _LATER,
        Wording("CPR: post 008 (ADRNVN); beslutning 1 og 3", "CPR: record 008 (ADRNVN); decisions 1 and 3"),
    ),
    "parked-status": (
        Wording(
            "ingen status til en, som ingen kilde har fortalt om (er hun kendt, står hendes status)",
            "no status of one of whom no source has told (of one who is known it stays)",
        ),
        "status.missing",
        _SEALS,
        _LATER,
        Wording("SF1520: uden status; beslutning 1 og 3", "SF1520: no status; decisions 1 and 3"),
    ),
    "parked-unread": (
        Wording(
            "poster i leverancen, der ikke kan læses: ukendt status, koder, der ikke er tal, to adresser eller poster, "
            "der modsiger hinanden, ingen 001, for mange poster om én",
            "records in the delivery that cannot be read: an unknown status, codes that are no numbers, two addresses "
            "or records that contradict each other, no 001, too many about one",
        ),
        "person.*, address.*, protection.type, abroad.country",
        _PROTECTS,
        _LATER,
        Wording("CPR: posternes opbygning; beslutning 1 og 3", "CPR: how records are made; decisions 1 and 3"),
    ),
    "parked-nobody": (
        Wording("poster om et nummer, der ikke er noget", "records about a number that is none"),
        "person.number",
        Wording("intet: ingen ved, hvis de er", "nothing: nobody knows whose they are"),
        Wording("tælles i nattens balance; spørg afsenderen", "counted in the night's balance; ask the sender"),
        Wording("CPR: personnummerets opbygning; beslutning 1", "CPR: how a number is made; decision 1"),
    ),
    "parked-answer": (
        Wording(
            "et svar om natten, der bryder kontrakten (også en ukendt status)",
            "an answer at night that breaks the contract (an unknown status too)",
        ),
        "register.*",
        _NOTHING,
        _ASKED,
        Wording("SF1520: skemaet; beslutning 1 og 3", "SF1520: the schema; decisions 1 and 3"),
    ),
    "parked-stranger": (
        Wording("registret kender ikke nummeret", "the register does not know the number"),
        "register.no_such_person",
        _NOTHING,
        _ASKED,
        Wording("SF1520: PNR not found; beslutning 1", "SF1520: PNR not found; decision 1"),
    ),
}

# -- numbers -----------------------------------------------------------------------------------------------

_LINK: Final = Wording("CPR: post 001 (PNRGAELD); beslutning 6", "CPR: record 001 (PNRGAELD); decision 6")
_WAITS: Final = Wording("venter på et menneske; posten som før", "parked for a person; the record as before")
NUMBER_ROWS: Final[Rows] = {
    "number-replaced": (
        Wording(
            "50 eller 60 med et nyt nummer, som ingen anden låner har eller har haft",
            "50 or 60 with a new number that no other patron has or had",
        ),
        Wording(
            "posten får det nye nummer; status, navn, adresse, beskyttelse, bopæl, lån og spærringer som før. Det nye "
            "abonneres, og det gamle bliver, til det nye er leveret",
            "the record gets the new number; status, name, address, protection, residence, loans and blocks as before. "
            "The new one is subscribed, and the old one stays until the new one was delivered",
        ),
        _LINK,
    ),
    "number-chain": (
        Wording("et nyt nummer, der selv er afløst", "a new number that is replaced itself"),
        Wording("følges til enden", "followed to the end"),
        _LINK,
    ),
    "number-alone": (
        Wording(
            "det gamle nummer alene, eller for sent: det nye er ikke i leverancen",
            "the old number alone, or late: the new one is not in the delivery",
        ),
        Wording(
            "posten får det; det slås op samme nat, og til der er svar, står navn og adresse",
            "the record gets it; looked up the same night, and name and address stay until it is answered",
        ),
        _LINK,
    ),
    "number-collision": (
        Wording(
            "50 eller 60 med et nummer, som en anden låner har, har haft eller også skulle have",
            "50 or 60 with a number that another patron has, had or would get too",
        ),
        Wording(
            "venter på et menneske (number.both_patrons): at acceptere er at lægge de to sammen",
            "parked for a person (number.both_patrons): to accept is to merge the two",
        ),
        _LINK,
    ),
    "number-circle": (
        Wording("numre, der afløser hinanden i ring", "numbers that replace each other in a circle"),
        Wording(f"{_WAITS.da} (number.circle)", f"{_WAITS.en} (number.circle)"),
        _LINK,
    ),
    "number-unresolved": (
        Wording("50 eller 60 uden et nyt nummer", "50 or 60 without a new number"),
        Wording(f"{_WAITS.da} (number.unresolved)", f"{_WAITS.en} (number.unresolved)"),
        _LINK,
    ),
    "number-lookup": (
        Wording("et opslag ved skranken: nummeret er afløst", "a look-up at the desk: the number is replaced"),
        Wording(
            "en, der ikke er låner, slås op under det nye (højst fem led), med en advarsel; en låner får det nye af "
            "leverancen, og til da venter opslaget på et menneske (number.unresolved)",
            "of no patron the new one is looked up (at most five links), with a warning; a patron gets it by the "
            "delivery, and until then the look-up is parked (number.unresolved)",
        ),
        Wording("SF1520: gaeldendePersonnummer; beslutning 6", "SF1520: gaeldendePersonnummer; decision 6"),
    ),
    "number-back": (
        Wording(
            "det nye nummer er selv 50 eller 60 og peger tilbage på det gamle (P42, P43)",
            "the new number is itself 50 or 60 and points back to the old one (P42, P43)",
        ),
        Wording("posten får det gamle nummer igen", "the record gets the old number again"),
        _LINK,
    ),
    "number-old-active": (
        Wording(
            "det gamle nummer er i brug igen, uden at det nye peger tilbage",
            "the old number is in use again, and the new one does not point back",
        ),
        Wording(
            f"{_WAITS.da} (number.old_active); 0001 forsegler, 90 standser ingen breve: det er ikke sikkert, hvis "
            "nummeret nu er",
            f"{_WAITS.en} (number.old_active); 0001 seals, 90 stops no letters: whose the number is now is the "
            "question",
        ),
        Wording("Beslutning 3 og 6", "Decisions 3 and 6"),
    ),
    "number-old-again": (
        Wording("det gamle nummer, endnu en gang 50, 60 eller 30", "the old number, once more 50, 60 or 30"),
        Wording("intet nyt", "nothing new"),
        Wording("Beslutning 1 og 6", "Decisions 1 and 6"),
    ),
    "number-replacement": (
        Wording("erstatningspersonnummer (dag + 60, eller bogstaver)", "replacement number (day + 60, or letters)"),
        Wording(
            "beholdes og sendes aldrig, hverken til CPR eller CULR; til `patron set-cpr` sætter det rigtige",
            "kept and never sent, neither to CPR nor to CULR; until `patron set-cpr` puts the real one",
        ),
        Wording("CPR: erstatningspersonnumre i eksterne systemer", "CPR: replacement numbers in external systems"),
    ),
}
