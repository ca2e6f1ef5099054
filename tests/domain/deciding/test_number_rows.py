"""The rows about numbers, and about what is no change, written out once more, and lived where one decision shows it.

What the night, the desk and a search do of them is lived in test_number_change, test_night_changes,
test_night_first_copies, test_lookup, test_set_cpr, test_adding, test_finding and test_setting_cards.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from people import PROTECTED, STORED, TONIGHT, generated, having, moves, patron, person
from printed import danish, tables

from cprsync.domain.deciding.decide import Change, Unchanged, WhyUnchanged, decide
from cprsync.domain.deciding.number_change import between_real_numbers
from cprsync.domain.netmedia.account import Identity, IdType, identity_of
from cprsync.domain.patron.local import Card
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.patron.responsible import Troubled, find_troubles
from cprsync.domain.person.number import CprNumber, NumberKind
from cprsync.domain.person.person import Person
from cprsync.domain.person.sealed import Address
from cprsync.domain.person.status import Action

NUMBER: dict[str, tuple[object, ...]] = {
    "number-replaced": (
        (
            "en låners nummer har status 50 eller 60 i en leverance, og ingen anden låner har eller har haft det nye "
            "nummer"
        ),
        (
            "posten får det nye nummer; status, navn, adresse, beskyttelse, bopæl, lån og blokeringer er som før. Det "
            "nye nummer abonneres, og abonnementet på det gamle bliver, indtil det nye er leveret"
        ),
        "CPR: post 001 (PNRGAELD); beslutning 6",
    ),
    "number-night": (
        (
            "nattens opslag om, hvem låneren er (det første om en ny låner, eller et, som personalet bad om), siger, "
            "at nummeret er afløst; ingen anden låner har eller har haft det nye"
        ),
        (
            "som i en leverance: det nye slås op, led for led (højst fem). Posten får det sidste nummer i kæden, og "
            "låneren er bekræftet samme nat. Svarer CPR ikke om det, spørges det igen hver nat"
        ),
        "SF1520: gaeldendePersonnummer; beslutning 6",
    ),
    "number-chain": (
        "et nyt nummer, der selv er afløst",
        "kæden følges til enden",
        "CPR: post 001 (PNRGAELD); beslutning 6",
    ),
    "number-alone": (
        "kun det gamle nummer er leveret, eller det kommer for sent: det nye er ikke i leverancen",
        ("posten får det nye nummer, som slås op samme nat; navn og adresse bliver stående, indtil CPR har svaret"),
        "CPR: post 001 (PNRGAELD); beslutning 6",
    ),
    "number-new-alone": (
        "kun det nye nummer er leveret: det er kun post 022, der nævner det gamle, som en låner har",
        (
            "ikke vores, og posten ændres ikke: 022 følges ikke. Det gamle nummer abonneres, så dets egen post 001 med "
            "henvisningen kommer"
        ),
        "CPR: post 001 (PNRGAELD) og 022; beslutning 6",
    ),
    "number-collision": (
        (
            "status 50 eller 60, i en leverance eller nattens opslag, med et nyt nummer, som en anden låner har, har "
            "haft eller også skulle have"
        ),
        "venter på personalet, og posten ændres ikke (number.both_patrons). Godkendes sagen, lægges de to sammen",
        "CPR: post 001 (PNRGAELD); beslutning 6",
    ),
    "number-circle": (
        "numre, der afløser hinanden i ring, i en leverance eller nattens svar",
        "venter på personalet, og posten ændres ikke (number.circle)",
        "CPR: post 001 (PNRGAELD); beslutning 6",
    ),
    "number-unresolved": (
        (
            "en låners nummer har status 50 eller 60 uden et nyt nummer, i en leverance eller nattens opslag, eller "
            "svarene fører over mere end fem led"
        ),
        (
            "venter på personalet, og posten ændres ikke (number.unresolved). Godkendes sagen, spørges CPR "
            "hver nat. Afvises den, er låneren ubekræftet, indtil en leverance fortæller om nummeret, eller sagen "
            "genåbnes (`review reopen`) og godkendes"
        ),
        "CPR: post 001 (PNRGAELD); beslutning 6",
    ),
    "number-lookup": (
        "et opslag ved skranken: nummeret er afløst",
        (
            "er personen ikke låner, slås det nye nummer op, med en advarsel (højst fem led, seks opslag; fører det "
            "sjette videre, afvises svaret). En låner får det nye nummer med en leverance eller nattens opslag, og "
            "indtil da venter opslaget på personalet (number.unresolved)"
        ),
        "SF1520: gaeldendePersonnummer; beslutning 6",
    ),
    "number-back": (
        "det nye nummer har selv status 50 eller 60 og peger tilbage på det gamle (P42, P43)",
        "posten får det gamle nummer igen",
        "CPR: post 001 (PNRGAELD); beslutning 6",
    ),
    "number-old-active": (
        "det gamle nummer er i brug igen, uden at det nye peger tilbage",
        (
            "venter på personalet, og posten ændres ikke (number.old_active). 0001 forsegler, men 90 standser ingen "
            "breve: det er ikke sikkert, hvem nummeret nu tilhører"
        ),
        "Beslutning 3 og 6",
    ),
    "number-old-elsewhere": (
        (
            "det gamle nummer har status 50 eller 60 og fører nu til et andet nummer end lånerens; ingen anden låner "
            "har eller har haft det"
        ),
        (
            "venter på personalet, og posten ændres ikke (number.other_successor). Sagen viser begge numre, men "
            "ikke hele. Det andet nummers poster og en annullering (30) af lånerens eget nummer venter med; 0001 "
            "forsegler. Godkendes sagen, får låneren det andet nummer, som abonneres og slås op næste nat. Afvises "
            "den, spørges CPR om det nummer, låneren har"
        ),
        "CPR: post 001 (PNRGAELD); beslutning 3 og 6",
    ),
    "number-old-others": (
        "det gamle nummer har status 50 eller 60 og fører nu til et nummer, som en anden låner har eller har haft",
        (
            "venter på personalet, og posten ændres ikke (number.both_patrons). Godkendes sagen, lægges de to "
            "sammen. En annullering (30) af lånerens eget nummer i samme leverance venter med; afvises sagen, "
            "spørges CPR om det nummer"
        ),
        "CPR: post 001 (PNRGAELD); beslutning 3 og 6",
    ),
    "number-old-again": (
        (
            "det gamle nummer kommer igen: med status 30, eller med 50 eller 60 og en henvisning til et af lånerens "
            "egne numre (direkte eller i kæde) eller ingen henvisning"
        ),
        "intet ændres",
        "Beslutning 1 og 6",
    ),
    "number-replacement": (
        "erstatningspersonnummer (dag + 60, eller bogstaver), eller intet nummer",
        (
            "nummeret beholdes, men sendes aldrig til CPR eller CULR. Rettes kommunen ved skranken, kender CULR "
            "låneren på lånernummeret (LOCAL); ellers kender CULR slet ikke låneren, før `patron set-cpr` sætter det "
            "rigtige nummer"
        ),
        "CPR: erstatningspersonnumre i eksterne systemer; beslutning 11",
    ),
    "number-set-cpr": (
        "`patron set-cpr` med et nummer, som en anden låner har eller har haft",
        (
            "afvises: posten ændres ikke, CPR spørges ikke, og efter et ja venter de to lånere på personalet "
            "(number.both_patrons). Godkendes sagen, lægges de sammen. Er nummeret selv afløst, eller kender "
            "CPR det ikke, afvises det også, og intet venter"
        ),
        "Beslutning 6 og 40",
    ),
    "number-set-undo": (
        "`patron set-cpr --undo`, efter et ja til, hvis nummer det er",
        (
            "posten bliver, som den var før nummeret. Det, personalet har skrevet siden, bliver; en blokering, der kom "
            "med nummeret, følger nummeret igen"
        ),
        "Beslutning 40",
    ),
    "number-own-birth": (
        "biblioteket skriver en fødselsdato på en låner, hvis nummer CPR ikke kender",
        (
            "bibliotekets dato gælder, og lånergruppen følger den, indtil låneren får et rigtigt nummer: så gælder "
            "CPR's dato"
        ),
        "Beslutning 1 og 11",
    ),
    "number-stranger": (
        (
            "et nummer i leverancen, som ingen låner har eller har haft (udmeldte tæller ikke), og som ikke er led i "
            "en låners kæde af numre"
        ),
        (
            "ikke vores, selv om navn og adresse er en låners. Nummeret tælles i nattens balance, intet skrives, og "
            "CPR spørges ikke"
        ),
        "Beslutning 6",
    ),
    "number-replacement-delivered": (
        "en leverance om et erstatningsnummer (dag + 60), også en låners",
        (
            "ikke vores: CPR har ingen sådanne numre, så det, biblioteket selv har skrevet, ændres ikke. Siger "
            "CPR, at et nummer er afløst af et erstatningsnummer, følges det ikke (number.unresolved)"
        ),
        "CPR: erstatningspersonnummer; beslutning 6",
    ),
    "number-modulus": (
        "et CPR-nummer, der ikke går op i modulus 11",
        "som ethvert andet: ingen leverance, import eller skranke afviser det",
        "CPR: numre uden kontrolciffer",
    ),
    "number-search": (
        "en søgning på et nummer, der er afløst",
        "finder låneren, med en advarsel; det gamle nummer vises aldrig",
        "Beslutning 6",
    ),
    "number-card": (
        "et lånerkort, der er et CPR-nummer",
        (
            "vises som selve nummeret, uden de sidste fire cifre. Kun lånerens eget CPR-nummer, nu eller før, kan være "
            "et kort: et andet afvises ved indmeldelse, under kort og i en liste, og åbner ingens post. Et nyt "
            "CPR-nummer ændrer ikke kortet; det gør personalet"
        ),
        "Postens lånerkort; beslutning 6 og 51",
    ),
}
SAME: dict[str, tuple[object, ...]] = {
    "same-missing": ("en låner er ikke i leverancen", "som før: tavshed ændrer intet", "Beslutning 1"),
    "same-back": (
        "en ændring frem og tilbage inden for én leverance",
        (
            "som før: det, der gælder til sidst, læses, ikke hændelserne undervejs. Over to leverancer er det to "
            "flytninger, og posten ender, som den var"
        ),
        "Beslutning 7",
    ),
    "same-older": (
        "en kilde, der er ældre end posten; eller et opslag fra samme dag som en leverance om låneren",
        "som før; siger opslaget fra samme dag beskyttet, forsegler det dog",
        "Beslutning 1 og 2",
    ),
    "same-receipt": (
        "kun en fejlpost (910) eller en kvittering (997) om en låner",
        "som før: ingen person er leveret, og ingen tælles i nattens balance",
        "CPR: post 910 og 997",
    ),
    "same-unanswered": (
        "CPR svarer ikke, når en ny låner skal abonneres eller slås op første gang",
        (
            "om natten som før: låneren er ikke bekræftet og venter ikke på personalet. Natten ender med 4, og den "
            "næste nat spørger igen. Ved skranken vises fejlen, og ingen oprettes: prøv igen"
        ),
        "SF1520 og SF6002: intet svar; beslutning 10",
    ),
    "same-import": (
        "en låner er ikke i listen, der importeres",
        "som før: en import melder ingen ud",
        "Beslutning 1",
    ),
    "same-event": (
        "en hændelse, som programmet ikke kender, eller som intet har ændret",
        "følger de oplysninger, der læses; koden kan højst give en ændring navn",
        "CPR: post 099; beslutning 7",
    ),
    "same-street": (
        (
            "vej, husnummer, postnummer eller koder rettes eller skifter navn (A07, A09, A10, A42, P10), eller samme "
            "bolig skrives anderledes"
        ),
        "adressen rettes, og låneren er ikke flyttet",
        "CPR: post 002 og 099; beslutning 7",
    ),
    "same-child": (
        "et barn flytter uden den økonomisk ansvarlige",
        (
            "barnets adresse følger CPR. Hvem der er økonomisk ansvarlig, og hvor den ansvarlige bor, er som "
            "før: det skriver personalet"
        ),
        "Postens Økonomisk ansvarlig; beslutning 1",
    ),
}
ROWS = {**NUMBER, **SAME}


@pytest.mark.parametrize("key", ROWS)
def test_a_row_is_printed_as_it_is_lived(key: str) -> None:
    assert danish(key) == ROWS[key]


def test_these_are_all_the_rows() -> None:
    assert (tables()["number"].keys, tables()["same"].keys) == (tuple(NUMBER), tuple(SAME))


# -- numbers -----------------------------------------------------------------------------------------------

DIGITS = person("ANNA").number.digits
REPLACEMENT = f"{int(DIGITS[:2]) + 60}{DIGITS[2:]}"


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(CprNumber(REPLACEMENT), id="number-replacement-day"),
        pytest.param(CprNumber(f"{DIGITS[:6]}KOT1"), id="number-replacement-letters"),
        pytest.param(CprNumber.none_of("40817263"), id="number-replacement-none"),
    ],
)
def test_culr_knows_whoever_has_no_cpr_number_by_the_patron_number(number: CprNumber) -> None:
    assert number.is_replacement
    assert identity_of(number, "40817263") == Identity(IdType.LOCAL, "40817263")


@pytest.mark.parametrize("key", ["number-replacement-delivered"])
def test_a_link_from_or_to_a_replacement_number_is_none(key: str) -> None:
    """The night's own part is lived in test_unregistered."""
    anna, bo, made = person("ANNA").number, person("BO").number, CprNumber(REPLACEMENT)
    assert between_real_numbers({anna: bo}) == {anna: bo}, key
    assert between_real_numbers({made: bo, anna: made}) == {}


