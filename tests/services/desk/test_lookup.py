"""A look-up at the desk: audited before the call, decided as a night is, and writing nothing unless asked to."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import AGENCY, FRIDAY, MONDAY, Library, altered, happened, unowned
from townspeople import cpr, dies, gains_protection, moves, person, renames
from townspeople import emigrates as leaves
from whole import verify_audit

from cprsync.domain.patron.patron import AsOf, Purpose, Source
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Person, Status
from cprsync.errors import BadAnswer, BadInput, LostCompare, NotConfirmed, RegisterUnavailable, StoreUnavailable
from cprsync.services.desk.lookup import Asked, Desk, LookedUp, look_up
from cprsync.services.planning.applying import make_finding_keys

if TYPE_CHECKING:
    from collections.abc import Callable

DOWN = RegisterUnavailable("no answer")


def lookup(library: Library, key: str, *, register: bool = False, store: Any = None) -> LookedUp:
    return ask(library, Asked(cpr(key), Purpose.REGISTRATION, "lisbeth"), register=register, store=store)


def ask(library: Library, asked: Asked, *, register: bool = False, store: Any = None) -> LookedUp:
    """With `register` someone says yes to what is shown, with a reason where one is needed."""
    desk = Desk(AGENCY, store or library.store, library.register, library.clock, library.policy)
    return said_yes.register(desk, asked) if register else look_up(desk, asked)


def warned(looked_up: LookedUp) -> list[str]:
    """The kinds of the warnings, but those that a patron is one."""
    return [one["kind"] for one in looked_up.document["warnings"] if one["kind"] not in {"patron", "patron_same"}]


def kinds(document: dict[str, Any]) -> list[str]:
    return [one["kind"] for one in document["warnings"]]


def desk_entries(library: Library) -> list[dict[str, Any]]:
    rows = [row for row in library.rows("audit") if row["stream"] == "desk"]
    return [json.loads(bytes.fromhex(row["entry"])) for row in sorted(rows, key=lambda row: row["seq"])]


def values(looked_up: LookedUp) -> dict[str, Any]:
    return {name: entry["value"] for name, entry in looked_up.document["fields"].items()}


# -- without --register ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ANNA", "EDITH"])
def test_a_look_up_writes_nothing_but_its_audit(library: Library, key: str) -> None:
    library.register.knows(moves(person(key)))
    before = library.everything()
    assert lookup(library, key).document["found"] is True
    after = library.everything()
    assert unowned(after) == unowned(before)
    patron = library.store.patrons.find(cpr(key))
    assert happened(after) - happened(before) == {("lookup", patron): 1}
    verify_audit(library.store)


def test_the_audit_says_why_who_and_about_whom_without_the_number(library: Library) -> None:
    lookup(library, "ANNA")
    (entry,) = desk_entries(library)
    assert (entry["kind"], entry["actions"], entry["user"]) == ("lookup", ["registration"], "lisbeth")
    assert (entry["patron"], entry["run"]) == (library.id_of("ANNA"), None)
    index = [library.row(library.id_of("ANNA"))["number_index"]]
    assert [entry["number"]] == index
    assert cpr("ANNA").digits not in json.dumps(entry)


def test_the_audit_is_committed_before_the_register_is_asked(library: Library) -> None:
    seen: list[int] = []
    library.register.on_look_up = lambda _: seen.append(len(desk_entries(library)))
    lookup(library, "ANNA")
    assert seen == [1]


def test_the_register_is_not_asked_when_the_audit_cannot_be_written(library: Library) -> None:
    def intend(*_: object, **__: object) -> None:
        raise StoreUnavailable("the database does not answer")

    before = library.everything()
    with pytest.raises(StoreUnavailable):
        lookup(library, "ANNA", register=True, store=altered(library.store, access_admit=intend))
    assert (library.register.looked_up, library.everything()) == ([], before)


def test_a_patron_is_shown_beside_what_the_register_says_now(library: Library) -> None:
    library.clock.set_after(MONDAY)
    library.register.knows(renames(person("ANNA")))
    document = lookup(library, "ANNA").document
    assert (document["patron"], document["actions"]) == (library.id_of("ANNA"), ["rename"])
    name = document["fields"]["name"]
    assert (name["value"], name["register"]) == (person("ANNA").name.addressing, "Mette Aagaard")  # type: ignore[union-attr]  # she has a name
    assert "register" not in document["fields"]["address"]
    assert "group" in document["fields"]


def test_a_stranger_is_shown_as_the_register_has_her(library: Library) -> None:
    library.register.knows(person("EDITH"))
    looked_up = lookup(library, "EDITH")
    assert (looked_up.document["patron"], looked_up.document["actions"]) == (None, ["first_copy"])
    assert values(looked_up)["municipality"] == "0751"
    assert {entry["owner"] for entry in looked_up.document["fields"].values()} == {"register"}
    assert looked_up.document["fields"]["name"]["source"] == "lookup"


def test_a_record_that_is_newer_than_the_answer_says_so(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA")))
    library.night()
    document = lookup(library, "ANNA").document
    assert (document["actions"], kinds(document)) == ([], ["older"])


def test_an_answer_of_the_files_own_day_that_protects_seals_and_does_nothing_else(library: Library) -> None:
    """Decisions 1 and 2: the two contradict each other; what else the answer says loses to the file."""
    library.deliver(MONDAY, moves(person("ANNA")))
    library.night()
    library.register.knows(gains_protection(renames(person("ANNA"))))
    lookup(library, "ANNA")
    assert library.record("ANNA") == gains_protection(moves(person("ANNA")))
    assert lookup(library, "ANNA", register=True).document["actions"] == []
    assert library.record("ANNA") == gains_protection(moves(person("ANNA")))
    # true for the file still: what the next answer of that day says of her name is older too
    assert library.view("ANNA").patron.as_of == AsOf(MONDAY, Source.FILE)
    again = library.everything()
    assert "older" in warned(lookup(library, "ANNA", register=True))
    assert unowned(library.everything()) == unowned(again)
    make_finding_keys(library.ports())
    library.nothing_is_left()


def test_a_protection_that_a_look_up_tells_of_is_written_at_once_and_nothing_else_without_a_yes(
    either_library: Library,
) -> None:
    """Decision 3: colleagues would see her name and address until the next delivery tells of it."""
    library = either_library
    library.clock.set_after(MONDAY)
    library.register.knows(gains_protection(renames(moves(person("ANNA")))))
    before = happened(library.everything())
    assert lookup(library, "ANNA").document["protected"]
    assert library.record("ANNA") == gains_protection(person("ANNA"))
    patron = library.id_of("ANNA")
    assert happened(library.everything()) - before == {("lookup", patron): 1, ("change", patron): 1}
    after = library.everything()
    lookup(library, "ANNA")
    assert unowned(library.everything()) == unowned(after)
    verify_audit(library.store)


def test_an_answer_of_an_earlier_day_that_protects_changes_nothing(library: Library) -> None:
    library.deliver(MONDAY, person("ANNA"))
    library.night()
    before = library.everything()
    library.clock.set_after(FRIDAY)
    library.register.knows(gains_protection(person("ANNA")))
    assert "older" in warned(lookup(library, "ANNA", register=True))
    after = library.everything()
    for row in (*before["patron"], *after["patron"]):
        del row["last_seen"]  # that she was here is news all the same
    assert unowned(after) == unowned(before)


# -- protected -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ANNA", "EDITH", "BO"])
@pytest.mark.parametrize("register", [False, True])
def test_name_and_address_of_the_protected_are_sealed(library: Library, key: str, *, register: bool) -> None:
    """Whether the record or only the register says so, for patrons and strangers."""
    library.clock.set_after(MONDAY)
    library.register.knows(gains_protection(renames(moves(person(key)))))
    document = lookup(library, key, register=register).document
    assert document["protected"] is True
    for name in ("name", "address", "last_name"):
        entry = document["fields"][name]
        assert (entry["value"], entry["sealed"], entry.get("register")) == (None, True, None)
    told = json.dumps(document, ensure_ascii=False)
    assert "Aagaard" not in told
    assert document["fields"]["municipality"]["value"] == "0751"


def test_a_protection_that_the_register_no_longer_has_is_not_shown_open(library: Library) -> None:
    library.clock.set_after(MONDAY)
    library.register.knows(person("BO"))
    document = lookup(library, "BO").document
    assert document["fields"]["name"]["sealed"]
    assert "register" not in document["fields"]["name"]


# -- numbers ---------------------------------------------------------------------------------------------


def test_a_replacement_number_is_never_sent(library: Library) -> None:
    made = CprNumber(f"{int(cpr('ANNA').digits[:2]) + 60}{cpr('ANNA').digits[2:]}")
    before = library.everything()
    with pytest.raises(BadInput):
        ask(library, Asked(made, Purpose.DEBT, "lisbeth"), register=True)
    assert (library.register.looked_up, library.everything()) == ([], before)


@pytest.mark.parametrize("register", [False, True])
def test_a_number_that_the_register_does_not_know_is_not_found(library: Library, *, register: bool) -> None:
    before = library.everything()
    document = lookup(library, "EDITH", register=register).document
    assert (document["found"], document["patron"], document["fields"]) == (False, None, {})
    assert unowned(library.everything()) == unowned(before)
    assert cpr("EDITH") not in library.register.subscribed


@pytest.mark.parametrize("register", [False, True])
def test_a_replaced_number_leads_to_the_one_that_is_hers_now(library: Library, *, register: bool) -> None:
    old = replace(Person(cpr("EDITH")), status=Status.CHANGED, current_number=cpr("HENRIK"))
    library.register.knows(person("HENRIK"))
    library.register.persons[cpr("EDITH")] = old
    document = lookup(library, "EDITH", register=register).document
    assert kinds(document) == ["old_number"]
    assert document["fields"]["cpr_number"]["value"] == cpr("HENRIK").masked()
    assert len([entry for entry in desk_entries(library) if entry["kind"] == "lookup"]) == 2
    assert (library.store.patrons.find(cpr("HENRIK")) is not None) is register
    assert library.store.patrons.find(cpr("EDITH")) is None


def test_a_patron_is_found_by_her_old_number_which_is_neither_sent_nor_shown(library: Library) -> None:
    old = replace(Person(cpr("ANNA")), status=Status.CHANGED, current_number=cpr("HENRIK"))
    new = replace(person("ANNA"), number=cpr("HENRIK"))
    library.register.knows(new)
    library.deliver(MONDAY, old, new)
    library.one_night()
    library.register.looked_up.clear()
    document = lookup(library, "ANNA").document
    assert kinds(document)[0] == "old_number"
    assert document["patron"] == library.id_of("HENRIK")
    assert document["fields"]["cpr_number"]["value"] == cpr("HENRIK").masked()
    assert library.register.looked_up == [cpr("HENRIK")]


def test_a_patron_whose_number_is_replaced_keeps_it_until_the_delivery_and_waits(library: Library) -> None:
    """Decision 6: who else has the new one is seen over the whole delivery only."""
    before = library.view("ANNA").patron
    library.register.persons[cpr("ANNA")] = replace(
        Person(cpr("ANNA")), status=Status.CHANGED, current_number=cpr("HENRIK")
    )
    looked_up = lookup(library, "ANNA", register=True)
    assert (looked_up.parked, warned(looked_up)) == (True, ["number.unresolved"])
    assert library.view("ANNA").parked
    after = library.view("ANNA").patron
    assert (after.register, after.version, after.as_of) == (before.register, before.version, before.as_of)
    assert library.store.patrons.find(cpr("HENRIK")) is None


@pytest.mark.parametrize("links", [5, 6])
def test_five_links_are_followed_and_not_six(library: Library, links: int) -> None:
    """Each link is a look-up more than the first."""
    numbers = [CprNumber(f"010370171{n}") for n in range(links + 1)]
    for old, new in pairwise(numbers):
        library.register.persons[old] = replace(Person(old), status=Status.CHANGED, current_number=new)
    library.register.knows(person("EDITH", number=numbers[-1]))
    asked = Asked(numbers[0], Purpose.REGISTRATION, "lisbeth")
    if links == 5:
        assert warned(ask(library, asked, register=True))[0] == "old_number"
        assert library.store.patrons.find(numbers[-1]) is not None
    else:
        before = library.everything()
        with pytest.raises(BadAnswer, match="without end"):
            ask(library, asked, register=True)
        assert unowned(library.everything()) == unowned(before)
    assert library.register.looked_up == numbers[:6]


def test_numbers_that_lead_in_a_circle_end_the_look_up(library: Library) -> None:
    for one, other in (("EDITH", "HENRIK"), ("HENRIK", "EDITH")):
        changed = replace(Person(cpr(one)), status=Status.CHANGED, current_number=cpr(other))
        library.register.persons[cpr(one)] = changed
    with pytest.raises(Exception, match="without end"):
        lookup(library, "EDITH", register=True)
    assert library.store.patrons.find(cpr("EDITH")) is None


# -- with --register -------------------------------------------------------------------------------------


def test_a_new_patron_is_created_subscribed_and_verified_at_once(library: Library) -> None:
    library.register.knows(person("EDITH"))
    document = lookup(library, "EDITH", register=True).document
    view = library.view("EDITH")
    assert (document["patron"], document["actions"]) == (library.id_of("EDITH"), ["first_copy"])
    assert view.register == replace(person("EDITH"), contact=view.register.contact)
    assert (view.patron.verified, view.patron.as_of.source) == (True, Source.LOOKUP)
    assert view.subscribed_since == library.clock.today()
    assert set(view.since.values()) == {library.clock.today()}
    assert cpr("EDITH") in library.register.subscribed
    assert library.outbox("EDITH") == [(2, "751")]
    assert library.questions() == []
    kinds = [(entry["kind"], entry["user"]) for entry in desk_entries(library)]
    assert kinds == [(kind, "lisbeth") for kind in ("lookup", "register", "subscribe", "change")]
    verify_audit(library.store)


def test_registering_twice_is_the_same_as_once(library: Library) -> None:
    library.register.knows(person("EDITH"))
    lookup(library, "EDITH", register=True)
    before, calls = library.everything(), len(library.register.subscribed)
    document = lookup(library, "EDITH", register=True).document
    assert (document["actions"], document["patron"]) == ([], library.id_of("EDITH"))
    assert unowned(library.everything()) == unowned(before)
    assert len(library.register.subscribed) == calls


def test_a_night_after_a_registration_has_nothing_to_do_for_her(library: Library) -> None:
    library.register.knows(person("EDITH"))
    lookup(library, "EDITH", register=True)
    library.deliver(MONDAY, person("EDITH"))
    report = library.night()
    assert (report.exit_code, library.items(report)) == (0, [("unchanged", None)])


@pytest.mark.parametrize("event", [moves, renames, dies, leaves])
def test_a_patron_is_updated_as_a_night_would(library: Library, event: Callable[[Person], Person]) -> None:
    library.clock.set_after(MONDAY)
    library.register.knows(event(person("ANNA")))
    before = library.view("ANNA").patron
    lookup(library, "ANNA", register=True)
    expected = event(person("ANNA"))
    address = expected.address if expected.address is not SILENT else person("ANNA").address
    view = library.view("ANNA")
    assert view.register == replace(expected, address=address)
    assert (view.patron.as_of, view.patron.version) == (AsOf(FRIDAY, Source.LOOKUP), before.version + 1)
    assert (view.patron.letters_stopped is not None) is (event is dies)
    images = [row["version"] for row in library.rows("before_image") if row["patron_id"] == before.id]
    assert before.version in images


def test_a_patron_who_waits_for_her_first_copy_gets_it_and_the_question_is_closed(library: Library) -> None:
    library.enrol("EDITH")
    library.register.failures[cpr("EDITH")] = DOWN
    library.one_night()
    del library.register.failures[cpr("EDITH")]
    library.register.knows(person("EDITH"))
    lookup(library, "EDITH", register=True)
    assert library.view("EDITH").patron.verified
    assert library.questions() == []


def test_a_register_that_does_not_answer_creates_nobody(library: Library) -> None:
    library.register.down = DOWN
    before = library.everything()
    with pytest.raises(RegisterUnavailable):
        lookup(library, "EDITH", register=True)
    assert unowned(library.everything()) == unowned(before)


def test_nobody_is_created_who_cannot_be_subscribed(library: Library) -> None:
    library.register.knows(person("EDITH"))
    library.register.refuses_to_subscribe[cpr("EDITH")] = DOWN
    before = library.everything()
    with pytest.raises(RegisterUnavailable):
        lookup(library, "EDITH", register=True)
    assert unowned(library.everything()) == unowned(before)


def test_a_person_who_cannot_be_decided_becomes_no_patron(library: Library) -> None:
    library.register.knows(replace(person("EDITH"), address=SILENT))
    before = library.everything()
    looked_up = lookup(library, "EDITH", register=True)
    assert (looked_up.parked, warned(looked_up)) == (True, ["address.missing"])
    assert looked_up.document["patron"] is None
    assert unowned(library.everything()) == unowned(before)
    assert cpr("EDITH") not in library.register.subscribed


def test_a_record_written_by_someone_else_meanwhile_is_decided_again_and_asks_for_another_yes(library: Library) -> None:
    library.register.knows(person("EDITH"))

    lost = []

    def save(entry: Any) -> str:
        """Another desk registers her just before this one writes."""
        if entry.patron_id is None:
            lookup(library, "EDITH", register=True)
        try:
            return library.store.desk.save(entry)
        except LostCompare as error:
            lost.append(error)
            raise

    store = altered(library.store, desk_save=save)
    with pytest.raises(NotConfirmed) as refused:
        lookup(library, "EDITH", register=True, store=store)
    assert (len(lost), refused.value.kind) == (1, "confirm.changed")
    assert library.view("EDITH").patron.version == 2
