"""What is kept beside a patron's record: what it holds, and for how long. One table for both pages.

`said` is told to the patron, `data` to the authority; each has to be true of this program. Leaves out the fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.page import days
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Beside:
    """One thing that is kept beside the record."""

    name: Wording
    #: what it is, to the patron
    said: Wording
    #: the categories of data in it
    data: Wording
    #: for how long, in a sentence
    kept: Callable[[Policy], Wording]


def _log(policy: Policy) -> Wording:
    after = days(policy.retention.log_days)
    if not policy.retention.log_days:
        return Wording("Den slettes ikke af sig selv.", "It is not erased by itself.")
    return Wording(f"Det slettes efter {after.da}.", f"It is erased after {after.en}.")


def _files(policy: Policy) -> Wording:
    after, refused = days(policy.retention.deliveries_days), days(policy.retention.refused_deliveries_days)
    return Wording(
        f"De slettes {after.da} efter, at de er taget; en, der var beskadiget eller modsagde en anden, {refused.da}"
        " efter, at den kom. En, der venter på en anden eller på et menneske, bliver, til den er taget."
        " Hvor CPR lægger filerne, bliver de, medmindre biblioteket har valgt, at de slettes, når de er"
        " taget.",
        f"They are erased {after.en} after they are taken; one that was damaged or contradicted another, {refused.en}"
        " after it came. One that waits for another, or for a person, stays until it is taken."
        " Where CPR delivers them they stay, unless the library has chosen to have them deleted once they are taken.",
    )


def _nights(policy: Policy) -> Wording:
    after = days(policy.retention.nights_days)
    return Wording(
        f"Det slettes efter {after.da}, og aftrykket af en låners CPR-nummer senest med posten; kun hvor mange der var"
        " af hver slags, bliver.",
        f"It is erased after {after.en}, and the hash of a patron's CPR number at the latest with the record; only how"
        " many there were of each kind stays.",
    )


def _corrections(policy: Policy) -> Wording:
    after = days(policy.retention.corrections_days)
    return Wording(
        f"Hvad en rettelse sagde, slettes {after.da} efter, at den er udløbet eller taget tilbage, men ikke, mens en"
        " sammenlægning kan fortrydes; hvem der rettede hvilket felt hvornår, huskes, så længe posten står.",
        f"What a correction said is erased {after.en} after it ended or was taken back, but not while a merge can be"
        " undone; who corrected which field and when is kept as long as the record.",
    )


def _answers(policy: Policy) -> Wording:
    after = days(policy.retention.answered_reviews_days)
    return Wording(
        f"Det, der skal til for at fortryde en afgørelse, slettes {after.da} efter, at den er truffet, men ikke, mens"
        " en blokering, den gav, står der; hvad der blev afgjort, hvornår og af hvem, huskes, så længe posten står.",
        f"What it takes to undo a decision is erased {after.en} after it was made, but not while a block that it gave"
        " stands; what was decided, when and by whom is kept as long as the record.",
    )


def _net_media(_: Policy) -> Wording:
    return Wording(
        "Retten huskes, så længe lånerforholdet varer; kommunen hos dem, til de har bekræftet, at kontoen er slettet.",
        "The right is kept as long as one is a patron; the municipality they hold until they have confirmed that the"
        " account is deleted.",
    )


def _erased(_: Policy) -> Wording:
    return Wording("Listen slettes ikke.", "The list is not erased.")


BESIDE: Final = (
    Beside(
        Wording("Loggen", "The log"),
        Wording(
            "Hver ændring, hvert opslag i CPR, og hver gang nogen åbner en beskyttet låners navn og adresse, skrives"
            " ned: hvornår, om hvilket lånernummer, og hvad slags ændring det er, også en død, en udrejse eller en"
            " beskyttelse; ved skranken også af hvem, og hvorfor, hvor nogen har skrevet en grund. Grunden er "
            "forseglet. Navne, adresser, fødselsdatoer og beløb står der ikke i klar tekst; af et CPR-nummer, der er "
            "slået op, et nøglet aftryk.",
            "Each change, each look-up in CPR, and each time someone opens a protected patron's name and address is"
            " written down: when, about which patron number, and which kind of change it is, a death, an emigration or"
            " a protection too; at the desk also by whom, and why where someone wrote a reason. The reason is "
            "sealed. Names, addresses, birth dates and amounts are not in it in clear; of a CPR number that was "
            "looked up a keyed hash.",
        ),
        Wording(
            "tidspunkt, lånernummer, ændringens art, nøglet aftryk af opslåede CPR-numre; personalets brugernavn og,"
            " forseglet, grund",
            "time, patron number, kind of change, keyed hash of CPR numbers looked up; user name of staff and, "
            "sealed, their reason",
        ),
        _log,
    ),
    Beside(
        Wording("CPR's filer", "CPR's files"),
        Wording(
            "De filer, CPR sender hver nat, ligger forseglet, som de kom.",
            "The files that CPR sends each night are kept sealed as they came.",
        ),
        Wording(
            "CPR's oplysninger om de abonnerede personer, som de blev sendt (også familie og historik, hvis aftalen"
            " med CPR har det med), og om personer, der ikke er lånere længere",
            "CPR's data about the persons subscribed to, as they were sent (family and history too where the agreement"
            " with CPR has them), and about persons who are patrons no longer",
        ),
        _files,
    ),
    Beside(
        Wording("Nætternes regnskab", "The account of each night"),
        Wording(
            "For hver nat står der, hvilke lånernumre CPR's fil talte om, hvad slags ændring det gav, og et nøglet"
            " aftryk af CPR-nummeret.",
            "For each night it says of which patron numbers CPR's file spoke, which kind of change came of it, and a"
            " keyed hash of the CPR number.",
        ),
        Wording(
            "lånernummer, ændringens art, nøglet aftryk af CPR-numre, også dem, der ikke er låneres",
            "patron number, kind of change, keyed hash of CPR numbers, those of people who are no patrons too",
        ),
        _nights,
    ),
    Beside(
        Wording("Rettelser", "Corrections"),
        Wording(
            "Hvad personalet har skrevet over CPR's ord, og hvorfor, forseglet; hvem, hvornår og til hvornår.",
            "What staff wrote over CPR's word, and why, sealed; who, when and until when.",
        ),
        Wording(
            "felt, værdi, grund, dage, personalets brugernavn",
            "field, value, reason, days, user name of staff",
        ),
        _corrections,
    ),
    Beside(
        Wording("Afgørelser", "Decisions"),
        Wording(
            "Hvad et menneske skulle se på om dig, f.eks. et dødsfald eller to poster, der er én persons, og hvad der"
            " blev svaret.",
            "What a person had to look at about you, for instance a death or two records of one person, and what was"
            " answered.",
        ),
        Wording(
            "hvad der blev afgjort, lånernumre, dage, personalets brugernavn, hvad der stod før",
            "what was decided, patron numbers, days, user name of staff, what stood there before",
        ),
        _answers,
    ),
    Beside(
        Wording("Netmedier", "Net media"),
        Wording(
            "Hvilke netmedier du har ret til, hvilken kommune de har fået at vide, og hvilken de svarer, at der står"
            " hos dem. Retten følger af din kommune, din status i CPR, din alder, lånergruppe og lånertype og af"
            " blokeringer; har du bedt om at holde op, er der ingen efter bibliotekets regler.",
            "Which net media you have a right to, which municipality they were told, and which they answer that they"
            " have. The right follows from your municipality, your status in CPR, your age, patron group and kind of"
            " patron and from blocks; having asked to leave you have none by the library's rules.",
        ),
        Wording(
            "ret til netmedier, og hvorfor; kommunenummer hos CULR",
            "right to net media, and why; municipality number in CULR",
        ),
        _net_media,
    ),
    Beside(
        Wording("Sletningslisten", "The list of the erased"),
        Wording(
            "Når du holder op eller slettes, skrives dagen, biblioteket, dit lånernummer og et nøglet aftryk af dit"
            " CPR-nummer på en liste, så en ældre kopi af databasen ikke bringer dig tilbage.",
            "When you leave or are erased, the day, the library, your patron number and a keyed hash of your CPR number"
            " are written on a list, so that an older copy of the database does not bring you back.",
        ),
        Wording(
            "dag, lånernummer, nøglet aftryk af CPR-nummer",
            "day, patron number, keyed hash of the CPR number",
        ),
        _erased,
    ),
)
