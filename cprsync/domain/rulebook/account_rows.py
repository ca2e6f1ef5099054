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
            "låner med et personnummer, hvis bopæl er eller har været kendt (også uden for Danmark)",
            "patron with a CPR number whose residence is or was known (outside Denmark too)",
        ),
        Wording("under personnummeret (CPR)", "under the CPR number (CPR)"),
        _DECISION,
    ),
    "account-local": (
        Wording(
            "låner uden personnummer (erstatningsnummer eller intet nummer), hvis kommune er eller har været rettet "
            "ved skranken",
            "patron without a CPR number (replacement number or none) whose municipality is or was corrected at the "
            "desk",
        ),
        Wording("under lånernummeret (LOCAL)", "under the patron number (LOCAL)"),
        _DECISION,
    ),
    "account-unknown": (
        Wording(
            "bopælen er ukendt, og CULR har aldrig hørt om låneren: låneren har et erstatningsnummer uden kommune fra "
            "skranken, eller er ny med første status 30 eller 70",
            "the residence is unknown, and CULR has never heard of the patron: a patron with a replacement number and "
            "no municipality from the desk, or a new patron whose first status is 30 or 70",
        ),
        Wording(
            "ingen konto, og CULR spørges ikke. Kontoen oprettes, når bopælen bliver kendt eller (men ikke ved status "
            "30) rettes ved skranken. Et nyt personnummer følger sin egen række",
            "no account, and CULR is not asked. The account is made once the residence becomes known or (but not at "
            "status 30) is corrected at the desk. A new CPR number follows its own row",
        ),
        _DECISION,
    ),
    "account-answers": (
        Wording(
            "personen er kun økonomisk ansvarlig for en mindreårig og er ikke låner",
            "the person only answers for a minor and is not a patron",
        ),
        Wording(
            "ingen konto. Bliver personen låner, oprettes kontoen som andre låneres. En konto fra tiden som låner er "
            "én for meget",
            "no account. If the person becomes a patron, the account is made as for other patrons. An account from a "
            "time as a patron is one too many",
        ),
        _DECISION,
    ),
    "account-found": (
        Wording(
            "erstatningsnummeret er afløst af det rigtige nummer",
            "the replacement number is replaced by the real number",
        ),
        Wording(
            "kontoen oprettes under personnummeret og læses. Når den er der, lægges LOCAL-kontoen til den og slettes "
            "derefter",
            "the account is made under the CPR number and read. Once it is there, the LOCAL account is merged into it "
            "and then deleted",
        ),
        _DECISION,
    ),
    "account-renumbered": (
        Wording("låneren får et nyt personnummer", "the patron gets a new CPR number"),
        Wording(
            "kontoen oprettes under det nye nummer og læses. Først når den er der, slettes den gamle; konti under kort "
            "og UNI-Login flytter med. Er bopælen ukendt, følger den gamle kontos kommunenummer med",
            "the account is made under the new number and read. Only once it is there is the old one deleted; accounts "
            "under cards and UNI-Login move along. If the residence is unknown, the old account's municipality number "
            "moves along",
        ),
        Wording("CULR 1.6; beslutning 6 og 11", "CULR 1.6; decisions 6 and 11"),
    ),
    "account-merged": (
        Wording(
            "to lånere er lagt sammen (number.both_patrons er accepteret)",
            "two patrons were merged (number.both_patrons was accepted)",
        ),
        Wording(
            "den låner, der bliver, får en konto, hvis bopælen er kendt, og den lukkede låners konto slettes. Under "
            "lånernummeret (LOCAL) sker det kun, hvis CULR har hørt om kontoen. Skilles de to igen, får begge deres "
            "konto igen. Er bopælen ukendt, får de den kun, hvis den var der, og med det kommunenummer, den havde",
            "the patron who stays gets an account if the residence is known, and the closed patron's account is "
            "deleted. Under the patron number (LOCAL) this happens only if CULR has heard of the account. If the two "
            "are parted again, both get their account back. If the residence is unknown, they get it only if it was "
            "there, with the municipality number that it had",
        ),
        Wording("CULR 1.6; beslutning 6 og 11", "CULR 1.6; decisions 6 and 11"),
    ),
    "account-shared": (
        Wording(
            "ændringer for to lånere rører den samme konto",
            "changes for two patrons touch the same account",
        ),
        Wording(
            "de sendes én ad gangen. En konto, der nu er en anden låners, bliver hverken ændret eller slettet",
            "they are sent one at a time. An account that is now another patron's is neither changed nor deleted",
        ),
        Wording("CULR 1.6; beslutning 11 og 34", "CULR 1.6; decisions 11 and 34"),
    ),
    "account-again": (
        Wording(
            "kontoen findes allerede, når den skal oprettes, eller findes ikke, når den skal slettes",
            "the account exists already when it is to be made, or does not exist when it is to be deleted",
        ),
        Wording("tæller som gjort, når en læsning bekræfter det", "counts as done once a reading confirms it"),
        _DECISION,
    ),
    "account-gone": (
        Wording("låneren er meldt ud", "the patron has left the library"),
        Wording(
            "alle bibliotekets konti slettes, også under kort, UNI-Login og tidligere personnumre. En læsning viser, "
            "at ingen er tilbage. Andre bibliotekers konti røres ikke",
            "all the library's accounts are deleted, under cards, UNI-Login and earlier CPR numbers too. A reading "
            "shows that none is left. Other libraries' accounts are left alone",
        ),
        _LEAVING,
    ),
    "account-cards": (
        Wording(
            'låner med en konto under personnummeret, når biblioteket lader kort logge ind (local_accounts = "cards")',
            'patron with an account under the CPR number, if the library lets cards log in (local_accounts = "cards")',
        ),
        Wording(
            "desuden en konto under hvert kort (LOCAL), hos den samme person. Kontoen følger kortet, når det får en "
            "anden låner eller udgår. Et kort, der er et CPR-nummer, får ingen konto. Uden denne indstilling røres "
            "konti under kort ikke",
            "also an account under each card (LOCAL), of the same person. The account follows the card when the card "
            "gets another patron or is withdrawn. A card that is a CPR number gets no account. Without this setting, "
            "accounts under cards are left alone",
        ),
        _LEAVING,
    ),
    "account-drifted": (
        Wording(
            "kontoen mangler eller er én for meget, uanset hvem der ellers har en; eller den har et andet "
            "kommunenummer, og intet andet bibliotek har en konto",
            "the account is missing or one too many, no matter who else has one; or it has another municipality "
            "number, and no other library has an account",
        ),
        Wording(
            "rettes, hvis ingen bremse holder på det. Kun vores egne konti oprettes eller slettes",
            "repaired, unless a brake holds it. Only our own accounts are made or deleted",
        ),
        _DECISION,
    ),
    "account-foreign": (
        Wording(
            "kontoen har et andet kommunenummer, og et andet bibliotek har også en konto",
            "the account has another municipality number, and another library has an account too",
        ),
        Wording(
            "nummeret bliver, indtil et menneske afgør det (net_media.foreign), også når det kom, mens en rettelse "
            "ventede. Mangler vores konto, oprettes den",
            "the number stays until a person decides (net_media.foreign), also when it came while a repair waited. If "
            "our account is missing, it is made",
        ),
        Wording(
            "CULR: ét kommunenummer pr. person; beslutning 11 og 13",
            "CULR: one municipality number per person; decisions 11 and 13",
        ),
    ),
}
