"""A replacement number becomes real at the desk: once, for one patron, and never told to the register before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from doubles import AGENCY, MONDAY, TUESDAY, happened, unowned, unseen
from said_yes import erase, leave, yes_to
from test_number_change import NEW, anna, replaced
from test_setting import counter
from townspeople import cpr, dies, gains_protection, person
from whole import patron_ids, verify_audit

from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.patron.local import Card, ListChange, Local
from cprsync.domain.patron.patron import Source
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.domain.person.number import CprNumber, NumberKind
from cprsync.domain.person.person import SILENT, Birth, Person, Status
from cprsync.errors import (
    BadInput,
    NoSuchPerson,
    NotConfirmed,
    RegisterRefused,
    RegisterUnavailable,
    ReviewChanged,
    ReviewClosed,
)
from cprsync.services.desk.lookup import Desk
from cprsync.services.desk.previewed_answers import preview_taking_back, take_number_back
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.set_cpr import NumberPreview, SetNumber, confirm_number, preview_number
from cprsync.services.desk.setting import Setting, set_field
from cprsync.services.desk.viewing import find_patron
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.ports.patrons import NewPatron

if TYPE_CHECKING:
    from doubles import Library

EDITH = cpr("EDITH")
LATER = date(2028, 1, 1)
#: two forms of a number made for EDITH while she had none
MADE = (CprNumber(f"{int(EDITH.digits[:2]) + 60}{EDITH.digits[2:]}"), CprNumber.parse_any(f"{EDITH.digits[:6]}KOT1"))


def enrol(library: Library, number: CprNumber | None, card: str = "E1") -> str:
    (imported,) = library.store.imports.take_patrons([NewPatron(number, Local(cards=(Card(card),)))])
    assert imported.patron_id is not None
    return imported.patron_id


def set_cpr(library: Library, patron_id: str, number: CprNumber = EDITH) -> dict[str, Any]:
    """Someone looks, and says yes with a reason where one is needed."""
    shown = preview(library, patron_id, number)
    return confirm_number(desk(library), shown, yes_to(shown.preview))


def desk(library: Library) -> Desk:
    return Desk(AGENCY, library.store, library.register, library.clock, library.policy)


def preview(library: Library, patron_id: str, number: CprNumber = EDITH) -> NumberPreview:
    return preview_number(desk(library), SetNumber(patron_id, number, "lone"))


def levels(document: Any) -> dict[str, str]:
    return {one["kind"]: one["level"] for one in document["warnings"]}


def entries(library: Library) -> list[dict[str, Any]]:
    rows = [one for one in library.rows("audit") if one["stream"] == "desk"]
    return [json.loads(bytes.fromhex(one["entry"])) for one in rows]


def told(library: Library, patron_id: str) -> list[dict[str, str]]:
    rows = [one for one in library.rows("outbox") if one["patron_id"] == patron_id]
    return [json.loads(bytes.fromhex(one["payload"])) for one in rows]


@pytest.mark.parametrize("made", MADE)
def test_she_gets_her_number_a_subscription_and_a_first_copy_and_keeps_the_old_one(
    either_library: Library, made: CprNumber
) -> None:
    library = either_library
    patron_id = enrol(library, made)
    library.register.knows(person("EDITH"))
    document = set_cpr(library, patron_id)
    told = {"patron": patron_id, "outcome": "set", "verified": True, "subscribed": True, "written": True}
    assert told.items() <= document.items()
    view = library.view("EDITH")
    assert (view.patron.id, view.patron.number, view.patron.as_of.source) == (patron_id, EDITH, Source.LOOKUP)
    assert view.register == replace(person("EDITH"), contact=view.register.contact)
    assert library.row(patron_id)["real_number"]
    assert view.subscribed_since == library.clock.today()
    assert view.local.cards == (Card("E1"),)
    found = find_patron(library.store, made.digits)
    assert (found["patron"], found["warnings"]) == (patron_id, ["old_number"])
    kinds = [(entry["kind"], entry["actions"]) for entry in entries(library)]
    reasons = [] if made.kind is NumberKind.REPLACEMENT else [("confirm", [])]
    assert kinds == [("lookup", ["set_cpr"]), ("subscribe", []), ("change", ["renumber", "first_copy"]), *reasons]
    verify_audit(library.store)


@pytest.mark.parametrize("made", MADE)
def test_the_number_that_was_made_is_told_to_nobody(library: Library, made: CprNumber) -> None:
    patron_id = enrol(library, made)
    library.register.knows(person("EDITH"))
    library.deliver(MONDAY)
    library.night()
    assert made not in library.register.looked_up + library.register.subscribed
    set_cpr(library, patron_id)
    assert made not in library.register.looked_up + library.register.subscribed
    assert made.digits not in json.dumps(told(library, patron_id))
    assert [one["municipalityNo"] for one in told(library, patron_id)] == ["751"]


def test_setting_it_twice_is_the_same_as_once_and_a_night_has_nothing_to_add(library: Library) -> None:
    patron_id = enrol(library, MADE[0])
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    before, calls = library.everything(), len(library.register.looked_up)
    assert set_cpr(library, patron_id)["outcome"] == "unchanged"
    assert (library.everything(), len(library.register.looked_up)) == (before, calls)
    library.deliver(MONDAY, person("EDITH"))
    report = library.night()
    assert (report.exit_code, library.items(report)) == (0, [("unchanged", None)])


def test_while_the_register_is_down_the_number_is_there_and_the_night_does_the_rest(
    either_library: Library,
) -> None:
    library = either_library
    patron_id = enrol(library, MADE[0])
    library.register.knows(person("EDITH"))
    library.register.down = RegisterUnavailable("no answer")
    document = set_cpr(library, patron_id)
    assert (document["outcome"], document["verified"], document["subscribed"]) == ("set", False, False)
    assert levels(document) == {"not_verified": "stop"}
    assert (library.id_of("EDITH"), library.view("EDITH").patron.as_of) == (patron_id, None)
    again = set_cpr(library, patron_id)
    assert (again["outcome"], again["verified"], again["subscribed"]) == ("unchanged", False, False)
    library.register.down = None
    library.deliver(MONDAY)
    library.night()
    view = library.view("EDITH")
    assert (view.patron.verified, view.subscribed_since) == (True, library.clock.today())
    assert set_cpr(library, patron_id)["subscribed"] is True
    assert view.register.name == person("EDITH").name


def test_a_subscription_that_the_register_did_not_take_waits_for_the_night(library: Library) -> None:
    patron_id = enrol(library, MADE[0])
    library.register.knows(person("EDITH"))
    library.register.refuses_to_subscribe[EDITH] = RegisterUnavailable("no answer")
    document = set_cpr(library, patron_id)
    assert (document["verified"], document["subscribed"]) == (True, False)
    library.register.refuses_to_subscribe.clear()
    library.deliver(MONDAY)
    library.night()
    assert library.view("EDITH").subscribed_since == library.clock.today()


def test_a_patron_who_was_merged_gets_no_number(either_library: Library) -> None:
    """The old patron number is still on their card: the record that it was merged into has the number, or gets it."""
    library = either_library
    patron_id, other = enrol(library, MADE[0]), enrol(library, None, "E2")
    library.store.desk.ask_staff(patron_id, BOTH_PATRONS, about=other)
    (item,) = library.store.review_desk.items(all_states=False)
    reviews(library).accept(item.id)
    library.register.knows(person("EDITH"))
    before = library.everything()
    for number in (EDITH, cpr("ANNA")):
        with pytest.raises(BadInput) as refused:
            set_cpr(library, patron_id, number)
        assert (refused.value.kind, refused.value.values) == ("patron.merged", {"merged_into": other})
    assert library.everything() == before
    assert not library.register.looked_up


@pytest.mark.parametrize("had", [pytest.param(had, id=f"number-set-cpr-{had}") for had in (False, True)])
def test_a_number_that_another_patron_has_or_had_is_refused_and_the_two_wait_for_a_person(
    either_library: Library, *, had: bool
) -> None:
    library = either_library
    patron_id, other = enrol(library, MADE[0]), library.id_of("ANNA")
    if had:
        library.deliver(MONDAY, replaced(cpr("ANNA"), NEW), anna())
        library.night()
    before = library.everything()
    for _ in range(2):
        with pytest.raises(BadInput) as refused:
            set_cpr(library, patron_id, cpr("ANNA"))
        assert refused.value.kind == "number.both_patrons"
    after = library.everything()
    assert unowned(after, "review_item") == unowned(before, "review_item")
    # that the item waits
    assert happened(unseen(after)) - happened(unseen(before)) == {("bound", patron_id): 1}
    (item,) = after["review_item"]
    assert (item["patron_id"], item["kind"], item["about"], item["state"]) == (
        patron_id,
        "parked.number.both_patrons",
        other,
        "waiting",
    )
    assert cpr("ANNA") not in library.register.looked_up


@pytest.mark.parametrize(
    ("answer", "error", "kind"),
    [
        (None, NoSuchPerson, "register.no_such_person"),
        (RegisterRefused("no agreement"), RegisterRefused, "register.refused"),
        (Person(EDITH, status=Status.CHANGED, current_number=cpr("HENRIK")), BadInput, "number.replaced"),
    ],
)
def test_what_the_register_refuses_changes_no_record(
    library: Library, answer: Any, error: type[Exception], kind: str
) -> None:
    patron_id = enrol(library, MADE[0])
    if isinstance(answer, Person):
        library.register.persons[EDITH] = answer
    elif answer is not None:
        library.register.failures[EDITH] = answer
    before = library.everything()
    with pytest.raises(error) as refused:
        set_cpr(library, patron_id)
    assert getattr(refused.value, "kind", None) == kind
    assert unowned(library.everything()) == unowned(before)
    assert EDITH not in library.register.subscribed


@pytest.mark.parametrize("number", [MADE[0], MADE[1]])
def test_a_number_that_is_none_of_the_registers_takes_no_place(library: Library, number: CprNumber) -> None:
    patron_id = enrol(library, CprNumber.parse_any(f"{EDITH.digits[:6]}9XY2"))
    before = library.everything()
    with pytest.raises(BadInput, match="replacement number"):
        set_cpr(library, patron_id, number)
    assert library.everything() == before


def test_a_real_number_is_replaced_by_the_register_alone(library: Library) -> None:
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        set_cpr(library, library.id_of("ANNA"))
    assert refused.value.kind == "number.real"
    assert library.everything() == before


def test_a_patron_who_is_none_has_no_number(library: Library) -> None:
    with pytest.raises(BadInput, match="no such patron"):
        set_cpr(library, "00000000")


def test_who_cannot_be_decided_has_her_number_and_waits_for_a_person(library: Library) -> None:
    patron_id = enrol(library, MADE[0])
    library.register.knows(replace(person("EDITH"), address=SILENT))
    document = set_cpr(library, patron_id)
    assert (document["outcome"], document["verified"], document["subscribed"]) == ("set", False, True)
    assert (patron_id, "parked.address.missing") in library.reviews()
    assert library.id_of("EDITH") == patron_id
    library.register.knows(person("EDITH"))
    library.deliver(TUESDAY, person("EDITH"), previous=MONDAY.replace(day=19))
    library.one_night()
    assert library.view("EDITH").patron.verified


def test_the_list_takes_in_numbers_with_letters(library: Library) -> None:
    patron_id = enrol(library, MADE[1])
    assert library.store.patrons.find(MADE[1]) == patron_id
    (patron,) = library.store.patrons.read([patron_id])
    assert patron.number.kind is NumberKind.LETTERS


def test_whoever_had_no_number_gets_one_and_none_is_told_as_replaced(either_library: Library) -> None:
    library = either_library
    patron_id = enrol(library, None)
    library.register.knows(person("EDITH"))
    assert set_cpr(library, patron_id)["verified"]
    view = library.view("EDITH")
    assert (view.patron.id, library.row(patron_id)["real_number"], view.local.cards) == (patron_id, True, (Card("E1"),))
    assert [sorted(one) for one in told(library, patron_id)] == [["municipalityNo", "userIdType", "userIdValue"]]
    library.night()


def test_whoever_has_no_number_merges_with_the_one_who_has_hers_and_parts_again(library: Library) -> None:
    """Two of them: what stands in the place of a number is each one's own."""
    for card in ("E1", "E2"):
        (imported,) = library.store.imports.take_patrons([NewPatron(None, Local(cards=(Card(card),)))])
        assert imported.patron_id is not None
        with pytest.raises(BadInput):
            set_cpr(library, imported.patron_id, cpr("ANNA"))
    reviews = StaffReviews(library, "lone")
    items = [one["id"] for one in reviews.listed()]
    before = [one.number for one in library.store.patrons.read(patron_ids(library.store))]
    for item in items:
        reviews.accept(item)
    assert [card.number for card in library.view("ANNA").local.cards] == ["ANNA", "E1", "E2"]
    for item in reversed(items):
        reviews.undo(item)
    assert [one.number for one in library.store.patrons.read(patron_ids(library.store))] == before
    library.night()


