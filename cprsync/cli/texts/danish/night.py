"""What errors of a night and its deliveries say, in Danish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NIGHT: Final[Mapping[str, str]] = {
    # the night
    "received {received} persons, accounted for {accounted}": (
        "modtaget {received} personer, gjort rede for {accounted}"
    ),
    "the night would change more than policy.toml allows: {over}": (
        "natten ville ændre mere, end policy.toml tillader: {over}"
    ),
    "the night held its changes back before it was killed, and goes on so": (
        "natten holdt sine ændringer tilbage, før den blev afbrudt, og fortsætter sådan"
    ),
    "the night was asked to stop, and has ended after a whole batch": (
        "natten blev bedt om at standse og er endt efter en hel portion"
    ),
    "another run of this agreement is at work": "en anden kørsel af denne aftale er i gang",
    "a newer run has taken over: this one writes nothing more": (
        "en nyere kørsel har taget over: denne skriver ikke mere"
    ),
    "another program has removed what was sealed so far of a delivery": (
        "et andet program har fjernet det, der var forseglet af en leverance"
    ),
    "stopped from outside": "standset udefra",
    "unexpected {error} at {place}": "uventet {error} ved {place}",
    "unexpected {error} ({strerror}) at {place}": "uventet {error} ({strerror}) ved {place}",
    "there is no run {run}": "der er ingen kørsel {run}",
    "the plan's file cannot be written ({strerror})": "planens fil kan ikke skrives ({strerror})",
    "the answer cannot be written to standard output ({strerror})": (
        "svaret kan ikke skrives til standard output ({strerror})"
    ),
    # deliveries
    "{file}: {why}": "{file}: {why}",
    "{file}: it follows the delivery of {previous}, but the last one taken is of {last}": (
        "{file}: den følger efter leverancen af {previous}, men den sidst tagne er af {last}"
    ),
    "{file}: it begins a new chain, but the last one taken is of {last}": (
        "{file}: den begynder en ny kæde, men den sidst tagne er af {last}"
    ),
    "{file}: another delivery of {produced} was taken before (taken sha256 {taken}…, this one {sha256}…)": (
        "{file}: en anden leverance af {produced} er taget før (taget: sha256 {taken}…, denne: {sha256}…)"
    ),
    "{file}: it is of {produced}, a day that has not come yet": (
        "{file}: den er af {produced}, en dag, der ikke er kommet endnu"
    ),
    "{file} is still being written": "{file} er stadig ved at blive skrevet",
    "the delivery of {due} has not arrived; the last one taken is of {last}": (
        "leverancen af {due} er ikke kommet; den sidst tagne er af {last}"
    ),
    "the delivery of {produced} stops no night ({place})": "leverancen af {produced} standser ingen nat ({place})",
    "no delivery of that name waits in the inbox or where deliveries arrive, and no such file can be read": (
        "ingen leverance af det navn venter i indbakken eller dér, hvor leverancer kommer, "
        "og der er ingen sådan fil, der kan læses"
    ),
    "{file} (sha256 {sha256}…) is set aside already": "{file} (sha256 {sha256}…) er allerede lagt til side",
    "{file} (sha256 {sha256}…) was taken by a night already": ("{file} (sha256 {sha256}…) er allerede brugt af en nat"),
    "the content of {file} is gone by now": "indholdet af {file} er slettet i mellemtiden",
    "no copy of that name has content with that hash": "ingen fil af det navn har et indhold med den hash",
    "a hash begins with eight hexadecimal digits at least": ("en hash begynder med mindst otte hexadecimale cifre"),
    "{file} was not fetched yet": "{file} er ikke hentet endnu",
    "the delivery of {produced} is whole, and waits behind a gap": (
        "leverancen af {produced} er hel og venter bag et hul"
    ),
    "a delivery was changed while it was read": "en leverance blev ændret, mens den blev læst",
    "the delivery cannot be read from its folder": "leverancen kan ikke læses fra sin mappe",
    "a delivery cannot be deleted from its folder": "en leverance kan ikke slettes fra sin mappe",
    "the folder of deliveries cannot be read": "mappen med leverancer kan ikke læses",
    "the delivery is larger than one may be": "leverancen er større, end en må være",
    "the delivery has no record 000": "leverancen har ingen post 000",
    "the delivery became shorter while it was read": "leverancen blev kortere, mens den blev læst",
    "the delivery is not ISO-8859-1: {what}": "leverancen er ikke ISO-8859-1: {what}",
    "{named} at byte offset {offset}; in a stream the records after it cannot be found": (
        "{named} ved byte {offset}; uden linjer kan posterne efter den ikke findes"
    ),
    "unknown record type {record}": "ukendt posttype {record}",
    "no record type": "ingen posttype",
    "record {record}": "post {record}",
    "the record": "posten",
    "{named} at byte offset {offset} is too short": "{named} ved byte {offset} er for kort",
    "the delivery is empty: not even record 000 is there": "leverancen er tom: end ikke post 000 er der",
    "the delivery does not begin with record 000": "leverancen begynder ikke med post 000",
    "something follows record 999, at byte offset {offset} or later": (
        "noget følger efter post 999, ved byte {offset} eller senere"
    ),
    "the line at byte offset {offset} has no end": "linjen ved byte {offset} har ingen slutning",
    "the delivery changed while it was read": "leverancen ændrede sig, mens den blev læst",
    "a large delivery needs room for its index in the folder of temporary files, and there is none": (
        "en stor leverance kræver plads til sit register i mappen til midlertidige filer, og der er ingen"
    ),
    "the delivery is empty: zero bytes stand in place of its content": (
        "leverancen er tom: der står nulbytes i stedet for indholdet"
    ),
    "the records 001 are not those of U12170-P: this is another product, {which}": (
        "posterne 001 er ikke dem fra U12170-P: det er et andet produkt, {which}"
    ),
    "the private one (PRIV, U09480P)": "det private (PRIV, U09480P)",
    "the total with times of change": "totalen med ændringstidspunkter",
    "one that is not known here": "et, der ikke er kendt her",
    "this is no change extract (U12170-P): it is {what}": "det er intet ændringsudtræk (U12170-P), men {what}",
    "a gzip file": "en gzip-fil",
    "a ZIP archive": "et ZIP-arkiv",
    "a 7-Zip archive": "et 7-Zip-arkiv",
    "a bzip2 file": "en bzip2-fil",
    "an xz file": "en xz-fil",
    "a Zstandard file": "en Zstandard-fil",
    "a PDF document": "et PDF-dokument",
    "an Office document": "et Office-dokument",
    "an SQLite database": "en SQLite-database",
    "a PGP message": "en PGP-besked",
    "binary content": "binært indhold",
    "an HTML page": "en HTML-side",
    "the companion of a delivery (.metadata)": "følgefilen til en leverance (.metadata)",
    "XML": "XML",
    "JSON": "JSON",
    "a table (CSV)": "en tabel (CSV)",
    "text without records": "tekst uden poster",
    "it is EBCDIC, as a mainframe writes it": "den er i EBCDIC, som en mainframe skriver",
    "it is text in UTF-16": "den er tekst i UTF-16",
    "it begins with a byte order mark": "den begynder med et byte order mark",
    "it holds bytes 0x80-0x9F, as Windows-1252 and UTF-8 do": (
        "den har bytes 0x80-0x9F, som Windows-1252 og UTF-8 har"
    ),
    "all of it is valid UTF-8": "hele filen er gyldig UTF-8",
    "record 999 is missing: the delivery is cut short": "post 999 mangler: leverancen er skåret af",
    "record 000 holds no task number": "post 000 har intet opgavenummer",
    "the delivery is for task {number}, and ours is {task}": (
        "leverancen hører til opgave {number}, og vores er {task}"
    ),
    "record 000: the previous production is after this one": "post 000: den forrige produktion ligger efter denne",
    "something follows record 999": "noget følger efter post 999",
    "record 000 at byte offset {offset}: another delivery begins before 999": (
        "post 000 ved byte {offset}: en anden leverance begynder før 999"
    ),
    "no record type at byte offset {offset}": "ingen posttype ved byte {offset}",
    "record 999 at byte offset {offset} holds no count": "post 999 ved byte {offset} har intet antal",
    "record 999 counts {says} records, and {found} are there": "post 999 tæller {says} poster, og der er {found}",
    "record 000 holds a production date that is no date": "post 000 har en produktionsdato, der ikke er en dato",
    "the index key is shorter than {least} bytes": "indeksnøglen er kortere end {least} byte",
}
