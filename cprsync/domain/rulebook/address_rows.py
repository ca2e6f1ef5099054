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
            "the addressing name, at most 34 characters, as on the health card; its parts are kept for sorting",
        ),
        Wording("CPR: post 008 (ADRNVN); beslutning 8", "CPR: record 008 (ADRNVN); decision 8"),
    ),
    "address-markers": (
        Wording(
            "+ (forkortet), * (med tegn, CPR ikke kan skrive) eller = ved et navn",
            "+ (shortened), * (with letters that CPR cannot write) or = beside a name",
        ),
        Wording("gemmes ikke: navnet er, som det står", "not kept: the name is what stands there"),
        Wording("CPR: post 008 (markeringer)", "CPR: record 008 (markers)"),
    ),
    "address-unnamed": (
        Wording("et barn, der ikke har fået navn endnu", "a child not yet named"),
        Wording(
            "posten er uden navn, til det kommer (A14); et brev går uden navn",
            "the record has no name until it comes (A14); a letter goes without one",
        ),
        Wording("CPR: post 008 (tom); beslutning 1", "CPR: record 008 (blank); decision 1"),
    ),
    "address-counts": (
        Wording(
            "hvad der er en adresse: en kommune, der findes, vejkode, vejnavn og et hus eller en bygning (BNR); ved "
            "vejkode 9900-9999 kun kommunen",
            "what is an address: a municipality that exists, street code, road name, and a house or a building (BNR); "
            "at street codes 9900-9999 the municipality alone",
        ),
        Wording(
            "læses; med mindre end det siger kilden intet om adressen, og den sidste står hel",
            "read; with less than that the source says nothing of the address, and the last one stays whole",
        ),
        _CODES,
    ),
    "address-whole": (
        Wording(
            "en adresse uden c/o, etage, dør, lokalitet eller supplerende linjer, hvor den før havde dem",
            "an address without c/o, floor, door, locality or supplementary lines where the last one had them",
        ),
        Wording("har dem ikke mere: adressen skiftes hel", "has them no more: an address is replaced whole"),
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
            "et navn eller en adresse, hvor UTF-8 er læst som ISO-8859-1 eller windows-1252 (PrÃ¸ve), eller med et af "
            "tegnene 0x80-0x9F eller et, der er gået tabt (�)",
            "a name or an address in which UTF-8 was read as ISO-8859-1 or windows-1252 (PrÃ¸ve), or with one of the "
            "characters 0x80-0x9F or one that was lost (�)",
        ),
        Wording(
            "intet af den kilde gælder for hende (i en leverance dog en beskyttelse og en død): hun venter på et "
            "menneske. São og Conceição er rigtige bogstaver og læses",
            "nothing of that source counts for her (of a delivery a protection and a death do): she waits for a "
            "person. São and Conceição are real letters and are read",
        ),
        Wording("CPR: tegnsæt og standarder; beslutning 1 og 3", "CPR: character set and standards; decisions 1 and 3"),
    ),
    "address-label": (
        Wording("brevets linjer under navnet", "the lines of a letter below the name"),
        Wording(
            "c/o, lokalitet, vej med hus, etage og dør, by, postnummer og postdistrikt; uden husnummer står Grønlands "
            "bygning (B-3412). Supplerende linjer gemmes, men står på intet brev",
            "c/o, locality, road with house, floor and door, town, postcode and district; without a house number "
            "Greenland's building stands there (B-3412). Supplementary lines are kept, but stand on no letter",
        ),
        Wording(
            "CPR: tegnsæt og standarder, post 002 og 003; beslutning 8",
            "CPR: character set and standards, records 002 and 003; decision 8",
        ),
    ),
    "address-gone": (
        Wording("en adresse ved status 30 og derover", "an address at status 30 and above"),
        Wording("læses ikke; den sidste kendte står", "not read; the last one known stays"),
        Wording("CPR: post 001 (status) og 002; beslutning 1", "CPR: records 001 (status) and 002; decision 1"),
    ),
    "address-abroad": (
        Wording("udlandsadressen", "the foreign address"),
        Wording(
            "læses kun ved status 80 og går, når status er en anden; får ingen breve",
            "read at status 80 only, and goes when the status is another one; gets no letters",
        ),
        Wording("CPR: post 005; beslutning 1 og 8", "CPR: record 005; decisions 1 and 8"),
    ),
    "address-contact-ended": (
        Wording(
            "registrets kontaktadresse: en leverance har ingen, og 006 er i aftalen",
            "the register's contact address: a delivery has none, and 006 is agreed on",
        ),
        Wording("er ophørt", "has ended"),
        Wording("CPR: post 006; beslutning 1", "CPR: record 006; decision 1"),
    ),
    "address-contact-silent": (
        Wording("registrets kontaktadresse: et opslag har ingen", "the register's contact address: a look-up has none"),
        Wording("står: et opslag kan ikke sige, at der ingen er", "stays: a look-up cannot say that there is none"),
        Wording("SF1520: kontaktAdresse; beslutning 1", "SF1520: kontaktAdresse; decision 1"),
    ),
    "address-contact-own": (
        Wording("lånerens egen kontaktadresse, med sit c/o", "the patron's own contact address, with its c/o"),
        Wording(
            "skriver registret aldrig; den går forud for registrets på et brev",
            "the register never writes it; on a letter it goes before the register's",
        ),
        Wording("Princip: én ejer; beslutning 8", "Principle: one owner; decision 8"),
    ),
    "address-corrected": (
        Wording("navn eller adresse rettet ved skranken", "name or address corrected at the desk"),
        Wording(
            "står på brevet i stedet for registrets, til rettelsen udløber, også ved status 20, 30, 70 og 80, og før "
            "en status er kendt; en kontaktadresse går forud. Forseglet: først når rettelsen er åbnet med en grund. "
            "Til døde går intet. Kommunen rettes for sig",
            "stands on a letter instead of the register's until the correction ends, also at status 20, 30, 70 and 80, "
            "and before a status is known; a contact address goes before it. Sealed: only once the correction is "
            "opened for a reason. The dead get none. The municipality is corrected by itself",
        ),
        Wording("Princip: én ejer; beslutning 8", "Principle: one owner; decision 8"),
    ),
}
