"""The words of rights to net media, and of what CULR knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NET_MEDIA: Final[Mapping[str, tuple[str, str]]] = {
    "rights": ("Låner {patron} den {day}: ret til netmedier", "Patron {patron} on {day}: rights to net media"),
    "undecided": ("uafklaret", "undecided"),
    "rights_none": (
        "Bibliotekets regler har ingen netmedier.",
        "The library's rules name no net media.",
    ),
    "rights_municipality": (
        "Kommune: {name}, {lives}; {source}{since}",
        "Municipality: {name}, {lives}; {source}{since}",
    ),
    "rights_no_municipality": ("Kommune: ikke kendt, {lives}", "Municipality: not known, {lives}"),
    "rights_resident": ("hjemmehørende her", "resident here"),
    "rights_not_resident": ("ikke hjemmehørende her", "not resident here"),
    "rights_unknown": ("bopæl ukendt", "residence unknown"),
    "rights_from_file": ("fra CPR", "from CPR"),
    "rights_from_lookup": ("fra CPR", "from CPR"),
    "rights_from_staff": ("rettet ved skranken", "corrected at the desk"),
    "rights_from_None": ("CPR har ikke svaret endnu", "CPR has not answered yet"),
    "rights_since": ("siden {day}", "since {day}"),
    "rights_valid_from": ("Gælder her siden {day}.", "In force here since {day}."),
    "rights_withheld": (
        "En dag vises ikke: den ville fortælle fødselsdatoen.",
        "A day is not shown: it would tell the birth date.",
    ),
    "rights_yes": ("Ja, {why}.", "Yes, {why}."),
    "rights_no": ("Nej, {why}.", "No, {why}."),
    "rights_undecided": ("Uafklaret: {why}.", "Undecided: {why}."),
    "rights_opens": ("Nej, for ung. Åbner {day} ({age} år).", "No, too young. Opens {day} ({age} years)."),
    "rights_until": ("Sidste dag er {day}.", "The last day is {day}."),
    "rights_next": ("Ændres {day}, {change}.", "Changes on {day}, {change}."),
    "rights_changes": ("Ændres, {change}.", "Changes {change}."),
    "culr_no_account": ("CULR: ingen konto kendt.", "CULR: no account known."),
    "culr_has": ("CULR har {what}", "CULR has {what}"),
    "culr_sent": ("sendt er {what}", "sent: {what}"),
    "culr_deleting": ("kontoen skal slettes dér", "the account is to be deleted there"),
    "culr_refused": (
        "en ændring blev afvist ({code}): se cprsync review list",
        "a change was refused ({code}): see cprsync review list",
    ),
    "culr_pending": ("ændringer, der venter på at blive sendt: {pending}", "changes that wait to be sent: {pending}"),
    "culr_checked": ("senest bekræftet {day}", "last confirmed {day}"),
    "culr_leaving": (
        "CULR beholder kommunen, til posten lukkes og kontoen slettes: netmedierne kan lukke låneren ind så længe.",
        "CULR keeps the municipality until the record closes and the account goes: net media may let the patron in.",
    ),
    "culr_unknown": ("intet, der er bekræftet endnu", "nothing that is confirmed yet"),
    "culr_empty": ("ingen kommune, med vilje", "no municipality, on purpose"),
    # accounts in CULR held against the records
    "accounts_read": ("Konti hos CULR: {read} læst", "Accounts in CULR: {read} read"),
    "accounts_read_former": (
        "Konti hos CULR: {read} læst, også under numre, der er afløst",
        "Accounts in CULR: {read} read, under replaced numbers too",
    ),
    "accounts_drifted": (
        "Konti hos CULR, der ikke var, som de skulle være",
        "Accounts in CULR that were not as they should be",
    ),
    "accounts_as_they_should": ("alle er, som de skal være", "all are as they should be"),
    "accounts_missing": ("mangler", "missing"),
    "accounts_extra": ("overtallig", "one too many"),
    "accounts_stale": ("forkert kommune", "wrong municipality"),
    "accounts_cards": ("kort, der ikke er lånerens", "cards that are not the patron's"),
    "accounts_foreign": ("et andet bibliotek har sat kommunen", "another library has set the municipality"),
    "accounts_repaired": ("sendes igen", "sent again"),
    "accounts_later": ("{repaired} sendes igen i nat: cprsync sync", "{repaired} are sent again tonight: cprsync sync"),
    "accounts_left": ("til et menneske: cprsync review list", "left to a person: cprsync review list"),
    "accounts_left_out": (
        "ikke holdt op mod CULR, fordi noget venter eller svaret udeblev: {left_out}",
        "not held against CULR, since something waits or no answer came: {left_out}",
    ),
    "accounts_dry": (
        "Intet er ændret.",
        "Nothing was changed.",
    ),
    "accounts_would_mend": (
        "Uden --dry-run rettes det, der er vores: rettigheder straks, konti i nat.",
        "Without --dry-run what is ours is put right: rights at once, accounts tonight.",
    ),
    "accounts_would_ask": (
        "Et andet biblioteks nummer rettes ikke: et menneske spørges, hvis ingen har svaret.",
        "Another library's number is not put right: a person is asked, if nobody has answered.",
    ),
    "accounts_braked": (
        "Intet er rettet hos CULR: det er flere, end policy.toml tillader",
        "Nothing was put right in CULR: it is more than policy.toml allows",
    ),
    "accounts_raise": (
        "Er det rigtigt, så hæv {keys} i policy.toml for én gang.",
        "If it is right, raise {keys} in policy.toml for once.",
    ),
    "accounts_no_net_media": (
        "CULR er ikke sat op ([library.culr]); intet er læst.",
        "CULR is not set up ([library.culr]); nothing was read.",
    ),
    "review_sides": ("vi siger {ours}, hos CULR står {theirs}", "we say {ours}, in CULR stands {theirs}"),
    "review_unknown": ("intet: bopælen er ikke kendt", "nothing: the residence is not known"),
    "review_no_account": ("ingen konto", "no account"),
    "review_nothing": ("intet, vi har set", "nothing that we have seen"),
    "review_answered": ("CULR svarede {code}", "CULR answered {code}"),
    # what CULR means by its codes
    "code_ACCOUNT_DOES_NOT_EXIST": (
        "CULR kender ikke kontoen, selv om den blev oprettet",
        "CULR does not know the account, though it was created",
    ),
    "code_ACCOUNT_ALREADY_EXISTS": ("kontoen findes i forvejen", "the account is there already"),
    "code_TRANSACTION_ERROR": (
        "CULR kunne ikke gennemføre det; nummeret kan være optaget hos biblioteket",
        "CULR could not carry it out; the number may be taken at the library",
    ),
    "code_ILLEGAL_ARGUMENT": (
        "noget i kaldet godtages ikke: nummeret, kommunen eller hvem vi er (agency og group)",
        "something in the call is not accepted: the number, the municipality, or who we are (agency and group)",
    ),
    "code_PROGRAM_ERROR": ("en fejl hos CULR selv", "a fault of CULR's own"),
    "code_UNKNOWN_ERROR": ("en fejl, som CULR eller vi ikke kender", "an error that CULR, or we, do not know"),
    "rights_again": (
        "Andre rettigheder gemt, end posten giver; de er udledt igen for",
        "Other rights kept than the record leads to; they were derived again for",
    ),
    "rights_wrong": ("Andre rettigheder gemt, end posten giver", "Other rights kept than the record leads to"),
    "told_refused": (
        "netmedierne (CULR) afviste det: se cprsync review list",
        "the net media (CULR) refused it: see cprsync review list",
    ),
    # everyone's rights verified
    "verified_ok": ("Alt stemmer: {patrons} lånere", "All is right: {patrons} patrons"),
    "verified_ok_here": (
        "Det, der er set efter, stemmer: {patrons} lånere",
        "What was looked at is right: {patrons} patrons",
    ),
    "verified_no_net_media": (
        "Netmedierne er ikke sat op ([library.culr]), så CULR får intet at vide; lånere, som noget venter for: {count}",
        "The net media are not set up ([library.culr]), so CULR is told nothing; patrons whose news wait: {count}",
    ),
    "verified_wrong": (
        "NOGET STEMMER IKKE: {patrons} lånere set efter",
        "SOMETHING IS WRONG: {patrons} patrons looked at",
    ),
    "verified_not_whole": (
        "Intet galt fundet, men ikke alt er set efter: {patrons} lånere",
        "Nothing wrong was found, but not all was looked at: {patrons} patrons",
    ),
    "verified_differs": (
        "Intet galt fundet, men der er gemt rettigheder, som natten vil ændre: {patrons} lånere",
        "Nothing wrong was found, but rights are kept that the night will change: {patrons} patrons",
    ),
    "verified_next": (
        "cprsync entitlements reconcile --all udleder rettigheder igen og lader natten rette konti",
        "cprsync entitlements reconcile --all derives rights again and lets the night put accounts right",
    ),
    "verified_foreign_next": (
        "et andet biblioteks nummer afgøres på cprsync review list, når natten eller reconcile --all har set det",
        "another library's number is settled on cprsync review list, once the night or reconcile --all has seen it",
    ),
    "verified_offline": ("CULR er ikke spurgt", "CULR was not asked"),
    "verified_waits_rights": (
        "rettigheder, der udledes igen i nat: {count}",
        "patrons whose rights are derived again tonight: {count}",
    ),
    "verified_waits_rights_differing": (
        "  heraf lånere, hvis gemte rettigheder er andre, end posten og politikken giver nu: {count}",
        "  of these, patrons whose kept rights are not what record and policy lead to now: {count}",
    ),
    "verified_waits_culr": (
        "ikke holdt op mod CULR, fordi noget venter eller svaret udeblev: {count}",
        "not held against CULR, since something waits or no answer came: {count}",
    ),
    "verified_leaving": (
        "ved at blive meldt ud: {count}; CULR beholder deres kommune, til posten lukkes",
        "leaving the library: {count}; CULR keeps their municipality until the record closes",
    ),
    "verified_reason": (
        "closing_blocks i {product}: ingen post er blokeret for »{reason}«; er det stavet som på posterne?",
        "closing_blocks of {product}: no record is blocked for “{reason}”; is it spelt as on the records?",
    ),
    "wrong_rights": (
        "andre rettigheder gemt, end posten giver",
        "other rights kept than the record leads to",
    ),
    "wrong_protected": (
        "beskyttet og har ikke, hvad andre har",
        "protected, and has not what others have",
    ),
    "wrong_untold": ("CULR har ikke fået det at vide, og intet venter", "CULR was not told, and nothing waits"),
    "wrong_missing": ("mangler hos CULR", "missing in CULR"),
    "wrong_extra": ("overtallig hos CULR", "one too many in CULR"),
    "wrong_stale": ("forkert kommune hos CULR", "wrong municipality in CULR"),
    "wrong_cards": ("kort hos CULR, der ikke er lånerens", "cards in CULR that are not the patron's"),
    "wrong_foreign": (
        "et andet bibliotek har sat kommunen hos CULR",
        "another library has set the municipality in CULR",
    ),
    "wrong_versions": ("versioner, der ikke stiger", "versions that do not rise"),
}