@pytest.mark.parametrize("day", [pytest.param(day, id=f"number-modulus-{day}") for day in range(1, 29)])
def test_a_number_that_fails_modulus_11_is_as_any_other(day: int) -> None:
    """cpr.dk: numbers without check digit are issued since 2007."""
    number = CprNumber.parse(generated(day, 2, 1985, "1"))
    assert (number.kind, number.is_possible, number.is_replacement) == (NumberKind.REAL, True, False)


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        pytest.param(DIGITS, f"{DIGITS[:6]}-xxxx", id="number-card"),
        pytest.param(f"{DIGITS[:6]}-{DIGITS[6:]}", f"{DIGITS[:6]}-xxxx", id="number-card-hyphen"),
        pytest.param(REPLACEMENT, f"{REPLACEMENT[:6]}-xxxx", id="number-card-replacement"),
        # no date, and no number
        ("3102851234", "3102851234"),
        ("L-77 x", "L-77 x"),
    ],
)
def test_a_card_that_is_a_cpr_number_shows_no_more_than_the_number_would(card: str, shown: str) -> None:
    assert Card(card).shown() == shown


# -- no change ---------------------------------------------------------------------------------------------

ANNA = person("ANNA")


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(Person(ANNA.number), id="same-missing"),
        pytest.param(having(ANNA, events=("A01", "A01")), id="same-back"),
        pytest.param(having(ANNA, events=("A21",)), id="same-event-none"),
        pytest.param(having(ANNA, events=("X99",)), id="same-event-unknown"),
    ],
)
def test_what_leaves_everything_as_it_was_is_no_change(told: Person) -> None:
    assert isinstance(decide(told, patron("ANNA"), as_of=TONIGHT), Unchanged)