# -- whose number it is ------------------------------------------------------------------------------------------


def named(library: Library, made: CprNumber, name: str, card: str = "E1") -> str:
    """A patron without a number of the register's, whom the library has given a name."""
    patron_id = enrol(library, made, card)
    set_field(counter(library), Setting(patron_id, "name", name, "lone"))
    return patron_id


def refused(library: Library, shown: NumberPreview, kind: str, reason: str = "") -> None:
    before, asked = library.everything(), (list(library.register.looked_up), list(library.register.subscribed))
    with pytest.raises(NotConfirmed) as error:
        confirm_number(desk(library), shown, Confirmation(shown.preview.digest, reason))
    assert error.value.kind == kind
    assert library.everything() == before
    assert (library.register.looked_up, library.register.subscribed) == asked


def test_a_preview_has_name_and_birth_date_beside_ours_and_writes_nothing_but_its_audit(
    either_library: Library,
) -> None:
    library = either_library
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(person("EDITH"))
    before = library.everything()
    shown = preview(library, patron_id)
    after = library.everything()
    assert unowned(after) == unowned(before)
    assert happened(after) - happened(before) == {("lookup", patron_id): 1}
    assert EDITH not in library.register.subscribed
    assert shown.document["preview"]["compared"] == {
        "name": {"ours": "Ruth Kjeldgaard", "theirs": "Ruth Kjeldgaard", "agrees": True},
        "birth_date": {"ours": "1951-10-09", "theirs": "1951-10-09", "agrees": True},
    }
    assert (shown.document["outcome"], shown.document["written"], levels(shown.document)) == ("shown", False, {})


