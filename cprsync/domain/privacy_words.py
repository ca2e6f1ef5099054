"""What the privacy page says that is about no single field, Danish first. Holds words only; each has to be true."""

from __future__ import annotations

from typing import Final

from cprsync.domain.wording import Wording

TITLE: Final = Wording("Dine oplysninger i bibliotekets lånerregister", "Your data in the library's patron register")
INTRODUCTION: Final = (
    Wording(
        "For at du kan være låner, har biblioteket brug for nogle oplysninger om dig: for at holde styr på det, du"
        " låner, for at du kan bruge dine kort på biblioteket, og for at vi kan kontakte dig om reserveringer og"
        " aflevering. Det er en opgave, biblioteket har efter loven.",
        "For you to be a patron the library needs some data about you: to keep track of what you borrow, for you to use"
        " your cards at the library, and for us to contact you about reservations and returns. It is a task that the"
        " library has by law.",
    ),
    Wording(
        "Oplysningerne ligger i bibliotekets lånerregister, cprsync. Vil du se eller ændre noget, så spørg personalet.",
        "The data are kept in the library's patron register, cprsync. If you want to see or change something, ask"
        " staff.",
    ),
    Wording(
        "Navn, adresser, CPR-nummer, fødselsdato, kontaktoplysninger, noter og det, du har lånt, er forseglet i"
        " databasen med nøgler, der ikke ligger i den. I klar tekst står det, der skal tælles eller findes:"
        " lånernummer, kommune, lånergruppe og lånertype, om du bor her, er udrejst eller er død, hvem der svarer for"
        " hvem, hvilke netmedier du har ret til, hvad der er sket med posten, og datoer. Forbindelserne til CPR og"
        " netmedierne er krypterede. Hvor databasen står, oplyser biblioteket.",
        "Name, addresses, CPR number, birth date, ways to reach you, notes and what you borrowed are sealed in the"
        " database with keys that are not in it. In clear stands what has to be counted or found: patron number,"
        " municipality, patron group and kind of patron, whether you live here, are abroad or are dead, who answers for"
        " whom, which net media you have a right to, what has happened to the record, and days. The connections to CPR"
        " and the net media are encrypted. Where the database stands, the library tells you.",
    ),
    Wording(
        "Det, der kommer fra CPR, ændres af CPR. Personalet kan rette navn, fødselsdato, adresse, kommunenr. og"
        " lånergruppe for en tid, lånergruppen også uden en sidste dag; så står der, hvem der gjorde det, hvorfor og"
        " til hvornår.",
        "What comes from CPR is changed by CPR. Staff can correct name, birth date, address, municipality number and"
        " patron group for a time, the group also without a last day; then it says who did it, why and until when.",
    ),
    Wording(
        "Nedenfor står felterne et for et. Personalet ser dem, når de betjener dig; hvor færre gør, står det der.",
        "Below are the fields one by one. Staff see them when they serve you; where fewer do, it says so.",
    ),
)
TOLD: Final = (
    Wording(
        "CPR får dit CPR-nummer, når vi slår dig op eller beder om at få dine ændringer.",
        "CPR gets your CPR number when we look you up or ask to be told of your changes.",
    ),
    Wording(
        "Netmedierne får (gennem CULR) dit CPR-nummer, eller dit lånernummer, hvis du intet CPR-nummer har, og de tre"
        " cifre for din kommune; hverken navn, adresse, fødselsdato eller beskyttelse. Beskeden ligger forseglet, til"
        " forbindelsen har taget den. Når du holder op, får de besked om at slette dig.",
        "The net media get (through CULR) your CPR number, or your patron number if you have no CPR number, and the"
        " three digits of your municipality; neither name, address, birth date nor protection. The message is kept"
        " sealed until the connection has taken it. When you leave, they are told to delete you.",
    ),
    Wording("Andre får ikke noget fra dette register.", "Nobody else is told anything by this register."),
)
NET_MEDIA: Final = Wording(
    "Hvilke netmedier du har ret til, huskes, så længe du er låner; hvilken kommune de har fået at vide, og hvilken de"
    " svarer, at der står hos dem, til de har slettet dig. Retten følger af din kommune, din status i CPR, din alder,"
    " lånergruppe og lånertype og af blokeringer; har du bedt om at holde op, er der ingen efter bibliotekets regler.",
    "Which net media you have a right to is kept as long as you are a patron; which municipality they were told, and"
    " which they answer that they have, until they have deleted you. The right follows from your municipality, your"
    " status in CPR, your age, patron group and kind of patron and from blocks; having asked to leave you have none by"
    " the library's rules.",
)
COMPLAINT: Final = Wording(
    "Du kan klage til Datatilsynet (datatilsynet.dk).",
    "You can complain to the Danish data protection agency (datatilsynet.dk).",
)
INSIGHT: Final = Wording(
    "Du kan bede om at se, hvad der står om dig, og om at få det rettet. Det, der kommer fra CPR, rettes hos din"
    " kommune.",
    "You can ask to see what stands about you, and to have it corrected. What comes from CPR is corrected by your"
    " municipality.",
)
LOG: Final = Wording(
    "Hver ændring, hvert opslag i CPR, og hver gang nogen åbner en beskyttet låners navn og adresse, skrives ned:"
    " hvornår, om hvilket lånernummer, og hvad slags ændring det er, også en død, en udrejse eller en beskyttelse; ved"
    " skranken også af hvem, og hvorfor, hvor nogen har skrevet en grund. Navne, adresser, fødselsdatoer og beløb står"
    " der ikke; af et CPR-nummer, der er slået op, et nøglet aftryk. Loggen slettes ikke af sig selv.",
    "Each change, each look-up in CPR, and each time someone opens a protected patron's name and address is written"
    " down: when, about which patron number, and which kind of change it is, a death, an emigration or a protection"
    " too; at the desk also by whom, and why where someone wrote a reason. Names, addresses, birth dates and amounts"
    " are not in it; of a CPR number that was looked up a keyed hash. The log is not erased by itself.",
)
ERASED: Final = Wording(
    "Når du holder op eller slettes, skrives dagen, biblioteket, dit lånernummer og et nøglet aftryk af dit"
    " CPR-nummer på en liste, så en ældre kopi af databasen ikke bringer dig tilbage.",
    "When you leave or are erased, the day, the library, your patron number and a keyed hash of your CPR number are"
    " written on a list, so that an older copy of the database does not bring you back.",
)
HOUSEHOLD: Final = Wording(
    "En adresse, der er en beskyttet låners, skjules også for dem, der bor der, og for den mindreårige, en beskyttet"
    " person svarer for.",
    "An address that is a protected patron's is hidden for those who live there too, and for the minor whom a protected"
    " person answers for.",
)
