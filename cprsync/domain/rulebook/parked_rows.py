"""What is left to a person: rows of words, Danish first. First who could not be decided, then what else waits.

What does it stands in `decide`, `services.planning.planning` and `services.planning.welcome`; each reason has its row
in `review`, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rulebook.rule_rows import Rows

_PROTECTS: Final = Wording("0001 forsegler, 90 standser breve", "0001 seals, 90 stops letters")
_SEALS: Final = Wording("0001 forsegler", "0001 seals")
_NOTHING: Final = Wording("intet", "nothing")
#: The person's no is an answer as well: whoever is parked counts as protected for that alone.
_LATER: Final = Wording(
    "en senere kilde, der kan afgøres; eller et menneske, der afviser punktet: posten står, og hun tæller ikke mere "
    "som beskyttet af den grund",
    "a later source that can be decided; or a person who rejects the item: the record stays, and she no longer "
    "counts as protected for that alone",
)
_ASKED: Final = Wording(
    "et svar, der kan bruges; registret spørges igen, når et menneske beder om det; eller et menneske, der afviser "
    "punktet: hun tæller ikke mere som beskyttet af den grund",
    "an answer that can be used; the register is asked again when a person wants it; or a person who rejects the item: "
    "she no longer counts as protected for that alone",
)
#: The question stays open, so that the next night finds it unanswered, and leaves it to a person anew.
_EACH_NIGHT: Final = Wording(
    "et svar, der kan bruges; registret spørges igen hver nat, og et punkt, der afvises, kommer igen",
    "an answer that can be used; the register is asked again each night, and an item that is rejected comes again",
)
#: Who could not be decided: she counts as protected until she is.
UNDECIDED_ROWS: Final[Rows] = {
    "parked-address": (
        Wording(
            "status 01, 03, 05 eller 07 uden adresse, uden vejnavn (undtagen ved vejkode 9900-9999) eller i en "
            "kommune, der ikke findes",
            "status 01, 03, 05 or 07 without an address, without a road name (but at street codes 9900-9999), or in a "
            "municipality that does not exist",
        ),
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
            "der modsiger hinanden, ingen 001, for mange poster om én, et navn eller en adresse i en anden tegnkodning",
            "records in the delivery that cannot be read: an unknown status, codes that are no numbers, two addresses "
            "or records that contradict each other, no 001, too many about one, a name or an address in another "
            "encoding",
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
            "et svar om natten, der bryder kontrakten (også en ukendt status, en dokumenttype, en "
            "behandlingsinstruktion, UTF-16, et navn eller en adresse i en anden tegnkodning), eller en afvisning; af "
            "opslaget om en beskyttelse, der er ophørt, først fra den anden nat",
            "an answer at night that breaks the contract (an unknown status too, a document type, a processing "
            "instruction, UTF-16, a name or an address in another encoding), or a refusal; of the look-up about a "
            "protection that has ended only from the second night",
        ),
        "register.*",
        _NOTHING,
        _EACH_NIGHT,
        Wording("SF1520: skemaet; beslutning 1 og 3", "SF1520: the schema; decisions 1 and 3"),
    ),
    "parked-stranger": (
        Wording(
            "registret kender ikke nummeret: det første opslag om en ny låner, eller det, som at acceptere et punkt "
            "beder om",
            "the register does not know the number: the first look-up of a new patron, or the one that accepting an "
            "item asks for",
        ),
        "register.no_such_person",
        _NOTHING,
        _ASKED,
        Wording("SF1520: PNR not found; beslutning 1", "SF1520: PNR not found; decision 1"),
    ),
    "parked-stranger-open": (
        Wording(
            "registret kender ikke nummeret: opslaget om en beskyttelse, der er ophørt (fra den anden nat), eller om "
            "et nyt nummer",
            "the register does not know the number: the look-up about a protection that has ended (from the second "
            "night), or about a new number",
        ),
        "register.no_such_person",
        Wording("intet: beskyttelse, navn og adresse står", "nothing: protection, name and address stay"),
        _EACH_NIGHT,
        Wording("SF1520: PNR not found; beslutning 2 og 6", "SF1520: PNR not found; decisions 2 and 6"),
    ),
    "parked-stranger-subscription": (
        Wording(
            "registret kender ikke nummeret, eller afviser det, når det skal abonneres",
            "the register does not know the number, or refuses it, when it is to be subscribed",
        ),
        "register.no_such_person, register.*",
        Wording("intet: uden abonnement intet første opslag", "nothing: without a subscription no first look-up"),
        Wording(
            "et abonnement, der lykkes; det forsøges igen hver nat, og et punkt, der afvises, kommer igen",
            "a subscription that succeeds; it is tried again each night, and an item that is rejected comes again",
        ),
        Wording("SF6002: NON_EXISTING_PNR; beslutning 10", "SF6002: NON_EXISTING_PNR; decision 10"),
    ),
}

_RECORD: Final = Wording("alt: kun spørgsmålet venter", "everything: the question alone waits")
_SEEN: Final = Wording("et menneske, der har set det", "a person who has seen it")
#: What else waits. But for the numbers it is a question beside a record that is written, and seals nothing.
WAITING_ROWS: Final[Rows] = {
    "parked-number": (
        Wording(
            "et nummer, der er afløst, så det ikke kan afgøres (se Personnumre)", "a number replaced past deciding"
        ),
        "number.both_patrons, number.other_successor, number.circle, number.old_active, number.unresolved",
        Wording("som dér; tæller som beskyttet", "as there; counts as protected"),
        Wording(
            "en senere kilde, der kan afgøres (om et gammelt nummer: hvor det fører hen); eller et menneske: at "
            "acceptere number.both_patrons lægger de to sammen, number.other_successor giver låneren nummeret, de "
            "andre spørger registret hver nat; at afvise lader posten stå",
            "a later source that can be decided (of an old number: where it leads); or a person: accepting "
            "number.both_patrons merges the two, number.other_successor gives the patron the number, the others ask "
            "the register each night; rejecting leaves the record",
        ),
        Wording("CPR: post 001 (PNRGAELD); beslutning 3 og 6", "CPR: record 001 (PNRGAELD); decisions 3 and 6"),
    ),
    "parked-number-set": (
        Wording("et personnummer, der er skrevet ved skranken", "a CPR number that was entered at the desk"),
        "number.set",
        Wording("venter ikke: nummeret gælder", "does not wait: the number counts"),
        Wording(
            "`patron set-cpr ID --undo` eller `review undo`, så længe det huskes: posten er, som den var før, nummeret "
            "afmeldes, og kontoen under det slettes i CULR. Har registret givet et andet nummer imens, afvises det",
            "`patron set-cpr ID --undo` or `review undo`, while it is remembered: the record is as it was before, the "
            "number is unsubscribed, and the account under it is deleted in CULR. If the register has given another "
            "number meanwhile, it is refused",
        ),
        Wording("Beslutning 40", "Decision 40"),
    ),
    "parked-block": (
        Wording(
            "status 30, 70 eller 90, og hvad der ophæver den (se Status)", "status 30, 70 or 90, and what undoes it"
        ),
        "block.*, death.annulled, person.found, number.restored",
        Wording("alt: kun spærringen, eller at den ophæves, venter", "everything: the block alone, or its end, waits"),
        Wording(
            "et menneske; et forslag, hvis grund er væk, falder bort",
            "a person; a proposal whose reason is gone goes by itself",
        ),
        Wording("Postens Blokeret: personalet ejer det", "The record's blocks: staff own them"),
    ),
    "parked-annulled": (
        Wording("status 30: det, der er kendt, kan være forkert", "status 30: what is known may be wrong"),
        "number.annulled",
        _RECORD,
        _SEEN,
        Wording("CPR: post 001 (status); beslutning 1", "CPR: record 001 (status); decision 1"),
    ),
    "parked-contradicted": (
        Wording(
            "leverancen siger, at en beskyttelse er ophørt, og opslaget samme nat siger nej",
            "the delivery says that a protection has ended, and the look-up of the same night says no",
        ),
        "protection.contradicted",
        Wording("alt andet; beskyttelsen står", "all else; the protection stays"),
        Wording(
            "et menneske, der har set det; beskyttelsen afgør en senere leverance eller et opslag",
            "a person who has seen it; a later delivery or look-up decides the protection",
        ),
        Wording("Beslutning 2", "Decision 2"),
    ),
    "parked-doubted": (
        Wording(
            "tre nætter har registret svaret beskyttet false ved en periode, der er begyndt og ingen slutdato har, om "
            "en, hvis beskyttelse leverancen eller et opslag har kaldt ophørt",
            "on three nights the register has answered beskyttet false beside a period that has begun and has no end, "
            "about someone whose protection the delivery or a look-up has called ended",
        ),
        "protection.doubted",
        Wording("alt andet; beskyttelsen står", "all else; the protection stays"),
        Wording(
            "to personer, der accepterer: beskyttelsen ophører, og én kan tage det tilbage; én, der afviser: den "
            "bliver; falder bort, når registret siger ja eller nej uden periode",
            "two people who accept: the protection ends, and one can take it back; one who rejects: it stays; goes by "
            "itself when the register says yes, or no without a period",
        ),
        Wording("SF1520: adressebeskyttelse; beslutning 35", "SF1520: adressebeskyttelse; decision 35"),
    ),
    "parked-birth": (
        Wording("registrets fødselsdato er en anden end nummerets", "the register's birth date is not the number's"),
        "birth.differs",
        Wording("alt: registrets dato gælder", "everything: the register's date counts"),
        Wording(
            "et menneske, der har set det; falder bort, når de to stemmer igen",
            "a person who has seen it; goes by itself when the two agree again",
        ),
        Wording("CPR: post 001 (FOED_DT)", "CPR: record 001 (FOED_DT)"),
    ),
    "parked-responsible": (
        Wording(
            "en økonomisk ansvarlig for en mindreårig er død, udrejst, forsvundet, annulleret eller beskyttet",
            "someone who answers for a minor is dead, abroad, disappeared, annulled or protected",
        ),
        "responsible.gone, responsible.protected",
        _RECORD,
        Wording(
            "et menneske: skal ansvaret ophøre? falder bort, når grunden er væk",
            "a person: is the responsibility to end? goes by itself when the reason is gone",
        ),
        Wording("Postens Økonomisk ansvarlig: personalet ejer det", "The record's responsible persons: staff own them"),
    ),
    "parked-of-age": (
        Wording(
            "en fødselsdato er rettet, og låneren har efter den været myndig, siden en dag der er levet; en økonomisk "
            "ansvarlig står der",
            "a birth date is corrected, and by it the patron has been of age since a day already lived; someone "
            "answers for them",
        ),
        "responsible.of_age",
        Wording(
            "alt: datoen gælder, kun ansvaret venter",
            "everything: the date counts, only the end of the responsibility waits",
        ),
        Wording(
            "et menneske: skal ansvaret ophøre? falder bort, når låneren er mindreårig igen",
            "a person: is the responsibility to end? goes by itself when the patron is a minor again",
        ),
        Wording("Postens Økonomisk ansvarlig: personalet ejer det", "The record's responsible persons: staff own them"),
    ),
    "parked-net-media": (
        Wording(
            "CULR afviser det, der blev sendt, eller et andet bibliotek har givet et andet kommunenummer",
            "CULR refuses what was sent, or another library has given another municipality number",
        ),
        "net_media.refused, net_media.foreign",
        Wording("posten; hos CULR står det, der var", "the record; at CULR stays what was there"),
        Wording(
            "et menneske; falder bort, når en senere ændring går igennem, eller en læsning viser det rette",
            "a person; goes by itself when a later change comes through, or a reading shows what is right",
        ),
        Wording("CULR 1.6; beslutning 11", "CULR 1.6; decision 11"),
    ),
}
PARKED_ROWS: Final[Rows] = {**UNDECIDED_ROWS, **WAITING_ROWS}
