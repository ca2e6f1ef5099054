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
    "en senere kilde, der kan bruges; eller et menneske, der afviser punktet: posten ændres ikke, og låneren tæller "
    "ikke længere som beskyttet af den grund",
    "a later source that can be used; or a person who rejects the item: the record stays as it is, and the patron no "
    "longer counts as protected for that reason",
)
_ASKED: Final = Wording(
    "et svar, der kan bruges; registret spørges igen, når et menneske beder om det. Eller et menneske, der afviser "
    "punktet: låneren tæller ikke længere som beskyttet af den grund",
    "an answer that can be used; the register is asked again when a person asks for it. Or a person who rejects the "
    "item: the patron no longer counts as protected for that reason",
)
#: The question stays open, so that the next night finds it unanswered, and leaves it to a person anew.
_EACH_NIGHT: Final = Wording(
    "et svar, der kan bruges. Registret spørges igen hver nat, og et punkt, der afvises, kommer igen",
    "an answer that can be used. The register is asked again each night, and an item that is rejected comes back",
)
#: Who could not be decided: she counts as protected until she is.
UNDECIDED_ROWS: Final[Rows] = {
    "parked-address": (
        Wording(
            "status 01, 03, 05 eller 07 uden adresse, uden vejnavn (undtagen ved vejkode 9900-9999) eller i en "
            "kommune, der ikke findes",
            "status 01, 03, 05 or 07 without an address, without a road name (except at street codes 9900-9999), or in "
            "a municipality that does not exist",
        ),
        "address.missing",
        _SEALS,
        _LATER,
        Wording("CPR: post 001, 002 og 003; beslutning 1 og 3", "CPR: records 001, 002, 003; decisions 1 and 3"),
    ),
    "parked-name": (
        Wording(
            "intet navn til en låner, hvis navn er kendt (et barn, der ikke har fået navn endnu, venter ikke)",
            "no name for a patron whose name is known (a child not yet named does not wait)",
        ),
        "name.lost",
        _PROTECTS,
        _LATER,
        Wording("CPR: post 008 (ADRNVN); beslutning 1 og 3", "CPR: record 008 (ADRNVN); decisions 1 and 3"),
    ),
    "parked-status": (
        Wording(
            "ingen status til en låner, som ingen kilde har fortalt om (er status kendt, bliver den stående)",
            "no status for a patron that no source has told about (a known status stays)",
        ),
        "status.missing",
        _SEALS,
        _LATER,
        Wording("SF1520: uden status; beslutning 1 og 3", "SF1520: no status; decisions 1 and 3"),
    ),
    "parked-unread": (
        Wording(
            "poster i leverancen, der ikke kan læses: ukendt status, koder, der ikke er tal, to adresser eller poster, "
            "der modsiger hinanden, ingen post 001, for mange poster om én person, et navn eller en adresse i en anden "
            "tegnkodning",
            "records in the delivery that cannot be read: an unknown status, codes that are not numbers, two addresses "
            "or records that contradict each other, no record 001, too many records about one person, a name or an "
            "address in another encoding",
        ),
        "person.*, address.*, protection.type, abroad.country",
        _PROTECTS,
        _LATER,
        Wording("CPR: posternes opbygning; beslutning 1 og 3", "CPR: how records are made; decisions 1 and 3"),
    ),
    "parked-nobody": (
        Wording("poster om noget, der ikke er et personnummer", "records about something that is not a CPR number"),
        "person.number",
        Wording("intet: ingen ved, hvem posterne handler om", "nothing: nobody knows whom the records are about"),
        Wording("tælles i nattens balance; spørg afsenderen", "counted in the night's balance; ask the sender"),
        Wording("CPR: personnummerets opbygning; beslutning 1", "CPR: how a number is made; decision 1"),
    ),
    "parked-answer": (
        Wording(
            "et svar om natten, der bryder kontrakten (også en ukendt status, en dokumenttype, en "
            "behandlingsinstruktion, UTF-16, et navn eller en adresse i en anden tegnkodning), eller en afvisning. Ved "
            "opslaget om en beskyttelse, der er ophørt, først fra den anden nat",
            "an answer at night that breaks the contract (also an unknown status, a document type, a processing "
            "instruction, UTF-16, a name or an address in another encoding), or a refusal. For the look-up about a "
            "protection that has ended, only from the second night",
        ),
        "register.*",
        _NOTHING,
        _EACH_NIGHT,
        Wording("SF1520: skemaet; beslutning 1 og 3", "SF1520: the schema; decisions 1 and 3"),
    ),
    "parked-stranger": (
        Wording(
            "registret kender ikke nummeret: ved det første opslag om en ny låner, eller ved et opslag, der sker, "
            "fordi et punkt er accepteret",
            "the register does not know the number: at the first look-up of a new patron, or at a look-up made because "
            "an item was accepted",
        ),
        "register.no_such_person",
        _NOTHING,
        _ASKED,
        Wording("SF1520: PNR not found; beslutning 1", "SF1520: PNR not found; decision 1"),
    ),
    "parked-stranger-open": (
        Wording(
            "registret kender ikke nummeret: ved opslaget om en beskyttelse, der er ophørt (fra den anden nat), eller "
            "om et nyt nummer",
            "the register does not know the number: at the look-up about a protection that has ended (from the second "
            "night), or about a new number",
        ),
        "register.no_such_person",
        Wording("intet: beskyttelse, navn og adresse bliver stående", "nothing: protection, name and address stay"),
        _EACH_NIGHT,
        Wording("SF1520: PNR not found; beslutning 2 og 6", "SF1520: PNR not found; decisions 2 and 6"),
    ),
    "parked-stranger-subscription": (
        Wording(
            "registret kender ikke nummeret, eller afviser det, når det skal abonneres",
            "the register does not know the number, or refuses it, when it is to be subscribed",
        ),
        "register.no_such_person, register.*",
        Wording(
            "intet: uden abonnement er der intet første opslag",
            "nothing: without a subscription there is no first look-up",
        ),
        Wording(
            "et abonnement, der lykkes. Det forsøges igen hver nat, og et punkt, der afvises, kommer igen",
            "a subscription that succeeds. It is tried again each night, and an item that is rejected comes back",
        ),
        Wording("SF6002: NON_EXISTING_PNR; beslutning 10", "SF6002: NON_EXISTING_PNR; decision 10"),
    ),
}

