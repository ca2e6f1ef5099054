"""The rows about accounts in CULR, written out once more, and lived call by call; test_account has a whole CULR."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

import pytest
from culr_model import Culr
from people import person
from printed import danish, tables

from cprsync.domain.netmedia.account import (
    NOWHERE,
    Code,
    CulrHolding,
    Effect,
    Identity,
    IdType,
    Operation,
    Reply,
    identity_of,
    spare_others,
)
from cprsync.domain.netmedia.drift import Drift, Repair, WantedAccount, find_drift, wanted_account
from cprsync.domain.netmedia.settling import Settled, Unsettled, settle_effect
from cprsync.domain.patron.override import Overridden, Override, culr_in_force
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

CULR = "CULR 1.6; beslutning 11"
ACCOUNT = {
    "account-cpr": (
        "låner med et CPR-nummer, hvis bopæl er eller har været kendt (også uden for Danmark)",
        "under CPR-nummeret (CPR)",
        CULR,
    ),
    "account-local": (
        (
            "låner uden CPR-nummer (erstatningsnummer eller intet nummer), hvis kommune er eller har været rettet "
            "ved skranken"
        ),
        "under lånernummeret (LOCAL)",
        CULR,
    ),
    "account-unknown": (
        (
            "bopælen er ukendt, og CULR har aldrig hørt om låneren: låneren har et erstatningsnummer uden kommune fra "
            "skranken, eller er ny med første status 30 eller 70"
        ),
        (
            "ingen konto, og CULR spørges ikke. Kontoen oprettes, når bopælen bliver kendt eller (men ikke ved status "
            "30) rettes ved skranken. Et nyt CPR-nummer følger sin egen række"
        ),
        CULR,
    ),
    "account-answers": (
        "personen er kun økonomisk ansvarlig for en mindreårig og er ikke låner",
        (
            "ingen konto. Bliver personen låner, oprettes kontoen som andre låneres. En konto fra tiden som låner er "
            "én for meget"
        ),
        CULR,
    ),
    "account-found": (
        "erstatningsnummeret er afløst af det rigtige nummer",
        (
            "kontoen oprettes under CPR-nummeret og læses. Når den er der, lægges LOCAL-kontoen til den og slettes "
            "derefter"
        ),
        CULR,
    ),
    "account-renumbered": (
        "låneren får et nyt CPR-nummer",
        (
            "kontoen oprettes under det nye nummer og læses. Først når den er der, slettes den gamle; konti under kort "
            "og UNI-Login flytter med. Er bopælen ukendt, følger den gamle kontos kommunenummer med"
        ),
        "CULR 1.6; beslutning 6 og 11",
    ),
    "account-merged": (
        "to lånere er lagt sammen (number.both_patrons er godkendt)",
        (
            "den låner, der bliver, får en konto, hvis bopælen er kendt, og den lukkede låners konto slettes. Under "
            "lånernummeret (LOCAL) sker det kun, hvis CULR har hørt om kontoen. Skilles de to igen, får begge deres "
            "konto igen. Er bopælen ukendt, får de den kun, hvis den var der, og med det kommunenummer, den havde"
        ),
        "CULR 1.6; beslutning 6 og 11",
    ),
    "account-shared": (
        "ændringer for to lånere rører den samme konto",
        "de sendes én ad gangen. En konto, der nu er en anden låners, bliver hverken ændret eller slettet",
        "CULR 1.6; beslutning 11 og 34",
    ),
    "account-again": (
        "kontoen findes allerede, når den skal oprettes, eller findes ikke, når den skal slettes",
        "tæller som gjort, når en læsning bekræfter det",
        CULR,
    ),
    "account-gone": (
        "låneren er meldt ud",
        (
            "alle bibliotekets konti slettes, også under kort, UNI-Login og tidligere CPR-numre. En læsning viser, "
            "at ingen er tilbage. Andre bibliotekers konti røres ikke"
        ),
        "CULR 1.6; beslutning 34",
    ),
    "account-cards": (
        ('låner med en konto under CPR-nummeret, når biblioteket lader kort logge ind (local_accounts = "cards")'),
        (
            "desuden en konto under hvert kort (LOCAL), hos den samme person. Kontoen følger kortet, når det får en "
            "anden låner eller udgår. Et kort, der er et CPR-nummer, får ingen konto. Uden denne indstilling oprettes "
            "ingen. Konti fra før bliver, til kortet tages fra låneren, eller nogen beder om at få dem slettet"
        ),
        "CULR 1.6; beslutning 34",
    ),
    "account-drifted": (
        (
            "kontoen mangler eller er én for meget, uanset hvem der ellers har en; eller den har et andet "
            "kommunenummer, og intet andet bibliotek har en konto"
        ),
        "rettes, hvis ingen bremse holder på det. Kun vores egne konti oprettes eller slettes",
        CULR,
    ),
    "account-foreign": (
        "kontoen har et andet kommunenummer, og et andet bibliotek har også en konto",
        (
            "nummeret bliver, indtil personalet afgør det (net_media.foreign), også når det kom, mens en rettelse "
            "ventede. Mangler vores konto, oprettes den"
        ),
        "CULR: ét kommunenummer pr. person; beslutning 11 og 13",
    ),
}
PATRON: Final = "40817263"
HERS = identity_of(person("ANNA").number, PATRON)
NEW = Identity(IdType.CPR, "0101019995")
LOCAL = Identity(IdType.LOCAL, PATRON)
CARD, NEW_CARD = Identity(IdType.LOCAL, "A-1"), Identity(IdType.LOCAL, "A-2")
PUPIL = Identity(IdType.UNILOGIN, "anna123x")
Do = Operation


@pytest.mark.parametrize("key", ACCOUNT)
def test_a_row_is_printed_as_it_is_lived(key: str) -> None:
    assert danish(key) == ACCOUNT[key]


def test_these_are_all_the_rows() -> None:
    assert tables()["account"].keys == tuple(ACCOUNT)


@pytest.mark.parametrize(
    ("number", "identity"),
    [
        pytest.param(person("ANNA").number, Identity(IdType.CPR, person("ANNA").number.digits), id="account-cpr"),
        pytest.param(CprNumber("6405851234"), LOCAL, id="account-local-replacement"),
        pytest.param(CprNumber.none_of(PATRON), LOCAL, id="account-local-none"),
    ],
)
def test_an_account_stands_under_the_number_that_culr_may_hear(number: CprNumber, identity: Identity) -> None:
    assert identity_of(number, PATRON) == identity


TYPED = Override(Overridden.MUNICIPALITY, "0751", "kaj", "Showed her lease", date(2027, 3, 1), date(2027, 3, 30), id=1)


@pytest.mark.parametrize(
    ("told", "typed"),
    [
        pytest.param(Person(CprNumber("6405851234")), "751", id="account-unknown-local"),
        pytest.param(Person(CprNumber.none_of(PATRON)), "751", id="account-unknown-none"),
        pytest.param(person("ANNA", status=Status.DISAPPEARED, address=SILENT), "751", id="account-unknown-70"),
        pytest.param(person("ANNA", status=Status.ANNULLED, address=SILENT), None, id="account-unknown-30"),
    ],
)
def test_of_whom_nobody_knows_where_she_lives_nothing_is_told_until_staff_know(told: Person, typed: str | None) -> None:
    """Whoever is told nothing has no account: lived in test_account_drift."""
    assert culr_in_force(told, {}) is None
    assert culr_in_force(told, {Overridden.MUNICIPALITY: TYPED}) == typed


@pytest.mark.parametrize("key", ["account-answers"])
def test_whoever_only_answers_for_a_minor_is_to_have_no_account_whatever_was_told(key: str) -> None:
    for culr, told in (("751", None), ("751", "751"), (None, "751")):
        assert wanted_account(borrows=False, culr=culr, last_told=told) == WantedAccount(account=False), key


def calls_of(
    effect: Effect, *, held: Mapping[Identity, CulrHolding], codes: Mapping[Operation, Code]
) -> tuple[list[tuple[Operation, Identity, str | None]], Settled | Unsettled]:
    """The calls that settle an effect, and how it ended, where readings tell of `held` and all else goes well."""
    calls, made = settle_effect(effect, agency="775100"), []
    call = next(calls)
    while True:
        made.append((call.operation, call.identity, call.municipality))
        reads = call.operation in {Operation.READ, Operation.READ_GLOBAL, Operation.READ_LOCAL}
        reading = held.get(call.identity, NOBODY) if reads else None
        try:
            call = calls.send(Reply(codes.get(call.operation, Code.OK), reading))
        except StopIteration as ended:
            return made, ended.value


AARHUS = CulrHolding(account=True, municipality="751")
NOBODY = CulrHolding(account=False)


@pytest.mark.parametrize(
    ("effect", "held", "made"),
    [
        pytest.param(
            Effect(PATRON, 2, HERS, "751", replaces=LOCAL),
            {HERS: AARHUS},
            [
                *((Do.READ_LOCAL, LOCAL, None), (Do.CREATE, HERS, "751"), (Do.READ, HERS, None)),
                *((Do.MERGE, HERS, None), (Do.DELETE, LOCAL, None)),
            ],
            id="account-found",
        ),
        pytest.param(
            Effect(PATRON, 2, NEW, "751", replaces=HERS),
            {NEW: AARHUS},
            [
                *((Do.READ_GLOBAL, HERS, None), (Do.CREATE, NEW, "751"), (Do.READ, NEW, None)),
                (Do.DELETE, HERS, None),
            ],
            id="account-renumbered",
        ),
        pytest.param(
            Effect(PATRON, 2, NEW, "751", replaces=HERS),
            {NEW: AARHUS, HERS: replace(AARHUS, ours=frozenset({HERS, CARD, PUPIL}))},
            [
                *((Do.READ_GLOBAL, HERS, None), (Do.CREATE, NEW, "751"), (Do.READ, NEW, None)),
                *((Do.MERGE, NEW, None), (Do.MERGE, NEW, None), (Do.DELETE, HERS, None)),
            ],
            id="account-renumbered-cards",
        ),
        pytest.param(
            Effect(PATRON, 2, NEW, None, replaces=HERS),
            {HERS: AARHUS, NEW: AARHUS},
            [
                *((Do.READ_GLOBAL, HERS, None), (Do.CREATE, NEW, "751"), (Do.READ, NEW, None)),
                (Do.DELETE, HERS, None),
            ],
            id="account-renumbered-unknown",
        ),
        pytest.param(
            Effect(PATRON, 2, HERS, NOWHERE, gone=True, sweeps=True),
            {},
            [(Do.READ_GLOBAL, HERS, None)],
            id="account-gone-already",
        ),
        pytest.param(
            Effect(PATRON, 2, HERS, "751", known=True, cards=frozenset({CARD})),
            {HERS: replace(AARHUS, ours=frozenset({HERS, CARD}))},
            [(Do.UPDATE, HERS, "751"), (Do.READ_GLOBAL, HERS, None)],
            id="account-cards-there",
        ),
        pytest.param(
            Effect(PATRON, 2, LOCAL, NOWHERE, gone=True), {}, [(Do.DELETE, LOCAL, None)], id="account-merged-local"
        ),
    ],
)
def test_an_account_is_settled_call_by_call(
    effect: Effect, held: Mapping[Identity, CulrHolding], made: list[tuple[Operation, Identity, str | None]]
) -> None:
    told, ended = calls_of(effect, held=held, codes={})
    assert (told, isinstance(ended, Settled)) == (made, True)


@pytest.mark.parametrize(
    ("effect", "codes", "held", "done"),
    [
        pytest.param(
            Effect(PATRON, 2, NEW, "751", replaces=HERS), {}, NOBODY, False, id="account-renumbered-not-there"
        ),
        pytest.param(Effect(PATRON, 2, HERS, "751"), {Do.CREATE: Code.EXISTS}, AARHUS, True, id="account-again-made"),
        pytest.param(
            Effect(PATRON, 2, HERS, "751"), {Do.CREATE: Code.EXISTS}, NOBODY, False, id="account-again-unseen"
        ),
        pytest.param(
            Effect(PATRON, 2, HERS, NOWHERE, gone=True),
            {Do.DELETE: Code.MISSING},
            NOBODY,
            True,
            id="account-again-gone",
        ),
        pytest.param(
            Effect(PATRON, 2, HERS, NOWHERE, gone=True),
            {Do.DELETE: Code.MISSING},
            AARHUS,
            False,
            id="account-again-left",
        ),
    ],
)
def test_only_what_a_reading_confirms_counts_as_done_and_lets_the_old_one_go(
    effect: Effect, codes: Mapping[Operation, Code], held: CulrHolding, *, done: bool
) -> None:
    made, ended = calls_of(effect, held={effect.identity: held}, codes=codes)
    assert isinstance(ended, Settled) is done
    assert done or effect.replaces is None or (Do.DELETE, effect.replaces, None) not in made


@pytest.mark.parametrize(
    ("effect", "taken", "told", "left"),
    [
        pytest.param(Effect(PATRON, 2, HERS, NOWHERE, gone=True), {HERS}, "751", [], id="account-shared-gone"),
        pytest.param(Effect(PATRON, 2, HERS, "751"), {HERS}, "751", [], id="account-shared-set"),
        pytest.param(Effect(PATRON, 2, NEW, "101", replaces=HERS), {HERS}, "751", [NEW], id="account-shared-replaced"),
        pytest.param(Effect(PATRON, 2, NEW, None, replaces=HERS), {HERS}, "751", [NEW], id="account-shared-unknown"),
        pytest.param(Effect(PATRON, 2, NEW, "101", replaces=HERS), set(), "751", [NEW, HERS], id="account-shared-free"),
    ],
)
def test_an_account_that_is_another_patrons_by_now_is_neither_changed_nor_deleted(
    effect: Effect, taken: set[Identity], told: str, left: list[Identity]
) -> None:
    """What stood under the number that another patron has is not moved along either: what was told of her is."""
    spared = spare_others(effect, taken=taken, last_told=told)
    made = [] if spared.moot else calls_of(spared, held={NEW: there("101", OURS), HERS: AARHUS}, codes={})[0]
    assert {identity for _, identity, _ in made} == set(left)
    assert spared.moot is (not left)
    assert effect.touches == {HERS, *left}
    assert spared.municipality == (effect.municipality or ("751" if effect.replaces else effect.municipality))


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        pytest.param(Effect(PATRON, 2, HERS, NOWHERE, gone=True, sweeps=True), set(), id="account-gone"),
        pytest.param(Effect(PATRON, 2, HERS, "751", cards=frozenset()), {HERS, PUPIL}, id="account-cards-none"),
        pytest.param(
            Effect(PATRON, 2, HERS, "751", cards=frozenset({NEW_CARD})), {HERS, PUPIL, NEW_CARD}, id="account-cards"
        ),
        pytest.param(Effect(PATRON, 2, HERS, "751"), {HERS, PUPIL, CARD}, id="account-cards-not-looked-at"),
    ],
)
def test_which_accounts_are_left_of_one_who_has_one_under_a_card_and_a_unilogin(
    wanted: Effect, left: set[Identity]
) -> None:
    culr = Culr({HERS, CARD, PUPIL}, {HERS}, {HERS: "751"}, linked={CARD: HERS, PUPIL: HERS})
    calls = settle_effect(wanted, agency=OURS)
    reply = None
    with suppress(StopIteration):
        while True:
            reply = culr.answer(next(calls) if reply is None else calls.send(reply))
    assert (culr.ours, culr.foreign) == (left, {HERS})


OURS, THEIRS = "775100", "710100"
WANTED, NO_ACCOUNT = WantedAccount(account=True, municipality="751"), WantedAccount(account=False)


def there(number: str, *agencies: str) -> CulrHolding:
    return CulrHolding(OURS in agencies, number, frozenset(agencies))


@pytest.mark.parametrize(
    ("want", "held", "found", "sets"),
    [
        pytest.param(WANTED, NOBODY, (Drift.MISSING,), "751", id="account-drifted-missing"),
        pytest.param(NO_ACCOUNT, there("751", OURS), (Drift.EXTRA,), NOWHERE, id="account-drifted-extra"),
        pytest.param(
            NO_ACCOUNT, there("101", OURS, THEIRS), (Drift.EXTRA,), NOWHERE, id="account-drifted-extra-whoever-else"
        ),
        pytest.param(WANTED, there("751", THEIRS), (Drift.MISSING,), "751", id="account-drifted-missing-whoever-else"),
        pytest.param(WANTED, there("101", OURS), (Drift.STALE,), "751", id="account-drifted-number"),
        pytest.param(
            WANTED, there("101", THEIRS), (Drift.MISSING, Drift.FOREIGN), None, id="account-foreign-ours-missing"
        ),
    ],
)
def test_an_account_that_has_drifted_is_mended_and_no_number_that_another_library_may_have_set(
    want: WantedAccount, held: CulrHolding, found: tuple[Drift, ...], sets: str | None
) -> None:
    assert find_drift(HERS, want, held, agency=OURS) == found
    effect = Repair(PATRON, 2, HERS, found, want, held).effect(3)
    assert effect is not None
    assert (effect.municipality, effect.gone) == (sets, not want.account)


@pytest.mark.parametrize("key", ["account-foreign"])
def test_a_number_beside_another_librarys_account_is_a_persons_to_decide(key: str) -> None:
    held = there("101", OURS, THEIRS)
    assert find_drift(HERS, WANTED, held, agency=OURS) == (Drift.FOREIGN,), key
    assert Repair(PATRON, 2, HERS, (Drift.FOREIGN,), WANTED, held).effect(3) is None
