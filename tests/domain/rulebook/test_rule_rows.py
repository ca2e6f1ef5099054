"""The rows that no rule of the code has for itself, written out once more, and each decision behind them, lived.

Those about numbers stand in test_number_rows, those about accounts in test_account_rows.
What the night does of them is lived in test_unread_protection, test_night_protection, test_sealed_views,
test_night_first_copies and test_birth_review.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import pytest
from people import LOOKED_UP, TONIGHT, dies, emigrates, having, patron, person, unverified
from printed import POLICY, danish, tables

from cprsync.domain.deciding.decide import AskRegister, Change, Decision, Parked, ProtectionEnd, Unchanged, decide
from cprsync.domain.patron.due import CalendarFacts, derived_group
from cprsync.domain.patron.field import Owner
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.override import Overridden
from cprsync.domain.patron.patron import is_sealed
from cprsync.domain.patron.review import PARKED as PARKED_KIND
from cprsync.domain.patron.review import PROPOSALS, REVIEW_KINDS, AcceptEffect
from cprsync.domain.person.canonical import address_of
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import (
    EMPTY,
    SILENT,
    Birth,
    Person,
    Protection,
    Silent,
    Status,
    merge,
    silence_by_status,
)
from cprsync.domain.person.sealed import Address, SealedAddress, same_writing
from cprsync.domain.person.status import Action
from cprsync.domain.policy.policy import Harm

STATUS: dict[str, tuple[object, ...]] = {
    "status-other": (
        "10 og ukendte koder",
        "reserveret, eller ukendt her",
        "venter på personalet",
        "uændret",
        "som før, men først når navn og adresse er åbnet med en begrundelse",
        "som før",
        "som før",
        "som før",
        "som før",
        "en kendt status",
        "–",
        "CPR: post 001 (status); beslutning 1 og 3",
    ),
    "status-silent": (
        "ingen (et svar uden status)",
        "kilden siger intet",
        "ingen ny status",
        "følger kilden så langt, som den kendte status tillader",
        (
            "som før. Er ingen status kendt, venter låneren på personalet og tæller som beskyttet (status.missing): "
            "breve går kun til kontaktadressen eller til en adresse, der er rettet ved skranken, og først når adressen "
            "er åbnet med en begrundelse"
        ),
        "som før",
        "som før; ukendt, hvis ingen status er kendt",
        "som før; intet sendes, hvis ingen status er kendt",
        "som før",
        "en kendt status",
        "–",
        "SF1520: uden status; beslutning 1, 8 og 11",
    ),
    "status-dead-annulled": (
        "90, derefter 30",
        "låneren er død, og nummeret annulleres",
        Action.NUMBER_ANNULLED,
        (
            "kun status læses, resten bliver stående. Låneren tæller stadig som død: nye lån afvises, gebyrer og alder "
            "står stille, og låneren har ikke ret til netmedier"
        ),
        "stadig standset, indtil en senere kilde siger, at låneren lever",
        "blokeringen for dødsfaldet bliver; endnu en foreslås",
        "ukendt",
        "intet sendes, og CULR beholder det, den har",
        "beholdes",
        Action.NUMBER_RESTORED,
        "–",
        "CPR: post 001 (status); beslutning 1, 3 og 11",
    ),
}
HER_OWN = (
    "forseglet for sin egen skyld: 0001 (også efter lånerens død), vejkode 9900-9999, status 03 eller 07, ingen kilde "
    "har sagt noget (hvis policy forsegler det), eller låneren venter på personalet"
)
PROTECTION: dict[str, tuple[object, ...]] = {
    "protection-types": (
        "leverancen",
        (
            "0002 (lokalvejviser), 0003 (reklame), 0004 (forskning), 0005 (kreditadvarsel) eller en ukendt type, og "
            "ingen 0001"
        ),
        "ligegyldigt",
        "ligegyldigt hvad",
        "som ingen beskyttelse",
        "CPR: post 004 (BESKYTTYPE); beslutning 2",
    ),
    "protection-type-unread": (
        "leverancen",
        "en type, der ikke er fire cifre",
        "ligegyldigt",
        "ligegyldigt hvad",
        "venter på personalet; står der også 0001, forsegles låneren straks",
        "CPR: post 004 (BESKYTTYPE); beslutning 3",
    ),
    "protection-future": (
        "leverancen eller et opslag",
        "0001, eller beskyttet true, fra en dag i fremtiden",
        "ligegyldigt",
        "ligegyldigt hvad",
        "som beskyttet, straks",
        "CPR: post 004 (startdato); beslutning 2",
    ),
    "protection-true-ended": (
        "et opslag",
        "beskyttet true, men perioden er slut",
        "ligegyldigt",
        "ligegyldigt hvad",
        "som beskyttet",
        "SF1520: beskyttet er true; beslutning 2",
    ),
    "protection-false-ended": (
        "et opslag",
        "beskyttet false, og perioden er slut",
        "ligegyldigt",
        "ligegyldigt hvad",
        "som ingen beskyttelse",
        "SF1520: beskyttet er false; beslutning 1",
    ),
    "protection-street": (
        "leverancen eller et opslag",
        "vejkode 9900-9999, ved status 01, 03, 05, 07 eller 20",
        "ligegyldigt",
        "ligegyldigt hvad",
        (
            "som beskyttet, når adressen er skrevet på posten, og indtil der kommer en anden adresse; også mens "
            "låneren er udrejst, forsvundet eller død. Gaden står aldrig på et brev"
        ),
        "CPR: post 002 (vejkode); beslutning 1 og 2",
    ),
    "protection-street-ordinary": (
        "leverancen eller et opslag",
        "status 03 eller 07 med en almindelig vejkode",
        "ligegyldigt",
        "ligegyldigt hvad",
        (
            "som beskyttet. Status er nok, for truede personer kan stå sådan. Gælder, indtil der kommer en adresse ved "
            "status 01, 05 eller 20; også mens låneren er udrejst, forsvundet eller død. Breve går kun til "
            "kontaktadressen, ellers til en adresse, der er rettet ved skranken, når den er åbnet med en begrundelse"
        ),
        "CPR: post 001 (status), 002 (vejkode); beslutning 2",
    ),
    "protection-household": (
        (
            "en anden låner på dette bibliotek, på samme bopæl i CPR (kommune, vej, hus, bygning, etage, dør). En "
            "adresse, der er rettet ved skranken, har ingen koder og sammenlignes ikke"
        ),
        HER_OWN.replace(" (også efter lånerens død)", ""),
        "ligegyldigt",
        "ikke beskyttet",
        (
            "adressen og en rettelse af den forsegles, indtil de to ikke længere deler bopæl, eller grunden ophører. "
            "Navn, udlands- og kontaktadresse vises stadig, også en kontaktadresse på samme bopæl, for den er kun "
            "tekst. Et brev, også til kontaktadressen, går først, når adressen er åbnet med en begrundelse"
        ),
        "Beslutning 2, 3 og 46",
    ),
    "protection-household-left": (
        "en anden låner, hvis sidste kendte bopæl i CPR er den samme",
        (
            "forseglet for sin egen skyld, og efter CPR's ord død, udrejst eller forsvundet; intet om låneren venter, "
            "og leverancerne kunne fortælle om nummeret"
        ),
        "ligegyldigt",
        "ikke beskyttet",
        (
            "forsegler ikke længere andres adresse. Den, der selv er død, udrejst eller forsvundet, vises fortsat uden "
            "adresse, hvis en beskyttet bor på den sidste kendte bopæl"
        ),
        "Beslutning 45",
    ),
    "protection-linked": (
        "en, der er økonomisk ansvarlig for låneren, eller som låneren er økonomisk ansvarlig for",
        HER_OWN,
        "ligegyldigt",
        "ikke beskyttet",
        (
            "adressen og en rettelse af den forsegles, uanset hvor de to bor, og også når CPR ingen adresse har, "
            "indtil tilknytningen eller grunden ophører. Navn, udlands- og kontaktadresse vises stadig. Et brev går "
            "først, når adressen er åbnet med en begrundelse; er der slet ingen adresse, går det til kontaktadressen"
        ),
        "Beslutning 2 og 3",
    ),
    "protection-house": (
        "flere end 40 andre lånere på samme bopæl",
        "hvad som helst",
        "ligegyldigt",
        "ikke beskyttet",
        "adressen forsegles: ingen af de andre poster åbnes for at se efter",
        "Beslutning 2; grænsen på 40 er vores egen",
    ),
    "protection-household-other": (
        "en anden på samme bopæl, eller en, der er tilknyttet",
        "forseglet kun for en tredje persons skyld",
        "ligegyldigt",
        "ikke beskyttet",
        "forsegler ikke andres adresse",
        "Beslutning 2",
    ),
    "protection-waits": (
        "leverancen eller et opslag",
        "noget, der ikke kan afgøres eller læses",
        "ligegyldigt",
        "ligegyldigt hvad",
        "låneren tæller som beskyttet, så længe det venter på personalet",
        "Beslutning 3",
    ),
    "protection-parked": (
        "leverancen",
        "beskyttet, men resten venter på personalet eller kan ikke læses",
        "ligegyldigt",
        "ligegyldigt hvad",
        "forsegles, før alt andet",
        "Beslutning 3",
    ),
    "protection-answer-unread": (
        "et opslag",
        "beskyttet, men svaret bryder kontrakten",
        "ligegyldigt",
        "ligegyldigt hvad",
        (
            "intet af svaret gælder, ligesom ved en beskadiget leverance. Om natten venter låneren på personalet; "
            "spurgte natten, om en beskyttelse er ophørt, sker det først den anden nat, og beskyttelsen bliver. Ved "
            "skranken vises fejlen"
        ),
        "SF1520: skemaet; beslutning 3",
    ),
    "protection-damaged": (
        *("leverancen", "beskyttet, men leverancen er beskadiget", "ligegyldigt", "ligegyldigt hvad"),
        (
            "intet i leverancen gælder: natten standser ved den, indtil den kommer hel eller lægges til side (feed "
            "discard). Hele leverancer før den indlæses. Hele leverancer efter den venter, men beskytter straks"
        ),
        "CPR: post 000 og 999; beslutning 3 og 44",
    ),
    "protection-number-only": (
        *("leverancen eller et opslag", "beskyttet, ved status 30, 50 eller 60", "ligegyldigt", "ligegyldigt hvad"),
        "læses ikke: ved de statusser er kun status og det nye nummer kendt. Beskyttelsen er som før",
        "CPR: post 001 (status); beslutning 1",
    ),
    "protection-held": (
        "leverancen",
        "beskyttet, men natten er standset",
        "ligegyldigt",
        "ligegyldigt hvad",
        (
            "låneren forsegles. Breve til døde standses, også til en ny låner. Alt andet venter, også en flytning til "
            "vejkode 9900-9999 og status 03 eller 07"
        ),
        "Beslutning 3",
    ),
    "protection-older": (
        "leverancen eller et opslag",
        "hvad som helst, men kilden er ældre end posten (på samme dag: et opslag, der ikke siger beskyttet)",
        "ligegyldigt",
        "ligegyldigt hvad",
        "som før",
        "Beslutning 1: ældre ændrer ikke nyere",
    ),
    "protection-same-day": (
        "et opslag",
        "beskyttet, men leverancen fra samme dag siger: ingen beskyttelse",
        "ligegyldigt",
        "ikke beskyttet",
        "forsegles, før alt andet; resten af opslaget ændrer intet",
        "Beslutning 1 og 2: de modsiger hinanden",
    ),
    "protection-what": (
        *("enhver, der er forseglet for sin egen skyld", "beskyttet", "ligegyldigt", "ligegyldigt hvad"),
        (
            "navn, adresse, udlands- og kontaktadresse vises ingen steder, og rettelser af dem heller ikke, før de er "
            "åbnet med en begrundelse. Først da går der breve på papir. Kommunen vises"
        ),
        "CPR: post 002, 005, 006 og 008; beslutning 2",
    ),
    "protection-age": (
        *("enhver, der er forseglet for sin egen skyld", "beskyttet", "ligegyldigt", "ligegyldigt hvad"),
        (
            "alderen vises i stedet for fødselsdatoen, og intet af CPR-nummeret vises, før de er åbnet med en "
            "begrundelse. Reglerne regner med datoen"
        ),
        "Feltlisten: fødselsdato (cprsync fields)",
    ),
    "protection-use": (
        *("en beskyttet låner", "vil bruge biblioteket", "ligegyldigt", "ligegyldigt hvad"),
        "som andre: lån, reserveringer, netmedier efter kommunen, beskeder til lånerens eget telefonnummer og e-mail",
        "Beslutning 2 og 11",
    ),
    "protection-unknown-number": (
        "ingen: CPR kender ikke nummeret",
        (
            "intet, og siger aldrig noget: låneren har et erstatningsnummer eller intet nummer; det gælder også "
            "institutioner og biblioteker"
        ),
        "ligegyldigt",
        "ny: intet kendt",
        "åben: biblioteket har selv skrevet oplysningerne. Personalet kan beskytte posten (patron set ID protection)",
        "Vores egen læsning af beslutning 2: kun en kilde, der kunne have sagt noget, kan tie",
    ),
    "protection-staff-never": (
        *(
            "personalet",
            "vil ophæve eller sætte beskyttelsen for en låner, hvis CPR-nummer er kendt",
            "ligegyldigt",
            "ligegyldigt hvad",
        ),
        "afvises: kun CPR beskytter, og kun CPR ophæver. Heller ingen rettelse ændrer beskyttelsen",
        "Princip: én ejer; beslutning 2",
    ),
    "protection-merged": (
        "personalet",
        "lægger to lånere sammen, og den, der lukkes, er beskyttet (review accept)",
        *("ligegyldigt", "ikke beskyttet"),
        (
            "den låner, der bliver, forsegles straks. Næste nat spørges CPR, og svaret gælder, som når "
            "leverancen har sagt: ophørt"
        ),
        "Beslutning 2",
    ),
    "protection-parted": (
        "personalet",
        "fortryder en sammenlægning, og den låner, der blev, er beskyttet (review undo)",
        *("ligegyldigt", "ikke beskyttet"),
        (
            "begge forsegles: beskyttelsen kan være sagt om hver af dem. Næste nat spørges CPR, og svaret gælder, som "
            "når leverancen har sagt: ophørt. En låner med et erstatningsnummer bliver som før: CPR kender ikke "
            "nummeret"
        ),
        "Beslutning 2",
    ),
    "protection-staff-own": (
        *(
            "personalet",
            (
                "beskytter en låner uden et nummer, som CPR kender, og skriver senere det rigtige nummer (patron "
                "set-cpr)"
            ),
        ),
        *("ligegyldigt", "beskyttet af personalet"),
        (
            "CPR bestemmer. Siger opslaget nej, slår natkørslen også op, og dens svar ophæver beskyttelsen. Siger "
            "CPR intet, eller kommer der intet svar, bliver beskyttelsen"
        ),
        "Princip: én ejer; beslutning 2",
    ),
    "protection-window": (
        "ingen: leverancerne kunne ikke fortælle om nummeret",
        (
            "et skift til et nummer, der først abonneres senere; et abonnement, der var forsvundet; en sammenlægning, "
            "der fortrydes; en leverance, der mangler; en ældre kopi af databasen; en låner, der var meldt ud"
        ),
        "ligegyldigt",
        "ikke beskyttet",
        (
            "ubekræftet: forseglet, hvis policy forsegler tavshed, indtil CPR har svaret. CPR spørges "
            "samme nat, inden for kvoten, først om de beskyttede og om dem, der var her sidst"
        ),
        "Beslutning 32",
    ),
    "protection-window-replaced": (
        "ingen: CPR har skiftet nummeret ud, og låneren beholder det",
        (
            "personalet har afvist en sag om, hvilket nummer låneren har (number.both_patrons, number.circle, "
            "number.unresolved)"
        ),
        "ligegyldigt",
        "ikke beskyttet",
        (
            "ubekræftet, som ovenfor, indtil en leverance eller et opslag fortæller om nummeret igen, låneren får et "
            "nyt nummer, eller sagen genåbnes og godkendes. CPR spørges samme nat og derefter hver syvende "
            "dag; sagen kommer ikke igen af den grund"
        ),
        "Beslutning 6 og 32",
    ),
    "protection-window-answer": (
        "et opslag om natten, fordi leverancerne ikke kunne fortælle om nummeret",
        "ikke beskyttet (et svar, der ikke nævner beskyttelse, ophæver intet)",
        "ligegyldigt",
        "beskyttet",
        (
            "beskyttelsen ophører, hvis ingen leverance af samme dag eller senere har sagt 0001. Et svar ved skranken "
            "ophæver intet: natten slår selv op"
        ),
        "Beslutning 32, 35 og 43",
    ),
}
LATER = (
    "en senere kilde, der kan bruges; eller personalet, der afviser sagen: posten ændres ikke, og låneren tæller "
    "ikke længere som beskyttet af den grund"
)
#: A question that stays open.
EACH_NIGHT = "et svar, der kan bruges. CPR spørges igen hver nat, og en sag, der afvises, kommer igen"
PARKED: dict[str, tuple[object, ...]] = {
    "parked-address": (
        (
            "status 01, 03, 05 eller 07 uden adresse, uden vejnavn (undtagen ved vejkode 9900-9999) eller i en "
            "kommune, der ikke findes"
        ),
        "address.missing",
        "0001 forsegler",
        LATER,
        "CPR: post 001, 002 og 003; beslutning 1, 3 og 49",
    ),
    "parked-name": (
        "intet navn til en låner, hvis navn er kendt (et barn, der ikke har fået navn endnu, venter ikke)",
        "name.lost",
        "0001 forsegler, 90 standser breve",
        LATER,
        "CPR: post 008 (ADRNVN); beslutning 1 og 3",
    ),
    "parked-status": (
        "ingen status til en låner, som ingen kilde har fortalt om (er status kendt, bliver den stående)",
        "status.missing",
        "0001 forsegler",
        LATER,
        "SF1520: uden status; beslutning 1 og 3",
    ),
    "parked-unread": (
        (
            "poster i leverancen, der ikke kan læses: ukendt status, koder, der ikke er tal, to adresser eller poster, "
            "der modsiger hinanden, ingen post 001, for mange poster om én person, et navn eller en adresse i en anden "
            "tegnkodning"
        ),
        "person.*, address.*, protection.type, abroad.country",
        "0001 forsegler, 90 standser breve",
        LATER,
        "CPR: posternes opbygning; beslutning 1 og 3",
    ),
    "parked-nobody": (
        "poster om noget, der ikke er et CPR-nummer",
        "person.number",
        "intet: ingen ved, hvem posterne handler om",
        "tælles i nattens balance; spørg afsenderen",
        "CPR: nummerets opbygning; beslutning 1",
    ),
    "parked-answer": (
        (
            "et svar om natten, der bryder kontrakten (også en ukendt status, en dokumenttype, en "
            "behandlingsinstruktion, UTF-16, et navn eller en adresse i en anden tegnkodning), eller en afvisning. Ved "
            "opslaget om en beskyttelse, der er ophørt, først fra den anden nat"
        ),
        "register.*",
        "intet",
        EACH_NIGHT,
        "SF1520: skemaet; beslutning 1 og 3",
    ),
    "parked-stranger": (
        (
            "CPR kender ikke nummeret: ved det første opslag om en ny låner, eller ved et opslag, der sker, "
            "fordi en sag er godkendt"
        ),
        "register.no_such_person",
        "intet",
        (
            "et svar, der kan bruges; CPR spørges igen, når personalet beder om det. Eller personalet, der "
            "afviser sagen: låneren tæller ikke længere som beskyttet af den grund"
        ),
        "SF1520: PNR not found; beslutning 1",
    ),
    "parked-stranger-open": (
        (
            "CPR kender ikke nummeret: ved opslaget om en beskyttelse, der er ophørt (fra den anden nat), eller "
            "om et nyt nummer"
        ),
        "register.no_such_person",
        "intet: beskyttelse, navn og adresse bliver stående",
        EACH_NIGHT,
        "SF1520: PNR not found; beslutning 2 og 6",
    ),
    "parked-stranger-subscription": (
        "CPR kender ikke nummeret, eller afviser det, når det skal abonneres",
        "register.no_such_person, register.*",
        "intet: uden abonnement er der intet første opslag",
        "et abonnement, der lykkes. Det forsøges igen hver nat, og en sag, der afvises, kommer igen",
        "SF6002: NON_EXISTING_PNR; beslutning 10",
    ),
    "parked-number": (
        "et nummer, der er afløst, hvor det ikke kan afgøres, hvilket nummer låneren har (se CPR-numre)",
        "number.both_patrons, number.other_successor, number.circle, number.old_active, number.unresolved",
        "se CPR-numre; låneren tæller som beskyttet",
        (
            "en senere kilde, der kan bruges (om et gammelt nummer: hvor det fører hen, eller at det er annulleret); "
            "eller personalet. Godkendes number.both_patrons, lægges de to sammen; godkendes number.other_successor, "
            "får låneren nummeret; godkendes de andre, spørges CPR hver nat. Afvises sagen, ændres posten ikke"
        ),
        "CPR: post 001 (PNRGAELD); beslutning 3 og 6",
    ),
    "parked-number-set": (
        "et CPR-nummer, der er skrevet ved skranken",
        "number.set",
        "venter ikke: nummeret gælder",
        (
            "`patron set-cpr ID --undo` eller `review undo`, så længe nummeret huskes: posten bliver, som den var før, "
            "nummeret afmeldes, og kontoen under det slettes i CULR. Har CPR givet et andet nummer imens, "
            "afvises det"
        ),
        "Beslutning 40",
    ),
    "parked-block": (
        "status 30, 70 eller 90, og det, der ophæver den (se Status)",
        "block.*, death.annulled, person.found, number.restored",
        "alt: kun blokeringen, eller ophævelsen af den, venter",
        "personalet; forslaget falder bort, når grunden er væk",
        "Postens Blokeret: personalet ejer det",
    ),
    "parked-annulled": (
        "status 30: de kendte oplysninger kan være forkerte",
        "number.annulled",
        "alt: kun spørgsmålet venter",
        "personalet har set det",
        "CPR: post 001 (status); beslutning 1",
    ),
    "parked-contradicted": (
        "leverancen siger, at en beskyttelse er ophørt, men opslaget samme nat siger, at den ikke er",
        "protection.contradicted",
        "alt andet; beskyttelsen bliver",
        (
            "personalet har set det, eller beskyttelsens ophør; den afgøres af en senere leverance eller nattens "
            "opslag, som gentages"
        ),
        "Beslutning 2",
    ),
    "parked-doubted": (
        (
            "tre nætter har CPR svaret beskyttet false ved en periode, der er begyndt og ikke har slutdato, eller "
            "intet om beskyttelse, hvor ingen kilde har kaldt den ophørt"
        ),
        "protection.doubted",
        "alt andet; beskyttelsen bliver",
        (
            "to personer, der godkender: beskyttelsen ophører, og én kan tage det tilbage. Én, der afviser: "
            "beskyttelsen bliver. Sagen falder bort, når CPR siger ja, eller nej uden periode"
        ),
        "SF1520: adressebeskyttelse; beslutning 35",
    ),
    "parked-reverted-held": (
        "en nat er fortrudt, og lånerens post er sat tilbage",
        "reverted.held",
        "alt andet end en ny beskyttelse og stop for breve",
        (
            "personalet godkender: låneren følger CPR igen, og næste nat spørger. Afvises sagen, holdes låneren "
            "stadig fast"
        ),
        "beslutning 19 og 39",
    ),
    "parked-reverted-protected": (
        "en nat er fortrudt, og den nat beskyttede låneren",
        "reverted.protected",
        "beskyttelsens ophør; resten er sat tilbage",
        "to personer, der godkender: beskyttelsen ophører. Én, der afviser: beskyttelsen bliver",
        "beslutning 19 og 39",
    ),
    "parked-reverted-changed": (
        "en nat er fortrudt, men låneren er ændret siden",
        "reverted.changed",
        "intet: posten bliver, som den er",
        "personalet har set det",
        "beslutning 19 og 39",
    ),
    "parked-reverted-altered": (
        "en nat er fortrudt, men det, der var gemt om låneren fra før, er ændret uden om programmet",
        "reverted.altered",
        "intet: posten bliver, som den er",
        "personalet har set det",
        "beslutning 19 og 39",
    ),
    "parked-reverted-number": (
        "en nat er fortrudt, men nummeret fra før er nu en anden låners",
        "reverted.number",
        "intet: posten bliver, som den er",
        "personalet har set det",
        "beslutning 19 og 39",
    ),
    "parked-reverted-street": (
        (
            "en nat er fortrudt, men den flyttede låneren til en administrativ vejkode, og adressen fra før ville "
            "blive synlig"
        ),
        "reverted.street",
        "intet: posten bliver, som den er",
        "personalet har set det",
        "beslutning 19 og 39",
    ),
    "parked-reverted-household": (
        "en nat er fortrudt, men den flyttede en skjult låner hen til andre, hvis adresse ville blive synlig",
        "reverted.household",
        "intet: posten bliver, som den er",
        "personalet har set det",
        "beslutning 2, 19 og 39",
    ),
    "parked-subscription-ended": (
        "en ældre kopi af databasen er taget i brug, og CPR havde ikke det abonnement på låneren, som kopien har",
        "subscription.ended",
        "alt: låneren abonneres på igen, og CPR spørges",
        "personalet har set det: er låneren meldt ud eller slettet siden, gøres det igen",
        "beslutning 10 og 32",
    ),
    "parked-birth": (
        "CPR's fødselsdato er en anden end nummerets",
        "birth.differs",
        "alt: CPR's dato gælder",
        "personalet har set det; sagen falder bort, når de to datoer stemmer igen",
        "CPR: post 001 (FOED_DT)",
    ),
    "parked-said": (
        "CPR siger noget andet end en låner, der blev indmeldt, mens CPR ikke svarede",
        "said.name, said.address, said.both",
        "alt: CPR gælder",
        (
            "personalet: er det den samme? Ja: det, låneren sagde, slettes. Nej, en anden: låneren blokeres, kortene "
            "mister PIN-koden, og det, der blev sagt, gemmes. En anden adresse alene lukkes som set. Siger CPR intet "
            "navn, som ved et annulleret nummer, rejses ingen sag, og det gemmes, til CPR siger et"
        ),
        "beslutning 2 og 32",
    ),
    "parked-responsible": (
        (
            "en økonomisk ansvarlig for en mindreårig er død, udrejst, forsvundet eller beskyttet, eller nummeret er "
            "annulleret"
        ),
        "responsible.gone, responsible.protected",
        "alt: kun spørgsmålet venter",
        "personalet: skal ansvaret ophøre? Sagen falder bort, når grunden er væk",
        "Postens Økonomisk ansvarlig: personalet ejer det",
    ),
    "parked-of-age": (
        (
            "en fødselsdato er rettet, og efter den nye dato blev låneren myndig på en dag, der er forbi; låneren har "
            "en økonomisk ansvarlig"
        ),
        "responsible.of_age",
        "alt: datoen gælder; kun ansvarets ophør venter",
        "personalet: skal ansvaret ophøre? Sagen falder bort, når låneren er mindreårig igen",
        "Postens Økonomisk ansvarlig: personalet ejer det",
    ),
    "parked-custody": (
        (
            "forældremyndigheden over et barn er ændret, siden en ansvarlig blev skrevet på barnets post, og den "
            "ansvarlige har den ikke"
        ),
        "responsible.custody",
        (
            "alt: ansvaret består. Forældremyndigheden gemmes ikke, den sammenlignes kun. Derfor ses det ikke, når "
            "fælles forældremyndighed bliver den enes, og CPR beholder den gamle startdato. Der spørges ikke om en "
            "ansvarlig med erstatningsnummer, eller når CPR ikke nævner nummeret på alle, der har forældremyndigheden"
        ),
        (
            "personalet: svarer den ansvarlige stadig for barnet? Der spørges én gang for hver ændring, men ikke om "
            "en, der gælder fra før dagen for det sidste spørgsmål; sagen falder bort, når ingen svarer for barnet "
            "mere, og bliver stående, når kørslen fortrydes"
        ),
        (
            "CPR: post 015 og 016; SF1520: foraeldremyndighed; Postens Økonomisk ansvarlig: personalet ejer det; "
            "beslutning 1"
        ),
    ),
    "parked-net-media": (
        "CULR afviser det, der blev sendt, eller et andet bibliotek har givet et andet kommunenummer",
        "net_media.refused, net_media.foreign",
        "posten; CULR beholder det, den havde",
        "personalet; sagen falder bort, når en senere ændring går igennem, eller en læsning viser det rette",
        "CULR 1.6; beslutning 11",
    ),
    "parked-target": (
        "et andet system, fx Koha, afviser det, det skulle have at vide, eller har ikke taget imod det efter 30 forsøg",
        "target.not_taken",
        "posten; systemet beholder det, det havde, og hører stadig om andre lånere",
        "personalet; sagen falder bort, når en senere ændring går igennem",
        "beslutning 37",
    ),
}
AGE: dict[str, tuple[object, ...]] = {
    "age-no-birth": (
        "ingen fødselsdato",
        (
            "der er heller ingen i nummeret, fx i et erstatningsnummer med bogstaver: lånergruppen bliver, og der "
            "kommer intet alderstrin"
        ),
        "–",
        "CPR: nummerets opbygning; beslutning 1",
    ),
    "age-unknown-day": (
        "CPR har ingen hel fødselsdato (1950-00-00), er usikker på den (*) eller har ikke oplyst nogen",
        (
            "den usikre dato gælder, ellers nummerets. Gruppe, rettigheder og skærm følger samme dato, som vises som "
            "usikker"
        ),
        "–",
        "CPR: post 001 (FOED_DT), nummerets opbygning; beslutning 1",
    ),
    "age-corrected": (
        "fødselsdatoen er rettet eller blevet kendt",
        "gruppe og næste trin beregnes igen; låneren kan også komme tilbage i en yngre gruppe",
        "samme nat",
        "CPR: post 001 (FOED_DT)",
    ),
    "age-differs": (
        "CPR's fødselsdato er en anden end nummerets",
        (
            "CPR's dato gælder. Personalet får det at vide én gang (birth.differs), og sagen falder bort, når "
            "de to datoer stemmer igen. Datoen i et erstatningsnummer sammenlignes ikke"
        ),
        "samme nat",
        "CPR: post 001 (FOED_DT), nummerets opbygning",
    ),
    "age-no-group": (
        "låneren har ingen gruppe endnu",
        "gruppen for lånerens alder i dag",
        "samme nat",
        "policy.toml: age_groups",
    ),
    "age-other": (
        "en gruppe, der ikke er i age_groups",
        "følger ikke alderen",
        "–",
        "policy.toml: age_groups",
    ),
    "age-pinned": (
        "gruppen er rettet ved skranken",
        "bliver, indtil rettelsen udløber; derefter som uden rettelsen",
        "–",
        "Princip: én ejer; policy.toml: overrides",
    ),
    "age-dead": (
        "låneren er død (status 90, også når nummeret siden annulleres)",
        (
            "gruppen er den, der gjaldt på dødsdagen (CPR's dato, ellers den første dag, en kilde siger det): døde "
            "bliver ikke ældre"
        ),
        "–",
        "CPR: post 001 (status); beslutning 48",
    ),
    "age-alive-again": (
        "låneren lever alligevel (status 90, derefter en anden status end 30)",
        "gruppen for lånerens alder i dag: fødselsdagene indhentes",
        "samme nat",
        "CPR: post 001 (status)",
    ),
    "age-responsible": (
        "økonomisk ansvarlig",
        "ansvaret ophører for ny gæld; tidligere gæld ændres ikke",
        "den 18. fødselsdag",
        "værgemålsloven § 1; policy.toml: leap_day; beslutning 9",
    ),
}
ROWS = {**STATUS, **PROTECTION, **PARKED, **AGE}


@pytest.mark.parametrize("key", ROWS)
def test_a_row_is_printed_as_it_is_lived(key: str) -> None:
    assert danish(key) == ROWS[key]


def test_these_are_all_the_rows_besides_the_codes_own() -> None:
    for name, typed in (("status", STATUS), ("protection", PROTECTION), ("age", AGE)):
        assert tables()[name].keys[-len(typed) :] == tuple(typed)
    assert tables()["parked"].keys == tuple(PARKED)


# -- status ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["status-dead-annulled"])
def test_the_dead_whose_number_is_annulled_get_no_letters_until_someone_says_that_they_live(key: str) -> None:
    """90, then 30: the status tells nothing of her (decision 1)."""
    dead = replace(patron("ANNA"), register=dies(person("ANNA")), letters_stopped=date(2027, 3, 20))
    annulled = decide(silence_by_status(person("ANNA", status=Status.ANNULLED)), dead, as_of=TONIGHT)
    assert isinstance(annulled, Change), key
    assert (annulled.actions, annulled.resumes_letters) == ((Action.NUMBER_ANNULLED,), False)
    again = decide(person("ANNA"), replace(dead, register=annulled.after), as_of=TONIGHT)
    assert isinstance(again, Change)
    assert again.resumes_letters


@pytest.mark.parametrize("key", ["status-silent"])
def test_an_answer_without_a_status_leaves_the_known_one(key: str) -> None:
    for stored in (patron("ANNA"), patron("AFDOED"), patron("FORSVUNDET")):
        silent = replace(stored.register, status=SILENT, contact=SILENT)
        decision = decide(silent, stored, as_of=LOOKED_UP)
        assert isinstance(decision, Unchanged), key


# -- protection --------------------------------------------------------------------------------------------


HIDDEN_STREET, ORDINARY = Address("0751", "9900"), Address("0751", "9899", "1")


@pytest.mark.parametrize("key", ["protection-street"])
@pytest.mark.parametrize("code", ["01", "03", "05", "07", "20"])
def test_an_administrative_street_seals_at_each_status_that_has_an_address(code: str, key: str) -> None:
    """CPR street codes 9900-9999 (decision 2)."""
    read = silence_by_status(having(person("ANNA"), status=Status(code), address=HIDDEN_STREET))
    assert is_sealed(read, silent_is_sealed=False), key
    assert is_sealed(replace(read, address=Address("0751", "9999")), silent_is_sealed=False), key


@pytest.mark.parametrize(
    ("home", "at"),
    [
        pytest.param("03", HIDDEN_STREET, id="protection-street-03"),
        pytest.param("01", HIDDEN_STREET, id="protection-street-01"),
        pytest.param("03", ORDINARY, id="protection-street-ordinary-03"),
        pytest.param("07", ORDINARY, id="protection-street-ordinary-07"),
    ],
)
@pytest.mark.parametrize("gone", ["20", "30", "70", "80", "90"])
def test_what_sealed_the_last_address_seals_it_until_another_comes(gone: str, home: str, at: Address) -> None:
    """Decision 2: the last known address of the dead and the gone stays, and nothing opens it meanwhile."""
    stored = replace(patron("ANNA"), register=having(person("ANNA"), status=Status(home), address=at))
    assert is_sealed(stored.register, silent_is_sealed=False)
    left = decide(silence_by_status(having(person("ANNA"), status=Status(gone), address=SILENT)), stored, as_of=TONIGHT)
    assert isinstance(left, Change)
    assert is_sealed(left.after, silent_is_sealed=False)
    assert Harm.PROTECTION_LIFTED not in left.harms
    assert isinstance(left.after.address, SealedAddress)
    assert same_writing(left.after.address, at)
    # and whatever comes then without an address
    again = merge(left.after, silence_by_status(having(person("ANNA"), status=Status.DEAD, address=SILENT)))
    assert is_sealed(again, silent_is_sealed=False)
    back = decide(having(person("ANNA"), address=ORDINARY), replace(stored, register=left.after), as_of=TONIGHT)
    assert isinstance(back, Change)
    assert not is_sealed(back.after, silent_is_sealed=False)
    assert Harm.PROTECTION_LIFTED in back.harms


@pytest.mark.parametrize("key", ["protection-street-ordinary"])
@pytest.mark.parametrize("code", ["03", "07"])
def test_a_status_of_no_fixed_abode_seals_an_ordinary_street_until_the_status_ends(code: str, key: str) -> None:
    """Threatened persons may be registered so, without a protection (cpr-data C): one of the two is enough."""
    hidden = having(person("ANNA"), status=Status(code))
    assert is_sealed(hidden, silent_is_sealed=False), key
    assert is_sealed(replace(hidden, address=SILENT), silent_is_sealed=False), key
    open_again = decide(person("ANNA"), replace(patron("ANNA"), register=hidden), as_of=TONIGHT)
    assert isinstance(open_again, Change)
    assert not is_sealed(open_again.after, silent_is_sealed=False)
    assert (open_again.actions, Harm.PROTECTION_LIFTED in open_again.harms) == ((Action.STATUS,), True)
    # the last one known, and then the register has it without residence
    kept = merge(hidden, having(person("ANNA"), status=Status.NO_RESIDENCE, address=SILENT))
    told = having(person("ANNA"), status=Status.NO_RESIDENCE)
    opened = decide(told, replace(patron("ANNA"), register=kept), as_of=TONIGHT)
    assert isinstance(opened, Change)
    assert (opened.actions, Harm.PROTECTION_LIFTED in opened.harms) == ((Action.ADDRESS_CORRECTED,), True)


@pytest.mark.parametrize("key", ["protection-staff-never"])
def test_no_correction_is_of_a_protection_and_the_field_is_the_registers(key: str) -> None:
    """Refused at the desk: test_setting."""
    assert "protection" not in {one.value for one in Overridden}, key
    assert FIELD["protection"].owner is Owner.REGISTER


@pytest.mark.parametrize("key", ["protection-staff-own"])
@pytest.mark.parametrize(("told", "stays"), [(EMPTY, False), (SILENT, True), (Protection.NAME_AND_ADDRESS, True)])
def test_what_staff_protected_gives_way_to_the_registers_word_alone(told: Any, key: str, *, stays: bool) -> None:
    """As `patron set-cpr` decides: the look-up is the first word about her number."""
    staffs = replace(unverified("ANNA").register, protection=Protection.NAME_AND_ADDRESS)
    own = replace(unverified("ANNA"), register=staffs)
    if told is EMPTY:
        # at the desk a candidate: the night's own look-up ends it
        assert decide(person("ANNA", protection=told), own, as_of=LOOKED_UP) == AskRegister()
    heard = ProtectionEnd.CONFIRMED
    decision = decide(person("ANNA", protection=told), own, as_of=LOOKED_UP, protection_end=heard)
    assert isinstance(decision, Change), key
    assert (decision.after.protection is Protection.NAME_AND_ADDRESS) is stays
    assert (Action.UNPROTECT in decision.actions) is not stays


# -- what is parked ----------------------------------------------------------------------------------------


def lived_at(**told: str) -> Address | Silent:
    return address_of(**{"municipality": "0751", "street_code": "1104", "house": "16", "road": "Uglesporet"} | told)


@pytest.mark.parametrize(
    ("person_told", "verified", "decision"),
    [
        *(
            pytest.param(having(person("ANNA"), status=Status(code), address=SILENT), True, Parked("address.missing"))
            for code in ("01", "03", "05", "07")
        ),
        *(
            pytest.param(having(person("ANNA"), address=lived_at(**told)), True, Parked("address.missing"))
            for told in ({"road": ""}, {"municipality": "998"})
        ),
        pytest.param(
            having(person("ANNA"), status=Status("03"), address=lived_at(street_code="9950", road="")), True, None
        ),
        pytest.param(having(person("ANNA"), status=Status("20"), address=SILENT), True, None),
        pytest.param(person("ANNA", name=EMPTY), True, Parked("name.lost")),
        pytest.param(person("ANNA", status=SILENT), False, Parked("status.missing")),
        pytest.param(emigrates(person("ANNA")), True, None),
    ],
    ids=[
        *(f"parked-address-{code}" for code in ("01", "03", "05", "07")),
        "parked-address-road",
        "parked-address-998",
        "parked-address-9950",
        "status-20",
        "parked-name",
        "parked-status",
        "decided",
    ],
)
def test_what_cannot_be_decided_is_parked_with_its_reason(
    person_told: Person, *, verified: bool, decision: Decision | None
) -> None:
    found = decide(person_told, patron("ANNA") if verified else unverified("ANNA"), as_of=TONIGHT)
    assert found == decision if decision else isinstance(found, Change)


def named_in(key: str) -> list[str]:
    """The kinds of review items that a row names, as patterns."""
    names = str(PARKED[key][1]).split(", ")
    return [f"{PARKED_KIND if REVIEW_KINDS.keys().isdisjoint({name}) else ''}{name}" for name in names]


@pytest.mark.parametrize(
    ("key", "does"),
    [
        ("parked-number", {AcceptEffect.MERGE, AcceptEffect.GIVE_NUMBER, AcceptEffect.ASK_NUMBER}),
        ("parked-annulled", {AcceptEffect.SEEN}),
        ("parked-contradicted", {AcceptEffect.SEEN}),
        ("parked-birth", {AcceptEffect.SEEN}),
        ("parked-reverted-held", {AcceptEffect.LET_GO}),
        ("parked-reverted-protected", {AcceptEffect.END_PROTECTION}),
        ("parked-reverted-changed", {AcceptEffect.SEEN}),
        ("parked-reverted-altered", {AcceptEffect.SEEN}),
        ("parked-said", {AcceptEffect.SEEN, AcceptEffect.SAME_PERSON}),
        ("parked-number-set", {AcceptEffect.NUMBER_SET}),
        ("parked-responsible", {AcceptEffect.END_LINK}),
        ("parked-of-age", {AcceptEffect.END_LINK}),
        ("parked-net-media", {AcceptEffect.TELL_AGAIN}),
        ("parked-target", {AcceptEffect.SEND_AGAIN}),
    ],
)
def test_what_else_waits_is_answered_as_the_review_table_says(key: str, does: set[AcceptEffect]) -> None:
    assert {REVIEW_KINDS[name].doing for name in named_in(key)} == does
    # whoever is parked counts as protected; a question beside a record that is written seals nothing
    assert {name.startswith(PARKED_KIND) for name in named_in(key)} == {key == "parked-number"}


@pytest.mark.parametrize("key", ["parked-block"])
def test_a_proposal_waits_beside_a_record_that_is_written(key: str) -> None:
    named = [one.removeprefix(PARKED_KIND) for one in named_in(key)]
    assert {one for one in PROPOSALS if any(fnmatchcase(one, name) for name in named)} == PROPOSALS, key


def test_the_table_names_all_that_can_wait_for_a_person() -> None:
    named = [name for key in PARKED for name in (*named_in(key), *str(PARKED[key][1]).split(", "))]
    assert [kind for kind in REVIEW_KINDS if not any(fnmatchcase(kind, name) for name in named)] == []


# -- age step ----------------------------------------------------------------------------------------------

TODAY = date(2027, 3, 22)
CHILD = Birth(date(2020, 1, 1))
UNSURE = Birth(date(2020, 1, 1), uncertain=True)
LETTERS = CprNumber.parse_any(f"{person('ANNA').number.digits[:6]}KOT1")


@pytest.mark.parametrize(
    ("facts", "group"),
    [
        pytest.param(CalendarFacts("1", Person(LETTERS), "Barn"), "Barn", id="age-no-birth"),
        pytest.param(CalendarFacts("1", person("ANNA", birth=CHILD), "Voksen"), "Barn", id="age-corrected"),
        # the number's date; and one that the register is not sure of
        pytest.param(CalendarFacts("1", person("ANNA", birth=SILENT), "Barn"), "Voksen", id="age-unknown-day-number"),
        pytest.param(CalendarFacts("1", person("ANNA", birth=UNSURE), "Voksen"), "Barn", id="age-unknown-day-mark"),
        pytest.param(CalendarFacts("1", person("ANNA")), "Voksen", id="age-no-group"),
        pytest.param(CalendarFacts("1", dies(person("ANNA")), "Barn"), "Barn", id="age-dead"),
        pytest.param(CalendarFacts("1", person("ANNA"), "Barn"), "Voksen", id="age-alive-again"),
        pytest.param(
            CalendarFacts("1", having(dies(person("ANNA")), status=Status.ANNULLED), "Barn", letters_stopped=TODAY),
            "Barn",
            id="age-dead-annulled",
        ),
        # letters to her stopped while her death is held: that is all of it that counts
        pytest.param(
            CalendarFacts("1", person("ANNA"), "Barn", letters_stopped=TODAY), "Voksen", id="age-alive-again-held"
        ),
        pytest.param(CalendarFacts("1", person("ANNA", status=Status.ANNULLED), "Barn"), "Voksen", id="age-annulled"),
    ],
)
def test_a_group_follows_what_is_known_of_her_age(facts: CalendarFacts, group: str) -> None:
    assert derived_group(facts, TODAY, POLICY) == group
