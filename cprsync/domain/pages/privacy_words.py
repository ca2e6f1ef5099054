"""The words of the privacy page that concern no single field, Danish first. Holds words only; each must be true."""

from __future__ import annotations

from typing import Final

from cprsync.domain.wording import Wording

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
        "Besides whoever runs the database for the library, nobody else gets anything from this register.",
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
    "An address that is hidden for a patron's own sake is hidden for those who live there too. Where someone answers"
    " for another and name and address of one of them are hidden, the other's address is hidden as well.",
)
