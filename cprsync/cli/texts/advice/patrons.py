"""What to do next about patrons, about what waits for a person, and about what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.cli.texts.advice.general import advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.cli.texts.advice.general import Advice

PATRONS: Final[Mapping[str, Advice]] = {
    "block.unknown": advice(
        1,
        "`cprsync patron kept-blocks` viser blokeringerne, hver med sit nummer.",
        "`cprsync patron kept-blocks` shows the blocks, each with its number.",
    ),
    "confirm.changed": advice(
        1,
        "Der er sket noget imens: se på det igen, og sig så ja.",
        "Something has changed meanwhile: look at it again, then say yes.",
    ),
    "confirm.declined": advice(
        1,
        "Der er ikke mere at gøre. Kør kommandoen igen, hvis svaret skulle have været ja.",
        "There is nothing more to do. Run the command again if the answer should have been yes.",
    ),
    "confirm.needed": advice(
        1,
        "Se på det viste, og kør kommandoen igen ved en terminal eller med --yes.",
        "Look at what is shown, and run the command again at a terminal or with --yes.",
    ),
    "confirm.number": advice(
        1,
        "Kør `cprsync patron set-cpr LÅNER --undo`: der vises låneren først.",
        "Run `cprsync patron set-cpr PATRON --undo`: it shows the patron first.",
    ),
    "confirm.stopped": advice(
        1,
        "Kør kommandoen igen, når du er klar.",
        "Run the command again when you are ready.",
    ),
    "confirm.reason": advice(
        1,
        'Læs advarslen (!). Skal det skrives alligevel, så kør samme kommando igen med --reason "…".',
        "Read the warning (!). If it is to be written all the same, run the same command with --reason TEXT.",
    ),
    "fields": advice(
        2,
        "Intet er importeret: programmets egen tabel er forkert. Meld det; "
        "en fil uden den kolonne kan importeres med --columns.",
        "Nothing was imported: the program's own table is wrong. Report this; "
        "a file without that column can be imported with --columns.",
    ),
    "input.header": advice(
        1,
        "Ret filens overskrift: `cprsync fields` viser felternes navne på dansk. "
        "`patron import` læser et andet systems eksport med --columns.",
        "Mend the input: `cprsync fields` shows the fields' names. "
        "`patron import` reads another system's export with --columns.",
    ),
    "input.fields": advice(
        1,
        "`cprsync fields` viser felternes navne; skriv dem sådan, og prøv igen.",
        "`cprsync fields` shows the fields' names; write them so, and try again.",
    ),
    "input.branch": advice(
        1,
        "Skriv en af dem. Er filialen ny, så føj den til [branches] i policy.toml.",
        "Write one of them. If the branch is new, add it to [branches] in policy.toml.",
    ),
    "input.reason": advice(
        1,
        'Kør kommandoen igen med en begrundelse på én linje: --reason "…".',
        "Run the command again with a reason of one line: --reason TEXT.",
    ),
    "input.empty": advice(
        1,
        "Giv en værdi. Skal en rettelse tages tilbage eller et felt tømmes, så sig --withdraw i stedet.",
        "Give a value. To take a correction back, or to empty a field, say --withdraw instead.",
    ),
    "input.folder": advice(
        1,
        "Nævn en tom mappe, eller en, der ikke findes endnu; det, der er der, bliver.",
        "Name a folder that is empty, or one that does not exist yet; what is there stays.",
    ),
    "list.missing": advice(
        1,
        "`cprsync patron show ID` viser listen; skriv det, som det står der, af en blokering årsagen.",
        "`cprsync patron show ID` shows the list; write it as it stands, of a block the reason.",
    ),
    "list.several": advice(
        1,
        "Skriv dagen foran årsagen, som `cprsync patron show ID` viser dem: ÅÅÅÅ-MM-DD årsag.",
        "Write the day before the reason, as `cprsync patron show ID` has them: YYYY-MM-DD why.",
    ),
    "number.both_patrons": advice(
        1,
        "`cprsync review list` viser de to; en af dem skal lukkes.",
        "`cprsync review list` shows the two; one of them is to be closed.",
    ),
    "number.real": advice(
        1,
        "Et nummer, der afløser lånerens, kommer med en leverance, eller `cprsync lookup` finder det.",
        "A number that replaces theirs comes with a delivery, or `cprsync lookup` finds it.",
    ),
    "number.replaced": advice(
        1, "Bed låneren om sit nuværende nummer.", "Ask the patron for the number that they have now."
    ),
    "patron.closed": advice(
        1,
        "Den, der har meldt sig ud, er en ny låner: `cprsync lookup --purpose registration --register`.",
        "A patron who has left is registered anew: `cprsync lookup --purpose registration --register`.",
    ),
    "patron.exists": advice(
        1,
        "`cprsync patron find` finder låneren; ret posten med `cprsync patron set`.",
        "`cprsync patron find` finds the patron; change the record with `cprsync patron set`.",
    ),
    "patron.merged": advice(
        1,
        "Brug den anden låner; `cprsync review list --all` fortæller, hvem der lagde de to sammen.",
        "Use the other patron; `cprsync review list --all` tells who merged the two.",
    ),
    "patron.no_card": advice(
        1,
        "Intet er ændret. En PIN hører til et kort: `cprsync patron set ID cards` giver låneren et.",
        "Nothing was changed. A PIN belongs to a card: `cprsync patron set ID cards` gives the patron one.",
    ),
    "patron.open": advice(
        1,
        "Få det åbne afsluttet; med `cprsync patron leave ID` lukker natten posten, når det er sket.",
        "Settle what is open; with `cprsync patron leave ID` the night closes the record once it is.",
    ),
    "patron.unknown": advice(
        1,
        "`cprsync patron find` fortæller, hvilket lånernummer der hører til et personnummer.",
        "`cprsync patron find` tells the patron number that belongs to a CPR number.",
    ),
    "responsible.circle": advice(
        1,
        "`cprsync patron responsible ID list` viser, hvem der er ansvarlig for hvem.",
        "`cprsync patron responsible ID list` shows who answers for whom.",
    ),
    "responsible.gone": advice(
        1,
        "Spørg familien, hvem der er ansvarlig i stedet.",
        "Ask the family who answers instead.",
    ),
    "responsible.minor": advice(1, "Angiv en, der er myndig.", "Name someone who is of age."),
    "responsible.no_borrower": advice(1, "Registrér først personen som låner.", "Register them as a patron first."),
    "responsible.no_person": advice(
        1,
        "Er det en person, så ret lånertypen først.",
        "If it is a person, correct the kind of patron first.",
    ),
    "responsible.none": advice(
        1,
        "`cprsync patron responsible ID list` viser, hvem der er ansvarlig.",
        "`cprsync patron responsible ID list` shows who answers.",
    ),
    "responsible.of_age": advice(
        1,
        "Er fødselsdatoen forkert, så ret den først.",
        "If the birth date is wrong, correct that first.",
    ),
    "responsible.self": advice(
        1,
        "Angiv nummeret på den, der er ansvarlig for låneren.",
        "Give the number of the person who answers for the patron.",
    ),
    "responsible.too_many": advice(
        1,
        "Lad først et ansvar ophøre: `cprsync patron responsible ID end`.",
        "End a link first: `cprsync patron responsible ID end`.",
    ),
    "review.braked": advice(
        5,
        "Se på, hvad der er lagt sammen i dag, og hæv så `merged` i policy.toml, eller fortsæt i morgen.",
        "Look at what was merged today, then raise `merged` in policy.toml or go on tomorrow.",
    ),
    "review.changed": advice(
        1,
        "Se, hvordan det står, med `cprsync review list --all`; det, registret overlader til jer, venter af sig selv.",
        "See how it stands with `cprsync review list --all`; what the register leaves to decide waits by itself.",
    ),
    "review.nobody": advice(
        1,
        "Log ind som jer selv, eller lad tjenesten sige, hvem I er (`cprsync --as NAVN …`).",
        "Log in as yourself, or let the service say who you are (`cprsync --as NAME …`).",
    ),
    "review.same_person": advice(
        1,
        "Bed en kollega se på punktet med `cprsync review show` og acceptere det.",
        "Ask a colleague to look at the item with `cprsync review show`, and to accept it.",
    ),
    "review.closed.waiting": advice(
        1,
        "Svar på punktet med `cprsync review accept` eller `reject`; kun et ja kan tages tilbage.",
        "Answer the item with `cprsync review accept` or `reject`; only a yes can be taken back.",
    ),
    "review.closed.accepted": advice(
        1,
        "Der er ikke mere at gøre. Se punktet med `cprsync review show`.",
        "There is nothing more to do. See the item with `cprsync review show`.",
    ),
    "review.closed.rejected": advice(
        1,
        "Skal der svares igen, så tag punktet op med `cprsync review reopen NUMMER --reason TEKST`.",
        "If it is to be answered again, take it up with `cprsync review reopen NUMBER --reason TEXT`.",
    ),
    "review.closed.settled": advice(
        1,
        "Der er ikke mere at gøre: CPR eller posten har selv afgjort det.",
        "There is nothing more to do: the register, or the record, has settled it.",
    ),
    "review.closed.undone": advice(
        1,
        "Der er ikke mere at gøre. Skal der svares igen, så tag punktet op med `cprsync review reopen NUMMER "
        "--reason TEKST`.",
        "There is nothing more to do. If it is to be answered again, take it up with `cprsync review reopen NUMBER "
        "--reason TEXT`.",
    ),
    "number.taken_back": advice(
        1,
        "Der er ikke mere at gøre. Skal låneren have et nummer, så kør `cprsync patron set-cpr` uden --undo.",
        "There is nothing more to do. If the patron is to get a number, run `cprsync patron set-cpr` without --undo.",
    ),
    "number.not_set": advice(
        1,
        "Her er intet at tage tilbage. Se med `cprsync patron show`, om det er den rigtige låner.",
        "Nothing can be taken back here. See with `cprsync patron show` whether it is the right patron.",
    ),
    "review.closed": advice(
        1,
        "Se, hvad der venter, med `cprsync review list`, og hvad der er besvaret, med `--all`.",
        "See what waits with `cprsync review list`, and what was answered with `--all`.",
    ),
    "review.unknown": advice(
        1,
        "Se punkternes numre med `cprsync review list`.",
        "See the items' numbers with `cprsync review list`.",
    ),
    "usage": advice(
        2,
        "Sæt --help efter kommandoen: hjælpen siger, hvad den tager.",
        "Put --help after the command: its help says what it takes.",
    ),
    "usage.field": advice(
        2,
        "`cprsync patron set --help` siger, hvilke felter der er, og hvad de tager.",
        "`cprsync patron set --help` says which fields there are and what they take.",
    ),
    "usage.number": advice(
        2,
        "Skriv aldrig et CPR-nummer på kommandolinjen: andre kan se det. Kommandoen spørger selv om det, se --help. "
        "Slet linjen i skallens historik.",
        "Never type a CPR number on the command line: others can see it. The command asks for it, see --help. "
        "Delete the line from the shell's history.",
    ),
    "usage.reason": advice(2, 'Kør kommandoen igen med --reason "…".', "Run the command again with --reason TEXT."),
    "usage.until": advice(
        2, "Kør kommandoen igen med --until ÅÅÅÅ-MM-DD.", "Run the command again with --until YYYY-MM-DD."
    ),
}
