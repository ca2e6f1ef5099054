"""What to do next, by the kind of an error: its exit code and the advice, in both languages. Decides nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

from cprsync import errors
from cprsync.domain.wording import Wording


class Advice(NamedTuple):
    """An exit code of the command line, and the next step."""

    exit: int
    next: Wording


def _advice(code: int, da: str, en: str) -> Advice:
    return Advice(code, Wording(da, en))


_AGAIN: Final = _advice(
    7,
    "Kør kommandoen igen: den fortsætter, hvor den slap.",
    "Run the command again: it goes on where it stopped.",
)
_LATER: Final = _advice(4, "Prøv igen senere.", "Try again later.")

#: The most exact kind first; a kind not here falls back to its parents, then to its error's class.
BY_KIND: Final[dict[str, Advice]] = {
    "certificate.ours": _advice(
        2,
        "Kør `cprsync certs check`; certs/README.md siger, hvordan et certifikat fornyes.",
        "Run `cprsync certs check`; certs/README.md says how to renew a certificate.",
    ),
    "certificate.theirs": _advice(
        2,
        "Kontrollér værtsnavnet og filen `ca` i [library.register]; intet sendes, før de passer sammen.",
        "Check the host name and the `ca` file of [library.register]; nothing is sent until they agree.",
    ),
    "certificate.refused": _advice(
        2,
        "Spørg platformen, om certifikatet er registreret til jeres system; kør `cprsync certs check`.",
        "Ask the platform whether this certificate is registered to your system; run `cprsync certs check`.",
    ),
    "delivery.empty": _advice(
        1, "Bed platformen om at levere filen igen.", "Ask the platform to deliver the file again."
    ),
    "delivery.damaged": _advice(
        1,
        "Bed platformen om at levere filen igen; filen bliver liggende, hvor den er.",
        "Ask the platform to deliver the file again; the file stays where it is.",
    ),
    "delivery.encoding": _advice(
        1,
        "Filen er blevet omsat undervejs: hent den igen binært.",
        "The file was converted on its way: fetch it again as binary.",
    ),
    "delivery.future": _advice(
        1,
        "Bed platformen om den rigtige fil, og se på denne maskines dato.",
        "Ask the platform for the right file, and look at this machine's date.",
    ),
    "delivery.gap": _advice(
        1,
        "Bed platformen om den leverance, der mangler; de ventende følger af sig selv. "
        'Er den væk for altid: `cprsync feed accept FIL --reason "…"` går videre uden den; '
        "FIL er den ventende leverance nævnt ovenfor, ikke den, der mangler.",
        "Ask the platform for the missing delivery; the waiting ones follow by themselves. "
        "Gone for good: `cprsync feed accept FILE --reason TEXT` goes on without it; "
        "FILE is the waiting delivery named above, not the missing one.",
    ),
    "delivery.no_room": _advice(
        2,
        "Skaf plads i mappen til midlertidige filer (TMPDIR), og kør igen.",
        "Make room in the folder of temporary files (TMPDIR), and run again.",
    ),
    "delivery.not_stopped": _advice(
        1,
        "Intet skal godkendes: kør `cprsync sync`, som tager det, der er i kæde.",
        "Nothing is to be accepted: run `cprsync sync`, which takes what is in chain.",
    ),
    "delivery.unknown": _advice(
        1,
        "Nævn en leverance, der venter, med det navn `cprsync sync` giver den, eller en fil på disken. "
        "Efter et hul i kæden er det den, der følger efter den manglende, ikke den manglende selv.",
        "Name a delivery that waits as `cprsync sync` names it, or a file on disk. "
        "After a gap it is the one behind the missing one, not the missing one itself.",
    ),
    "delivery.late": _advice(
        4,
        "Prøv igen senere; bliver den væk, så spørg platformen.",
        "Try again later; if it stays away, ask the platform.",
    ),
    "delivery.product": _advice(
        1,
        "Filen er af et andet produkt: kontrollér aftalens opgave og indhold.",
        "The file is of another product: check the agreement's task and its contents.",
    ),
    "delivery.replaced": _advice(
        1,
        "Spørg platformen, hvilken af de to der er rigtig; intet af den nye er taget. "
        'Er det den nye: `cprsync feed accept FIL --reason "…"`. '
        "Er det den første: fjern den anden fil fra det sted, den blev leveret (IN).",
        "Ask the platform which of the two is right; nothing of the new one was taken. "
        "It is the new one: `cprsync feed accept FILE --reason TEXT`. "
        "It is the first: remove the other file from the place it was delivered to (IN).",
    ),
    "delivery.task": _advice(
        1,
        "Filen hører til en anden aftale: kontrollér `task` i [library.feed].",
        "The file belongs to another agreement: check `task` in [library.feed].",
    ),
    "delivery.unfinished": _advice(4, "Prøv igen, når overførslen er slut.", "Try again when the transfer has ended."),
    "mock.not_running": _advice(
        4,
        "Start den med `cprsync mock serve --dir MAPPE`.",
        "Start it with `cprsync mock serve --dir DIR`.",
    ),
    "mock.stopped": _advice(
        7,
        "Start den med `cprsync mock serve --dir MAPPE`: den siger sin dag. Bed så om de nætter, der mangler.",
        "Start it with `cprsync mock serve --dir DIR`: it says its day. Then ask for the nights that are left.",
    ),
    "input.folder": _advice(
        1,
        "Nævn en tom mappe, eller en, der ikke findes endnu; det, der er der, bliver.",
        "Name a folder that is empty, or one that does not exist yet; what is there stays.",
    ),
    "input.empty": _advice(
        1,
        "Giv en værdi. Skal en rettelse tages tilbage eller et felt tømmes, så sig --withdraw i stedet.",
        "Give a value. To take a correction back, or to empty a field, say --withdraw instead.",
    ),
    "interrupted": _AGAIN,
    "init.folder": _advice(
        2,
        "Nævn en mappe, der er jeres egen, eller en, der ikke findes endnu; det, der er der, bliver.",
        "Name a folder of your own, or one that does not exist yet; what is there stays.",
    ),
    "output.lost": _advice(
        7,
        "Skaf plads dér, hvor svaret skal hen; `cprsync runs list` fortæller, hvad der blev gjort.",
        "Make room where the answer goes; `cprsync runs list` tells what was done.",
    ),
    "number.both_patrons": _advice(
        1,
        "`cprsync review list` viser de to; en af dem skal lukkes.",
        "`cprsync review list` shows the two; one of them is to be closed.",
    ),
    "keys.older": _advice(
        2,
        "Mappen er ældre end denne version: kør `cprsync db upgrade`, som laver den nøgle, der mangler.",
        "The folder is older than this version: run `cprsync db upgrade`, which makes the key that is missing.",
    ),
    "number.real": _advice(
        1,
        "Et nummer, der afløser hendes, kommer med en leverance, eller `cprsync lookup` finder det.",
        "A number that replaces hers comes with a delivery, or `cprsync lookup` finds it.",
    ),
    "number.replaced": _advice(
        1, "Bed låneren om det nummer, hun har nu.", "Ask the patron for the number that she has now."
    ),
    "patron.no_card": _advice(
        1,
        "Intet er ændret. En PIN hører til et kort: `cprsync patron import` henter kort ind.",
        "Nothing was changed. A PIN belongs to a card: `cprsync patron import` brings cards in.",
    ),
    "patron.merged": _advice(
        1,
        "Brug den anden låner; `cprsync review list --all` fortæller, hvem der lagde de to sammen.",
        "Use the other patron; `cprsync review list --all` tells who merged the two.",
    ),
    "journal.broken": _advice(
        1,
        "Læg slettejournalen tilbage, som den var, fra dens egen kopi og aldrig en ældre, og gem den brudte fil: "
        "uden den kan slettede komme igen med en ældre kopi af databasen.",
        "Put the erase journal back as it was from its own copy, never an older one, and keep the broken file: "
        "without it, whoever was erased may come back with an older copy of the database.",
    ),
    "journal.behind": _advice(
        1,
        "Læg den nyeste slettejournal tilbage fra dens egen kopi, og kør igen. Databasen har set linjer, der ikke er "
        "i denne: uden dem kan slettede komme igen med en ældre kopi af databasen.",
        "Put the newest erase journal back from its own copy, and run again. The database has seen lines that are not "
        "in this one: without them, whoever was erased may come back with an older copy of the database.",
    ),
    "journal.file": _advice(
        2,
        "Se på `erase_journal` i [store]: denne bruger skal kunne læse og skrive filen.",
        "Check `erase_journal` in [store]: this user must be able to read and write it.",
    ),
    "patron.closed": _advice(
        1,
        "Den, der har meldt sig ud, er en ny låner: `cprsync lookup --purpose registration --register`.",
        "Whoever has left is someone new: `cprsync lookup --purpose registration --register`.",
    ),
    "patron.open": _advice(
        1,
        "Få det åbne afsluttet; med `cprsync patron leave ID` lukker natten posten, når det er sket.",
        "Settle what is open; with `cprsync patron leave ID` the night closes her once it is.",
    ),
    "patron.unknown": _advice(
        1,
        "`cprsync patron find` fortæller, hvilket lånernummer der hører til et personnummer.",
        "`cprsync patron find` tells the patron number that belongs to a CPR number.",
    ),
    "plan.file": _advice(
        2,
        "Nævn en fil med --plan, der kan skrives til, og kør igen.",
        "Name a file with --plan that can be written to, and run again.",
    ),
    "policy": _advice(
        2,
        "Ret policy-filen; natten er ikke begyndt.",
        "Mend the policy file; the night has not begun.",
    ),
    "responsible.circle": _advice(
        1,
        "`cprsync patron responsible ID list` viser, hvem der er ansvarlig for hvem.",
        "`cprsync patron responsible ID list` shows who answers for whom.",
    ),
    "responsible.gone": _advice(
        1,
        "Spørg familien, hvem der er ansvarlig i stedet.",
        "Ask the family who answers instead.",
    ),
    "responsible.minor": _advice(1, "Angiv en, der er myndig.", "Name someone who is of age."),
    "responsible.no_borrower": _advice(1, "Registrér hende som låner først.", "Register her as a patron first."),
    "responsible.no_person": _advice(
        1,
        "Er det en person, så ret lånertypen først.",
        "If it is a person, correct the kind of patron first.",
    ),
    "responsible.none": _advice(
        1,
        "`cprsync patron responsible ID list` viser, hvem der er ansvarlig.",
        "`cprsync patron responsible ID list` shows who answers.",
    ),
    "responsible.of_age": _advice(
        1,
        "Er fødselsdatoen forkert, så ret den først.",
        "If her birth date is wrong, correct that first.",
    ),
    "responsible.self": _advice(
        1,
        "Angiv nummeret på den, der er ansvarlig for låneren.",
        "Give the number of whoever answers for the patron.",
    ),
    "responsible.too_many": _advice(
        1,
        "Lad først et ansvar ophøre: `cprsync patron responsible ID end`.",
        "End a link first: `cprsync patron responsible ID end`.",
    ),
    "review.braked": _advice(
        5,
        "Se på, hvad der er lagt sammen i dag, og hæv så `merged` i policy.toml, eller fortsæt i morgen.",
        "Look at what was merged today, then raise `merged` in policy.toml or go on tomorrow.",
    ),
    "review.changed": _advice(
        1,
        "Se, hvordan det står, med `cprsync review list --all`; det, registret overlader til jer, venter af sig selv.",
        "See how it stands with `cprsync review list --all`; what the register leaves to decide waits by itself.",
    ),
    "review.closed": _advice(
        1,
        "Se, hvad der venter, med `cprsync review list`, og hvad der er besvaret, med `--all`.",
        "See what waits with `cprsync review list`, and what was answered with `--all`.",
    ),
    "review.unknown": _advice(
        1,
        "Se punkternes numre med `cprsync review list`.",
        "See the items' numbers with `cprsync review list`.",
    ),
    "run.braked": _advice(
        5,
        "Se, hvad der ville være sket: `cprsync runs show N`. Er natten forkert, så bed platformen om en ny fil. "
        "Er den rigtig, så hæv hver grænse nævnt ovenfor i policy.toml for én nat (guard.KLASSE.count), "
        "kør `cprsync sync` igen, og sæt den tilbage.",
        "See what would have happened: `cprsync runs show N`. If the night is wrong, ask the platform for a new file. "
        "If it is right, raise each limit named above in policy.toml for one night (guard.CLASS.count), "
        "run `cprsync sync` again, and set it back.",
    ),
    "run.balance": _advice(
        7,
        "Meld det: kørslens tal går ikke op. Det, der er skrevet, står.",
        "Report this: the run's numbers do not add up. What is committed stands.",
    ),
    "run.unknown": _advice(1, "Se nætterne med `cprsync runs list`.", "See the nights with `cprsync runs list`."),
    "audit.broken": _advice(
        1,
        "Lad databasen være, som den er, og meld det: revisionssporet er ændret.",
        "Keep the database as it is and report this: the audit was altered.",
    ),
    "sftp.broken": _advice(
        4,
        "Prøv igen senere; det, der blev hentet helt, ligger i indbakken.",
        "Try again later; what was fetched whole is in the inbox.",
    ),
    "sftp.crowded": _advice(
        2,
        'Ryd mappen på serveren, eller sæt after = "delete" i [library.feed].',
        'Clear the folder on the server, or set after = "delete" in [library.feed].',
    ),
    "sftp.delete": _advice(
        2,
        'Bed om ret til at slette dér, eller sæt after = "keep" i [library.feed].',
        'Ask for the right to delete there, or set after = "keep" in [library.feed].',
    ),
    "sftp.folder": _advice(
        2,
        "Kontrollér `folder` i [library.feed] og vores rettigheder dér med platformen.",
        "Check `folder` in [library.feed] and our rights there with the platform.",
    ),
    "sftp.host_key": _advice(
        2,
        "Intet er sendt. Spørg platformen ad en anden vej, om dens nøgle er ny, før I ændrer `known_hosts`.",
        "Nothing was sent. Ask the platform, by another way, whether its key is new before you change `known_hosts`.",
    ),
    "sftp.key": _advice(
        2,
        "Kontrollér `key` i [library.feed]: en SSH-nøgle uden adgangskode, som kun ejeren kan læse.",
        "Check `key` in [library.feed]: an SSH key without a passphrase that only its owner reads.",
    ),
    "sftp.known_hosts": _advice(
        2,
        "Kontrollér `known_hosts` i [library.feed]: den rummer serverens nøgle.",
        "Check `known_hosts` in [library.feed]: it holds the server's key.",
    ),
    "sftp.refused": _advice(
        2,
        "Spørg platformen, om den offentlige del af `key` hører til `user` i [library.feed].",
        "Ask the platform whether the public half of `key` belongs to `user` of [library.feed].",
    ),
    "sftp.unreachable": _advice(
        4,
        "Prøv igen senere; bliver det ved, så kontrollér `host` og `port` i [library.feed].",
        "Try again later; if it stays so, check `host` and `port` in [library.feed].",
    ),
    "store.seal": _advice(
        1,
        "En post kan ikke åbnes: kontrollér [keys] dir, og gendan så databasen fra en kopi.",
        "A record does not open: check [keys] dir, then restore the database from a backup.",
    ),
    "store.unavailable": _advice(
        4,
        "Se til databasen, og kør igen; det, der blev skrevet, står.",
        "Look after the database, then run again; what was committed stands.",
    ),
    "store.damaged": _advice(
        2,
        "Gendan databasen fra en kopi, eller kontrollér [store] url.",
        "Restore the database from a backup, or check [store] url.",
    ),
    "store.not_set_up": _advice(2, "Kør `cprsync db upgrade`.", "Run `cprsync db upgrade`."),
    "store.version": _advice(
        2,
        "Kør `cprsync db upgrade` med den version af cprsync, I bruger.",
        "Run `cprsync db upgrade` with the version of cprsync that you use.",
    ),
    "usage.confirm": _advice(
        2,
        "Kør den igen ved en terminal, og skriv lånernummeret igen, eller tilføj --yes.",
        "Run it again at a terminal and type the patron number again, or say --yes.",
    ),
    "usage.field": _advice(
        2,
        "`cprsync patron set --help` siger, hvilke felter der er, og hvad de tager.",
        "`cprsync patron set --help` says which fields there are and what they take.",
    ),
    "usage.reason": _advice(2, 'Kør kommandoen igen med --reason "…".', "Run the command again with --reason TEXT."),
    "usage.until": _advice(
        2, "Kør kommandoen igen med --until ÅÅÅÅ-MM-DD.", "Run the command again with --until YYYY-MM-DD."
    ),
    "schemas": _advice(
        2,
        "Installér cprsync igen: skemaerne er beskadigede.",
        "Install cprsync again: its schemas are damaged.",
    ),
}

#: The most exact class first.
BY_CLASS: Final[tuple[tuple[type[errors.CprsyncError], Advice], ...]] = (
    (
        errors.ConfigurationError,
        _advice(2, "Ret indstillingen, og kør kommandoen igen.", "Mend the setting and run the command again."),
    ),
    (
        errors.DeliveryRefused,
        _advice(1, "Bed platformen om at levere filen igen.", "Ask the platform to deliver the file again."),
    ),
    (
        errors.BadInput,
        _advice(1, "Ret det indtastede, og kør kommandoen igen.", "Mend the input and run the command again."),
    ),
    (errors.DeliveryLate, _LATER),
    (errors.RunBusy, _advice(4, "Vent, til den anden kørsel er slut.", "Wait until the other run has ended.")),
    (errors.RunStopped, _AGAIN),
    (errors.NoSuchPerson, _advice(1, "Kontrollér nummeret med låneren.", "Check the number with the patron.")),
    (
        errors.RegisterUnavailable,
        _advice(
            4,
            "Prøv igen senere; det, der blev skrevet, står.",
            "Try again later; what was committed stands.",
        ),
    ),
    (
        errors.RegisterRefused,
        _advice(
            1,
            "Kontrollér aftalen i [library.register] med platformen.",
            "Check the agreement in [library.register] with the platform.",
        ),
    ),
    (
        errors.BadAnswer,
        _advice(
            1,
            "Meld det til platformen; svaret er ikke brugt.",
            "Report this to the platform; the answer was not used.",
        ),
    ),
    (errors.LostCompare, _AGAIN),
    (
        errors.FenceLost,
        _advice(
            7,
            "En nyere kørsel har taget over; se `cprsync runs list`.",
            "A newer run has taken over; look at `cprsync runs list`.",
        ),
    ),
)
UNEXPECTED: Final = _advice(
    7,
    "Kør kommandoen igen: den fortsætter, hvor den slap. Går det galt igen, så meld det.",
    "Run the command again: it goes on where it stopped. If it fails again, report it.",
)
