"""What is kept beside a patron's record, and for how long. One table for both pages.

`said` is written for the patron, `data` for the authority. Each must be true of this program. Leaves out the fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.pages.page import days
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.domain.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Beside:
    """One thing that is kept beside the record."""

    name: Wording
    #: what it is, in words for the patron
    said: Wording
    #: its categories of data
    data: Wording
    #: how long it is kept, as a sentence
    kept: Callable[[Policy], Wording]


def _log(policy: Policy) -> Wording:
    after = days(policy.retention.log_days)
    if not policy.retention.log_days:
        return Wording("Loggen slettes ikke af sig selv.", "The log is not erased automatically.")
    return Wording(f"Loggen slettes efter {after.da}.", f"The log is erased after {after.en}.")


def _files(policy: Policy) -> Wording:
    after, refused = days(policy.retention.deliveries_days), days(policy.retention.refused_deliveries_days)
    return Wording(
        f"De slettes {after.da} efter, at de er brugt. Kan en ikke bruges, slettes den {refused.da}"
        " efter, at den kom; venter en, bliver den, til den er brugt. Der, hvor CPR"
        " lægger filerne, ryddes de kun væk, hvis biblioteket har valgt det.",
        f"They are erased {after.en} after they are used. One that cannot be used is erased {refused.en}"
        " after it came; one that waits stays until it is used. Where CPR delivers them"
        " they are cleared away only if the library has chosen so.",
    )


def _nights(policy: Policy) -> Wording:
    after = days(policy.retention.nights_days)
    return Wording(
        f"Det slettes efter {after.da}. Slettes alt om en låner før, slettes lånernummeret og koden samtidig. Kun"
        " hvor mange der var af hver slags, bliver.",
        f"It is erased after {after.en}. If everything about a patron is erased earlier, the patron number and the"
        " hash are erased too. Only how many changes there were of each kind stays.",
    )


def _corrections(policy: Policy) -> Wording:
    after = days(policy.retention.corrections_days)
    return Wording(
        f"Hvad en rettelse sagde, slettes {after.da} efter, at den er udløbet eller taget tilbage, men ikke, så"
        " længe to låneres sammenlagte oplysninger kan skilles igen. Hvem der rettede hvilket felt hvornår, huskes,"
        " så længe lånerforholdet varer.",
        f"What a correction said is erased {after.en} after it ended or was taken back, but not while the merged"
        " data of two patrons can still be separated. Who corrected which field and when is kept as long as the person"
        " is a patron.",
    )


def _answers(policy: Policy) -> Wording:
    after = days(policy.retention.answered_reviews_days)
    return Wording(
        f"Det, der skal til for at fortryde en afgørelse, slettes {after.da} efter, at den er truffet, men ikke,"
        " mens en blokering, den gav, står der. Hvad der blev afgjort, hvornår og af hvem, huskes, til alt andet om"
        " låneren er slettet.",
        f"What it takes to undo a decision is erased {after.en} after it was made, but not while a block that it gave"
        " stands. What was decided, when and by whom is kept until everything else about the patron is erased.",
    )


def _kept_blocks(policy: Policy) -> Wording:
    after = days(policy.retention.kept_blocks_days)
    return Wording(
        f"Den slettes {after.da} efter udmeldelsen; før, hvis personalet ophæver den, hvis låneren melder sig ind igen,"
        " eller hvis alt om låneren slettes.",
        f"It is erased {after.en} after the patron left; before that if staff lift it, if the patron registers again,"
        " or if everything about them is erased.",
    )


def _net_media(_: Policy) -> Wording:
    return Wording(
        "Retten huskes, så længe lånerforholdet varer; kommunen hos dem, til de har bekræftet, at kontoen er slettet.",
        "The right is kept as long as the person is a patron. The municipality that the net media have is kept until"
        " they have confirmed that the account is deleted.",
    )


def _erased(_: Policy) -> Wording:
    return Wording("Listen slettes ikke.", "The list is not erased.")


BESIDE: Final = (
    Beside(
        Wording("Loggen", "The log"),
        Wording(
            "Her står hver ændring, hvert opslag i CPR, og hver gang nogen åbner en beskyttet låners navn og"
            " adresse: hvornår, hvilket lånernummer og hvilken slags, også en død, en udrejse eller en beskyttelse."
            " Ved skranken skrives også hvem, og nogle gange hvorfor. Den grund er forseglet og slettes senest, når"
            " alt andet om dig er slettet. Navne, adresser, fødselsdatoer og beløb skrives der ikke, medmindre en"
            " medarbejder nævner dem i grunden; men af den dag, din alder gav dig en anden lånergruppe, kan"
            " fødselsdagen regnes ud. Har nogen slået dit CPR-nummer op, står der en kode for det.",
            "The log has each change, each look-up in CPR, and each time someone opens a protected patron's name and"
            " address. It says when, which patron number, and what kind of change, for example a death, an"
            " emigration or a protection. For work at the desk it also says who did it, and sometimes why. That"
            " reason is sealed, and is erased at the latest when everything else about you is erased. Names,"
            " addresses, birth dates and amounts are not written, unless a member of staff mentions them in the"
            " reason. Your birth date can be worked out from the day on which your age moved you to another patron"
            " group. A CPR number that someone looked up is there as a hash.",
        ),
        Wording(
            "tidspunkt, lånernummer, ændringens art, også alderstrin, af hvis dag fødselsdagen kan regnes ud; nøglet"
            " hashværdi af opslåede CPR-numre; personalets brugernavn;"
            " forseglet: den grund, personalet skrev, som kan nævne en låner",
            "time, patron number, kind of change, age steps too, from whose day the birth date can be worked out; keyed"
            " hash of CPR numbers looked up; user name of staff; sealed: the reason that staff wrote, which may name a"
            " patron",
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
            "CPR's data about the persons subscribed to, as they were sent (also family and history, if the"
            " agreement with CPR has them), and about persons who are no longer patrons",
        ),
        _files,
    ),
    Beside(
        Wording("Hvad hver nat ændrede", "The account of each night"),
        Wording(
            "For hver nat står der, hvilke lånernumre CPR's fil talte om, hvilken slags ændring det gav, og en"
            " kode for CPR-nummeret. Der står også, hvem der fik en anden lånergruppe på grund af alder, og for"
            " hvem en rettelse, et fravær, et økonomisk ansvar eller tilmeldingen hos CPR udløb; af den dag, alderen"
            " gav en anden gruppe, kan fødselsdagen regnes ud.",
            "For each night there are the patron numbers that CPR's file was about, the kind of change that"
            " followed, and a hash of the CPR number. It also says which patrons moved to another patron group"
            " because of their age, and for which patrons a correction, an absence, a responsibility for a minor or"
            " the subscription at CPR ended. The birth date can be worked out from the day on which age changed the"
            " group.",
        ),
        Wording(
            "lånernummer, ændringens art, nøglet hashværdi af CPR-numre, også dem, der ikke er låneres; alderstrin, af"
            " hvis dag fødselsdagen kan regnes ud, og hvad der udløb den dag",
            "patron number, kind of change, keyed hash of CPR numbers, also of people who are not patrons; age"
            " steps, from whose day the birth date can be worked out, and what ended on that day",
        ),
        _nights,
    ),
    Beside(
        Wording("Rettelser", "Corrections"),
        Wording(
            "Har personalet rettet noget fra CPR, står det her: hvad der blev rettet til, og hvorfor, forseglet; og"
            " hvem der gjorde det, hvornår og til hvornår.",
            "If staff corrected something from CPR, this says what it was corrected to, and why (both sealed), who"
            " did it, when, and until when.",
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
            "Det, en medarbejder skulle tage stilling til om dig, f.eks. et dødsfald, eller om to lånere er den samme,"
            " og hvad der blev svaret.",
            "What a member of staff had to decide about you, for example a death, or whether two patrons are the"
            " same person, and what they answered.",
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
            " blokeringer; har du bedt om at holde op, så har du efter bibliotekets regler ikke længere ret til nogen.",
            "Which net media you have a right to, which municipality they were told, and which municipality they say"
            " that they have for you. The right follows from your municipality, your status in CPR, your age, patron"
            " group, kind of patron and blocks. If you have asked to leave, the library's rules give you no right to"
            " any.",
        ),
        Wording(
            "ret til netmedier, og hvorfor; kommunenummer hos CULR",
            "right to net media, and why; municipality number in CULR",
        ),
        _net_media,
    ),
    Beside(
        Wording("Blokeringer efter udmeldelse", "Blocks after leaving"),
        Wording(
            "Er du blokeret, når du holder op, huskes årsagen (forseglet), og hvilken dag blokeringen begyndte, ved en"
            " kode for dit CPR-nummer. Bliver du låner igen, står blokeringen på din nye post.",
            "If you are blocked when you leave, the reason (sealed) and the day on which the block began are kept by a"
            " hash of your CPR number. If you become a patron again, the block stands on your new record.",
        ),
        Wording(
            "lånernummer, nøglet hashværdi af CPR-nummer, årsag (forseglet), dage",
            "patron number, keyed hash of the CPR number, reason (sealed), days",
        ),
        _kept_blocks,
    ),
    Beside(
        Wording("Listen over slettede lånere", "The list of the erased"),
        Wording(
            "Når du holder op eller slettes, skrives dagen, biblioteket, dit lånernummer og en kode for dit CPR-nummer"
            " på en liste, så en ældre kopi af databasen ikke bringer dig tilbage.",
            "When you leave or are erased, the day, the library, your patron number and a hash of your CPR number are"
            " written on a list, so that an older copy of the database does not bring you back.",
        ),
        Wording(
            "dag, lånernummer, nøglet hashværdi af CPR-nummer",
            "day, patron number, keyed hash of the CPR number",
        ),
        _erased,
    ),
)
