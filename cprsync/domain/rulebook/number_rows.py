"""What the register's links between numbers do, and what else is true of a number: rows of words, Danish first.

What does it stands in `number_change`, `decide`, `services.planning.renumbering`, `services.planning.planning`,
`services.desk.set_cpr` and `services.views.finding`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.rulebook.rule_rows import Rows

_LINK: Final = Wording("CPR: post 001 (PNRGAELD); beslutning 6", "CPR: record 001 (PNRGAELD); decision 6")
_WAITS: Final = Wording("venter på et menneske; posten som før", "parked for a person; the record as before")
NUMBER_ROWS: Final[Rows] = {
    "number-replaced": (
        Wording(
            "en låners nummer er 50 eller 60 i en leverance, med et nyt, som ingen anden låner har eller har haft",
            "a patron's number is 50 or 60 in a delivery, with a new one that no other patron has or had",
        ),
        Wording(
            "posten får det nye nummer; status, navn, adresse, beskyttelse, bopæl, lån og spærringer som før. Det nye "
            "abonneres, og det gamle bliver, til det nye er leveret",
            "the record gets the new number; status, name, address, protection, residence, loans and blocks as before. "
            "The new one is subscribed, and the old one stays until the new one was delivered",
        ),
        _LINK,
    ),
    "number-night": (
        Wording(
            "nattens opslag om, hvem låneren er (det første om en ny, eller et, et menneske bad om): nummeret er "
            "afløst af et, som ingen anden låner har eller har haft",
            "the night's look-up of who the patron is (the first of a new one, or one that a person wanted): the "
            "number is replaced by one that no other patron has or had",
        ),
        Wording(
            "som i en leverance: det nye slås op, led for led (højst fem); posten får nummeret for enden, og låneren "
            "er bekræftet samme nat. Svarer registret ikke om det, spørges igen hver nat",
            "as in a delivery: the new one is looked up, link by link (at most five); the record gets the number at "
            "the end, and the patron is verified that night. If the register does not answer of it, it is asked each "
            "night",
        ),
        Wording("SF1520: gaeldendePersonnummer; beslutning 6", "SF1520: gaeldendePersonnummer; decision 6"),
    ),
    "number-chain": (
        Wording("et nyt nummer, der selv er afløst", "a new number that is replaced itself"),
        Wording("følges til enden", "followed to the end"),
        _LINK,
    ),
    "number-alone": (
        Wording(
            "det gamle nummer alene, eller for sent: det nye er ikke i leverancen",
            "the old number alone, or late: the new one is not in the delivery",
        ),
        Wording(
            "posten får det; det slås op samme nat, og til der er svar, står navn og adresse",
            "the record gets it; looked up the same night, and name and address stay until it is answered",
        ),
        _LINK,
    ),
    "number-new-alone": (
        Wording(
            "det nye nummer alene: kun post 022 nævner det gamle, som en låner har",
            "the new number alone: only record 022 names the old one, which a patron has",
        ),
        Wording(
            "ikke vores, og posten som før: 022 følges ikke. Det gamle nummer abonneres, så dets egen post 001 med "
            "henvisningen kommer",
            "not ours, and the record as before: 022 is not followed. The old number is subscribed, so that its own "
            "record 001 with the link comes",
        ),
        Wording("CPR: post 001 (PNRGAELD) og 022; beslutning 6", "CPR: records 001 (PNRGAELD) and 022; decision 6"),
    ),
    "number-collision": (
        Wording(
            "50 eller 60, i en leverance eller nattens opslag, med et nummer, som en anden låner har, har haft eller "
            "også skulle have",
            "50 or 60, in a delivery or the night's look-up, with a number that another patron has, had or would get "
            "too",
        ),
        Wording(
            "venter på et menneske; posten som før (number.both_patrons): at acceptere er at lægge de to sammen",
            "parked for a person; the record as before (number.both_patrons): to accept is to merge the two",
        ),
        _LINK,
    ),
    "number-circle": (
        Wording(
            "numre, der afløser hinanden i ring, i en leverance eller nattens svar",
            "numbers that replace each other in a circle, in a delivery or the night's answers",
        ),
        Wording(f"{_WAITS.da} (number.circle)", f"{_WAITS.en} (number.circle)"),
        _LINK,
    ),
    "number-unresolved": (
        Wording(
            "en låners nummer er 50 eller 60 uden et nyt, i en leverance eller nattens opslag, eller svarene fører "
            "over mere end fem led",
            "a patron's number is 50 or 60 without a new one, in a delivery or the night's look-up, or the answers "
            "lead over more than five links",
        ),
        Wording(
            f"{_WAITS.da} (number.unresolved). Accepteres punktet, spørges registret hver nat; afvises det, er "
            "låneren ubekræftet, før en leverance fortæller om nummeret, eller punktet venter igen (`review reopen`) "
            "og accepteres",
            f"{_WAITS.en} (number.unresolved). If the item is accepted, the register is asked each night; if it is "
            "rejected, the patron is unverified until a delivery tells of the number, or the item waits again "
            "(`review reopen`) and is accepted",
        ),
        _LINK,
    ),
    "number-lookup": (
        Wording("et opslag ved skranken: nummeret er afløst", "a look-up at the desk: the number is replaced"),
        Wording(
            "en, der ikke er låner, slås op under det nye, med en advarsel (højst fem led, seks opslag; fører det "
            "sjette videre, afvises svaret); en låner får det nye af en leverance eller nattens opslag, og til "
            "da venter opslaget på et menneske (number.unresolved)",
            "of no patron the new one is looked up, with a warning (at most five links, six look-ups; if the sixth "
            "leads on, the answer is refused); a patron gets it by a delivery or the night's look-up, and until "
            "then the look-up is parked (number.unresolved)",
        ),
        Wording("SF1520: gaeldendePersonnummer; beslutning 6", "SF1520: gaeldendePersonnummer; decision 6"),
    ),
    "number-back": (
        Wording(
            "det nye nummer er selv 50 eller 60 og peger tilbage på det gamle (P42, P43)",
            "the new number is itself 50 or 60 and points back to the old one (P42, P43)",
        ),
        Wording("posten får det gamle nummer igen", "the record gets the old number again"),
        _LINK,
    ),
    "number-old-active": (
        Wording(
            "det gamle nummer er i brug igen, uden at det nye peger tilbage",
            "the old number is in use again, and the new one does not point back",
        ),
        Wording(
            f"{_WAITS.da} (number.old_active); 0001 forsegler, 90 standser ingen breve: det er ikke sikkert, hvis "
            "nummeret nu er",
            f"{_WAITS.en} (number.old_active); 0001 seals, 90 stops no letters: whose the number is now is the "
            "question",
        ),
        Wording("Beslutning 3 og 6", "Decisions 3 and 6"),
    ),
    "number-old-elsewhere": (
        Wording(
            "det gamle nummer er 50 eller 60 og fører nu til et andet end lånerens, som ingen anden har eller har haft",
            "the old number is 50 or 60 and leads now to another than the patron's, which nobody else has or had",
        ),
        Wording(
            f"{_WAITS.da} (number.other_successor), med begge numre, som ikke vises fulde. Det andet nummers poster og "
            "en annullering (30) af lånerens eget venter med; 0001 forsegler. At acceptere er at give låneren det "
            "andet nummer, som abonneres og slås op næste nat; at afvise er at spørge registret om det, låneren har",
            f"{_WAITS.en} (number.other_successor), with both numbers, neither shown whole. The other number's records "
            "and an annulment (30) of the patron's own wait with it; 0001 seals. To accept is to give the patron the "
            "other number, which is subscribed and looked up the next night; to reject is to ask the register about "
            "the one she has",
        ),
        Wording("CPR: post 001 (PNRGAELD); beslutning 3 og 6", "CPR: record 001 (PNRGAELD); decisions 3 and 6"),
    ),
    "number-old-others": (
        Wording(
            "det gamle nummer er 50 eller 60 og fører nu til et, som en anden låner har eller har haft",
            "the old number is 50 or 60 and leads now to one that another patron has or had",
        ),
        Wording(
            f"{_WAITS.da} (number.both_patrons): at acceptere er at lægge de to sammen; en annullering (30) af "
            "lånerens eget nummer i samme leverance venter med, og registret spørges om det, hvis punktet afvises",
            f"{_WAITS.en} (number.both_patrons): to accept is to merge the two; an annulment (30) of the patron's own "
            "number in the same delivery waits with it, and the register is asked about it if the item is rejected",
        ),
        Wording("CPR: post 001 (PNRGAELD); beslutning 3 og 6", "CPR: record 001 (PNRGAELD); decisions 3 and 6"),
    ),
    "number-old-again": (
        Wording(
            "det gamle nummer, endnu en gang 30, eller 50 eller 60 med henvisning til et af lånerens egne numre (i "
            "kæde eller ej), eller uden nogen",
            "the old number, once more 30, or 50 or 60 with a link to one of the patron's own numbers (by a chain or "
            "not), or with none",
        ),
        Wording("intet nyt", "nothing new"),
        Wording("Beslutning 1 og 6", "Decisions 1 and 6"),
    ),
    "number-replacement": (
        Wording(
            "erstatningspersonnummer (dag + 60, eller bogstaver), eller intet nummer",
            "replacement number (day + 60, or letters), or no number",
        ),
        Wording(
            "nummeret beholdes, men sendes aldrig, hverken til CPR eller CULR; rettes kommunen ved skranken, kender "
            "CULR låneren på lånernummeret (LOCAL), ellers slet ikke, til `patron set-cpr` sætter det rigtige nummer",
            "the number is kept, but never sent, neither to CPR nor to CULR; once the municipality is corrected at the "
            "desk CULR knows the patron by the patron number (LOCAL), else not at all, until `patron set-cpr` puts the "
            "real one",
        ),
        Wording(
            "CPR: erstatningspersonnumre i eksterne systemer; beslutning 11",
            "CPR: replacement numbers in external systems; decision 11",
        ),
    ),
    "number-set-cpr": (
        Wording(
            "`patron set-cpr` med et nummer, som en anden låner har eller har haft",
            "`patron set-cpr` with a number that another patron has or had",
        ),
        Wording(
            "afvises: posten som før, registret spørges ikke, og de to venter efter et ja på et menneske "
            "(number.both_patrons): at acceptere er at lægge dem sammen. Er det selv afløst, eller kender registret "
            "det ikke, afvises det også, og intet venter",
            "refused: the record as before, the register is not asked, and after a yes the two are parked for a person "
            "(number.both_patrons): to accept is to merge them. One that is replaced itself, or that the register does "
            "not know, is refused too, and nothing is parked",
        ),
        Wording("Beslutning 6 og 40", "Decisions 6 and 40"),
    ),
    "number-set-undo": (
        Wording(
            "`patron set-cpr --undo`, efter et ja til hvis nummer det er",
            "`patron set-cpr --undo`, after a yes to whose number it is",
        ),
        Wording(
            "posten er, som den var før nummeret; det, personalet har skrevet siden, bliver, og en blokering, der kom "
            "med nummeret, følger det igen",
            "the record is as it was before the number; what staff have written since stays, and a block that came "
            "with the number goes with it again",
        ),
        Wording("Beslutning 40", "Decision 40"),
    ),
    "number-own-birth": (
        Wording(
            "en fødselsdato, som biblioteket skriver om en låner, hvis nummer registret ikke kender",
            "a birth date that the library writes of a patron whose number the register does not know",
        ),
        Wording(
            "bibliotekets eget ord: lånergruppen følger den, til et rigtigt nummer gør datoen til registrets",
            "the library's own word: the patron group follows it, until a real number makes the date the register's",
        ),
        Wording("Beslutning 1 og 11", "Decisions 1 and 11"),
    ),
    "number-stranger": (
        Wording(
            "et nummer i leverancen, som ingen låner har eller har haft (den, der er meldt ud, tæller ikke), og som "
            "ikke er led i en låners kæde af numre",
            "a number in the delivery that no patron has or had (whoever has left does not count), and that is no link "
            "in a patron's chain of numbers",
        ),
        Wording(
            "ikke vores, heller ikke med en låners navn og adresse: tælles i nattens balance, intet skrives, og "
            "registret spørges ikke",
            "not ours, not even with a patron's name and address: counted in the night's balance, nothing is written, "
            "and the register is not asked",
        ),
        Wording("Beslutning 6", "Decision 6"),
    ),
    "number-replacement-delivered": (
        Wording(
            "en leverance om et erstatningsnummer (dag + 60), også en låners",
            "a delivery about a replacement number (day plus 60), a patron's too",
        ),
        Wording(
            "ikke vores: registret har intet sådant nummer, så intet af det, biblioteket selv har skrevet, ændres. "
            "Siger registret, at et nummer er afløst af et sådant, følges det ikke (number.unresolved)",
            "not ours: the register has no such number, so nothing of what the library itself wrote changes. Where the "
            "register says that one replaces another number, it is not followed (number.unresolved)",
        ),
        Wording("CPR: erstatningspersonnummer; beslutning 6", "CPR: erstatningspersonnummer; decision 6"),
    ),
    "number-modulus": (
        Wording("et personnummer, der ikke går op i modulus 11", "a CPR number that fails modulus 11"),
        Wording(
            "som ethvert andet: ingen leverance, import eller skranke afviser det",
            "as any other: no delivery, import or desk refuses it",
        ),
        Wording("CPR: personnumre uden kontrolciffer", "CPR: numbers without check digit"),
    ),
    "number-search": (
        Wording("en søgning på et nummer, der er afløst", "a search by a number that was replaced"),
        Wording(
            "finder låneren, med en advarsel; det gamle nummer vises aldrig",
            "finds the patron, with a warning; the old number is never shown",
        ),
        Wording("Beslutning 6", "Decision 6"),
    ),
    "number-card": (
        Wording("et låner-id, der er et personnummer", "a card that is a CPR number"),
        Wording(
            "vises som nummeret selv, uden de sidste fire; et nyt personnummer ændrer det ikke, det gør personalet. En "
            "søgning finder først den, der har eller havde nummeret, og advarer, når kortet er en andens",
            "shown as the number is, without its last four; a new CPR number does not change it, staff do. A search "
            "finds first whoever has or had the number, and warns when the card is someone else's",
        ),
        Wording("Postens LånerID; beslutning 6", "The record's cards; decision 6"),
    ),
}