def test_a_number_of_somebody_else_who_is_dead_needs_a_reason_and_changes_nothing_without(
    either_library: Library,
) -> None:
    """The living patron was turned into another, dead one."""
    library = either_library
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(dies(person("HENRIK")))
    shown = preview(library, patron_id, cpr("HENRIK"))
    assert levels(shown.document).items() >= {"somebody_else": "stop", "dead": "stop"}.items()
    refused(library, shown, "confirm.reason")
    (patron,) = library.store.patrons.read([patron_id])
    assert (patron.number, patron.register.name.addressing) == (MADE[0], "Ruth Kjeldgaard")  # type: ignore[union-attr]  # it was typed
    library.night()
    assert cpr("HENRIK") not in library.register.subscribed


@pytest.mark.parametrize(
    ("name", "made", "level"),
    [
        ("Ruth Kjeldgaard", CprNumber("6405850670"), {"birth_date_differs": "ask"}),
        ("Ruth Marie Kjeldgaard", MADE[0], {}),
        ("Ane Kjeldgaard", MADE[0], {"name_differs": "ask"}),
        ("Ane Kjeldgaard", CprNumber("6405850670"), {"somebody_else": "stop"}),
        ("Ane Kjeldgaard", MADE[1], {"somebody_else": "stop"}),
    ],
)
def test_one_of_the_two_has_to_agree(library: Library, name: str, made: CprNumber, level: dict[str, str]) -> None:
    patron_id = named(library, made, name)
    library.register.knows(person("EDITH"))
    assert levels(preview(library, patron_id).document) == level


