"""What becomes of a patron's account in CULR: rows of words, Danish first.

What does it stands in `account`, `drift` and `leaving`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rulebook.rule_rows import Rows

_DECISION: Final = Wording("CULR 1.6; beslutning 11", "CULR 1.6; decision 11")
_LEAVING: Final = Wording("CULR 1.6; beslutning 34", "CULR 1.6; decision 34")

ACCOUNT_ROWS: Final[Rows] = {
    "account-cpr": (
        Wording(
            "låner med et personnummer, hvis bopæl er kendt (også uden for Danmark) eller var det",
            "patron with a CPR number, whose residence is known (outside Denmark too) or was",
        ),
        Wording("under personnummeret (CPR)", "under the CPR number (CPR)"),
        _DECISION,
    ),
    "account-local": (
        Wording(
            "låner uden (erstatningsnummer eller intet nummer), hvis kommune er rettet ved skranken eller var det",
            "patron without (replacement number or none), whose municipality is corrected at the desk or was",
        ),
        Wording("under lånernummeret (LOCAL)", "under the patron number (LOCAL)"),
        _DECISION,
    ),
    "account-unknown": (
        Wording(
            "bopælen er ukendt, og CULR har aldrig hørt om låneren: et erstatningsnummer uden kommune fra skranken, "
            "eller en ny låner, hvis første status er 30 eller 70",
            "residence is unknown, and CULR never heard of the patron: a replacement number without a municipality "
            "from the desk, or a new patron whose first status is 30 or 70",
        ),
        Wording(
            "ingen, og CULR spørges ikke; den oprettes, når bopælen bliver kendt eller (men ikke ved 30) rettes ved "
            "skranken. Et nyt personnummer følger sin egen række",
            "none, and CULR is not asked; it is made once residence becomes known or (but not with 30) is corrected at "
            "the desk. Another CPR number goes by its own row",
        ),
        _DECISION,
    ),
    "account-answers": (
        Wording("svarer kun for en mindreårig, og er ikke låner", "only answers for a minor, and is no patron"),
        Wording(
            "ingen; bliver vedkommende låner, oprettes den som andre låneres. En fra tiden som låner er én for meget",
            "none; of whoever becomes a patron it is made as others' are. One from a time as a patron is one too many",
        ),
        _DECISION,
    ),
    "account-found": (
        Wording("erstatningsnummeret er afløst af det rigtige", "the replacement number gave way to the real one"),
        Wording(
            "oprettes under personnummeret og læses; når den er der, lægges LOCAL-kontoen til, og så slettes den",
            "made under the CPR number and read; once it is there the LOCAL one is merged into it, and then deleted",
        ),
        _DECISION,
    ),
    "account-renumbered": (
        Wording("nyt personnummer", "another CPR number"),
        Wording(
            "oprettes under det nye og læses; først når den er der, slettes den gamle; konti under kort og UNI-Login "
            "flytter med. Ved ingen, hvor låneren bor, følger det kommunenummer med, den gamle havde",
            "made under the new one and read; only once it is there the old one is deleted, and accounts under cards "
            "and UNI-Login move along. If nobody knows where the patron lives, so does the number of the old one",
        ),
        Wording("CULR 1.6; beslutning 6 og 11", "CULR 1.6; decisions 6 and 11"),
    ),
    "account-merged": (
        Wording(
            "to lånere er lagt sammen (number.both_patrons er accepteret)",
            "two patrons were merged (number.both_patrons was accepted)",
        ),
        Wording(
            "den, der bliver, får sin, hvis bopælen er kendt, og den lukkedes slettes; under lånernummeret (LOCAL) "
            "kun, hvis CULR har hørt om den. Skilles de igen, har begge deres igen; er bopælen ukendt, da kun, hvis "
            "den var der, med det kommunenummer, den havde",
            "whoever is kept gets one if residence is known, and that of the one who closes is deleted; under the "
            "patron number (LOCAL) only if CULR has heard of it. Parted again, both have theirs again; if residence is "
            "unknown, only if it was there, with the municipality number that it had",
        ),
        Wording("CULR 1.6; beslutning 6 og 11", "CULR 1.6; decisions 6 and 11"),
    ),
    "account-shared": (
        Wording(
            "det, der skal siges om to lånere, rører den samme konto",
            "what is to be told of two patrons touches the same account",
        ),
        Wording(
            "siges én ad gangen; en konto, der nu er en andens, bliver hverken ændret eller slettet",
            "told one after the other; an account that is another patron's by now is neither changed nor deleted",
        ),
        Wording("CULR 1.6; beslutning 11 og 34", "CULR 1.6; decisions 11 and 34"),
    ),
    "account-again": (
        Wording(
            "findes allerede, når den oprettes; findes ikke, når den slettes",
            "exists already when it is made; does not exist when it is deleted",
        ),
        Wording("gælder som gjort, når en læsning bekræfter det", "counts as done once a reading confirms it"),
        _DECISION,
    ),
    "account-gone": (
        Wording("låneren er meldt ud", "the patron has left the library"),
        Wording(
            "alle bibliotekets konti slettes, også under kort, UNI-Login og tidligere personnumre; en læsning viser, "
            "at ingen er tilbage; andre bibliotekers røres ikke",
            "every account of the library's is deleted, under cards, UNI-Login and earlier CPR numbers too, and a "
            "reading shows that none is left; other libraries' are left alone",
        ),
        _LEAVING,
    ),
    "account-cards": (
        Wording(
            'låner med en konto under personnummeret, hvor biblioteket lader kort logge ind (local_accounts = "cards")',
            'patron with an account under the CPR number; the library lets cards log in (local_accounts = "cards")',
        ),
        Wording(
            "desuden en under hvert kort (LOCAL), hos den samme person; den følger kortet, når det får en anden låner "
            "eller udgår. Ingen under et kort, der er et CPR-nummer. Ellers røres konti under kort ikke",
            "one under each card (LOCAL) besides, of the same person; it follows the card when that gets another "
            "patron, or goes. None under a card that is a CPR number. Otherwise accounts under cards are left alone",
        ),
        _LEAVING,
    ),
    "account-drifted": (
        Wording(
            "mangler eller er for meget, hvem der ellers har en; eller har et andet kommunenummer, og intet andet "
            "bibliotek har en konto",
            "missing or one too many, whoever else has one; or with another municipality number, and no other library "
            "has an account",
        ),
        Wording(
            "rettes, hvis ingen bremse holder på det: kun vores konti oprettes eller slettes",
            "mended, unless a brake holds it: our accounts alone are made or deleted",
        ),
        _DECISION,
    ),
    "account-foreign": (
        Wording(
            "har et andet kommunenummer, og et andet bibliotek har også en konto",
            "has another municipality number, and another library has an account too",
        ),
        Wording(
            "nummeret står, til et menneske afgør det (net_media.foreign), også når det kom, mens en rettelse ventede; "
            "mangler vores konto, oprettes den",
            "the number stays until a person decides (net_media.foreign), also when it came while a repair waited; "
            "if our account is missing, it is made",
        ),
        Wording(
            "CULR: ét kommunenummer pr. person; beslutning 11 og 13", "CULR: one number a person; decisions 11 and 13"
        ),
    ),
}
