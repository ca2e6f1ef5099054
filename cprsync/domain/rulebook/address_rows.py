"""What is read of names and addresses, and what of them a new one takes away: rows of words, Danish first.

What does it stands in `canonical`, `snapshot`, `person` and `letter`, and in how the two sources are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rulebook.rule_rows import Rows

_CODES: Final = Wording("CPR: post 002 og 003; beslutning 1", "CPR: records 002 and 003; decision 1")

ADDRESS_ROWS: Final[Rows] = {
    "address-name": (
        Wording("navnet på posten", "the name on the record"),
        Wording(
            "adresseringsnavnet, højst 34 tegn, som på sundhedskortet; for-, mellem- og efternavn gemmes til sortering",
            "the addressing name, at most 34 characters, as on the health card; first, middle and last name are kept "
            "for sorting",
        ),
        Wording("CPR: post 008 (ADRNVN); beslutning 8", "CPR: record 008 (ADRNVN); decision 8"),
    ),
    "address-markers": (
        Wording(
            "+ (forkortet), * (bogstaver, som CPR ikke kan skrive) eller = ved et navn",
            "+ (shortened), * (letters that CPR cannot write) or = beside a name",
        ),
        Wording(
            "tegnet gemmes ikke: navnet gemmes, som det står", "the sign is not kept: the name is kept as it stands"
        ),
        Wording("CPR: post 008 (markeringer)", "CPR: record 008 (markers)"),
    ),
    "address-unnamed": (
        Wording("et barn, der ikke har fået navn endnu", "a child not yet named"),
        Wording(
            "posten er uden navn, indtil navnet kommer (A14); et brev sendes uden navn",
            "the record has no name until the name comes (A14); a letter goes without a name",
        ),
        Wording("CPR: post 008 (tom); beslutning 1", "CPR: record 008 (blank); decision 1"),
    ),
    "address-counts": (
        Wording(
            "hvad der er en adresse: en kommune, der findes, vejkode, vejnavn og et hus eller en bygning (BNR). Ved "
            "vejkode 9900-9999 er kommunen nok",
            "what is an address: a municipality that exists, street code, road name, and a house or a building (BNR). "
            "At street codes 9900-9999 the municipality is enough",
        ),
        Wording(
            "adressen læses. Mangler noget af det, siger kilden intet om adressen, og hele den sidste adresse bliver "
            "stående",
            "the address is read. If any of this is missing, the source says nothing about the address, and the whole "
            "last address stays",
        ),
        _CODES,
    ),
    "address-whole": (
        Wording(
            "en adresse uden c/o, etage, dør, lokalitet eller supplerende linjer, hvor den før havde dem",
            "an address without c/o, floor, door, locality or supplementary lines where the last one had them",
        ),
        Wording("de fjernes: hele adressen skiftes", "they are removed: the whole address is replaced"),
        _CODES,
    ),
    "address-written": (
        Wording(
            "samme adresse med andre nuller og blanke, eller med store bogstaver i etage og dør (016B, ST, TH)",
            "the same address with other zeros and blanks, or with capitals in floor and door (016B, ST, TH)",
        ),
        Wording("samme adresse: intet ændres", "the same address: nothing changes"),
        _CODES,
    ),
    "address-misread": (
        Wording(
            "et navn eller en adresse, hvor UTF-8 er læst som ISO-8859-1 eller windows-1252 (PrÃ¸ve), eller hvor der "
            "står et af tegnene 0x80-0x9F eller et tabt tegn (�)",
            "a name or an address where UTF-8 was read as ISO-8859-1 or windows-1252 (PrÃ¸ve), or with one of the "
            "characters 0x80-0x9F or a lost character (�)",
        ),
        Wording(
            "intet i den kilde gælder for låneren (i en leverance gælder en beskyttelse og et dødsfald dog): låneren "
            "venter på et menneske. São og Conceição er rigtige bogstaver og læses",
            "nothing in that source counts for the patron (in a delivery, a protection and a death do): the patron is "
            "parked for a person. São and Conceição are real letters and are read",
        ),
        Wording("CPR: tegnsæt og standarder; beslutning 1 og 3", "CPR: character set and standards; decisions 1 and 3"),
    ),
    "address-label": (
        Wording("brevets linjer under navnet", "the lines of a letter under the name"),
        Wording(
            "c/o, lokalitet, vej med husnummer, etage og dør, by, postnummer og postdistrikt. Uden husnummer står "
            "bygningen i Grønland (B-3412). Supplerende linjer gemmes, men kommer ikke på breve",
            "c/o, locality, road with house number, floor and door, town, postcode and district. Without a house "
            "number, Greenland's building is there (B-3412). Supplementary lines are kept, but are on no letter",
        ),
        Wording(
            "CPR: tegnsæt og standarder, post 002 og 003; beslutning 8",
            "CPR: character set and standards, records 002 and 003; decision 8",
        ),
    ),
    "address-gone": (
        Wording("en adresse ved status 30 og derover", "an address at status 30 and above"),
        Wording("læses ikke; den sidste kendte adresse bliver stående", "not read; the last known address stays"),
        Wording("CPR: post 001 (status) og 002; beslutning 1", "CPR: records 001 (status) and 002; decision 1"),
    ),
    "address-abroad": (
        Wording("udlandsadressen", "the foreign address"),
        Wording(
            "læses kun ved status 80 og fjernes, når status bliver en anden; får ingen breve",
            "read only at status 80, and removed when the status changes; gets no letters",
        ),
        Wording("CPR: post 005; beslutning 1 og 8", "CPR: record 005; decisions 1 and 8"),
    ),
    "address-contact-ended": (
        Wording(
            "registrets kontaktadresse: leverancen har ingen, og post 006 er i aftalen",
            "the register's contact address: the delivery has none, and record 006 is in the agreement",
        ),
        Wording("kontaktadressen er ophørt", "the contact address has ended"),
        Wording("CPR: post 006; beslutning 1", "CPR: record 006; decision 1"),
    ),
    "address-contact-silent": (
        Wording("registrets kontaktadresse: et opslag har ingen", "the register's contact address: a look-up has none"),
        Wording(
            "kontaktadressen bliver: et opslag kan ikke sige, at der ingen er",
            "the contact address stays: a look-up cannot say that there is none",
        ),
        Wording("SF1520: kontaktAdresse; beslutning 1", "SF1520: kontaktAdresse; decision 1"),
    ),
    "address-contact-own": (
        Wording("lånerens egen kontaktadresse, med sit c/o", "the patron's own contact address, with its c/o"),
        Wording(
            "registret ændrer den aldrig; på et brev går den forud for registrets",
            "the register never changes it; on a letter it comes before the register's",
        ),
        Wording("Princip: én ejer; beslutning 8", "Principle: one owner; decision 8"),
    ),
    "address-corrected": (
        Wording("navn eller adresse er rettet ved skranken", "the name or address is corrected at the desk"),
        Wording(
            "rettelsen står på brevet i stedet for registrets oplysning, indtil rettelsen udløber; også ved status 20, "
            "30, 70 og 80, og når ingen status er kendt. En kontaktadresse går forud. Er låneren forseglet, går brevet "
            "først, når rettelsen er åbnet med en begrundelse. Døde får ingen breve. Kommunen rettes for sig",
            "the correction is on the letter instead of the register's detail until the correction ends; also at "
            "status 20, 30, 70 and 80, and when no status is known. A contact address comes first. If the patron is "
            "sealed, the letter goes only once the correction is opened with a reason. The dead get no letters. The "
            "municipality is corrected separately",
        ),
        Wording("Princip: én ejer; beslutning 8", "Principle: one owner; decision 8"),
    ),
}
