"""What to do next about the store, its keys and journals, and the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.cli.texts.advice.general import advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.cli.texts.advice.general import Advice

#: What works without the keys.
_MEANWHILE_DA: Final = "Indtil da standser alt, der åbner databasen; `feed inspect` og `certs check` virker."
_MEANWHILE_EN: Final = "Until then everything that opens the database stops; `feed inspect` and `certs check` work."

STORE: Final[Mapping[str, Advice]] = {
    "audit.broken": advice(
        1,
        "Gem databasen, nøglemappen og slettejournalens mappe, som de er, og find ud af, hvem der har haft fat i dem: "
        "`cprsync audit verify` viser alt, der ikke passer. En forseglet post, der er ændret, kan ikke åbnes: læg dens "
        "række tilbage fra en sikkerhedskopi. Ved I hvorfor, som efter en ældre kopi af databasen, så "
        "kør `cprsync audit accept --reason TEKST`.",
        "Keep a copy of the database, the key folder and the erase journal's folder as they are, and find out who had "
        "access: `cprsync audit verify` shows everything that does not fit. A sealed record that was altered does not "
        "open: put its row back from a backup. If you know why, as after an older copy of "
        "the database, run `cprsync audit accept --reason TEXT`.",
    ),
    "as.account": advice(
        6,
        "Log ind som jer selv, eller skriv kontoen i [audit] may_name, hvis den er en tjeneste, der ved, hvem der "
        "sidder ved den.",
        "Log in as yourself, or list the account in [audit] may_name if it is a service that knows who sits at it.",
    ),
    "audit.heads": advice(
        2,
        "Sørg for, at denne bruger kan skrive i nøglemappen ([keys] dir) og i slettejournalens mappe, og at der er "
        "plads på disken.",
        "Let this user write in the key folder ([keys] dir) and in the erase journal's, and see to room on the disk.",
    ),
    "audit.heads_unwritten": advice(
        7,
        "Det, der blev skrevet, står; kun kontrolpunktet uden for databasen mangler. Skaf plads på disken: den næste "
        "kommando skriver det.",
        "What was written stands; only the checkpoint outside the database is missing. See to room on the disk: the "
        "next command writes it.",
    ),
    "audit.whole": advice(
        1,
        "Der er intet at gøre: revisionssporet er helt.",
        "There is nothing to do: the audit is whole.",
    ),
    "file": advice(
        2,
        "Giv filen til den bruger, der kører cprsync, og ingen andre; så kør kommandoen igen.",
        "Give the file to the user that runs cprsync and to nobody else; then run the command again.",
    ),
    "init.folder": advice(
        2,
        "Nævn en mappe, der er jeres egen, eller en, der ikke findes endnu; det, der er der, bliver.",
        "Name a folder of your own, or one that does not exist yet; what is there stays.",
    ),
    "journal.behind": advice(
        1,
        "Læg den nyeste slettejournal tilbage fra dens egen kopi, og kør igen. Databasen har set linjer, der ikke er "
        "i denne: uden dem kan slettede komme igen med en ældre kopi af databasen. Er den tabt for altid, så kør "
        "`cprsync db accept-journal --reason TEKST`.",
        "Put the newest erase journal back from its own copy, and run again. The database has seen lines that are not "
        "in this one: without them, erased patrons may come back with an older copy of the database. If it is lost "
        "for good, run `cprsync db accept-journal --reason TEXT`.",
    ),
    "journal.broken": advice(
        1,
        "Læg slettejournalen tilbage, som den var, fra dens egen kopi og aldrig en ældre, og gem den brudte fil: "
        "uden den kan slettede komme igen med en ældre kopi af databasen. Findes der ingen kopi, så kør "
        "`cprsync db accept-journal --reason TEKST`.",
        "Put the erase journal back as it was from its own copy, never an older one, and keep the broken file: "
        "without it, erased patrons may come back with an older copy of the database. If there is no copy, run "
        "`cprsync db accept-journal --reason TEXT`.",
    ),
    "journal.whole": advice(
        1,
        "Der er intet at gøre: databasen og slettejournalen passer sammen.",
        "There is nothing to do: the database and the erase journal agree.",
    ),
    "journal.file": advice(
        2,
        "Se på `erase_journal` i [store]: denne bruger skal kunne læse og skrive filen.",
        "Check `erase_journal` in [store]: this user must be able to read and write it.",
    ),
    "keys.missing": advice(
        2,
        f"Læg nøglen, eller hele mappen, tilbage i [keys] dir fra jeres kopi. Lav ikke nye nøgler til en database, der "
        f"er i brug. {_MEANWHILE_DA} Er installationen ny, laver `cprsync init` dem.",
        f"Put the key, or the whole folder, back into [keys] dir from your copy. Make no new keys for a database that "
        f"is in use. {_MEANWHILE_EN} For a new installation `cprsync init` makes them.",
    ),
    "keys.form": advice(
        2,
        f"Læg filen tilbage i [keys] dir fra jeres kopi, med tilstand 0600. {_MEANWHILE_DA}",
        f"Put the file back into [keys] dir from your copy, with mode 0600. {_MEANWHILE_EN}",
    ),
    "keys.foreign": advice(
        2,
        "Flyt filen ud af [keys] dir: dér ligger kun nøgler, og de hedder som seal-1.key.",
        "Move the file out of [keys] dir: only keys lie there, under names such as seal-1.key.",
    ),
    "keys.mode": advice(
        2,
        f"Kør `chmod 600` på filen, eller `chmod 700` på mappen, som den bruger, cprsync kører som, og som skal eje "
        f"den. Har andre kunnet læse den, så find ud af hvem. {_MEANWHILE_DA}",
        f"Run `chmod 600` on the file, or `chmod 700` on the folder, as the user that cprsync runs as, who must own "
        f"it. If others could read it, find out who. {_MEANWHILE_EN}",
    ),
    "keys.lost": advice(
        2,
        "Læg nøglerne tilbage i [keys] dir fra deres kopi. Lav ikke nye: med dem findes ingen låner igen, og alle "
        "bliver oprettet én gang til.",
        "Put the keys back into [keys] dir from their copy. Do not make new ones: with them no patron is found again, "
        "and everyone is created once more.",
    ),
    "keys.other": advice(
        2,
        "Læg den rigtige nøgle tilbage i [keys] dir fra dens kopi: navnet er det samme, men indholdet er et andet.",
        "Put the right key back into [keys] dir from its copy: the name is the same, and the content is another.",
    ),
    "keys.older": advice(
        2,
        "Er den væk, så læg den tilbage i [keys] dir fra jeres kopi. Er mappen ældre end denne version, så kør "
        "`cprsync db upgrade`, som laver den.",
        "If it was lost, put it back into [keys] dir from your copy. If the folder is older than this version, run "
        "`cprsync db upgrade`, which makes it.",
    ),
    "policy": advice(
        2,
        "Ret policy-filen, og kør kommandoen igen.",
        "Mend the policy file and run the command again.",
    ),
    "schemas": advice(
        2,
        "Installér cprsync igen: skemaerne er beskadigede.",
        "Install cprsync again: its schemas are damaged.",
    ),
    "store.damaged": advice(
        2,
        "Gendan databasen fra en kopi, eller kontrollér [store] url.",
        "Restore the database from a backup, or check [store] url.",
    ),
    "store.no_room": advice(
        4,
        "Skaf plads dér, hvor databasen ligger ([store] url), og se efter fejl på disken. Kør så igen: det, der blev "
        "skrevet, står, og kørslen fortsætter, hvor den slap.",
        "Make room where the database lies ([store] url), and look for faults of the disk. Then run again: what was "
        "committed stands, and the run goes on where it stopped.",
    ),
    "store.not_set_up": advice(2, "Kør `cprsync db upgrade`.", "Run `cprsync db upgrade`."),
    "store.read_only": advice(
        7,
        "Meld det: programmet forsøgte at skrive, hvor det kun må læse. Natten selv kan køres: `cprsync sync`.",
        "Report this: the program tried to write where it may only read. The night itself can be run: `cprsync sync`.",
    ),
    "store.seal": advice(
        1,
        "En post kan ikke åbnes: kontrollér [keys] dir. `cprsync audit verify` siger, hvilke låneres poster det er; "
        "gendan dem fra en sikkerhedskopi.",
        "A record does not open: check [keys] dir. `cprsync audit verify` says whose records they are; restore them "
        "from a backup.",
    ),
    "store.unavailable": advice(
        4,
        "Se til databasen, og kør igen; det, der blev skrevet, står.",
        "Look after the database, then run again; what was committed stands.",
    ),
    "store.tables": advice(
        2,
        "`cprsync db status` siger, hvilket trin databasen er på, og hvad den mangler. Er den bagud: kør `cprsync db "
        "upgrade`. Er den ikke, er den ændret udefra: gendan den fra en kopi.",
        "`cprsync db status` says at which step the database is, and what it lacks. If it is behind: run `cprsync db "
        "upgrade`. If it is not, it was changed from outside: restore it from a backup.",
    ),
    "store.newer": advice(
        2,
        "Brug den version af cprsync, der skrev databasen, eller en nyere. `cprsync db upgrade` fører ingen database "
        "tilbage; en kopi fra før opgraderingen kan gendannes.",
        "Use the version of cprsync that wrote the database, or a newer one. `cprsync db upgrade` takes no database "
        "back; a backup from before the upgrade can be restored.",
    ),
    "store.version": advice(
        2,
        "Kør `cprsync db upgrade` med den version af cprsync, I bruger: den fører databasen frem til det trin.",
        "Run `cprsync db upgrade` with the version of cprsync that you use: it takes the database to that step.",
    ),
}
