"""What seals by itself, and whose address is sealed for the sake of someone else: rows of words, Danish first.

What does them stands in `person`, `patron`, `household` and `letter`. Part of the table of protection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rulebook.rule_rows import Rows

_SOURCE: Final = Wording("leverancen eller et opslag", "the delivery or a look-up")
_EITHER: Final = Wording("ligegyldigt", "either")
_ANY: Final = Wording("ligegyldigt hvad", "whatever")
_OPEN: Final = Wording("ikke beskyttet", "not protected")
_DECISION_2: Final = Wording("Beslutning 2", "Decision 2")
_DECISIONS_2_AND_3: Final = Wording("Beslutning 2 og 3", "Decisions 2 and 3")

#: The street that seals, and the status that does, whatever the street.
STREET_ROWS: Final[Rows] = {
    "protection-street": (
        _SOURCE,
        Wording(
            "vejkode 9900-9999, ved status 01, 03, 05, 07 eller 20",
            "street code 9900-9999, at status 01, 03, 05, 07 or 20",
        ),
        _EITHER,
        _ANY,
        Wording(
            "som: beskyttet, men først når adressen er skrevet; til en anden adresse kommer, så også mens hun er "
            "udrejst, forsvundet eller død; gaden står på intet brev",
            "as: protected, but only once the address is written; until another address comes, so also while she is "
            "abroad, disappeared or dead; no letter bears the street",
        ),
        Wording("CPR: post 002 (vejkode); beslutning 1 og 2", "CPR: record 002 (street code); decisions 1 and 2"),
    ),
    "protection-street-ordinary": (
        _SOURCE,
        Wording("status 03 eller 07 med en almindelig vejkode", "status 03 or 07 with an ordinary street code"),
        _EITHER,
        _ANY,
        Wording(
            "som: beskyttet; status er nok, for truede kan stå sådan; til en adresse kommer ved status 01, 05 eller "
            "20, så også mens hun er udrejst, forsvundet eller død; breve kun til kontaktadressen, ellers til en "
            "adresse, der er rettet ved skranken, når den er åbnet med en grund",
            "as: protected; the status is enough, for the threatened may stand so; until an address comes at status "
            "01, 05 or 20, so also while she is abroad, disappeared or dead; letters only to the contact address, else "
            "to an address corrected at the desk, once it is opened for a reason",
        ),
        Wording(
            "CPR: post 001 (status), 002 (vejkode); beslutning 2", "CPR: record 001, 002 (street code); decision 2"
        ),
    ),
}
#: For a reason of her own: see `patron.is_sealed`.
_HER_OWN: Final = Wording(
    "forseglet for sin egen skyld: 0001 (også efter sin død), vejkode 9900-9999, status 03 eller 07, ingen kilde har "
    "talt (hvor policy forsegler det), eller venter på et menneske",
    "sealed for her own sake: 0001 (after her death too), street code 9900-9999, status 03 or 07, no source has spoken "
    "(where policy seals that), or parked for a person",
)
#: Whose address is sealed for the sake of someone else.
HOUSEHOLD_ROWS: Final[Rows] = {
    "protection-household": (
        Wording(
            "en anden låner med samme bopæl i registret (kommune, vej, hus, bygning, etage, dør); en adresse, der er "
            "rettet ved skranken, har ingen koder og sammenlignes ikke",
            "another patron of the dwelling in the register (municipality, street, house, building, floor, door); an "
            "address corrected at the desk has no codes and is not compared",
        ),
        _HER_OWN,
        _EITHER,
        _OPEN,
        Wording(
            "adressen og en rettelse af den forsegles; navn, udlands- og kontaktadresse vises stadig, også en "
            "kontaktadresse på samme bopæl: den er kun tekst; til de ikke længere deler bopæl, eller grunden ophører; "
            "et brev, også til kontaktadressen, går først, når adressen er åbnet med en grund",
            "her address and a correction of it are sealed; name, foreign and contact address still show, also a "
            "contact address at the same dwelling: it is text only; until they share it no more or the reason ends; a "
            "letter, also to the contact address, goes once the address is opened for a reason",
        ),
        _DECISIONS_2_AND_3,
    ),
    "protection-linked": (
        Wording(
            "den, der er økonomisk ansvarlig for hende, eller som hun er det for",
            "whoever answers for her, or for whom she answers",
        ),
        _HER_OWN,
        _EITHER,
        _OPEN,
        Wording(
            "adressen og en rettelse af den forsegles, hvor de end bor, også når registret ingen har; navn, udlands- "
            "og kontaktadresse vises stadig; til tilknytningen eller grunden ophører; et brev går først, når adressen "
            "er åbnet med en grund; er der slet ingen, går det til kontaktadressen",
            "her address and a correction of it are sealed wherever they live, also when the register has none; name, "
            "foreign and contact address still show; until the link or the reason ends; a letter goes once the address "
            "is opened for a reason; where there is none at all, it goes to the contact address",
        ),
        _DECISIONS_2_AND_3,
    ),
    "protection-house": (
        Wording("flere end 40 andre lånere med samme bopæl", "more than 40 other patrons of the dwelling"),
        Wording("hvad som helst", "anything"),
        _EITHER,
        _OPEN,
        Wording(
            "adressen forsegles: ingen af dem åbnes for at se efter",
            "her address is sealed: none of them is opened to look",
        ),
        Wording("Beslutning 2; grænsen på 40 er vores egen", "Decision 2; the limit of 40 is our own"),
    ),
    "protection-household-other": (
        Wording("en anden med samme bopæl eller tilknyttet", "another of the dwelling, or linked"),
        Wording("forseglet kun for en tredjes skyld", "sealed only for a third one's sake"),
        _EITHER,
        _OPEN,
        Wording("forsegler ikke andres adresse", "seals nobody else's address"),
        _DECISION_2,
    ),
}
#: Whose record is unverified, since the feed could not have told of the number: see `window`.
WINDOW_ROWS: Final[Rows] = {
    "protection-window": (
        Wording(
            "ingen: leverancerne kunne ikke fortælle om nummeret", "none: deliveries could not have told of the number"
        ),
        Wording(
            "et skift til et nummer, der først abonneres senere; et abonnement, der var forsvundet; en sammenlægning, "
            "der fortrydes; en leverance, der mangler; en ældre kopi af databasen; en låner, der var meldt ud",
            "a change to a number that is subscribed later; a subscription that had vanished; a merge that is taken "
            "back; a delivery that is missing; an older copy of the database; a patron who had left",
        ),
        _EITHER,
        _OPEN,
        Wording(
            "ubekræftet: forseglet, hvor policy forsegler tavshed, til registret har svaret; der spørges samme nat, "
            "inden for kvoten, de beskyttede og de, der var her sidst, først",
            "unverified: sealed where policy seals silence, until the register has answered; it is asked the same "
            "night, within the quota, about the protected and the recently active first",
        ),
        Wording("Beslutning 32", "Decision 32"),
    ),
    "protection-window-replaced": (
        Wording(
            "ingen: registret har skiftet nummeret ud, og låneren beholder det",
            "none: the register has replaced the number, and the patron keeps it",
        ),
        Wording(
            "et menneske har afvist et punkt om, hvilket nummer låneren har (number.both_patrons, number.circle, "
            "number.unresolved)",
            "a person has rejected an item about which number the patron has (number.both_patrons, number.circle, "
            "number.unresolved)",
        ),
        _EITHER,
        _OPEN,
        Wording(
            "ubekræftet, som ovenfor, til en leverance eller et opslag fortæller om nummeret igen, låneren får et nyt, "
            "eller punktet genåbnes og accepteres; der spørges samme nat og så hver syvende dag, og punktet kommer "
            "ikke igen af det",
            "unverified, as above, until a delivery or a look-up tells of the number again, the patron gets a new one, "
            "or the item is reopened and accepted; it is asked the same night and then each seventh day, which does "
            "not raise the item again",
        ),
        Wording("Beslutning 6 og 32", "Decisions 6 and 32"),
    ),
    "protection-window-answer": (
        Wording(
            "et opslag om natten, fordi leverancerne ikke kunne fortælle om nummeret",
            "a look-up by night, since deliveries could not have told of the number",
        ),
        Wording(
            "ikke beskyttet (et svar uden et ord om det ophæver intet)",
            "not protected (an answer without a word about it lifts nothing)",
        ),
        _EITHER,
        Wording("beskyttet", "protected"),
        Wording(
            "beskyttelsen ophører; ved skranken er svaret en kandidat, og natten slår op",
            "the protection ends; at the desk the answer is a candidate, and the night looks up",
        ),
        Wording("Beslutning 32 og 35", "Decisions 32 and 35"),
    ),
}
