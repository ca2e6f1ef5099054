"""What each field of the record is for, in the words of the privacy page: to the patron, Danish first.

Each sentence has to be true of this program; it is read beside what the field does. Holds words only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

#: By the key of the field.
PURPOSES: Final[Mapping[str, Wording]] = {
    "patron": Wording(
        "Et tilfældigt nummer på otte cifre, som systemet kender dig på. Det gives aldrig til en anden; derfor"
        " huskes selve nummeret, også når alt andet om dig er slettet.",
        "A random number of eight digits by which the system knows you. It is never given to anyone else; the"
        " number itself is therefore remembered, even when everything else about you is erased.",
    ),
    "cpr_number": Wording(
        "Med det henter vi dit navn, din fødselsdato og din adresse i CPR-registret, og det rettes af sig selv,"
        " når du flytter eller skifter navn. Er nummeret et erstatningsnummer, eller har du intet, spørger vi"
        " aldrig CPR. Personalet ser kun fødselsdelen.",
        "With it we fetch your name, birth date and address from the CPR register, and they are corrected by"
        " themselves when you move or change your name. If the number is a replacement number, or you have none,"
        " we never ask CPR. Staff see the date part only.",
    ),
    "absence": Wording(
        "En periode, hvor du ikke vil have dine reserveringer opfyldt. Du bestemmer den selv; personalet"
        " skriver den ind for dig.",
        "A period in which you do not want your reservations fulfilled. You decide it; staff write it in for you.",
    ),
    "name": Wording(
        "Dit navn, som det står på dit sundhedskort. Det kommer fra CPR.",
        "Your name as it stands on your health card. It comes from CPR.",
    ),
    "first_names": Wording(
        "En del af dit navn i CPR, til at sortere efter.",
        "A part of your name in CPR, to sort by.",
    ),
    "middle_names": Wording(
        "En del af dit navn i CPR, til at sortere efter.",
        "A part of your name in CPR, to sort by.",
    ),
    "last_name": Wording(
        "En del af dit navn i CPR, til at sortere efter.",
        "A part of your name in CPR, to sort by.",
    ),
    "birth_date": Wording(
        "Bruges til at regne gebyrer ud, til at finde din lånergruppe og til at se, om du er gammel nok til at"
        " låne bestemte materialer. Den kommer fra CPR.",
        "Used to work out fees, to find your patron group, and to see whether you are old enough to borrow"
        " certain materials. It comes from CPR.",
    ),
    "address": Wording(
        "Din adresse i CPR, med det c/o-navn, der står dér. Den bruges til breve, når du ikke har bedt os"
        " skrive til en anden adresse.",
        "Your address in CPR, with the c/o name that stands there. It is used for letters when you have not"
        " asked us to write to another address.",
    ),
    "contact_address": Wording(
        "Din aktuelle kontaktadresse: den, du selv har bedt os skrive til. CPR ændrer den aldrig.",
        "Your current contact address: the one you have asked us to write to. CPR never changes it.",
    ),
    "telephones": Wording(
        "Du kan have flere numre, både fastnet og mobil. Ét af dem, mobil (notif), er det, der får SMS om"
        " reserveringer og afleveringsfrist. Du bestemmer selv hvilket; personalet skriver det ind for dig.",
        "You can have several numbers, landline and mobile. One of them, mobile (notices), is the one that gets"
        " text messages about reservations and due dates. You decide which; staff write it in for you.",
    ),
    "emails": Wording(
        "Du kan have flere adresser. Én af dem, e-mail (notif), er den, der får e-mails om reserveringer og"
        " afleveringsfrist. Du bestemmer selv hvilken; personalet skriver den ind for dig.",
        "You can have several addresses. One of them, e-mail (notices), is the one that gets e-mails about"
        " reservations and due dates. You decide which; staff write it in for you.",
    ),
    "blocked_since": Wording(
        "Den dag, en blokering begyndte.",
        "The day on which a block began.",
    ),
    "blocked_reason": Wording(
        "Hvorfor du ikke kan bruge biblioteket, typisk på grund af gebyrer eller et mistet eller stjålet"
        " lånerkort. Siger CPR, at en låner er død eller forsvundet, eller at nummeret er annulleret, foreslås"
        " en blokering; et menneske afgør den.",
        "Why you cannot use the library, typically because of fees or a lost or stolen card. When CPR says that"
        " a patron is dead or has disappeared, or that the number is annulled, a block is proposed; a person"
        " decides.",
    ),
    "group": Wording(
        "Har betydning for, hvor længe du kan låne, og om du får påmindelser og gebyrer. Den følger din alder,"
        " medmindre personalet har valgt en anden.",
        "It decides for how long you can borrow, and whether you get reminders and fees. It follows your age"
        " unless staff have chosen another one.",
    ),
    "branch": Wording(
        "Det sted, hvor du vil hente det, du har reserveret. Du bestemmer det selv; personalet skriver det ind"
        " for dig.",
        "Where you want to pick up what you have reserved. You decide it; staff write it in for you.",
    ),
    "municipality": Wording(
        "Din bopælskommune efter CPR. Den bruges til statistik, og den angiver, om du har ret til at bruge"
        " bibliotekets netmedier; det gælder også, når din adresse er beskyttet.",
        "The municipality you live in by CPR. It is used for statistics, and it tells whether you have the"
        " right to use the library's net media; so it does when your address is protected.",
    ),
    "language": Wording(
        "Vi bruger dansk, når intet andet er valgt.",
        "We use Danish when nothing else is chosen.",
    ),
    "cards": Wording(
        "De kort, du kan bruge til at låne, f.eks. dit sundhedskort. PIN-koden kan ingen læse.",
        "The cards that you can borrow with, for instance your health card. Nobody can read the PIN.",
    ),
    "pin": Wording(
        "PIN-koden til dine kort gemmes kun som et aftryk, den ikke kan regnes ud af, og den vises aldrig.",
        "The PIN of your cards is kept only as a hash from which it cannot be worked out, and it is never shown.",
    ),
    "internal_note": Wording(
        "Kan kun ses af personalet. Den bruges f.eks. i forbindelse med en blokering, eller når et glemt"
        " sundhedskort ligger på biblioteket.",
        "Only staff can see it. It is used for instance with a block, or when a forgotten health card lies at"
        " the library.",
    ),
    "note_to_patron": Wording(
        "Udskrives på de opgørelser af mellemværende, som vi laver, når materialer mangler at blive afleveret"
        " eller betalt.",
        "Printed on the statements of what is owed that we make when materials are not returned or paid.",
    ),
    "loans": Wording(
        "Dine aktuelle udlån, og de afsluttede, til de slettes.",
        "Your current loans, and finished ones until they are erased.",
    ),
    "reservations": Wording(
        "En oversigt over det, du har reserveret.",
        "A list of what you have reserved.",
    ),
    "balance": Wording(
        "Viser, om du mangler at betale gebyrer eller regninger.",
        "It shows whether you have fees or bills to pay.",
    ),
    "messages": Wording(
        "En oversigt over de SMS'er og e-mails, vi har sendt dig.",
        "A list of the text messages and e-mails we sent.",
    ),
    "responsible": Wording(
        "Hvem der svarer for en mindreårigs lån. Personalet skriver det ind; det tages aldrig fra CPR's"
        " familieoplysninger. Dør eller udrejser den ansvarlige, eller får beskyttet adresse, ser et menneske på"
        " det.",
        "Who answers for a minor's loans. Staff write it in; it is never taken from CPR's family records. When"
        " the responsible person dies, leaves the country or is protected, a person looks at it.",
    ),
    "kind": Wording(
        "Om låneren er en person, en institution eller et bibliotek.",
        "Whether the patron is a person, an institution or a library.",
    ),
    "standing": Wording(
        "Om du er låner, er ved at holde op, eller har holdt op. Har du lån eller gæld, når du vil holde op, venter vi,"
        " til det er ude af verden.",
        "Whether you are a patron, are leaving, or have left. If you have loans or debts when you want to leave, we"
        " wait until they are settled.",
    ),
    "status": Wording(
        "Om du bor her, er udrejst, forsvundet eller død: det afgør, om vi må skrive til dig, og om du har"
        " bopæl i kommunen.",
        "Whether you live here, have left the country, disappeared or died: it decides whether we may write to"
        " you, and whether you live in the municipality.",
    ),
    "protection": Wording(
        "Er du beskyttet i CPR, skjules navn og adresse for alle; personalet kan kun åbne dem med en"
        " begrundelse, som skrives ned. Du kan bruge biblioteket som alle andre.",
        "If you are protected in CPR, name and address are hidden from everyone; staff can open them only for a"
        " reason, which is written down. You can use the library like anyone else.",
    ),
    "address_abroad": Wording(
        "Den adresse, CPR kender, når du er udrejst.",
        "The address that CPR knows when you have left the country.",
    ),
    "register_contact_address": Wording(
        "Den kontaktadresse, du har givet CPR. Breve går dertil, når du ikke har givet biblioteket en.",
        "The contact address that you gave CPR. Letters go there when you gave the library none.",
    ),
}