@pytest.mark.parametrize("name", ["Ruth Kjeldgaard", "Ane Skov"])
def test_of_a_protected_person_the_preview_compares_ages_and_never_the_name(either_library: Library, name: str) -> None:
    """Whoever typed a name and a number was told whether a protected person is called so."""
    library = either_library
    patron_id = named(library, MADE[0], name)
    library.register.knows(gains_protection(person("EDITH")))
    shown = preview(library, patron_id)
    assert shown.document["preview"]["compared"] == {
        "name": {"ours": name, "theirs": None, "agrees": None, "sealed": ["theirs"]},
        "birth_date": {"ours": "1951-10-09", "theirs": None, "agrees": None, "sealed": ["theirs"]},
        "age": {"ours": 75, "theirs": 75, "agrees": True},
    }
    assert levels(shown.document) == {"name_sealed": "stop", "protected": "note"}
    refused(library, shown, "confirm.reason")


def test_a_right_and_a_wrong_name_of_a_protected_person_give_the_same_preview(library: Library) -> None:
    """Also where the birth date is another: only the age is told."""
    patrons = [
        named(library, CprNumber.parse_any(f"010154{last}"), name, last)
        for name, last in (("Ruth Kjeldgaard", "KOT1"), ("Ane Skov", "KOT2"))
    ]
    for patron_id in patrons:
        correct_birth(library, patron_id, "1951-10-10")
    library.register.knows(gains_protection(person("EDITH")))
    right, wrong = (preview(library, patron_id).document for patron_id in patrons)
    said = json.dumps([right, wrong]).replace("Ruth Kjeldgaard", "Ane Skov").replace(patrons[0], patrons[1])
    first, second = json.loads(said)
    for one in (first, second):
        del one["preview"]["digest"]  # it holds the record's version and a keyed fingerprint
    assert first == second
    assert first["preview"]["compared"]["age"]["agrees"] is True


