"""What errors of lists and of what waits for a person say, in Danish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAKEN: Final = [field for field in FIELDS if field.imported]
DESK: Final[Mapping[str, str]] = {
    # import
    "the file cannot be read": "filen kan ikke læses",
    "the file cannot be read ({strerror})": "filen kan ikke læses ({strerror})",
    "the file is empty: expected a header line": "filen er tom: der skulle være en overskriftslinje",
    "after line {line}: not readable as CSV": "efter linje {line}: kan ikke læses som CSV",
    "at line {line}: not readable as JSON: expected a list of objects, or one object a line": (
        "ved linje {line}: kan ikke læses som JSON: der skulle være en liste af objekter eller ét objekt pr. linje"
    ),
    "the file is text neither in UTF-8 nor in Windows-1252": "filen er tekst i hverken UTF-8 eller Windows-1252",
    "the file is read twice: a pipe can be read once only": "filen læses to gange: et rør kan kun læses én gang",
    "the list cannot be written ({strerror})": "listen kan ikke skrives ({strerror})",
    "line {line}: column {position} is not known: the columns are {columns}": (
        "linje {line}: kolonne {position} er ukendt: kolonnerne er {columns}"
    ),
    'the field table marks "{field}" as imported, and the import does not read it': (
        'felttabellen siger, at "{field}" kan importeres, og importen læser det ikke'
    ),
    # the columns of a list of patrons: each has a Danish name too
    ", ".join(one.key for one in _TAKEN): ", ".join(one.name.da for one in _TAKEN),
    'line {line}: column {position}, "{name}", is not known: the columns are {columns}': (
        "linje {line}: kolonne {position}, »{name}«, er ukendt: kolonnerne er {columns}"
    ),
    "line {line}: column {position} stands there twice": "linje {line}: kolonne {position} står der to gange",
    # what waits for a person
    "there is no review item {number}": "der er intet punkt {number}",
    "nobody has answered review item {number} yet": "ingen har svaret på punkt {number} endnu",
    "nothing follows from review item {number} that could be taken back": (
        "punkt {number} er godkendt, og der skete intet ved det, som kan tages tilbage"
    ),
    "review item {number} was rejected: nothing was done that could be taken back": (
        "punkt {number} blev afvist: der skete intet, som kan tages tilbage"
    ),
    "review item {number} fell away: nobody has answered it": "punkt {number} faldt væk: ingen har svaret på det",
    "review item {number} has been taken back already": "punkt {number} er allerede taget tilbage",
    "review item {number} ({state}) was neither rejected nor taken back": (
        "punkt {number} ({state}) er hverken afvist eller taget tilbage"
    ),
    "review item {number} no longer waits: it is {state}": "punkt {number} venter ikke længere: det er {state}",
    "review item {id} was answered or settled in the meantime": (
        "punkt {id} er besvaret eller faldet væk i mellemtiden"
    ),
    "review item {id} was answered too long ago: what taking it back needs is forgotten": (
        "punkt {id} blev besvaret for længe siden: det, der skal til for at tage det tilbage, er glemt"
    ),
    "review item {id} does not say which other patron it is about: reject it": (
        "punkt {id} siger ikke, hvilken anden låner det handler om: afvis det"
    ),
    "review item {id}: of nobody who answers for the patron it is true any more": (
        "punkt {id}: det gælder ikke længere nogen, der er ansvarlig for låneren"
    ),
    "review item {id}: a patron it is about has been merged into another since": (
        "punkt {id}: en låner, det handler om, er siden lagt sammen med en anden"
    ),
    "review item {id}: item {waiting} asks the same and waits; answer that one": (
        "punkt {id}: punkt {waiting} spørger om det samme og venter; besvar det"
    ),
    "review item {id}: the register no longer says what it asks about": (
        "punkt {id}: registret siger ikke længere det, som punktet spørger om"
    ),
    "review item {id}: there is no block to lift any more": "punkt {id}: der er ingen blokering at ophæve længere",
    "review item {number}: the number that it names is forgotten: reject it": (
        "punkt {number}: det nummer, det handler om, er glemt: afvis det"
    ),
    "review item {id}: the patron has that number by now, or it is forgotten": (
        "punkt {id}: låneren har nummeret nu, eller det er glemt"
    ),
    "review item {id}: the register has spoken of the patron since": (
        "punkt {id}: registret har siden udtalt sig om låneren"
    ),
    "the patron who kept was merged since too: take that back first": (
        "låneren, der blev, er siden selv lagt sammen med en anden: tag det tilbage først"
    ),
    "another patron has the number by now: nothing was taken back": (
        "en anden låner har nummeret nu: intet er taget tilbage"
    ),
    "{count} records merged today are more than the limit of {limit}": (
        "{count} poster lagt sammen i dag er over grænsen på {limit}"
    ),
    "{count} protections ended today are more than the limit of {limit}": (
        "{count} beskyttelser, der er ophørt i dag, er over grænsen på {limit}"
    ),
    "this takes two people, and nobody knows who you are": "det kræver to personer, og ingen ved, hvem du er",
    "you have accepted already: it takes somebody else too": "du har accepteret: en anden person skal også",
    "review item {number}: the patron is not protected any more": "punkt {number}: låneren er ikke beskyttet længere",
    "review item {id}: the patron is not protected any more": "punkt {id}: låneren er ikke beskyttet længere",
    "{path}: the demo needs a folder of its own, and this one is not empty": (
        "{path}: demoen kræver en mappe for sig selv, og denne er ikke tom"
    ),
    "--privacy and --article30 are two pages: ask for one": "--privacy og --article30 er to sider: bed om én",
    "{path}: nothing can be written there ({strerror})": "{path}: der kan ikke skrives noget dér ({strerror})",
    "what is taken back has no last day: leave --until out": (
        "det, der tages tilbage, har ingen slutdag: udelad --until"
    ),
    "{field}: the value is empty": "{field}: værdien er tom",
    "the patron has left or was merged since: nothing was taken back": (
        "låneren er siden meldt ud eller lagt sammen med en anden: intet er taget tilbage"
    ),
    "the register has given the patron another number since: nothing was taken back": (
        "registret har siden givet låneren et andet nummer: intet er taget tilbage"
    ),
    "review item {id}: a number is given with `patron set-cpr` alone": (
        "punkt {id}: et nummer skrives kun med `patron set-cpr`"
    ),
    "the number has been taken back already": "nummeret er allerede taget tilbage",
    "no number was set for that patron that can be taken back": (
        "låneren har ikke fået noget nummer ved skranken, som kan tages tilbage"
    ),
    # adding
    "nobody tells the name of a patron without a CPR number: type it": (
        "ingen fortæller navnet på en låner uden CPR-nummer: skriv det"
    ),
    "expected one patron as a JSON object, by the names of the fields": (
        "der skulle være én låner som et JSON-objekt med felternes navne"
    ),
    "the program gives the patron number": "lånernummeret giver programmet selv",
    "that person is a patron already: nothing was added": "personen er allerede låner: ingen er oprettet",
    "longer than {most} lines": "længere end {most} linjer",
    # confirming
    "what would be written is no longer what was shown: nothing was written": (
        "det, der ville blive skrevet, er ikke længere det, der blev vist: intet er skrevet"
    ),
    "a warning stops, and there is no reason to go on: nothing was written": (
        "en advarsel stopper, og der er ingen begrundelse for at gå videre: intet er skrevet"
    ),
    "a number is taken back after its preview alone": "et nummer tages kun tilbage, når det er vist først",
    "nobody has said yes: nothing was written": "ingen har sagt ja: intet er skrevet",
    "the answer was not yes: nothing was written": "svaret var ikke ja: intet er skrevet",
    "no such block is kept by the number": "ved nummeret huskes ingen sådan blokering",
    "stopped at a question: nothing was written": "afbrudt ved et spørgsmål: intet er skrevet",
    # states of an item
    "waiting": "venter",
    "accepted": "godkendt",
    "rejected": "afvist",
    "settled": "faldet væk",
    "undone": "taget tilbage",
}
