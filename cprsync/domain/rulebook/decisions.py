"""The project's decisions that a rule is written after, each in one sentence: where the sources leave room.

Beside them the principle that the whole record is built on, which is no choice between sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

DECISIONS: Final[Mapping[int, Wording]] = {
    1: Wording(
        'En kilde siger noget, siger "intet", eller tier. Tavshed ændrer aldrig noget. Det, som en status gør '
        "meningsløst, læses ikke.",
        'A source says something, says "none", or is silent. Silence never changes anything. What a status makes '
        "meaningless is not read.",
    ),
    2: Wording(
        "Af CPR's beskyttelser forsegler kun type 0001, og det sker før alt andet. Ingen dato ophæver den; kommer en "
        "leverance uden 0001, spørges registret. Vejkode 9900-9999 og status 03 og 07 forsegler på samme måde. Er en "
        "person forseglet for sin egen skyld, forsegles også adressen for dem, der bor sammen med eller er tilknyttet "
        "personen.",
        "Of CPR's protections only type 0001 seals, and it does so before anything else. No date lifts it; when a "
        "delivery comes without 0001, the register is asked. Street codes 9900-9999 and status 03 and 07 seal in the "
        "same way. If a person is sealed for their own sake, the address of those who live with or are linked to the "
        "person is sealed too.",
    ),
    3: Wording(
        "Nye beskyttelser, og stop for breve til døde, går igennem, også når resten standses eller venter på et "
        "menneske. En låner, der venter på et menneske, tæller som beskyttet.",
        "New protections, and stopping letters to the dead, go through even when the rest is held or parked. A patron "
        "who is parked counts as protected.",
    ),
    6: Wording(
        "Et nyt nummer følges kun, når registret selv henviser til det, aldrig på grund af navn og adresse.",
        "A new number is followed only by the register's own link, never by name and address.",
    ),
    7: Wording(
        "Posten følger det, registret siger til sidst; hændelsen kan højst give ændringen navn. En adresse, der "
        "rettes, eller en gade, der skifter navn, er ingen flytning.",
        "The record follows what the register says in the end; at most the event names the change. A corrected address "
        "or a renamed street is no move.",
    ),
    8: Wording(
        "Navnet er adresseringsnavnet, højst 34 tegn. Et brev går til lånerens egen kontaktadresse, ellers registrets, "
        "ellers bopælen. Er de forseglet, går brevet først, når de er åbnet med en begrundelse. Døde får ingen breve.",
        "The name is the addressing name, at most 34 characters. A letter goes to the patron's own contact address, "
        "else the register's, else the residence. If they are sealed, the letter goes only once they are opened with a "
        "reason. The dead get no letters.",
    ),
    9: Wording(
        "En låner, der er født 29. februar, fylder år 1. marts i almindelige år; biblioteket kan vælge 28. februar.",
        "A patron born on 29 February turns a year older on 1 March in common years; a library may choose 28 February.",
    ),
    10: Wording(
        "Et abonnement har en grund og en slutning; en død låners abonnement beholdes en tid, så en annullering når "
        "frem.",
        "A subscription has a reason and an end; a dead patron's subscription is kept for a time, so that an annulment "
        "arrives.",
    ),
    11: Wording(
        "CULR får tre cifre for enhver dansk kommune, et tomt felt (med vilje) for lånere, der ikke bor i Danmark, og "
        "intet, når bopælen er ukendt.",
        "CULR gets three digits for any Danish municipality, an empty field (deliberately) for patrons who do not live "
        "in Denmark, and nothing while the residence is unknown.",
    ),
    13: Wording(
        "Hvert bibliotek er selv dataansvarligt, med sin egen policy og sine egne kommuner.",
        "Each library is its own data controller, with its own policy and its own municipalities.",
    ),
    32: Wording(
        "Kunne leverancerne ikke have fortalt om et nummer, er posten ubekræftet, indtil registret har svaret. Posten "
        "vises, som `silent_protection` siger, og registret spørges samme nat, inden for kvoten.",
        "If the deliveries could not have told of a number, the record is unverified until the register has answered. "
        "The record is shown as `silent_protection` says, and the register is asked the same night, within the quota.",
    ),
    34: Wording(
        "En låner, der meldes ud, beholder ingen af bibliotekets konti hos CULR; andre bibliotekers røres ikke. "
        "Ændringer af den samme konto sker i rækkefølge, uanset hvem låneren er.",
        "A patron who leaves keeps none of the library's accounts in CULR; other libraries' accounts are left alone. "
        "Changes to the same account happen in order, no matter who the patron is.",
    ),
    35: Wording(
        "Siger et opslag ved skranken, at en beskyttet låner ikke er beskyttet, ændrer det intet: nattens eget opslag "
        "afgør. Et opslag dateres aldrig senere end den sidste leverance, der er taget.",
        "If a look-up at the desk says that a protected patron is not protected, nothing changes: the night's own "
        "look-up decides. A look-up is never dated after the last delivery that was taken.",
    ),
    40: Wording(
        "Registrering, nyt personnummer, udmeldelse og sletning vises, før de skrives, sammen med det, man bør se "
        "først. En advarsel, der stopper, kræver en begrundelse, og et ja gælder kun det, der blev vist.",
        "Registration, a new CPR number, leaving and erasing are shown before they are written, together with what "
        "should be seen first. A warning that stops needs a reason, and a yes counts only for what was shown.",
    ),
}


@dataclass(frozen=True, slots=True)
class Principle:
    """What rules rest on everywhere; a source names it by its name."""

    key: str
    name: Wording
    text: Wording


ONE_OWNER: Final = Principle(
    "one-owner",
    Wording("én ejer", "one owner"),
    Wording(
        "Et felt har én ejer: registret, låneren, personalet eller programmet. En rettelse ved skranken siger, hvem "
        "der rettede, hvorfor og hvor længe. Rettelsen gælder synligt imens, og derefter gælder registrets ord igen. "
        "Beskyttelse går forud for enhver rettelse.",
        "A field has one owner: register, patron, staff or program. A correction at the desk says who made it, why and "
        "for how long. The correction counts visibly meanwhile, and after that the register's word counts again. "
        "Protection comes before any correction.",
    ),
)
PRINCIPLES: Final = (ONE_OWNER,)