def test_of_a_protected_patron_of_ours_a_name_in_the_register_says_nothing(library: Library) -> None:
    """The register's name stood open beside the word whether ours is the same."""
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    set_field(counter(library), Setting(patron_id, "protection", "ja", "lone"))
    library.register.knows(person("EDITH"))
    shown = preview(library, patron_id)
    assert shown.document["preview"]["compared"]["name"] == {
        "ours": None,
        "theirs": "Ruth Kjeldgaard",
        "agrees": None,
        "sealed": ["ours"],
    }
    assert "name_sealed" in levels(shown.document)


def test_a_number_of_a_protected_person_of_another_age_is_probably_somebody_elses(library: Library) -> None:
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(gains_protection(person("HENRIK")))
    told = levels(preview(library, patron_id, cpr("HENRIK")).document)
    assert told == {"name_sealed": "stop", "age_differs": "stop", "protected": "note"}


def test_a_parked_patron_who_has_the_number_is_not_named(library: Library) -> None:
    library.deliver(MONDAY, replace(person("ANNA"), address=SILENT))
    library.one_night()
    assert library.view("ANNA").parked
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    compared = preview(library, patron_id, cpr("ANNA")).document["preview"]["compared"]
    assert (compared["name"]["theirs"], compared["name"]["sealed"]) == (None, ["theirs"])


def correct_birth(library: Library, patron_id: str, day: str) -> None:
    set_field(counter(library), Setting(patron_id, "birth_date", day, "lone", reason="så passet", until=LATER))


def test_a_birth_date_that_the_library_wrote_gives_way_to_a_real_number_and_comes_back(library: Library) -> None:
    """A register that does not say one would else leave the typed date standing as its own."""
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    set_field(counter(library), Setting(patron_id, "birth_date", "1950-01-01", "lone"))
    library.register.knows(replace(person("EDITH"), birth=SILENT))
    assert preview(library, patron_id).document["preview"]["compared"]["birth_date"]["ours"] == "1950-01-01"
    set_cpr(library, patron_id)
    assert library.view("EDITH").register.birth is SILENT
    undo(library, patron_id)
    (patron,) = library.store.patrons.read([patron_id])
    assert patron.register.birth == Birth(date(1950, 1, 1))


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_block_that_is_kept_by_the_number_is_told_before_it_comes_with_it(
    either_library: Library, blocks: int
) -> None:
    library = either_library
    library.register.knows(person("EDITH"))
    gone = enrol(library, EDITH, "E9")
    for reason in ("Gebyrer", "Hærværk")[:blocks]:
        set_field(counter(library), Setting(gone, "blocks", reason, "lone"))
    leave(LeavingDesk(library, "lone"), gone)
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    shown = preview(library, patron_id)
    assert levels(shown.document) == {"block.kept": "ask"}
    assert len(shown.document["preview"]["kept_blocks"]) == blocks
    confirm_number(desk(library), shown, yes_to(shown.preview))
    view = library.store.views.patron(patron_id)
    assert view is not None
    assert len(view.local.blocks) == blocks
    assert library.store.kept_blocks.of(EDITH) == ()


