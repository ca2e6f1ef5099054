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
        'En kilde siger noget, siger "intet", eller tier; tavshed ændrer aldrig noget. Hvad en status gør '
        "meningsløst, læses ikke.",
        'A source says something, says "none", or is silent; silence never changes anything. What a status leaves '
        "without meaning is not read.",
    ),
    2: Wording(
        "Af CPR's beskyttelser forsegler kun type 0001, og så før alt andet. Ingen dato ophæver den; en leverance "
        "uden 0001 er et spørgsmål til registret. Vejkode 9900-9999 og status 03 og 07 forsegler som den, og "
        "forseglet bliver også adressen for den, der bor sammen med en, der er det for sin egen skyld, eller hører "
        "til hende.",
        "Of CPR's protections only type 0001 seals, and before anything else. No date lifts it; a delivery without "
        "0001 is a question to the register. Street codes 9900-9999 and status 03 and 07 seal as it does, and sealed "
        "is the address, too, of whoever lives with someone who is so for her own sake, or is linked to her.",
    ),
    3: Wording(
        "Nye beskyttelser og stop for breve til døde går igennem, også når resten standses eller venter på et "
        "menneske. Den, der venter på et menneske, tæller som beskyttet.",
        "New protections, and letters to the dead that stop, go through even when the rest is held or parked. Whoever "
        "is parked counts as protected.",
    ),
    6: Wording(
        "Et nyt nummer følges ad registrets egen henvisning, aldrig ad navn og adresse.",
        "A new number is followed by the register's own link, never by name and address.",
    ),
    7: Wording(
        "Det, der skrives, læses af, hvad registret siger til sidst; hændelsen kan højst give ændringen navn. En "
        "adresse, der rettes, eller en gade, der skifter navn, er ingen flytning.",
        "What is written is read from what the register says in the end; at most the event names the change. A "
        "corrected address or a renamed street is no move.",
    ),
    8: Wording(
        "Navnet er adresseringsnavnet, højst 34 tegn. Et brev går til lånerens egen kontaktadresse, ellers registrets, "
        "ellers bopælen; er de forseglet, først når de er åbnet med en grund. Til døde går intet.",
        "The name is the addressing name, at most 34 characters. A letter goes to the patron's own contact address, "
        "else the register's, else where she lives; sealed, only once they are opened for a reason. The dead get none.",
    ),
    9: Wording(
        "Født 29. februar fylder år 1. marts i almindelige år; biblioteket kan vælge 28. februar.",
        "Born on 29 February turns a year older on 1 March in common years; a library may choose 28 February.",
    ),
    10: Wording(
        "Et abonnement har en grund og en ende; en død låner beholdes en tid, så en annullering når frem.",
        "A subscription has a reason and an end; the dead are kept for a time, so that an annulment arrives.",
    ),
    11: Wording(
        "CULR får tre cifre for enhver dansk kommune, tom med vilje for den, der ikke bor i Danmark, og intet, når "
        "bopælen er ukendt.",
        "CULR gets three digits for any Danish municipality, a deliberate empty for whoever does not live in Denmark, "
        "and nothing while residence is unknown.",
    ),
    13: Wording(
        "Hvert bibliotek er dataansvarlig for sig, med sin policy og sine kommuner.",
        "Each library is its own data controller, with its policy and its municipalities.",
    ),
    32: Wording(
        "Kunne leverancerne ikke have fortalt om et nummer, er posten ubekræftet, til registret har svaret: den vises, "
        "som `silent_protection` siger, og der spørges samme nat, inden for kvoten.",
        "When deliveries could not have told of a number, the record is unverified until the register has answered: it "
        "is shown as `silent_protection` says, and the register is asked the same night, within the quota.",
    ),
    34: Wording(
        "Den, der meldes ud, beholder ingen konto hos CULR fra biblioteket; andre bibliotekers røres ikke. Det, der "
        "rører den samme konto, sker i rækkefølge, hvem der så er låneren.",
        "Whoever leaves keeps no account of the library's in CULR; other libraries' are left alone. What touches the "
        "same account happens in order, whoever the patron is.",
    ),
    35: Wording(
        "Siger et opslag ved skranken, at en beskyttet ikke er beskyttet, ændrer det intet: nattens eget opslag afgør. "
        "Et opslags dag ligger aldrig efter den sidste leverance, der er taget.",
        "A look-up at the desk that says that a protected patron is not protected changes nothing: the night's own "
        "look-up decides. A look-up's day never lies after the last delivery that was taken.",
    ),
    40: Wording(
        "Registrering, nyt personnummer, udmeldelse og sletning vises, før de skrives, med det, man bør se først. En "
        "advarsel, der stopper, kræver en begrundelse, og et ja gælder kun det, der blev vist.",
        "Registration, a new CPR number, leaving and erasing are shown before they are written, with what is to be "
        "seen first. A warning that stops needs a reason, and a yes counts for what was shown alone.",
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
        "Et felt har én ejer: registret, låneren, personalet eller programmet. En rettelse ved skranken siger hvem, "
        "hvorfor og hvor længe, gælder synligt imens og giver så plads for registrets ord; beskyttelse går forud for "
        "enhver rettelse.",
        "A field has one owner: register, patron, staff or program. A correction at the desk says who, why and how "
        "long, holds visibly meanwhile, and then gives way to the register's word; protection goes before any "
        "correction.",
    ),
)
PRINCIPLES: Final = (ONE_OWNER,)
