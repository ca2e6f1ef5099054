"""The privacy page on half a page, in plain words and with the library's own days: the part that most people read.

The rest of the page repeats each sentence with all its limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.pages.page import Paragraph, days
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.domain.policy.policy import Policy


def summarise(policy: Policy) -> Iterator[Paragraph]:
    """What is kept, why, who sees it, who receives it, how long, and what a patron can do."""
    yield Paragraph(
        Wording(
            "CPR giver os dit navn, din adresse, din fødselsdato og din kommune. Du eller personalet har skrevet dine"
            " kort, telefonnumre og e-mailadresser. Desuden står der, hvad du har lånt og reserveret, hvad du skylder,"
            " og hvilke beskeder du har fået.",
            "CPR gives us your name, your address, your birth date and your municipality. You or staff have written"
            " your cards, telephone numbers and e-mail addresses. It also says what you have borrowed and reserved,"
            " what you owe, and which messages you have got.",
        ),
        Wording("Det ved vi om dig", "What we know about you"),
    )
    yield Paragraph(
        Wording(
            "Vi bruger oplysningerne, når du låner, når vi skriver til dig, og når du bruger netmedierne. Det er en"
            " opgave, biblioteket har efter loven.",
            "We use the data when you borrow, when we write to you, and when you use the net media. It is a task that"
            " the library has by law.",
        ),
        Wording("Det bruger vi det til", "What we use it for"),
    )
    yield Paragraph(
        Wording(
            "Personalet ser oplysningerne, når de betjener dig. Har du navne- og adressebeskyttelse, er navn og adresse"
            " skjult, også for personalet. En medarbejder kan åbne dem med en begrundelse, og så skriver systemet ned,"
            " hvem der gjorde det.",
            "Staff see the data when they serve you. If your name and address are protected, they are hidden, from"
            " staff too. One of staff can open them for a reason, and the system then writes down who did.",
        ),
        Wording("Det ser personalet", "What staff see"),
    )
    yield Paragraph(
        Wording(
            "CPR får dit CPR-nummer, når vi spørger dér. Netmedierne får dit CPR-nummer og din kommune. Andre får"
            " intet, bortset fra den, der driver databasen for biblioteket.",
            "CPR gets your CPR number when we ask there. The net media get your CPR number and your municipality."
            " Nobody else gets anything, except whoever runs the database for the library.",
        ),
        Wording("Det får andre", "What others get"),
    )
    yield Paragraph(_how_long(policy), Wording("Så længe gemmer vi det", "How long we keep it"))
    contact = policy.controller.told("contact")
    yield Paragraph(
        Wording(
            "Du kan se, hvad der står om dig, få fejl rettet, holde op som låner og klage til Datatilsynet. Spørg"
            f" personalet, eller kontakt biblioteket: {contact.da}. Resten af siden siger det samme udførligt.",
            "You can see what stands about you, have mistakes corrected, stop being a patron, and complain to the"
            f" Danish data protection agency. Ask staff, or contact the library: {contact.en}. The rest of this page"
            " says the same at length.",
        ),
        Wording("Det kan du gøre", "What you can do"),
    )


def _how_long(policy: Policy) -> Wording:
    loan, quiet = days(policy.retention.loans_days), days(policy.retention.inactive_days)
    by_itself = Wording(
        f" Har du ikke brugt biblioteket i {quiet.da}, og er intet udestående, slutter lånerforholdet af sig selv.",
        f" If you have not used the library for {quiet.en} and nothing is open, you stop being a patron by itself.",
    )
    ends = by_itself if policy.retention.inactive_days else Wording("", "")
    return Wording(
        f"Vi gemmer oplysningerne, så længe du er låner. Et lån slettes {loan.da} efter, at det er afleveret og"
        f" betalt.{ends.da} Når du holder op, slettes oplysningerne. Dit lånernummer står tilbage på en liste, så en"
        " gammel kopi af databasen ikke bringer dig tilbage.",
        f"We keep the data as long as you are a patron. A loan is erased {loan.en} after it is returned and paid"
        f" for.{ends.en} When you leave, the data are erased. Your patron number stays on a list, so that an old copy"
        " of the database does not bring you back.",
    )