_RECORD: Final = Wording("alt: kun spørgsmålet venter", "everything: only the question waits")
_SEEN: Final = Wording("et menneske, der har set det", "a person who has seen it")
#: What else waits. But for the numbers it is a question beside a record that is written, and seals nothing.
WAITING_ROWS: Final[Rows] = {
    "parked-number": (
        Wording(
            "et nummer, der er afløst, hvor det ikke kan afgøres, hvilket nummer låneren har (se Personnumre)",
            "a number that was replaced, where it cannot be decided which number the patron has (see CPR numbers)",
        ),
        "number.both_patrons, number.other_successor, number.circle, number.old_active, number.unresolved",
        Wording("se Personnumre; låneren tæller som beskyttet", "see CPR numbers; the patron counts as protected"),
        Wording(
            "en senere kilde, der kan bruges (om et gammelt nummer: hvor det fører hen); eller et menneske. Accepteres "
            "number.both_patrons, lægges de to sammen; accepteres number.other_successor, får låneren nummeret; "
            "accepteres de andre, spørges registret hver nat. Afvises punktet, ændres posten ikke",
            "a later source that can be used (for an old number: where it leads); or a person. Accepting "
            "number.both_patrons merges the two; accepting number.other_successor gives the patron the number; "
            "accepting the others asks the register each night. Rejecting leaves the record as it is",
        ),
        Wording("CPR: post 001 (PNRGAELD); beslutning 3 og 6", "CPR: record 001 (PNRGAELD); decisions 3 and 6"),
    ),
    "parked-number-set": (
        Wording("et personnummer, der er skrevet ved skranken", "a CPR number that was entered at the desk"),
        "number.set",
        Wording("venter ikke: nummeret gælder", "does not wait: the number counts"),
        Wording(
            "`patron set-cpr ID --undo` eller `review undo`, så længe nummeret huskes: posten bliver, som den var før, "
            "nummeret afmeldes, og kontoen under det slettes i CULR. Har registret givet et andet nummer imens, "
            "afvises det",
            "`patron set-cpr ID --undo` or `review undo`, while the number is remembered: the record is as it was "
            "before, the number is unsubscribed, and the account under it is deleted in CULR. If the register has "
            "given another number meanwhile, this is refused",
        ),
        Wording("Beslutning 40", "Decision 40"),
    ),
    "parked-block": (
        Wording(
            "status 30, 70 eller 90, og det, der ophæver den (se Status)",
            "status 30, 70 or 90, and what undoes it (see Status)",
        ),
        "block.*, death.annulled, person.found, number.restored",
        Wording(
            "alt: kun spærringen, eller ophævelsen af den, venter", "everything: only the block, or lifting it, waits"
        ),
        Wording(
            "et menneske; forslaget falder bort, når grunden er væk",
            "a person; the proposal drops out when its reason is gone",
        ),
        Wording("Postens Blokeret: personalet ejer det", "The record's blocks: staff own them"),
    ),
    "parked-annulled": (
        Wording("status 30: de kendte oplysninger kan være forkerte", "status 30: the known details may be wrong"),
        "number.annulled",
        _RECORD,
        _SEEN,
        Wording("CPR: post 001 (status); beslutning 1", "CPR: record 001 (status); decision 1"),
    ),
    "parked-contradicted": (
        Wording(
            "leverancen siger, at en beskyttelse er ophørt, men opslaget samme nat siger, at den ikke er",
            "the delivery says that a protection has ended, but the look-up of the same night says that it has not",
        ),
        "protection.contradicted",
        Wording("alt andet; beskyttelsen bliver", "everything else; the protection stays"),
        Wording(
            "et menneske, der har set det; selve beskyttelsen afgøres af en senere leverance eller et opslag",
            "a person who has seen it; the protection itself is decided by a later delivery or look-up",
        ),
        Wording("Beslutning 2", "Decision 2"),
    ),
    "parked-doubted": (
        Wording(
            "tre nætter har registret svaret beskyttet false ved en periode, der er begyndt og ikke har slutdato, om "
            "en låner, hvis beskyttelse leverancen eller et opslag har kaldt ophørt",
            "on three nights the register has answered beskyttet false with a period that has begun and has no end "
            "date, about a patron whose protection the delivery or a look-up has called ended",
        ),
        "protection.doubted",
        Wording("alt andet; beskyttelsen bliver", "everything else; the protection stays"),
        Wording(
            "to personer, der accepterer: beskyttelsen ophører, og én kan tage det tilbage. Én, der afviser: "
            "beskyttelsen bliver. Punktet falder bort, når registret siger ja, eller nej uden periode",
            "two people who accept: the protection ends, and one can take it back. One who rejects: the protection "
            "stays. The item drops out when the register says yes, or no without a period",
        ),
        Wording("SF1520: adressebeskyttelse; beslutning 35", "SF1520: adressebeskyttelse; decision 35"),
    ),
    "parked-birth": (
        Wording(
            "registrets fødselsdato er en anden end nummerets", "the register's birth date differs from the number's"
        ),
        "birth.differs",
        Wording("alt: registrets dato gælder", "everything: the register's date counts"),
        Wording(
            "et menneske, der har set det; punktet falder bort, når de to datoer stemmer igen",
            "a person who has seen it; the item drops out when the two dates agree again",
        ),
        Wording("CPR: post 001 (FOED_DT)", "CPR: record 001 (FOED_DT)"),
    ),
    "parked-responsible": (
        Wording(
            "en økonomisk ansvarlig for en mindreårig er død, udrejst, forsvundet eller beskyttet, eller nummeret er "
            "annulleret",
            "someone who answers for a minor is dead, abroad, disappeared or protected, or their number is annulled",
        ),
        "responsible.gone, responsible.protected",
        _RECORD,
        Wording(
            "et menneske: skal ansvaret ophøre? Punktet falder bort, når grunden er væk",
            "a person: should the responsibility end? The item drops out when the reason is gone",
        ),
        Wording("Postens Økonomisk ansvarlig: personalet ejer det", "The record's responsible persons: staff own them"),
    ),
    "parked-of-age": (
        Wording(
            "en fødselsdato er rettet, og efter den nye dato blev låneren myndig på en dag, der er forbi; låneren har "
            "en økonomisk ansvarlig",
            "a birth date is corrected, and by the new date the patron came of age on a day that has passed; someone "
            "answers for the patron",
        ),
        "responsible.of_age",
        Wording(
            "alt: datoen gælder; kun ansvarets ophør venter",
            "everything: the date counts; only the end of the responsibility waits",
        ),
        Wording(
            "et menneske: skal ansvaret ophøre? Punktet falder bort, når låneren er mindreårig igen",
            "a person: should the responsibility end? The item drops out when the patron is a minor again",
        ),
        Wording("Postens Økonomisk ansvarlig: personalet ejer det", "The record's responsible persons: staff own them"),
    ),
    "parked-net-media": (
        Wording(
            "CULR afviser det, der blev sendt, eller et andet bibliotek har givet et andet kommunenummer",
            "CULR refuses what was sent, or another library has given another municipality number",
        ),
        "net_media.refused, net_media.foreign",
        Wording("posten; CULR beholder det, den havde", "the record; CULR keeps what it had"),
        Wording(
            "et menneske; punktet falder bort, når en senere ændring går igennem, eller en læsning viser det rette",
            "a person; the item drops out when a later change goes through, or a reading shows what is right",
        ),
        Wording("CULR 1.6; beslutning 11", "CULR 1.6; decision 11"),
    ),
}
PARKED_ROWS: Final[Rows] = {**UNDECIDED_ROWS, **WAITING_ROWS}
