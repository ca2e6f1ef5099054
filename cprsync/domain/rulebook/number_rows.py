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
_WAITS: Final = Wording(
    "venter på et menneske, og posten ændres ikke", "parked for a person, and the record does not change"
)
NUMBER_ROWS: Final[Rows] = {
    "number-replaced": (
        Wording(
            "en låners nummer har status 50 eller 60 i en leverance, og ingen anden låner har eller har haft det nye "
            "nummer",
            "a patron's number has status 50 or 60 in a delivery, and no other patron has or had the new number",
        ),
        Wording(
            "posten får det nye nummer; status, navn, adresse, beskyttelse, bopæl, lån og spærringer er som før. Det "
            "nye nummer abonneres, og abonnementet på det gamle bliver, indtil det nye er leveret",
            "the record gets the new number; status, name, address, protection, residence, loans and blocks are as "
            "before. The new number is subscribed, and the old subscription stays until the new number is delivered",
        ),
        _LINK,
    ),
    "number-night": (
        Wording(
            "nattens opslag om, hvem låneren er (det første om en ny låner, eller et, som et menneske bad om), siger, "
            "at nummeret er afløst; ingen anden låner har eller har haft det nye",
            "the night's look-up of who the patron is (the first of a new patron, or one that a person asked for) says "
            "that the number is replaced; no other patron has or had the new one",
        ),
        Wording(
            "som i en leverance: det nye slås op, led for led (højst fem). Posten får det sidste nummer i kæden, og "
            "låneren er bekræftet samme nat. Svarer registret ikke om det, spørges det igen hver nat",
            "as in a delivery: the new one is looked up, link by link (at most five). The record gets the last number "
            "of the chain, and the patron is verified the same night. If the register does not answer about it, it is "
            "asked again each night",
        ),
        Wording("SF1520: gaeldendePersonnummer; beslutning 6", "SF1520: gaeldendePersonnummer; decision 6"),
    ),
    "number-chain": (
        Wording("et nyt nummer, der selv er afløst", "a new number that is itself replaced"),
        Wording("kæden følges til enden", "the chain is followed to its end"),
        _LINK,
    ),
    "number-alone": (
        Wording(
            "kun det gamle nummer er leveret, eller det kommer for sent: det nye er ikke i leverancen",
            "only the old number is delivered, or it comes late: the new one is not in the delivery",
        ),
        Wording(
            "posten får det nye nummer, som slås op samme nat; navn og adresse bliver stående, indtil registret har "
            "svaret",
            "the record gets the new number, which is looked up the same night; name and address stay until the "
            "register has answered",
        ),
        _LINK,
    ),
    "number-new-alone": (
        Wording(
            "kun det nye nummer er leveret: det er kun post 022, der nævner det gamle, som en låner har",
            "only the new number is delivered: only record 022 names the old one, which a patron has",
        ),
        Wording(
            "ikke vores, og posten ændres ikke: 022 følges ikke. Det gamle nummer abonneres, så dets egen post 001 med "
            "henvisningen kommer",
            "not ours, and the record does not change: 022 is not followed. The old number is subscribed, so that its "
            "own record 001 with the link comes",
        ),
        Wording("CPR: post 001 (PNRGAELD) og 022; beslutning 6", "CPR: records 001 (PNRGAELD) and 022; decision 6"),
    ),
    "number-collision": (
        Wording(
            "status 50 eller 60, i en leverance eller nattens opslag, med et nyt nummer, som en anden låner har, har "
            "haft eller også skulle have",
            "status 50 or 60, in a delivery or the night's look-up, with a new number that another patron has, had or "
            "would get too",
        ),
        Wording(
            "venter på et menneske, og posten ændres ikke (number.both_patrons). Accepteres punktet, lægges de to "
            "sammen",
            "parked for a person, and the record does not change (number.both_patrons). Accepting merges the two",
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
            "en låners nummer har status 50 eller 60 uden et nyt nummer, i en leverance eller nattens opslag, eller "
            "svarene fører over mere end fem led",
            "a patron's number has status 50 or 60 without a new number, in a delivery or the night's look-up, or the "
            "answers lead over more than five links",
        ),
        Wording(
            f"{_WAITS.da} (number.unresolved). Accepteres punktet, spørges registret hver nat. Afvises det, er "
            "låneren ubekræftet, indtil en leverance fortæller om nummeret, eller punktet genåbnes (`review reopen`) "
            "og accepteres",
            f"{_WAITS.en} (number.unresolved). If the item is accepted, the register is asked each night. If it is "
            "rejected, the patron is unverified until a delivery tells of the number, or the item is reopened "
            "(`review reopen`) and accepted",
        ),
        _LINK,
    ),
    "number-lookup": (
        Wording("et opslag ved skranken: nummeret er afløst", "a look-up at the desk: the number is replaced"),
        Wording(
            "er personen ikke låner, slås det nye nummer op, med en advarsel (højst fem led, seks opslag; fører det "
            "sjette videre, afvises svaret). En låner får det nye nummer med en leverance eller nattens opslag, og "
            "indtil da venter opslaget på et menneske (number.unresolved)",
            "if the person is not a patron, the new number is looked up, with a warning (at most five links, six "
            "look-ups; if the sixth leads on, the answer is refused). A patron gets the new number with a delivery or "
            "the night's look-up, and until then the look-up is parked (number.unresolved)",
        ),
        Wording("SF1520: gaeldendePersonnummer; beslutning 6", "SF1520: gaeldendePersonnummer; decision 6"),
    ),
    "number-back": (
        Wording(
            "det nye nummer har selv status 50 eller 60 og peger tilbage på det gamle (P42, P43)",
            "the new number itself has status 50 or 60 and points back to the old one (P42, P43)",
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
            f"{_WAITS.da} (number.old_active). 0001 forsegler, men 90 standser ingen breve: det er ikke sikkert, "
            "hvem nummeret nu tilhører",
            f"{_WAITS.en} (number.old_active). 0001 seals, but 90 stops no letters: it is not certain whose the "
            "number is now",
        ),
        Wording("Beslutning 3 og 6", "Decisions 3 and 6"),
    ),
    "number-old-elsewhere": (
        Wording(
            "det gamle nummer har status 50 eller 60 og fører nu til et andet nummer end lånerens; ingen anden låner "
            "har eller har haft det",
            "the old number has status 50 or 60 and now leads to another number than the patron's; no other patron has "
            "or had it",
        ),
        Wording(
            f"{_WAITS.da} (number.other_successor). Punktet viser begge numre, men ikke hele. Det andet nummers "
            "poster og en annullering (30) af lånerens eget nummer venter med; 0001 forsegler. Accepteres punktet, får "
            "låneren det andet nummer, som abonneres og slås op næste nat. Afvises det, spørges registret om det "
            "nummer, låneren har",
            f"{_WAITS.en} (number.other_successor). The item shows both numbers, neither of them whole. The other "
            "number's records and an annulment (30) of the patron's own number wait with it; 0001 seals. Accepting "
            "gives the patron the other number, which is subscribed and looked up the next night. Rejecting asks the "
            "register about the number that the patron has",
        ),
        Wording("CPR: post 001 (PNRGAELD); beslutning 3 og 6", "CPR: record 001 (PNRGAELD); decisions 3 and 6"),
    ),
    "number-old-others": (
        Wording(
            "det gamle nummer har status 50 eller 60 og fører nu til et nummer, som en anden låner har eller har haft",
            "the old number has status 50 or 60 and now leads to a number that another patron has or had",
        ),
        Wording(
            f"{_WAITS.da} (number.both_patrons). Accepteres punktet, lægges de to sammen. En annullering (30) af "
            "lånerens eget nummer i samme leverance venter med; afvises punktet, spørges registret om det nummer",
            f"{_WAITS.en} (number.both_patrons). Accepting merges the two. An annulment (30) of the patron's own "
            "number in the same delivery waits with it; if the item is rejected, the register is asked about it",
        ),
        Wording("CPR: post 001 (PNRGAELD); beslutning 3 og 6", "CPR: record 001 (PNRGAELD); decisions 3 and 6"),
    ),
    "number-old-again": (
        Wording(
            "det gamle nummer kommer igen: med status 30, eller med 50 eller 60 og en henvisning til et af lånerens "
            "egne numre (direkte eller i kæde) eller ingen henvisning",
            "the old number comes again: with status 30, or with 50 or 60 and a link to one of the patron's own "
            "numbers (directly or by a chain) or no link",
        ),
        Wording("intet ændres", "nothing changes"),
        Wording("Beslutning 1 og 6", "Decisions 1 and 6"),
    ),
    "number-replacement": (
        Wording(
            "erstatningspersonnummer (dag + 60, eller bogstaver), eller intet nummer",
            "replacement number (day + 60, or letters), or no number",
        ),
        Wording(
            "nummeret beholdes, men sendes aldrig til CPR eller CULR. Rettes kommunen ved skranken, kender CULR "
            "låneren på lånernummeret (LOCAL); ellers kender CULR slet ikke låneren, før `patron set-cpr` sætter det "
            "rigtige nummer",
            "the number is kept, but never sent to CPR or CULR. Once the municipality is corrected at the desk, CULR "
            "knows the patron by the patron number (LOCAL); otherwise CULR does not know the patron at all until "
            "`patron set-cpr` sets the real number",
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
            "afvises: posten ændres ikke, registret spørges ikke, og efter et ja venter de to lånere på et menneske "
            "(number.both_patrons). Accepteres punktet, lægges de sammen. Er nummeret selv afløst, eller kender "
            "registret det ikke, afvises det også, og intet venter",
            "refused: the record does not change, the register is not asked, and after a yes the two patrons are "
            "parked for a person (number.both_patrons). Accepting merges them. A number that is itself replaced, or "
            "that the register does not know, is refused too, and nothing is parked",
        ),
        Wording("Beslutning 6 og 40", "Decisions 6 and 40"),
    ),
    "number-set-undo": (
        Wording(
            "`patron set-cpr --undo`, efter et ja til, hvis nummer det er",
            "`patron set-cpr --undo`, after a yes to whose number it is",
        ),
        Wording(
            "posten bliver, som den var før nummeret. Det, personalet har skrevet siden, bliver; en blokering, der kom "
            "med nummeret, følger nummeret igen",
            "the record is as it was before the number. What staff have written since stays; a block that came with "
            "the number goes with it again",
        ),
        Wording("Beslutning 40", "Decision 40"),
    ),
    "number-own-birth": (
        Wording(
            "biblioteket skriver en fødselsdato på en låner, hvis nummer registret ikke kender",
            "the library enters a birth date for a patron whose number the register does not know",
        ),
        Wording(
            "bibliotekets dato gælder, og lånergruppen følger den, indtil låneren får et rigtigt nummer: så gælder "
            "registrets dato",
            "the library's date counts, and the patron group follows it, until the patron gets a real number: then the "
            "register's date counts",
        ),
        Wording("Beslutning 1 og 11", "Decisions 1 and 11"),
    ),
    "number-stranger": (
        Wording(
            "et nummer i leverancen, som ingen låner har eller har haft (udmeldte tæller ikke), og som ikke er led i "
            "en låners kæde af numre",
            "a number in the delivery that no patron has or had (those who have left do not count), and that is no "
            "link in a patron's chain of numbers",
        ),
        Wording(
            "ikke vores, selv om navn og adresse er en låners. Nummeret tælles i nattens balance, intet skrives, og "
            "registret spørges ikke",
            "not ours, even if name and address are a patron's. The number is counted in the night's balance, nothing "
            "is written, and the register is not asked",
        ),
        Wording("Beslutning 6", "Decision 6"),
    ),
    "number-replacement-delivered": (
        Wording(
            "en leverance om et erstatningsnummer (dag + 60), også en låners",
            "a delivery about a replacement number (day + 60), a patron's too",
        ),
        Wording(
            "ikke vores: registret har ingen sådanne numre, så det, biblioteket selv har skrevet, ændres ikke. Siger "
            "registret, at et nummer er afløst af et erstatningsnummer, følges det ikke (number.unresolved)",
            "not ours: the register has no such numbers, so what the library wrote itself does not change. If the "
            "register says that a number is replaced by a replacement number, that is not followed (number.unresolved)",
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
        Wording("et LånerID, der er et personnummer", "a card that is a CPR number"),
        Wording(
            "vises som selve nummeret, uden de sidste fire cifre. Et nyt personnummer ændrer ikke kortet; det gør "
            "personalet. En søgning finder først den, der har eller har haft nummeret, og advarer, når kortet er en "
            "andens",
            "shown like the number itself, without the last four digits. A new CPR number does not change the card; "
            "staff do. A search first finds the patron who has or had the number, and warns when the card is someone "
            "else's",
        ),
        Wording("Postens LånerID; beslutning 6", "The record's cards; decision 6"),
    ),
}
