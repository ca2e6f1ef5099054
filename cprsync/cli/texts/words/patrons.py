"""The words of a record, of who answers for it, of what is owed, and of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PATRONS: Final[Mapping[str, tuple[str, str]]] = {
    # who answers for a minor
    "responsible": ("økonomisk ansvarlige", "responsible persons"),
    "responsible_added": (
        "{who} er nu økonomisk ansvarlig for ny gæld hos låner {patron}, indtil låneren fylder 18.",
        "{who} now answers for new debts of patron {patron}, until the patron is 18.",
    ),
    "responsible_unchanged": (
        "{who} er allerede økonomisk ansvarlig for låner {patron}; intet er ændret.",
        "{who} answers for patron {patron} already; nothing was changed.",
    ),
    "responsible_ended": (
        "{who} er ikke længere økonomisk ansvarlig for ny gæld hos låner {patron}; ældre gæld er uændret.",
        "{who} no longer answers for new debts of patron {patron}; older ones stay as they are.",
    ),
    "responsible_who": ("{name} (lånernummer {patron})", "{name} (patron number {patron})"),
    "responsible_number": ("Låner {patron}", "Patron {patron}"),
    "responsible_sealed": ("Låner {patron} (navnet er beskyttet)", "Patron {patron} (the name is protected)"),
    "answers_for": ("Økonomisk ansvarlig for", "Answers for the debts of"),
    "responsible_none": ("Ingen er registreret.", "Nobody is registered."),
    "responsible_since": ("siden {since}", "since {since}"),
    "responsible_until": (
        "{since} – {until}, gæld derfra er endnu ubetalt",
        "{since} – {until}, debts of that time are still unpaid",
    ),
    "responsible_ended_since": (
        "siden {since}, nu ophørt (dagen vises ikke), gæld fra før er endnu ubetalt",
        "since {since}, now ended (the day is not shown), older debts are still unpaid",
    ),
    "responsible_letters": ("breve sendes", "letters go"),
    "responsible_no_ended": ("ingen breve", "no letters"),
    "responsible_no_gone": (
        "ingen breve: død, udrejst eller forsvundet, eller nummeret er annulleret",
        "no letters: dead, abroad or disappeared, or the number is annulled",
    ),
    "responsible_no_protected": ("ingen breve: beskyttet", "no letters: protected"),
    "not_verified": (
        "registret svarede ikke: natten spørger igen",
        "the register did not answer: the night asks again",
    ),
    # what staff set
    "set_set": ("sat", "set"),
    "set_withdrawn": ("rettelsen er taget tilbage", "the correction is taken back"),
    "set_unchanged": ("det stod der allerede", "it said so already"),
    "emptied_set": ("tømt", "emptied"),
    "emptied_withdrawn": ("rettelsen er taget tilbage", "the correction is taken back"),
    "group_withdrawn": ("Lånergruppen følger igen alderen", "The patron group follows age again"),
    "emptied_unchanged": ("der var intet at tage tilbage", "there was nothing to take back"),
    "set_added": ("tilføjet", "added"),
    "set_removed": ("fjernet", "removed"),
    "set_lifted": ("ophævet", "lifted"),
    "lifted_unchanged": ("er allerede ophævet", "was lifted already"),
    "list_add": ("lægges til dem, der står", "comes to those that stand there"),
    "list_remove": ("tages væk", "is taken away"),
    "list_replace": ("bliver hele listen", "becomes the whole list"),
    "set_until": ("gælder til og med {until}", "holds until {until}"),
    "set_culr": ("netmedierne får besked", "the net media are told"),
    "set_culr_unset": (
        "netmedierne får besked, når de er sat op ([library.culr])",
        "the net media are told once they are set up ([library.culr])",
    ),
    "set_lines": ("en linje ad gangen, en tom slutter", "one line at a time, an empty one ends"),
    "set_no_group": (
        "Gruppen står ikke i policy.toml: er den stavet rigtigt? Der er {groups}.",
        "policy.toml has no such group: is it spelt right? There are {groups}.",
    ),
    "set_no_letters": (
        "Opgørelser findes på dansk (da) og engelsk (en): lånerens skrives på dansk.",
        "Statements exist in Danish (da) and English (en): the patron's are written in Danish.",
    ),
    "set_no_notices": (
        "Beskeder sendes ikke hertil: skriv * foran, hvis de skal.",
        "Notices are not sent there: write * before it if they are to be.",
    ),
    # the statement
    "statement": ("OPGØRELSE AF MELLEMVÆRENDE", "STATEMENT OF ACCOUNT"),
    "statement_patron": ("Lånernummer {patron}", "Patron number {patron}"),
    "statement_stopped": (
        "Intet brev: låneren er død. Opgørelsen er kun til bibliotekets eget brug.",
        "No letter: the patron is dead. This is for the library only.",
    ),
    "statement_sealed": (
        "Navn og adresse er beskyttet. De åbnes kun med en grund: --reveal --reason",
        "Name and address are protected. They open for a reason only: --reveal --reason",
    ),
    "statement_address_sealed": (
        "Adressen er beskyttet. Den åbnes kun med en grund: --reveal --reason",
        "The address is protected. It opens for a reason only: --reveal --reason",
    ),
    "statement_nowhere": (
        "Ingen adresse, et brev når frem til, er kendt.",
        "No address is known that a letter would reach.",
    ),
    "statement_nothing": ("Der er intet udestående.", "Nothing is outstanding."),
    "statement_loans": ("Lån, der skulle være afleveret", "Loans that should have been returned"),
    "statement_late": ("{days} dage for sent", "{days} days late"),
    "statement_late_one": ("1 dag for sent", "1 day late"),
    "statement_owed": ("Gebyrer og erstatninger, der ikke er betalt", "Fees and compensations not yet paid"),
    "statement_fee": ("Gebyr", "Fee"),
    "statement_compensation": ("Erstatning", "Compensation"),
    "statement_total": ("I alt", "In all"),
    "statement_note": ("Besked fra biblioteket", "A note from the library"),
    "controller_missing": (
        "Siden mangler noget, som kun biblioteket ved. Skriv det i policy.toml under [controller]: {asked}.",
        "The page lacks what only the library knows. Write it in policy.toml under [controller]: {asked}.",
    ),
    "statement_responsible": (
        "Registreret som økonomisk ansvarlig for låneren: {who}.",
        "Registered as responsible for what the patron owes: {who}.",
    ),
    "statement_unnamed_one": ("en, hvis navn ikke vises", "one whose name is not shown"),
    "statement_unnamed": ("{count}, hvis navne ikke vises", "{count} whose names are not shown"),
    "and": ("og", "and"),
    "statement_responsible.1": (
        "Der er registreret en økonomisk ansvarlig for låneren.",
        "Someone is registered as responsible for what the patron owes.",
    ),
    "statement_responsible.2": (
        "Der er registreret to økonomisk ansvarlige for låneren.",
        "Two persons are registered as responsible for what the patron owes.",
    ),
    "statement_responsible.3": (
        "Der er registreret tre økonomisk ansvarlige for låneren.",
        "Three persons are registered as responsible for what the patron owes.",
    ),
    "statement_responsible.4": (
        "Der er registreret fire økonomisk ansvarlige for låneren.",
        "Four persons are registered as responsible for what the patron owes.",
    ),
    # whose word a field shows
    "corrected": ("rettelse", "correction"),
    "lookup_not_found": ("ikke fundet i CPR", "not found in CPR"),
    "no_patron": ("ikke låner", "no patron"),
    "no": ("nej", "no"),
    "standing": ("Låner {patron} den {day} · lånergruppe {group}", "Patron {patron} on {day} · patron group {group}"),
    "standing_blocked": ("{reason} (siden {since})", "{reason} (since {since})"),
    "standing_borrow": ("Må låne", "May borrow"),
    "standing_reminder_due": ("påmindelse skulle sendes {day}", "a reminder was due on {day}"),
    "standing_reminder_next": ("næste påmindelse {day}", "next reminder {day}"),
    "standing_debt": ("Skylder", "Owes"),
    "standing_fees": (
        "Nye gebyrer, hvis alt det forsinkede afleveres i dag",
        "New fees if all that is late comes back today",
    ),
    "standing_billed": ("erstatning er krævet", "a compensation is asked for"),
    "standing_raised": ("{amount} er allerede opkrævet", "{amount} has been charged already"),
    "channel_letter": ("Brev", "Letter"),
    "channel_sms": ("SMS", "Text message"),
    "channel_email": ("E-mail", "E-mail"),
    "about_reminder": ("påmindelse", "reminder"),
    "about_notice": ("besked", "notice"),
    "about_bill": ("regning", "bill"),
    "mark_protected": ("beskyttet", "protected"),
    "mark_protection": ("beskyttet", "protected"),
    "mark_street": (
        "skjules, fordi adressen er en administrativ vejkode",
        "hidden, since the address is an administrative street code",
    ),
    "mark_parked": ("skjules, til nogen har svaret på en sag om låneren", "hidden until a review item is answered"),
    "mark_silence": ("skjules, til CPR har svaret", "hidden until CPR has answered"),
    "mark_household": ("beskyttet i husstanden", "protected in the household"),
    "sealed_age": ("{sealed}, {age} år", "{sealed}, aged {age}"),
    "mark_revealed": ("åbnet, og skrevet i loggen", "opened, and written in the audit"),
    "mark_not_verified": ("endnu ikke bekræftet af CPR", "not yet verified by CPR"),
    "mark_window": (
        "ubekræftet: leverancerne kunne ikke fortælle om nummeret",
        "unverified: deliveries could not have told of it",
    ),
    "mark_replaced": (
        "ubekræftet: nummeret er skiftet ud, og låneren har ikke fået det nye",
        "unverified: the number was replaced, and the patron has not got the new one",
    ),
    "mark_not_in_register": ("uden CPR-nummer: CPR kender ikke posten", "no CPR number: CPR does not know the record"),
    "stage_active": ("låner", "a patron"),
    "stage_no_borrower": ("ikke låner", "no patron"),
    "kind_person": ("person", "person"),
    "kind_institution": ("institution", "institution"),
    "kind_library": ("bibliotek", "library"),
    "kind_responsible": ("kun økonomisk ansvarlig", "responsible person only"),
    "stage_leaving": ("på vej ud", "leaving"),
    "stage_closing": (
        "på vej ud: posten er tømt, og CPR og netmedierne mangler at bekræfte det",
        "leaving: the record is empty, and CPR and the net media have still to confirm it",
    ),
    "stage_closed": ("udmeldt", "has left"),
    "stage_erased": ("slettet", "erased"),
    "merged_into": ("lagt sammen med {patron}", "merged into {patron}"),
    "yes": ("ja", "yes"),
    "lifted": ("ophævet", "lifted"),
    "fee": ("gebyr", "fee"),
    "compensation": ("erstatning", "compensation"),
    "absent": ("fra {since}", "from {since}"),
    "absent_until": ("fra {since} til {until}", "from {since} to {until}"),
    "day_loaned": ("lånt", "borrowed"),
    "day_due": ("frist", "due"),
    "day_lost": ("meldt mistet", "reported lost"),
    "day_returned": ("afleveret", "returned"),
    "day_placed": ("bestilt", "placed"),
    "day_until": ("til", "until"),
    "day_cancelled": ("annulleret", "cancelled"),
    "day_raised": ("opstået", "raised"),
    "day_settled": ("betalt", "paid"),
    "by_register": ("registret", "the register"),
    "by_number": ("af personnummeret", "from the CPR number"),
    "uncertain": ("usikker", "uncertain"),
    "by_age": ("efter alder", "by age"),
    "otherwise": ("ellers", "otherwise"),
    # the erase journal
    "journal_accepted": (
        "{library}: slettejournalen gælder, som den er nu. Lånere i den: {patrons}; skrevet ind igen: {again}",
        "{library}: the erase journal counts as it is now. Patrons in it: {patrons}; written down again: {again}",
    ),
    "journal_set_aside": (
        "Den brudte fil er gemt ved siden af; de linjer, der holder, er taget med over.",
        "The broken file is kept beside it; the lines that hold were taken over.",
    ),
    "journal_lost": (
        "Hvem der ellers stod i de tabte linjer, husker intet længere: læg aldrig en ældre kopi af databasen tilbage",
        "nothing remembers who else stood in the lost lines: never put an older copy of the database back",
    ),
    "journal_backup": (
        "Tag nu en ny sikkerhedskopi af databasen og en af slettejournalen.",
        "Make a new backup of the database now, and one of the erase journal.",
    ),
    # who is found
    "find_prompt": ("CPR-nummer, lånernummer eller kort", "CPR number, patron number or card"),
    "find_nobody": (
        "ingen låner har det som CPR-nummer, lånernummer eller kort",
        "no patron has that as CPR number, patron number or card",
    ),
    "find_old_number": ("nummeret er skiftet ud", "the number was replaced"),
    "find_merged": (
        "det lånernummer er lagt sammen med dette, som gælder nu",
        "that patron number was merged into this one, which counts now",
    ),
    "find_closed": ("låneren har forladt biblioteket", "the patron has left the library"),
    "find_card_of_another": (
        "et kort med samme nummer er låner {other}s: spørg, hvem det er",
        "a card of the same number is patron {other}'s: ask which one is meant",
    ),
    # patrons that come with a file
    "imported.one": (
        "{count} række: {created} oprettet, {updated} ændret, {unchanged} uændret",
        "{count} row: {created} created, {updated} updated, {unchanged} unchanged",
    ),
    "imported.many": (
        "{count} rækker: {created} oprettet, {updated} ændret, {unchanged} uændret",
        "{count} rows: {created} created, {updated} updated, {unchanged} unchanged",
    ),
    "import_planned.one": (
        "{count} række: {created} ville blive oprettet, {updated} ville blive ændret, {unchanged} uændret",
        "{count} row: {created} would be created, {updated} would be updated, {unchanged} unchanged",
    ),
    "import_planned.many": (
        "{count} rækker: {created} ville blive oprettet, {updated} ville blive ændret, {unchanged} uændret",
        "{count} rows: {created} would be created, {updated} would be updated, {unchanged} unchanged",
    ),
    "import_stays.one": ("{count} udmelding trukket tilbage", "{count} wish to leave taken back"),
    "import_stays.many": ("{count} udmeldinger trukket tilbage", "{count} wishes to leave taken back"),
    "import_stays_planned.one": (
        "{count} udmelding ville blive trukket tilbage",
        "{count} wish to leave would be taken back",
    ),
    "import_stays_planned.many": (
        "{count} udmeldinger ville blive trukket tilbage",
        "{count} wishes to leave would be taken back",
    ),
    "import_returns.one": (
        "{count} har før forladt biblioteket og er nu en ny låner med nyt lånernummer",
        "{count} left the library before and is a new patron now, with another patron number",
    ),
    "import_returns.many": (
        "{count} har før forladt biblioteket og er nu nye lånere med nye lånernumre",
        "{count} left the library before and are new patrons now, with other patron numbers",
    ),
    "import_returns_planned.one": (
        "{count} har før forladt biblioteket og ville blive en ny låner med nyt lånernummer",
        "{count} left the library before and would be a new patron, with another patron number",
    ),
    "import_returns_planned.many": (
        "{count} har før forladt biblioteket og ville blive nye lånere med nye lånernumre",
        "{count} left the library before and would be new patrons, with other patron numbers",
    ),
    "import_on_lines": ("linje: {lines}", "line: {lines}"),
    "import_left.one": (
        "{field} i {count} række er ikke taget: låneren har CPR-nummer, og CPR ejer feltet",
        "{field} of {count} row was left out: the patron has a CPR number, and CPR owns the field",
    ),
    "import_left.many": (
        "{field} i {count} rækker er ikke taget: lånerne har CPR-nummer, og CPR ejer feltet",
        "{field} of {count} rows were left out: the patrons have CPR numbers, and CPR owns the field",
    ),
    "import_made": ("Nye lånernumre (linje: nummer): {numbers}", "New patron numbers (line: number): {numbers}"),
    "import_made_more": (
        "Alle nye lånernumre skrives med --numbers FIL, eller ses med --json.",
        "--numbers FILE writes all new patron numbers, --json shows them.",
    ),
    "import_over": (
        "{count} ikke taget med: for gamle eller afsluttede (importér mellemværender før lån, der skyldes penge for)",
        "{count} left out: too old or over (import balances before the loans that money is owed for)",
    ),
    "import_refused": ("{count} afvist", "{count} refused"),
    "import_encoding": ("Filen er læst som {encoding}.", "The file was read as {encoding}."),
    "import_more": (
        "… og {count} til: se dem alle med --json, eller skriv dem med --refused FIL",
        "… and {count} more: --json shows all, --refused FILE writes them",
    ),
    "import_line": ("linje {line}, {field}: {told}", "line {line}, {field}: {told}"),
    "import_rows": ("{rows} rækker", "{rows} rows"),
    "import_mend": (
        "Afviste rækker står kun her, ikke i review list: ret dem i filen, og importér den igen.",
        "Refused rows are listed here only, not in review list: mend them in the file and import it again.",
    ),
    "import_dry": (
        "Intet er skrevet: dette var en prøvekørsel. Tilføj --apply for at skrive.",
        "Nothing was written: this was a dry run. Add --apply to write.",
    ),
    # patrons who leave
    "left_closed": ("{patron}: udmeldt. Posten er tømt", "{patron}: has left. The record is empty"),
    "left_closing": (
        "{patron}: på vej ud. Posten er tømt; udmeldt, når CPR (i nat) og netmedierne har bekræftet det",
        "{patron}: leaving. The record is empty; they have left when CPR (tonight) and the net media have confirmed it",
    ),
    "left_dropped.one": ("{count} reservering er slettet.", "{count} reservation was deleted."),
    "left_dropped.many": ("{count} reserveringer er slettet.", "{count} reservations were deleted."),
    "left_waits": (
        "{patron}: på vej ud. Åbent endnu: {ties}. Natten lukker posten, når det er afsluttet",
        "{patron}: leaving. Still open: {ties}. The night closes the record when that is settled",
    ),
    "tie.loans": ("lån", "loans"),
    "tie.balance": ("mellemværender", "balances"),
    "tie.responsible": ("ansvar for mindreårige", "minors they answer for"),
    "erase_confirm": (
        "Sletningen kan ikke fortrydes. Skriv lånernummeret igen:",
        "Erasing cannot be undone. Type the patron number again:",
    ),
    "erased": ("{patron}: slettet", "{patron}: erased"),
    "erased_waits": (
        "endnu ikke afmeldt: abonnementer {subscriptions} (i nat), konti hos netmedierne {accounts}",
        "still to be ended: subscriptions {subscriptions} (tonight), accounts at the net media {accounts}",
    ),
    "leaving": (
        "Udmeldte lånere: {closed} lukket, heraf {asked} efter lang tids fravær",
        "Patrons who left: {closed} closed, {asked} of them after a long absence",
    ),
    "erased_again": (
        "Slettet igen efter en ældre kopi af databasen: {again}",
        "Erased again after an older copy of the database: {again}",
    ),
    # statistics
    "statistics": ("Lånere den {on}: {count}", "Patrons on {on}: {count}"),
    "statistics_by": ("{rows} og {columns}", "{rows} and {columns}"),
    "statistics_municipality": ("Kommune", "Municipality"),
    "statistics_age": ("Alder", "Age"),
    "statistics_group": ("Lånergruppe", "Patron group"),
    "statistics_all": ("i alt", "in all"),
    "statistics_none": ("ingen", "none"),
    "statistics_unknown": ("ukendt", "unknown"),
    "statistics_legend": (
        "{mark}  under {least}, eller udeladt, så et tal under {least} ikke kan regnes ud",
        "{mark}  under {least}, or left out so that no number under {least} can be computed",
    ),
    "statistics_whom": (
        "Døde, lukkede og sammenlagte lånere og dem, der kun er økonomisk ansvarlige, er ikke talt med.",
        "The dead, closed and merged, and those who only answer for a minor, are not counted.",
    ),
}