@pytest.mark.parametrize("erased", [False, True])
def test_a_block_that_came_with_a_wrong_number_goes_back_to_it(either_library: Library, *, erased: bool) -> None:
    """It stayed on the wrong record, and whoever it was of came back without it."""
    library = either_library
    library.register.knows(person("EDITH"))
    gone = enrol(library, EDITH, "E9")
    for reason in ("Gebyrer", "Hærværk", "Mistet kort"):
        set_field(counter(library), Setting(gone, "blocks", reason, "lone"))
    leaves = LeavingDesk(library, "lone")
    leave(leaves, gone)
    kept = library.rows("kept_block")
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    set_field(counter(library), Setting(patron_id, "blocks", "Mistet kort", "lone"))
    set_cpr(library, patron_id)
    set_field(counter(library), Setting(patron_id, "blocks", "Hærværk", "lone", doing=ListChange.REMOVE))
    if erased:
        erase(leaves, gone)
    undo(library, patron_id)
    view = library.store.views.patron(patron_id)
    assert view is not None
    assert [block.reason for block in view.local.blocks if block.lifted is None] == ["Mistet kort"]
    back = library.rows("kept_block")
    assert [block.reason for block in library.store.kept_blocks.of(EDITH)] == (
        [] if erased else ["Gebyrer", "Mistet kort"]
    )
    assert [(one["patron_id"], one["kept"]) for one in back] == [(gone, kept[0]["kept"])] * (0 if erased else 2)
    verify_audit(library.store)


def test_a_number_that_another_desk_gives_meanwhile_is_given_once(library: Library) -> None:
    first, second = (named(library, made, "Ruth Kjeldgaard", made.digits[-4:]) for made in MADE)
    library.register.knows(person("EDITH"))
    shown = preview(library, second)
    set_cpr(library, first)
    refused(library, shown, "confirm.changed")


def test_a_number_of_a_patron_who_is_somebody_else_leaves_nobody_to_a_person_without_a_reason(
    library: Library,
) -> None:
    """A slip of the keys on another patron's number proposed to merge the two, and sealed the one."""
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    shown = preview(library, patron_id, cpr("ANNA"))
    assert levels(shown.document) == {"somebody_else": "stop", "both_patrons": "ask"}
    refused(library, shown, "confirm.reason")
    assert library.reviews() == []


def test_a_date_that_does_not_exist_is_refused_before_it_is_sent(library: Library) -> None:
    patron_id = enrol(library, MADE[0])
    before = library.everything()
    with pytest.raises(BadInput, match="no such date"):
        preview(library, patron_id, CprNumber("3102851234"))
    assert (library.register.looked_up, library.everything()) == ([], before)


# -- taken back ----------------------------------------------------------------------------------------------------


def undo(library: Library, patron_id: str) -> dict[str, Any]:
    """Someone looks, and says yes."""
    shown = preview_taking_back(reviews(library), patron_id)
    return take_number_back(reviews(library), shown, yes_to(shown.preview))


def reviews(library: Library) -> StaffReviews:
    return StaffReviews(library, "lone")


def recorded(library: Library, patron_id: str) -> dict[str, Any]:
    """What the record is; versions rise."""
    rows = library.everything()
    (patron,) = [dict(row) for row in rows["patron"] if row["id"] == patron_id]
    for moves_on in ("version", "register_since", "rights_due", "last_seen", "found_register", "found_local"):
        patron.pop(moves_on, None)
    keys = sorted(row["key_index"] for row in rows["patron_key"] if row["patron_id"] == patron_id)
    asked = [row["kind"] for row in rows["follow_up"] if row["patron_id"] == patron_id]
    return {"patron": patron, "keys": keys, "asked": asked}


@pytest.mark.parametrize("made", [*MADE, None])
@pytest.mark.parametrize("nights", [0, 1])
def test_a_number_that_was_wrong_is_taken_back_and_the_record_is_as_it_was(
    either_library: Library, made: CprNumber | None, nights: int
) -> None:
    """HENRIK is dead and somebody else; after a night the number is unsubscribed, and CULR has no account under it."""
    library, henrik = either_library, cpr("HENRIK")
    patron_id = enrol(library, made)
    set_field(counter(library), Setting(patron_id, "name", "Ruth Kjeldgaard", "lone"))
    before = recorded(library, patron_id)
    library.register.knows(dies(person("HENRIK")))
    set_cpr(library, patron_id, henrik)
    assert library.store.patrons.read([patron_id])[0].letters_stopped is not None
    for _ in range(nights):
        library.night()
    document = undo(library, patron_id)
    assert (document["outcome"], document["verified"], document["written"]) == ("undone", before_verified(before), True)
    assert recorded(library, patron_id) == before
    assert library.store.patrons.find(henrik) is None
    for _ in range(2):
        library.night()
        assert henrik not in library.register.listed
        assert recorded(library, patron_id) == before
    last = told(library, patron_id)[-1:]
    assert all(one.get("delete") or one.get("replaces") == henrik.digits for one in last)
    verify_audit(library.store)
    with pytest.raises(BadInput) as again:
        undo(library, patron_id)
    assert again.value.kind == "number.taken_back"


