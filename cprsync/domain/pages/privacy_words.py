"""What the privacy page says about no single field: the summary, the introduction, and what a patron can ask for.

The summary is in plain words; the rest of the page repeats each of its sentences with all its limits. Each sentence
must be true of this program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.pages.page import Paragraph, days
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.domain.policy.policy import Policy

TITLE: Final = Wording("Dine oplysninger i bibliotekets lånerregister", "Your data in the library's patron register")
PURPOSE: Final = Wording(
    "For at du kan være låner, har biblioteket brug for nogle oplysninger om dig: for at holde styr på det, du låner,"
    " for at du kan bruge dine kort på biblioteket, og for at vi kan kontakte dig om reserveringer og aflevering. Det"
    " er en opgave, biblioteket har efter loven (databeskyttelsesforordningen art. 6, stk. 1, litra e, for regnskab"
    " også litra c, og for CPR-nummeret databeskyttelsesloven § 11).",
    "For you to be a patron the library needs some data about you: to keep track of what you borrow, for you to use"
    " your cards at the library, and for us to contact you about reservations and returns. It is a task that the"
    " library has by law (GDPR article 6(1)(e), for accounts also (c), and for the CPR number section 11 of the Danish"
    " data protection act).",
)
SOURCES: Final = Wording(
    "Oplysningerne ligger i bibliotekets lånerregister, cprsync. De kommer fra CPR, fra dig selv, fra personalet og fra"
    " de lister, biblioteket lægger ind; derfra kommer alle udlån, reserveringer, mellemværender og beskeder. Vil du se"
    " eller ændre noget, så spørg personalet.",
    "The data are kept in the library's patron register, cprsync. They come from CPR, from yourself, from staff, and"
    " from the lists that the library puts in: all loans, reservations, balances and messages come from these. If"
    " you want to see or change something, ask staff.",
)
INTRODUCTION: Final = (
    Wording(
        "Forbindelserne til CPR og netmedierne er krypterede. I databasen er det meste forseglet: det kan kun læses med"
        " nøgler, der ligger et andet sted. Efter felterne står, hvad der er forseglet, og hvad der ikke er.",
        "The connections to CPR and the net media are encrypted. In the database most of it is sealed: it can be read"
        " only with keys that are kept elsewhere. After the fields it says what is sealed, and what is not.",
    ),
    Wording(
        "Det, der kommer fra CPR, ændres af CPR. Personalet kan rette navn, fødselsdato, adresse, kommunenr. og"
        " lånergruppe for en tid, lånergruppen også uden en sidste dag. Så står der, hvem der gjorde det, hvorfor og"
        " til hvornår.",
        "What comes from CPR is changed by CPR. Staff can correct name, birth date, address, municipality number and"
        " patron group for a time, the group also without a last day. Then it says who did it, why and until when.",
    ),
    Wording(
        "Nedenfor står felterne et for et. Personalet ser dem, når de betjener dig, medmindre der står andet. Har du"
        " navne- og adressebeskyttelse, er navn og adresser skjult; se feltet om det.",
        "Below are the fields one by one. Staff see them when they serve you, unless it says otherwise. If your name"
        " and address are protected, name and addresses are hidden; see the field about that.",
    ),
)
IN_THE_DATABASE: Final = (
    Wording(
        "Forseglet er navn, adresser, CPR-nummer, fødselsdato, kontaktoplysninger, noter og titlerne på det, du har"
        " lånt.",
        "Sealed are name, addresses, CPR number, birth date, ways to reach you, notes and the titles of what you"
        " borrowed.",
    ),
    Wording(
        "Ikke forseglet er det, der skal tælles eller findes: lånernummer, kommune, lånergruppe og lånertype, om du"
        " bor her, er udrejst eller er død, hvem der svarer for hvem, hvilke netmedier du har ret til, hvad der er"
        " sket med dine oplysninger, og hvem af personalet der gjorde det, numre på udlån, reserveringer,"
        " mellemværender og beskeder, og datoer. Blandt dem er den dag, hvor du på grund af alder næste gang skifter"
        " gruppe, får eller mister retten til et netmedie, eller ingen længere svarer for dig. Af den kan fødselsdagen"
        " regnes ud, også når du er beskyttet.",
        "Not sealed is what has to be counted or found: patron number, municipality, patron group and kind of"
        " patron, whether you live here, are abroad or are dead, who answers for whom, which net media you have a"
        " right to, what has happened to your data and who of staff did it, numbers of loans, reservations, balances"
        " and messages, and days. Among these is the day on which growing older next changes your group or a right to"
        " net media, or ends that someone answers for you. From it the birth date can be worked out, even if you"
        " are protected.",
    ),
    Wording(
        "Dit CPR-nummer, også et tidligere, dine kort og din adresse findes ved en kode: en række tegn, som regnes ud"
        " med en af bibliotekets nøgler. Uden nøglen kan ingen se af koden, hvad den er lavet af.",
        "Your CPR number, an earlier one too, your cards and your address are found by a hash: a row of characters that"
        " is worked out with one of the library's keys. Without the key nobody can tell from it what it was made of.",
    ),
)
TOLD: Final = (
    Wording(
        "CPR får dit CPR-nummer, når vi slår dig op eller beder om at få dine ændringer.",
        "CPR gets your CPR number when we look you up or ask to be told of your changes.",
    ),
    Wording(
        "Netmedierne får (gennem CULR) dit CPR-nummer, eller dit lånernummer, hvis du intet CPR-nummer har, og de tre"
        " cifre for din kommune; hverken navn, adresse, fødselsdato eller beskyttelse. Beskeden til dem"
        " ligger forseglet her, til den er sendt. Når du holder op, får de besked om at slette dig.",
        "The net media get (through CULR) your CPR number, or your patron number if you have no CPR number, and the"
        " three digits of your municipality; neither name, address, birth date nor protection. The message to them"
        " is kept sealed here until it is sent. When you leave, they are told to delete you.",
    ),
    Wording(
        "Ud over den, der driver databasen for biblioteket, får andre ikke noget fra dette register.",
        "Apart from the company or person that runs the database for the library, nobody else gets anything from"
        " this register.",
    ),
)
COMPLAINT: Final = Wording(
    "Du kan klage til Datatilsynet (datatilsynet.dk).",
    "You can complain to the Danish data protection agency (datatilsynet.dk).",
)
INSIGHT: Final = Wording(
    "Du kan bede om at se, hvad der står om dig, og om at få det rettet. Det, der kommer fra CPR, rettes hos din"
    " kommune. Du kan også gøre indsigelse, eller bede om, at noget ikke bruges for tiden; biblioteket svarer dig.",
    "You can ask to see what stands about you, and to have it corrected. What comes from CPR is corrected by your"
    " municipality. You can also object, or ask that something is not used for the time being; the library answers"
    " you.",
)
LEAVING: Final = Wording(
    "Du kan holde op som låner. Har du lån eller gæld, eller svarer du for et barn, venter vi, til det er afsluttet;"
    " imens kan du ikke låne. Så slettes dine oplysninger, og CPR og netmedierne får besked. Når de har bekræftet,"
    " at de ikke længere kender dig her, har du holdt op. Til da ligger dit CPR-nummer forseglet, og også til dine"
    " sidste udlån og mellemværender er slettet: efter deres frister, eller straks, hvis du beder om det. Dit"
    " lånernummer og listen over slettede lånere bliver",
    "You can stop being a patron. If you have loans or debts, or answer for a child, we wait until that is settled;"
    " meanwhile you cannot borrow. Then your data are erased, and CPR and the net media are told. When they have"
    " confirmed that they know you here no longer, you have left. Until then your CPR number is kept sealed, and"
    " also until your last loans and balances are erased: in their own time, or at once if you ask for it. Your"
    " patron number and the list of the erased stay",
)
#: The end of `LEAVING`: one if the log is erased, one if it is not.
LOG_ENDS: Final = Wording("; loggen slettes efter sin egen frist.", "; the log is erased in its own time.")
LOG_STAYS: Final = Wording("; det gør loggen også.", "; so does the log.")
HOUSEHOLD: Final = Wording(
    "En adresse, der er skjult for en låners egen skyld, skjules også for dem, der bor der. Svarer en for en anden, og"
    " er den enes navn og adresse skjult, skjules også den andens adresse.",
    "If an address is hidden to protect one patron, it is also hidden for the others who live there. If someone"
    " answers for another person and the name and address of one of them are hidden, the other's address is hidden"
    " as well.",
)


# -- half a page, which most people read --------------------------------------------------------------------------


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
            " Nobody else gets anything, except the company or person that runs the database for the library.",
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
        f" If you have not used the library for {quiet.en} and nothing is open, your registration ends automatically.",
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


# -- what can be asked for -----------------------------------------------------------------------------------------


def request_sentences(policy: Policy) -> Iterator[Wording]:
    """One sentence after another, with the library's own days."""
    quiet = days(policy.retention.inactive_days)
    yield INSIGHT
    log = LOG_ENDS if policy.retention.log_days else LOG_STAYS
    yield Wording(f"{LEAVING.da}{log.da}", f"{LEAVING.en}{log.en}")
    if policy.retention.inactive_days:
        yield Wording(
            f"Har du ikke brugt biblioteket i {quiet.da}, og har du hverken lån, gæld eller et barn at svare for,"
            " slutter lånerforholdet af sig selv. Derfor huskes den sidste dag, vi ved, du brugte biblioteket.",
            f"If you have not used the library for {quiet.en}, and have neither loans nor debts nor a child to"
            " answer for, your registration ends automatically. Therefore we keep the last day on which we know that"
            " you used the library.",
        )
    yield _death(policy)
    yield COMPLAINT


def _death(policy: Policy) -> Wording:
    """What happens to a dead patron's record: subscribed for a time, and otherwise like any other record."""
    told, quiet = days(policy.dead_subscription_days), days(policy.retention.inactive_days)
    still = Wording(
        f"CPR sender os ændringer om den døde i {told.da} endnu, så en fejl kan rettes."
        if policy.dead_subscription_days
        else "Dagen efter beder vi CPR om ikke at sende flere ændringer om den døde.",
        f"CPR still sends us changes about the person for {told.en}, so that a mistake can be corrected."
        if policy.dead_subscription_days
        else "The day after, we ask CPR to send us no more changes about the person.",
    )
    by_itself = Wording(
        f" eller biblioteket ikke har været brugt i {quiet.da}" if policy.retention.inactive_days else "",
        f" or the library has not been used for {quiet.en}" if policy.retention.inactive_days else "",
    )
    return Wording(
        f"Dør en låner, sender vi ikke flere breve til låneren. {still.da} Oplysningerne slettes, når intet er"
        f" udestående, og personalet melder låneren ud{by_itself.da}.",
        f"When a patron dies, we send no more letters. {still.en} The data are erased when nothing is open and staff"
        f" end the registration{by_itself.en}.",
    )
