"""The words of each field, Danish first: its name, and what it is for, as the privacy page says it to the patron.

Each sentence must be true of this program: compare it with what the field does. Holds words only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class FieldWords:
    """The words of one field."""

    name: Wording
    purpose: Wording


#: By the field's key.
WORDS: Final[Mapping[str, FieldWords]] = {
    "patron": FieldWords(
        Wording("Lånernummer", "Patron number"),
        Wording(
            "Et tilfældigt nummer på otte cifre, som systemet kender dig under. Det gives aldrig til en anden;"
            " derfor huskes selve nummeret, også når alt andet om dig er slettet.",
            "A random number of eight digits by which the system knows you. It is never given to anyone else; the"
            " number itself is therefore remembered, even when everything else about you is erased.",
        ),
    ),
    "cpr_number": FieldWords(
        Wording("CPR-nummer", "CPR number"),
        Wording(
            "Med det henter vi dit navn, din fødselsdato og din adresse i CPR-registret, og oplysningerne rettes af"
            " sig selv, når du flytter eller skifter navn. Er nummeret et erstatningsnummer, eller har du intet,"
            " spørger vi aldrig CPR. Får du et nyt nummer, kan du stadig findes ved det gamle, men det vises aldrig."
            " Personalet ser kun de første seks cifre.",
            "With it we fetch your name, birth date and address from the CPR register. They are corrected"
            " automatically when you move or change your name. If the number is a replacement number, or you have"
            " none, we never ask CPR. When you get another number, you can still be found by the old one, but it is"
            " never shown. Staff see the first six digits only.",
        ),
    ),
    "absence": FieldWords(
        Wording("Fraværsperiode", "Absence"),
        Wording(
            "Dage, hvor du er væk og ikke vil have noget lagt klar til dig. Du bestemmer dem selv; personalet"
            " skriver dem ind for dig.",
            "Days on which you are away and want nothing put aside for you. You decide them; staff write them in for"
            " you.",
        ),
    ),
    "name": FieldWords(
        Wording("Navn", "Name"),
        Wording(
            "Navnet, som det står på dit sundhedskort; det kommer fra CPR. Kender CPR dig ikke, skriver biblioteket"
            " det.",
            "Your name as it is on your health card; it comes from CPR. If CPR does not know you, the library writes"
            " it.",
        ),
    ),
    "first_names": FieldWords(
        Wording("Fornavne", "First names"),
        Wording(
            "En del af dit navn i CPR, til at sortere efter.",
            "A part of your name in CPR, to sort by.",
        ),
    ),
    "middle_names": FieldWords(
        Wording("Mellemnavne", "Middle names"),
        Wording(
            "En del af dit navn i CPR, til at sortere efter.",
            "A part of your name in CPR, to sort by.",
        ),
    ),
    "last_name": FieldWords(
        Wording("Efternavn", "Last name"),
        Wording(
            "En del af dit navn i CPR, til at sortere efter.",
            "A part of your name in CPR, to sort by.",
        ),
    ),
    "birth_date": FieldWords(
        Wording("Fødselsdato", "Birth date"),
        Wording(
            "Din alder afgør, hvor stort et gebyr er, hvilken lånergruppe du er i, og om du må låne film med"
            " aldersgrænse. Datoen kommer fra CPR; til vi har den derfra, regnes den ud af dit CPR-nummer.",
            "Your age decides how large a fee is, which patron group you are in, and whether you may borrow films"
            " with an age limit. The date comes from CPR; until we have it from there it is worked out from your CPR"
            " number.",
        ),
    ),
    "address": FieldWords(
        Wording("Adresse", "Address"),
        Wording(
            "Din adresse i CPR, med det c/o-navn, der står dér. Den bruges til breve, når hverken du eller CPR har"
            " givet os en kontaktadresse. Rejser du ud, forsvinder eller dør du, bliver den sidste adresse stående.",
            "Your address in CPR, with its c/o name. It is used for letters when neither you nor CPR gave us a"
            " contact address. If you leave the country, disappear or die, the last address stays.",
        ),
    ),
    "contact_address": FieldWords(
        Wording("c/o navn og adresse", "c/o name and address"),
        Wording(
            "Den adresse, du lige nu vil have breve til. Du oplyser den; personalet skriver den ind, og CPR ændrer"
            " den aldrig.",
            "The address to which you want letters for the time being. You tell it; staff write it in, and CPR never"
            " changes it.",
        ),
    ),
    "telephones": FieldWords(
        Wording("Telefon", "Telephones"),
        Wording(
            "Op til ti numre, fastnet som mobil. Ét af dem kan være mobil (notif): dertil sender vi SMS'er om det,"
            " du har reserveret, og det, du snart skal aflevere. Du vælger selv hvilket; personalet skriver det ind"
            " for dig. Er intet valgt, sender vi ingen.",
            "Up to ten numbers, landline and mobile. One of them may be mobile (notices): there we send text"
            " messages about what you have reserved and what is soon due. You choose which; staff write it in for"
            " you. If none is chosen we send none.",
        ),
    ),
    "emails": FieldWords(
        Wording("E-mail og E-mail (notif)", "E-mail and e-mail (notices)"),
        Wording(
            "Op til ti adresser. Én af dem kan være e-mail (notif): dertil sender vi e-mails om det, du har"
            " reserveret, og det, du snart skal aflevere. Du vælger selv hvilken; personalet skriver den ind for"
            " dig. Er ingen valgt, sender vi ingen.",
            "Up to ten addresses. One of them may be e-mail (notices): there we send e-mails about what you have"
            " reserved and what is soon due. You choose which; staff write it in for you. If none is chosen we send"
            " none.",
        ),
    ),
    "blocks": FieldWords(
        Wording("Blokeringer", "Blocks"),
        Wording(
            "Blokeringerne, hver med dag og årsag.",
            "The blocks, each with its day and reason.",
        ),
    ),
    "blocked_since": FieldWords(
        Wording("Blokeret d.", "Blocked since"),
        Wording(
            "Den dag, en blokering begyndte.",
            "The day on which a block began.",
        ),
    ),
    "blocked_reason": FieldWords(
        Wording("Blokeringsårsag", "Reason of the block"),
        Wording(
            "Hvad der gør, at du ikke kan låne for tiden: oftest ubetalte gebyrer, eller et kort, der er meldt"
            " mistet eller stjålet. Siger CPR, at en låner er død eller forsvundet, eller at nummeret er annulleret,"
            " foreslås en blokering; en medarbejder afgør det.",
            "What keeps you from borrowing for the time being: mostly unpaid fees, or a card that was reported lost"
            " or stolen. When CPR says that a patron is dead or has disappeared, or that the number is annulled, a"
            " block is proposed; a member of staff decides.",
        ),
    ),
    "group": FieldWords(
        Wording("Lånergruppe", "Patron group"),
        Wording(
            "Gruppen bestemmer lånetiden, om du får påmindelser, og om du betaler gebyr. Den følger din alder,"
            " medmindre biblioteket har valgt en anden.",
            "The group decides the loan period, whether you are reminded, and whether you pay fees. It follows your"
            " age unless the library has chosen another one.",
        ),
    ),
    "branch": FieldWords(
        Wording("Tilhørsfilial", "Home branch"),
        Wording(
            "Den filial, hvor det, du har reserveret, skal ligge klar. Du vælger den selv; personalet skriver den"
            " ind for dig.",
            "The branch where what you have reserved is to wait for you. You choose it; staff write it in for you.",
        ),
    ),
    "municipality": FieldWords(
        Wording("Kommunenr.", "Municipality number"),
        Wording(
            "Den kommune, du bor i efter CPR. Den tæller med i statistikken og viser, om bibliotekets netmedier er"
            " åbne for dig; det gør den også, når din adresse er beskyttet.",
            "The municipality that you live in, according to CPR. It counts in the statistics and shows whether the"
            " library's net media are open to you, also when your address is protected.",
        ),
    ),
    "language": FieldWords(
        Wording("Sprog", "Language"),
        Wording(
            "Det sprog, dine opgørelser skrives på: dansk, når du ikke har valgt engelsk. Du vælger det selv;"
            " personalet skriver det ind for dig.",
            "The language in which your statements are written: Danish when you have not chosen English. You choose"
            " it; staff write it in for you.",
        ),
    ),
    "cards": FieldWords(
        Wording("LånerID", "Cards"),
        Wording(
            "Dit sundhedskort og andre kort, du låner med. PIN-koden kan ingen læse.",
            "Your health card and other cards that you borrow with. Nobody can read the PIN.",
        ),
    ),
    "pin": FieldWords(
        Wording("PIN-kode", "PIN"),
        Wording(
            "PIN-koden til dine kort gemmes kun omregnet, så den ikke kan regnes ud igen uden bibliotekets nøgle, og"
            " den vises aldrig.",
            "The PIN of your cards is kept only as a hash from which it cannot be worked out without the library's"
            " key, and it is never shown.",
        ),
    ),
    "internal_note": FieldWords(
        Wording("Intern note", "Internal note"),
        Wording(
            "En besked mellem de ansatte, f.eks. om en blokering eller om et sundhedskort, du har glemt hos os. Den"
            " vises kun for personalet; beder du om indsigt, afgør biblioteket, om du kan se den.",
            "A message among staff, for instance about a block, or about a health card that you forgot with us. It"
            " is shown to staff only; when you ask for insight the library decides whether you may see it.",
        ),
    ),
    "note_to_patron": FieldWords(
        Wording("Note til låner", "Note to patron"),
        Wording(
            "Noget, du skal læse: den trykkes på den opgørelse, du får, når noget ikke er afleveret eller betalt.",
            "Something for you to read: it is printed on the statement that you get when something is not returned"
            " or paid.",
        ),
    ),
    "loans": FieldWords(
        Wording("Udlån", "Loans"),
        Wording(
            "Det, du har lånt nu, og det, du for nylig har afleveret.",
            "What you have on loan, and what you returned lately.",
        ),
    ),
    "reservations": FieldWords(
        Wording("Reserveringer", "Reservations"),
        Wording(
            "Det, du har bedt om og venter på.",
            "What you have asked for and wait for.",
        ),
    ),
    "balance": FieldWords(
        Wording("Mellemværende", "Balance"),
        Wording(
            "Det, du skylder: gebyrer og erstatninger.",
            "What you owe: fees and compensations.",
        ),
    ),
    "messages": FieldWords(
        Wording("Beskeder", "Messages"),
        Wording(
            "Hvilke SMS'er, e-mails og breve du har fået fra biblioteket.",
            "Which text messages, e-mails and letters you got from the library.",
        ),
    ),
    "responsible": FieldWords(
        Wording("Økonomisk ansvarlig", "Responsible person"),
        Wording(
            "Hvem der svarer for en mindreårigs lån. Personalet skriver det ind; det tages aldrig fra CPR's"
            " familieoplysninger. Dør, forsvinder eller udrejser den ansvarlige, eller får beskyttet adresse, ser en"
            " medarbejder på det. Den ansvarliges navn står på barnets opgørelse, medmindre en af de to er"
            " beskyttet, eller den ansvarlige er død, udrejst eller forsvundet, eller nummeret er annulleret.",
            "Who answers for a minor's loans. Staff write it in; it is never taken from CPR's family records. When"
            " the responsible person dies, disappears, leaves the country or is protected, a member of staff looks"
            " at it. The responsible person's name is on the child's statement. It is left out if one of the two is"
            " protected, if the responsible person is dead, abroad or has disappeared, or if their number is"
            " annulled.",
        ),
    ),
    "kind": FieldWords(
        Wording("Lånertype", "Kind of patron"),
        Wording(
            "Om låneren er en person, en institution eller et bibliotek, eller en, der kun svarer økonomisk for et"
            " barn; også om den sidste får vi ændringer fra CPR.",
            "Whether the patron is a person, an institution or a library, or someone who only answers for a child's"
            " debts. We get changes from CPR about them too.",
        ),
    ),
    "standing": FieldWords(
        Wording("Lånerforhold", "Standing"),
        Wording(
            "Om du er låner, er ved at holde op, eller har holdt op. Har du lån eller gæld, eller svarer du for et"
            " barn, når du vil holde op, venter vi, til det er ude af verden, og på at CPR og netmedierne bekræfter"
            " det.",
            "Whether you are a patron, are leaving, or have left. If you have loans or debts, or answer for a child,"
            " when you want to leave, we wait until that is settled, and for CPR and the net media to confirm it.",
        ),
    ),
    "status": FieldWords(
        Wording("Status i CPR", "Status in CPR"),
        Wording(
            "Om du bor her, er udrejst, forsvundet eller død: det afgør, om vi må skrive til dig, og om du har bopæl"
            " i kommunen.",
            "Whether you live here, have left the country, disappeared or died: it decides whether we may write to"
            " you, and whether you live in the municipality.",
        ),
    ),
    "protection": FieldWords(
        Wording("Navne- og adressebeskyttelse", "Name and address protection"),
        Wording(
            "Er du beskyttet i CPR, eller står du i CPR uden fast bopæl, skjules navn og adresser for alle, og af"
            " din fødselsdato vises kun alderen; kommunen vises. Personalet kan kun åbne det med en begrundelse, som"
            " skrives ned. Det samme gælder, mens noget fra CPR ikke kan læses eller afgøres, før en medarbejder har"
            " set på det. Kender CPR dig ikke, kan personalet beskytte dig. Du kan bruge biblioteket som alle andre.",
            "If you are protected in CPR, or CPR has you without a fixed abode, your name and addresses are hidden"
            " from everyone. Your age is shown instead of your birth date. The municipality is shown. Staff can open"
            " what is hidden only for a reason, which is written down. The same applies while something from CPR"
            " cannot be read or decided, until a member of staff has looked at it. If CPR does not know you, staff"
            " can protect you. You can use the library like anyone else.",
        ),
    ),
    "address_abroad": FieldWords(
        Wording("Adresse i udlandet", "Address abroad"),
        Wording(
            "Den adresse, CPR kender, når du er udrejst.",
            "The address that CPR knows when you have left the country.",
        ),
    ),
    "register_contact_address": FieldWords(
        Wording("Kontaktadresse i CPR", "Contact address in CPR"),
        Wording(
            "Den kontaktadresse, du har givet CPR. Breve går dertil, når du ikke har givet biblioteket en.",
            "The contact address that you gave CPR. Letters go there when you gave the library none.",
        ),
    ),
}