def before_verified(before: dict[str, Any]) -> bool:
    return before["patron"]["as_of_day"] is not None


def test_a_number_is_taken_back_after_a_yes_to_whose_it_is_alone(either_library: Library) -> None:
    """It was taken back at once, unseen, of whichever patron number was typed."""
    library = either_library
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    before = library.everything()
    shown = preview_taking_back(reviews(library), patron_id)
    assert shown.document["preview"]["whose"] == {
        "name": "Ruth Kjeldgaard",
        "age": 75,
        "cards": ["E1"],
        "protected": False,
    }
    assert levels(shown.document) == {"as_before": "ask", "staff_stays": "note"}
    with pytest.raises(NotConfirmed) as other:
        take_number_back(reviews(library), shown, Confirmation("sha256:another"))
    assert (other.value.kind, unseen(library.everything())) == ("confirm.changed", unseen(before))
    set_field(counter(library), Setting(patron_id, "name", "Ruth Kjeldgaard-Holm", "lone", reason="ny", until=LATER))
    before = library.everything()
    with pytest.raises(NotConfirmed) as changed:
        take_number_back(reviews(library), shown, yes_to(shown.preview))
    assert (changed.value.kind, library.everything()) == ("confirm.changed", before)


def test_no_answer_to_the_review_item_takes_a_number_back_unseen(library: Library) -> None:
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    (given,) = [one for one in reviews(library).listed(all_states=True) if one["kind"] == "number.set"]
    before = library.everything()
    with pytest.raises(NotConfirmed) as unseen:
        reviews(library).undo(given["id"])
    assert (unseen.value.kind, library.everything()) == ("confirm.number", before)


def test_of_a_protected_patron_the_taking_back_shows_age_and_card_and_no_name(library: Library) -> None:
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(gains_protection(person("EDITH")))
    set_cpr(library, patron_id)
    shown = preview_taking_back(reviews(library), patron_id)
    assert shown.document["preview"]["whose"] == {"name": None, "age": 75, "cards": ["E1"], "protected": True}
    assert "Ruth" not in json.dumps(shown.document)


def test_the_reason_of_a_taking_back_is_kept_in_the_audit(library: Library) -> None:
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    shown, before = preview_taking_back(reviews(library), patron_id), library.everything()
    take_number_back(reviews(library), shown, Confirmation(shown.preview.digest, "forkert kort"))
    assert len(library.rows("audit_reason")) == len(before["audit_reason"]) + 1
    verify_audit(library.store)


def test_what_was_taken_back_can_be_given_rightly(library: Library) -> None:
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(person("HENRIK"), person("EDITH"))
    set_cpr(library, patron_id, cpr("HENRIK"))
    undo(library, patron_id)
    assert set_cpr(library, patron_id)["verified"]
    library.night()
    assert (EDITH in library.register.listed, cpr("HENRIK") in library.register.listed) == (True, False)
    assert library.view("EDITH").patron.id == patron_id
    library.nothing_is_left()


def test_a_number_that_the_register_has_replaced_since_is_not_taken_back(library: Library) -> None:
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    new = replace(person("EDITH"), number=cpr("HENRIK"))
    library.register.knows(new)
    library.deliver(MONDAY, Person(EDITH, status=Status.CHANGED, current_number=cpr("HENRIK")), new)
    library.one_night()
    before = library.everything()
    with pytest.raises(ReviewClosed, match="another number since"):
        undo(library, patron_id)
    assert unseen(library.everything()) == unseen(before)


def test_a_number_that_was_taken_back_does_not_wait_again(library: Library) -> None:
    patron_id = named(library, MADE[0], "Ruth Kjeldgaard")
    library.register.knows(person("EDITH"))
    set_cpr(library, patron_id)
    undo(library, patron_id)
    (item,) = reviews(library).listed(all_states=True)
    assert item["reopens"] is False
    before = library.everything()
    with pytest.raises(ReviewChanged, match="not by an answer"):
        reviews(library).reopen(item["id"], reason="igen")
    assert library.everything() == before
