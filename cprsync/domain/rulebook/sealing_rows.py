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
            "som beskyttet, når adressen er skrevet på posten, og indtil der kommer en anden adresse; også mens "
            "låneren er udrejst, forsvundet eller død. Gaden står aldrig på et brev",
            "as protected once the address is written, until another address comes; also while the patron is abroad, "
            "disappeared or dead. The street is never on a letter",
        ),
        Wording("CPR: post 002 (vejkode); beslutning 1 og 2", "CPR: record 002 (street code); decisions 1 and 2"),
    ),
    "protection-street-ordinary": (
        _SOURCE,
        Wording("status 03 eller 07 med en almindelig vejkode", "status 03 or 07 with an ordinary street code"),
        _EITHER,
        _ANY,
        Wording(
            "som beskyttet. Status er nok, for truede personer kan stå sådan. Gælder, indtil der kommer en adresse ved "
            "status 01, 05 eller 20; også mens låneren er udrejst, forsvundet eller død. Breve går kun til "
            "kontaktadressen, ellers til en adresse, der er rettet ved skranken, når den er åbnet med en begrundelse",
            "as protected. The status is enough, because people under threat may be registered so. Holds until an "
            "address comes at status 01, 05 or 20; also while the patron is abroad, disappeared or dead. Letters go "
            "only to the contact address, else to an address corrected at the desk, once it is opened with a reason",
        ),
        Wording(
            "CPR: post 001 (status), 002 (vejkode); beslutning 2", "CPR: record 001, 002 (street code); decision 2"
        ),
    ),
}
#: For a reason of her own: see `patron.is_sealed`.
_HER_OWN: Final = Wording(
    "forseglet for sin egen skyld: 0001 (også efter lånerens død), vejkode 9900-9999, status 03 eller 07, ingen kilde "
    "har sagt noget (hvis policy forsegler det), eller låneren venter på et menneske",
    "sealed for their own sake: 0001 (after their death too), street code 9900-9999, status 03 or 07, no source has "
    "said anything (if policy seals that), or the patron is parked for a person",
)
#: Whose address is sealed for the sake of someone else.
HOUSEHOLD_ROWS: Final[Rows] = {
    "protection-household": (
        Wording(
            "en anden låner på samme bopæl i registret (kommune, vej, hus, bygning, etage, dør). En adresse, der er "
            "rettet ved skranken, har ingen koder og sammenlignes ikke",
            "another patron at the same residence in the register (municipality, street, house, building, floor, "
            "door). An address corrected at the desk has no codes and is not compared",
        ),
        _HER_OWN,
        _EITHER,
        _OPEN,
        Wording(
            "adressen og en rettelse af den forsegles, indtil de to ikke længere deler bopæl, eller grunden ophører. "
            "Navn, udlands- og kontaktadresse vises stadig, også en kontaktadresse på samme bopæl, for den er kun "
            "tekst. Et brev, også til kontaktadressen, går først, når adressen er åbnet med en begrundelse",
            "the patron's address and a correction of it are sealed until the two no longer share the residence, or "
            "the reason ends. Name, foreign and contact address still show, also a contact address at the same "
            "residence, because it is only text. A letter, also to the contact address, goes only once the address is "
            "opened with a reason",
        ),
        _DECISIONS_2_AND_3,
    ),
    "protection-linked": (
        Wording(
            "en, der er økonomisk ansvarlig for låneren, eller som låneren er økonomisk ansvarlig for",
            "someone who answers for the patron, or someone the patron answers for",
        ),
        _HER_OWN,
        _EITHER,
        _OPEN,
        Wording(
            "adressen og en rettelse af den forsegles, uanset hvor de to bor, og også når registret ingen adresse har, "
            "indtil tilknytningen eller grunden ophører. Navn, udlands- og kontaktadresse vises stadig. Et brev går "
            "først, når adressen er åbnet med en begrundelse; er der slet ingen adresse, går det til kontaktadressen",
            "the patron's address and a correction of it are sealed, wherever the two live and also when the register "
            "has no address, until the link or the reason ends. Name, foreign and contact address still show. A letter "
            "goes only once the address is opened with a reason; if there is no address at all, it goes to the contact "
            "address",
        ),
        _DECISIONS_2_AND_3,
    ),
    "protection-house": (
        Wording("flere end 40 andre lånere på samme bopæl", "more than 40 other patrons at the same residence"),
        Wording("hvad som helst", "anything"),
        _EITHER,
        _OPEN,
        Wording(
            "adressen forsegles: ingen af de andre poster åbnes for at se efter",
            "the patron's address is sealed: none of the other records is opened to check",
        ),
        Wording("Beslutning 2; grænsen på 40 er vores egen", "Decision 2; the limit of 40 is our own"),
    ),
    "protection-household-other": (
        Wording(
            "en anden på samme bopæl, eller en, der er tilknyttet",
            "another person at the same residence, or a linked one",
        ),
        Wording("forseglet kun for en tredje persons skyld", "sealed only for the sake of a third person"),
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
            "ingen: leverancerne kunne ikke fortælle om nummeret",
            "none: the deliveries could not have told of the number",
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
            "ubekræftet: forseglet, hvis policy forsegler tavshed, indtil registret har svaret. Registret spørges "
            "samme nat, inden for kvoten, først om de beskyttede og om dem, der var her sidst",
            "unverified: sealed, if policy seals silence, until the register has answered. The register is asked the "
            "same night, within the quota, first about the protected and about those who were here last",
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
            "ubekræftet, som ovenfor, indtil en leverance eller et opslag fortæller om nummeret igen, låneren får et "
            "nyt nummer, eller punktet genåbnes og accepteres. Registret spørges samme nat og derefter hver syvende "
            "dag; punktet kommer ikke igen af den grund",
            "unverified, as above, until a delivery or a look-up tells of the number again, the patron gets a new "
            "number, or the item is reopened and accepted. The register is asked the same night and then every seventh "
            "day; this does not raise the item again",
        ),
        Wording("Beslutning 6 og 32", "Decisions 6 and 32"),
    ),
    "protection-window-answer": (
        Wording(
            "et opslag om natten, fordi leverancerne ikke kunne fortælle om nummeret",
            "a look-up at night, because the deliveries could not have told of the number",
        ),
        Wording(
            "ikke beskyttet (et svar, der ikke nævner beskyttelse, ophæver intet)",
            "not protected (an answer that does not mention protection lifts nothing)",
        ),
        _EITHER,
        Wording("beskyttet", "protected"),
        Wording(
            "beskyttelsen ophører. Et svar ved skranken ophæver intet: natten slår selv op",
            "the protection ends. An answer at the desk lifts nothing: the night looks up itself",
        ),
        Wording("Beslutning 32 og 35", "Decisions 32 and 35"),
    ),
}