@pytest.mark.parametrize("key", ["same-back"])
def test_to_the_neighbour_and_back_in_two_deliveries_is_two_moves_and_the_record_of_before(key: str) -> None:
    home = ANNA.address
    assert isinstance(home, Address)
    there = decide(having(ANNA, address=replace(home, house="18")), patron("ANNA"), as_of=TONIGHT)
    assert isinstance(there, Change), key
    moved = replace(patron("ANNA"), register=there.after, as_of=TONIGHT)
    back = decide(ANNA, moved, as_of=AsOf(date(2027, 3, 23), Source.FILE))
    assert isinstance(back, Change)
    assert (there.actions, back.actions, back.after) == ((Action.MOVE,), (Action.MOVE,), ANNA)


@pytest.mark.parametrize(
    ("as_of", "applies"),
    [
        pytest.param(AsOf(date(2027, 3, 18), Source.FILE), False, id="same-older-file"),
        pytest.param(AsOf(date(2027, 3, 18), Source.LOOKUP), False, id="same-older-lookup"),
        pytest.param(AsOf(STORED.day, Source.LOOKUP), False, id="same-older-same-day"),
        pytest.param(STORED, True, id="same-older-file-itself"),
    ],
)
def test_an_older_source_changes_nothing_and_of_the_same_day_the_delivery_goes_first(
    as_of: AsOf, *, applies: bool
) -> None:
    decision = decide(moves(ANNA), patron("ANNA"), as_of=as_of)
    assert isinstance(decision, Change) if applies else decision == Unchanged(WhyUnchanged.OLDER)
    sealed = decide(moves(having(ANNA, protection=PROTECTED)), patron("ANNA"), as_of=as_of)
    assert isinstance(sealed, Change) is (as_of.day == STORED.day)


@pytest.mark.parametrize(
    "event", [pytest.param("X99", id="same-event-move"), pytest.param("A21", id="same-event-dead")]
)
def test_an_event_decides_nothing(event: str) -> None:
    moved = decide(having(moves(ANNA), events=(event,)), patron("ANNA"), as_of=TONIGHT)
    assert isinstance(moved, Change)
    assert moved.actions == (Action.MOVE,)


def _elsewhere(**parts: str) -> Person:
    assert isinstance(ANNA.address, Address)
    return having(ANNA, address=replace(ANNA.address, **parts))


@pytest.mark.parametrize(
    "told",
    [
        *(
            pytest.param(having(_elsewhere(**parts), events=(event,)), id=f"same-street-{event}-{part}")
            for event in ("A07", "A09", "A10", "A42", "P10")
            for part, parts in (("code", {"street_code": "0007"}), ("house", {"house": "99"}))
        ),
        *(
            pytest.param(_elsewhere(**{part: "x"}), id=f"same-street-dwelling-{part}")
            for part in ("road", "postcode", "district", "town", "locality", "co")
        ),
    ],
)
def test_an_address_that_is_corrected_or_renamed_moves_nobody(told: Person) -> None:
    corrected = decide(told, patron("ANNA"), as_of=TONIGHT)
    assert isinstance(corrected, Change)
    assert corrected.actions == (Action.ADDRESS_CORRECTED,)


@pytest.mark.parametrize("key", ["same-child"])
def test_a_child_that_moves_alone_is_no_news_of_whoever_answers_for_it(key: str) -> None:
    """A decision is about one record, and a move is nothing that asks about a link."""
    child = patron("LIV")
    moved = decide(moves(child.register), child, as_of=TONIGHT)
    assert isinstance(moved, Change), key
    assert (moved.actions, moved.after.number) == ((Action.MOVE,), child.number)
    assert not Troubled(find_troubles(child.register), find_troubles(moved.after)).is_news
