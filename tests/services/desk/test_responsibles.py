"""Who answers for a minor: linked by staff, kept true by the night, ended by age, by staff, or by a person's answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from beginnings import DATABASES, Beginnings
from begun import begin
from doubles import AGENCY, MONDAY, TUESDAY, WEDNESDAY, Library, refused, unowned
from kills import is_closed, killed, lived_whole, sample
from sqlalchemy import event
from test_calendar_part import POLICY
from test_night_killed import outcome
from test_reverted_runs import undo
from test_reviewing import circulate, number_of, reviews, waits
from test_set_cpr import enrol
from test_setting import UNTIL, WHY, correct, counter
from test_statements import statements
from townspeople import cpr, dies, emigrates, gains_protection, loses_protection, moves, person
from whole import verify_audit

from cprsync.domain.patron.patron import PatronKind, Purpose
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, Birth, Custody, Person, Status, silence_by_status
from cprsync.domain.policy.policy import Harm
from cprsync.errors import BadInput, CprsyncError, NoSuchPerson, RegisterUnavailable, ReviewChanged, ReviewClosed
from cprsync.services.desk.lookup import Asked, Desk
from cprsync.services.desk.responsibles import ResponsibleRequest, add_responsible, end_responsible, list_responsibles
from cprsync.services.desk.setting import Setting, set_field
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.night.calendar import foresee
from cprsync.services.night.dry_run import plan_night
from cprsync.services.night.reverting import release
from cprsync.store import tables
from cprsync.store.audit.binding import CORRECTION, bind
from cprsync.store.core.tenant import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: ALFRED is 18 on 1 April 2027; LIV is 12 and lives with QUINNIE, her mother, who is no patron.
MINORS = ("ALFRED", "LIV")
OF_AGE = date(2027, 4, 1)
#: the envelope of a child whom no register knows
TYPED = ("Liv Uden Nummer", "Skovbrynet 7", "8000 Aarhus C")


@pytest.fixture(params=DATABASES)
def town(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> Iterator[Library]:
    """The library with two minors, after a night."""
    with beginnings.copied(tmp_path / "town", begin, take_minors, on=request.param) as town:
        yield town


def take_minors(library: Library) -> None:
    library.enrol(*MINORS)
    library.register.knows(*(person(key) for key in (*MINORS, "QUINNIE", "RIKKE", "SOFIE", "THOMAS")))
    library.one_night()
    library.register.looked_up.clear()


def desk(library: Library) -> Desk:
    return Desk(AGENCY, library.store, library.register, library.clock, library.policy)


def add(library: Library, minor: str, who: str) -> dict[str, Any]:
    asked = ResponsibleRequest(library.id_of(minor), "lone", cpr(who))
    return add_responsible(desk(library), asked)


def end(library: Library, minor: str, who: str) -> dict[str, Any]:
    return end_responsible(library, ResponsibleRequest(library.id_of(minor), "lone", cpr(who)))


def listed(library: Library, minor: str) -> list[dict[str, Any]]:
    told = list_responsibles(library, library.id_of(minor))
    found: list[dict[str, Any]] = told["responsibles"]
    return found


def row(library: Library, who: str) -> dict[str, Any]:
    return library.row(library.id_of(who))


def subscription(library: Library, who: str) -> list[tuple[str, date | None]]:
    theirs = [one for one in library.rows("subscription") if one["patron_id"] == library.id_of(who)]
    return sorted((one["reason"], one["until"]) for one in theirs)


def links(library: Library) -> list[tuple[str, str, date | None]]:
    rows = library.rows("responsible")
    return sorted((one["patron_id"], one["responsible_id"], one["until"]) for one in rows)


# -- added at the desk -------------------------------------------------------------------------------------


def test_a_stranger_gets_a_record_that_is_no_borrowers_subscribed_for_her_own_reason(town: Library) -> None:
    """Decision 10."""
    done = add(town, "LIV", "QUINNIE")
    assert (done["outcome"], done["kind"], done["verified"]) == ("added", "responsible", True)
    assert done["name"] == person("QUINNIE").name.addressing  # type: ignore[union-attr]  # she has one
    assert row(town, "QUINNIE")["kind"] == "responsible"
    assert row(town, "QUINNIE")["patron_group"] == ""
    assert subscription(town, "QUINNIE") == [("responsible", None)]
    assert (town.register.looked_up, cpr("QUINNIE") in town.register.listed) == ([cpr("QUINNIE")], True)
    assert [one["name"] for one in listed(town, "LIV")] == [person("QUINNIE").name.addressing]
    assert town.outbox("QUINNIE") == []
    town.night()
    assert subscription(town, "QUINNIE") == [("responsible", None)]
    assert town.view("LIV").responsibles == (town.id_of("QUINNIE"),)
    verify_audit(town.store)


def test_a_patron_answers_as_she_is_and_saying_it_twice_is_once(town: Library) -> None:
    assert add(town, "LIV", "ANNA")["kind"] == "person"
    before = town.everything()
    assert add(town, "LIV", "ANNA")["outcome"] == "unchanged"
    assert town.everything() == before
    assert (town.register.looked_up, subscription(town, "ANNA")) == ([], [("patron", None)])
    town.night()


def test_the_same_night_keeps_her_true(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, moves(person("QUINNIE")))
    town.night()
    assert town.record("QUINNIE") == replace(moves(person("QUINNIE")), events=())
    assert town.outbox("QUINNIE") == []


def test_she_is_created_though_the_register_does_not_answer_and_the_night_asks(town: Library) -> None:
    town.register.down = RegisterUnavailable("no answer")
    assert add(town, "LIV", "QUINNIE")["warnings"] == ["not_verified"]
    assert subscription(town, "QUINNIE") == []
    town.register.down = None
    town.night()
    assert subscription(town, "QUINNIE") == [("responsible", None)]
    assert town.view("QUINNIE").patron.verified
    assert (town.outbox("QUINNIE"), row(town, "QUINNIE")["patron_group"]) == ([], "")


@pytest.mark.parametrize(
    ("minor", "who", "kind"),
    [
        ("LIV", "LIV", "responsible.self"),
        ("ANNA", "QUINNIE", "responsible.of_age"),
        ("LIV", "ALFRED", "responsible.minor"),
        ("LIV", "AFDOED", "responsible.gone"),
        ("LIV", "GAMMELNUMMER", "number.replaced"),
        ("LIV", "EDITH", NoSuchPerson.kind),
    ],
)
def test_a_link_that_cannot_be_is_refused_and_nobody_is_subscribed_for_it(
    town: Library, minor: str, who: str, kind: str
) -> None:
    town.register.knows(person("AFDOED"), person("GAMMELNUMMER"))
    subscribed = list(town.register.subscribed)
    before = town.everything()
    with pytest.raises(CprsyncError) as refusal:
        add(town, minor, who)
    after = town.everything()
    assert refusal.value.kind == kind
    # that the register was asked stands in the audit, and is counted
    besides = ("audit", "audit_head", "desk_attempt", "desk_outcome")
    assert [after[one] for one in after if one not in besides] == [before[one] for one in before if one not in besides]
    assert town.register.subscribed == subscribed


def test_of_someone_who_is_dead_the_refusal_says_who_that_is(town: Library) -> None:
    """The number that was typed, or the patron: never the minor."""
    town.register.knows(person("AFDOED"), dies(person("ANNA")))
    with pytest.raises(BadInput, match=r"the person whose number was typed .* dead"):
        add(town, "LIV", "AFDOED")
    town.deliver(MONDAY, dies(person("ANNA")))
    town.one_night()
    with pytest.raises(BadInput, match=f"patron {town.id_of('ANNA')} .* dead"):
        add(town, "LIV", "ANNA")


def test_a_replacement_number_makes_no_record_of_someone_who_only_answers(library: Library) -> None:
    library.enrol("LIV")
    asked = ResponsibleRequest(library.id_of("LIV"), "lone", CprNumber.parse_any("6605851234"))
    assert refused(library, lambda: add_responsible(desk(library), asked)) == "input.number"


def test_four_answer_for_a_minor_and_no_fifth(town: Library) -> None:
    for who in ("QUINNIE", "RIKKE", "SOFIE", "ANNA"):
        add(town, "LIV", who)
    assert refused(town, lambda: add(town, "LIV", "BO")) == "responsible.too_many"


def test_nobody_answers_for_someone_who_answers_for_her(library: Library) -> None:
    """Of two whose ages are not known."""
    library.enrol("LIV", "ALFRED")
    library.register.knows(*(person(key) for key in MINORS))
    library.one_night()
    store = library.store
    tenant = store._tenant
    first, second = library.id_of("LIV"), library.id_of("ALFRED")
    with library.engine.begin() as connection:
        connection.execute(
            tables.responsible.insert().values(
                agency=AGENCY, patron_id=second, responsible_id=first, since=tenant.clock.today()
            )
        )
        connection.execute(tables.override.insert(), _of_age(library, second))
        connection.execute(tables.patron.update().where(tables.patron.c.id == second).values(overrides=1))
        bind(Transaction(connection, tenant), CORRECTION, {1: second})
    assert refused(library, lambda: add(library, "LIV", "ALFRED")) == "responsible.circle"


def _of_age(library: Library, patron_id: str) -> dict[str, Any]:
    """A corrected birth date by which she is of age, written without what follows from it."""
    tenant = library.store._tenant
    sealed = tenant.vault.seal(
        b'{"before":null,"reason":"pas","value":"1990-01-01"}', place=patron_id, owner="override", version=1
    )
    return {
        "agency": AGENCY, "id": 1, "patron_id": patron_id, "field": "birth_date", "value": sealed,
        "key": tenant.vault.seal_key, "by_user": "lone", "since": tenant.clock.today(), "state": "live",
        "until": tenant.clock.today() + timedelta(days=30),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [("kind", "institution", "responsible.no_person"), ("status_class", "merged", "patron.unknown")],
)
def test_nobody_answers_for_an_institution_or_an_empty_shell(town: Library, column: str, value: str, kind: str) -> None:
    with town.engine.begin() as connection:
        theirs = tables.patron.update().where(tables.patron.c.id == town.id_of("LIV"))
        connection.execute(theirs.values({column: value}))
    assert refused(town, lambda: add(town, "LIV", "ANNA")) == kind


def test_whoever_only_answers_has_nobody_to_answer_for_her(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    assert refused(town, lambda: add(town, "QUINNIE", "ANNA")) == "responsible.no_borrower"


# -- something happens to her -----------------------------------------------------------------------------


def disappears(one: Any) -> Any:
    return silence_by_status(replace(one, status=Status.DISAPPEARED))


@pytest.mark.parametrize("happens", [dies, emigrates, disappears])
def test_when_she_is_gone_letters_stop_at_once_and_a_person_is_asked_until_she_is_back(
    town: Library, happens: Callable[[Any], Any]
) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, happens(person("QUINNIE")))
    planned = plan_night(town.ports()).document()["reviews"]
    report = town.night()
    assert report.exit_code == 3
    assert report.document()["reviews"] == planned
    assert "responsible.gone" in waits(town)
    assert (listed(town, "LIV")[0]["letters"], listed(town, "LIV")[0]["why"]) == ("stopped", "gone")
    assert links(town) == [(town.id_of("LIV"), town.id_of("QUINNIE"), None)]
    town.deliver(TUESDAY, person("QUINNIE"))
    town.night()
    assert "responsible.gone" not in waits(town)
    assert listed(town, "LIV")[0]["letters"] == "go"
    assert subscription(town, "QUINNIE") == [("responsible", None)]


def test_accepting_ends_the_link_and_taking_it_back_begins_it_again(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, emigrates(person("QUINNIE")))
    town.night()
    number = number_of(town, "responsible.gone")
    accepted = reviews(town).accept(number)
    today = town.clock.today()
    assert accepted["undoable"]
    assert links(town) == [(town.id_of("LIV"), town.id_of("QUINNIE"), today)]
    assert listed(town, "LIV") == []
    assert (row(town, "QUINNIE")["standing"], subscription(town, "QUINNIE")) == ("leaving", [("responsible", None)])
    town.night()
    reviews(town).undo(number)
    assert links(town) == [(town.id_of("LIV"), town.id_of("QUINNIE"), None)]
    assert (row(town, "QUINNIE")["standing"], subscription(town, "QUINNIE")) == ("active", [("responsible", None)])
    town.night()
    verify_audit(town.store)


def test_a_rejected_item_waits_again_only_while_someone_who_answers_is_gone(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, emigrates(person("QUINNIE")))
    town.night()
    number = number_of(town, "responsible.gone")
    reviews(town).reject(number, reason="Moderen er på ferie")
    reviews(town).reopen(number, reason="Hun er rejst")
    assert "responsible.gone" in waits(town)
    reviews(town).reject(number, reason="Moderen er på ferie")
    town.deliver(TUESDAY, person("QUINNIE"))
    town.night()
    before = town.everything()
    with pytest.raises(ReviewChanged):
        reviews(town).reopen(number, reason="Hun er rejst")
    assert town.everything() == before


def test_once_her_record_is_closed_the_end_of_the_link_is_not_taken_back(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, emigrates(person("QUINNIE")))
    town.night()
    number = number_of(town, "responsible.gone")
    reviews(town).accept(number)
    town.clock.moment += timedelta(days=1)
    town.night()
    assert (town.store.patrons.find(cpr("QUINNIE")), cpr("QUINNIE") in town.register.listed) == (None, False)
    before = town.everything()
    with pytest.raises(ReviewClosed):
        reviews(town).undo(number)
    assert town.everything() == before


def test_her_protection_seals_the_minors_address_and_her_name_and_stops_letters(town: Library) -> None:
    """Decision 2: whoever has a guardian link with a protected patron has that address sealed too."""
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, gains_protection(person("QUINNIE")))
    town.night()
    assert "responsible.protected" in waits(town)
    (link,) = listed(town, "LIV")
    assert (link["name"], link["sealed"], link["letters"], link["why"]) == (None, True, "stopped", "protected")
    assert town.view("LIV").household
    assert "Møllebækslugten" not in repr(town.view("LIV").register.address)
    town.register.knows(loses_protection(person("QUINNIE")))
    town.deliver(TUESDAY, loses_protection(person("QUINNIE")))
    town.night()
    assert "responsible.protected" not in waits(town)
    assert (listed(town, "LIV")[0]["letters"], town.view("LIV").household) == ("go", False)


def with_custody(since: date, *keys: str) -> Person:
    """LIV as a delivery or an answer tells of her, with those who have custody of her."""
    return replace(person("LIV"), custody=Custody(frozenset(map(cpr, keys)), since))


def test_staff_are_asked_once_when_custody_is_no_longer_with_whom_they_made_responsible(town: Library) -> None:
    """Custody is compared and never kept (decision 1), and nothing is changed by itself."""
    add(town, "LIV", "QUINNIE")
    before, blob = links(town), town.row(town.id_of("LIV"))["register_blob"]
    town.deliver(MONDAY, with_custody(MONDAY, "QUINNIE", "THOMAS"))
    town.night()
    assert "responsible.custody" not in waits(town)
    town.deliver(TUESDAY, with_custody(TUESDAY, "THOMAS"))
    assert town.night().exit_code == 3
    assert "responsible.custody" in waits(town)
    assert (links(town), town.row(town.id_of("LIV"))["register_blob"]) == (before, blob)
    reviews(town).reject(number_of(town, "responsible.custody"), reason="Svarer stadig")
    town.deliver(WEDNESDAY, with_custody(TUESDAY, "THOMAS"))
    assert town.night().exit_code == 0
    assert "responsible.custody" not in waits(town)


@pytest.mark.parametrize("moved", [False, True])
def test_a_night_reads_once_who_answers_for_all_minors_whose_custody_a_delivery_tells(
    town: Library, moved: bool
) -> None:
    for minor in MINORS:
        add(town, minor, "QUINNIE")
    told = [replace(person(key), custody=Custody(frozenset({cpr("THOMAS")}), MONDAY)) for key in MINORS]
    town.deliver(MONDAY, *(moves(one) if moved else one for one in told))
    read: list[str] = []
    event.listen(town.engine, "before_cursor_execute", lambda _, __, statement, *___: read.append(statement))
    town.one_night()
    # the audit's check and the beginning of the night read all links, and not those of these minors
    assert sum("responsible.since" in one and "responsible.patron_id IN" in one for one in read) == 1
    assert [kind for kind in waits(town) if kind == "responsible.custody"] == ["responsible.custody"] * 2


def test_nobody_is_asked_about_custody_from_before_the_link_or_without_a_link(town: Library) -> None:
    """Staff may make a grandparent responsible, who never had custody."""
    add(town, "LIV", "QUINNIE")
    day = town.clock.today()
    town.deliver(MONDAY, with_custody(day - timedelta(days=400), "THOMAS"))
    town.night()
    end(town, "LIV", "QUINNIE")
    town.deliver(TUESDAY, with_custody(TUESDAY, "THOMAS"))
    town.night()
    assert "responsible.custody" not in waits(town)


def test_a_look_up_tells_of_custody_too_and_ending_the_link_settles_it(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY)
    town.night()
    town.register.knows(with_custody(MONDAY, "THOMAS"))
    town.clock.moment += timedelta(days=1)
    said_yes.register(desk(town), Asked(cpr("LIV"), Purpose.RENEWAL, "lone"))
    assert "responsible.custody" in waits(town)
    end(town, "LIV", "QUINNIE")
    assert "responsible.custody" not in waits(town)


def test_a_second_change_of_custody_on_the_day_of_the_question_is_asked_about_too(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, with_custody(MONDAY, "THOMAS"))
    town.night()
    reviews(town).reject(number_of(town, "responsible.custody"), reason="Svarer stadig")
    # the night after Monday asked, on Tuesday
    town.deliver(TUESDAY, with_custody(TUESDAY, "SOFIE"))
    town.night()
    assert "responsible.custody" in waits(town)


def test_nobody_is_asked_about_custody_of_a_child_who_is_of_age(town: Library) -> None:
    """The link ends by itself on the day."""
    add(town, "ALFRED", "QUINNIE")
    nights_until(town, OF_AGE)
    town.deliver(OF_AGE, replace(person("ALFRED"), custody=Custody(frozenset({cpr("THOMAS")}), OF_AGE)))
    town.one_night()
    assert "responsible.custody" not in waits(town)


@pytest.mark.parametrize("protected", ["LIV", "QUINNIE"])
def test_of_a_protected_child_or_responsible_person_the_question_shows_no_name(town: Library, protected: str) -> None:
    add(town, "LIV", "QUINNIE")
    hidden = gains_protection(person(protected))
    town.register.knows(hidden)
    town.deliver(MONDAY, hidden)
    town.night()
    liv = gains_protection(person("LIV")) if protected == "LIV" else person("LIV")
    town.deliver(TUESDAY, replace(liv, custody=Custody(frozenset({cpr("THOMAS")}), TUESDAY)))
    town.night()
    shown = repr(reviews(town).shown(number_of(town, "responsible.custody")))
    name = person(protected).name.addressing  # type: ignore[union-attr]  # an open one
    assert name not in shown
    assert not [key for key in ("LIV", "QUINNIE", "THOMAS") if cpr(key).digits in shown]
    assert "Møllebækslugten" not in shown


def test_an_undone_run_leaves_the_question_and_the_answer_after_it_asks_no_second(town: Library) -> None:
    """The night was wrong, but whether somebody answers for the child is a person's to say. Nothing was changed."""
    add(town, "LIV", "QUINNIE")
    before = links(town)
    moved = replace(moves(person("LIV")), custody=Custody(frozenset({cpr("THOMAS")}), MONDAY))
    town.deliver(MONDAY, moved)
    run = town.one_night().run.id
    undone = undo(town, run)
    assert undone["reverting"]["restored"] == 1
    number = number_of(town, "responsible.custody")
    release(town.store, undone["run"], user="anna", reason="set efter")
    town.register.knows(moved)
    town.one_night()
    assert (number_of(town, "responsible.custody"), links(town)) == (number, before)


def test_the_protection_of_someone_elsewhere_seals_the_minors_address_all_the_same(town: Library) -> None:
    add(town, "LIV", "BO")
    assert town.view("LIV").household
    end(town, "LIV", "BO")
    assert not town.view("LIV").household


@pytest.mark.parametrize("row", ["protection-linked"])
def test_whoever_answers_for_a_minor_and_waits_for_a_person_seals_the_minors_address(town: Library, row: str) -> None:
    """She counts as protected (decision 3), wherever she lives; and whoever is sealed for her sake seals nobody."""
    add(town, "LIV", "ANNA")
    assert not town.view("LIV").household, row
    town.deliver(MONDAY, replace(person("ANNA"), name=EMPTY))
    town.night()
    assert (town.view("ANNA").parked, town.view("LIV").household) == (True, True)
    assert not town.view("ANNA").household
    town.deliver(TUESDAY, person("ANNA"))
    town.night()
    assert (town.view("ANNA").parked, town.view("LIV").household) == (False, False)


@pytest.fixture
def unregistered(town: Library) -> str:
    """LIV before she had her number: name and address were typed at the desk."""
    child = enrol(town, CprNumber.parse_any(f"{cpr('LIV').digits[:6]}KOT1"))
    set_field(counter(town), Setting(child, "name", TYPED[0], "lone"))
    typed = Setting(child, "address", "\n".join(TYPED[1:]), "lone", reason=WHY, until=UNTIL)
    set_field(counter(town), typed)
    return child


@pytest.mark.parametrize("row", ["protection-linked"])
def test_a_protected_guardian_seals_what_was_typed_of_a_child_whom_no_register_knows(
    town: Library, unregistered: str, row: str
) -> None:
    window = RecordViewer(town, "lone")
    assert statements(town).statement(unregistered).envelope == TYPED
    asked = ResponsibleRequest(unregistered, "lone", cpr("BO"))
    add_responsible(desk(town), asked)
    shown = window.shown(unregistered)
    assert (shown["household"], shown["protected"]) == (True, False), row
    assert [name for name, entry in shown["fields"].items() if "sealed" in entry] == ["address"]
    assert TYPED[1] not in repr(shown)
    told = statements(town).statement(unregistered)
    assert (told.letter.value, told.envelope, told.name) == ("sealed", None, TYPED[0])
    assert window.revealed(unregistered, reason=WHY)["fields"]["address"]["value"] == list(TYPED[1:])
    assert statements(town).revealed(unregistered, reason=WHY).envelope == TYPED
    end_responsible(town, asked)
    assert statements(town).statement(unregistered).envelope == TYPED
    assert not window.shown(unregistered)["household"]


def test_two_who_are_gone_are_asked_about_once_and_the_item_waits_for_both(town: Library) -> None:
    for who in ("QUINNIE", "ANNA"):
        add(town, "LIV", who)
    town.deliver(MONDAY, emigrates(person("QUINNIE")), emigrates(person("ANNA")))
    planned = plan_night(town.ports()).document()["reviews"]
    assert town.night().document()["reviews"] == planned
    assert waits(town).count("responsible.gone") == 1
    town.deliver(TUESDAY, person("QUINNIE"))
    planned = plan_night(town.ports()).document()["reviews"]
    assert town.night().document()["reviews"] == planned
    assert "responsible.gone" in waits(town)
    end(town, "LIV", "ANNA")
    assert "responsible.gone" not in waits(town)


# -- at 18 ---------------------------------------------------------------------------------------------------


def nights_until(library: Library, last: date) -> None:
    while library.clock.today() < last:
        library.clock.moment += timedelta(days=1)
        library.one_night()


def test_at_18_the_link_ends_as_forecast_and_she_is_closed_in_the_same_night(town: Library) -> None:
    add(town, "ALFRED", "QUINNIE")
    told = foresee(town.store, town.policy, today=town.clock.today(), days=20).events
    ends = [(one.day, one.patron) for one in told if one.kind == "responsibility_ended"]
    assert ends == [(OF_AGE, town.id_of("ALFRED"))]
    nights_until(town, OF_AGE - timedelta(days=1))
    town.night()
    assert links(town)[0][2] is None
    town.clock.moment += timedelta(days=1)
    document = town.night().document()
    assert document["calendar"]["responsibility_ended"] == 1
    assert (document["leaving"]["closed"], document["subscriptions"]["ended"]) == (1, 1)
    assert document["subscriptions"]["removed"] == 1
    assert (town.store.patrons.find(cpr("QUINNIE")), cpr("QUINNIE") in town.register.listed) == (None, False)
    assert listed(town, "ALFRED") == []


def test_what_was_owed_before_stays_hers_until_it_is_paid(town: Library) -> None:
    add(town, "ALFRED", "QUINNIE")
    circulate(town, tables.balance, "ALFRED", 1, raised=date(2027, 3, 1), settled=None)
    nights_until(town, OF_AGE)
    town.nothing_is_left()
    (link,) = listed(town, "ALFRED")
    assert (link["until"], link["in_force"], link["owes"], link["why"]) == ("2027-04-01", False, True, "ended")
    assert (row(town, "QUINNIE")["standing"], subscription(town, "QUINNIE")) == ("active", [("responsible", None)])
    with town.engine.begin() as connection:
        connection.execute(tables.balance.update().values(settled=OF_AGE))
    town.night()
    assert (town.store.patrons.find(cpr("QUINNIE")), cpr("QUINNIE") in town.register.listed) == (None, False)


def test_of_a_protected_minor_the_day_on_which_a_link_ended_with_age_is_not_listed(town: Library) -> None:
    """It is the eighteenth birthday. A day on which staff ended a link is none."""
    add(town, "ALFRED", "QUINNIE")
    circulate(town, tables.balance, "ALFRED", 1, raised=date(2027, 3, 1), settled=None)
    town.deliver(MONDAY, gains_protection(person("ALFRED")))
    nights_until(town, OF_AGE)
    (link,) = listed(town, "ALFRED")
    assert (link["until"], link["withheld"], link["in_force"], link["why"]) == (None, True, False, "ended")


def test_more_than_the_limit_are_let_go_only_by_a_night_that_counts_them_first(town: Library) -> None:
    add(town, "ALFRED", "QUINNIE")
    nights_until(town, OF_AGE - timedelta(days=1))
    town.limit(Harm.UNSUBSCRIBED, 0)
    town.clock.moment += timedelta(days=1)
    assert not town.one_night().held
    assert (row(town, "QUINNIE")["standing"], cpr("QUINNIE") in town.register.listed) == ("leaving", True)
    town.clock.moment += timedelta(days=1)
    assert town.one_night().held


def test_a_debt_that_came_after_is_not_hers(town: Library) -> None:
    add(town, "ALFRED", "QUINNIE")
    circulate(town, tables.balance, "ALFRED", 1, raised=OF_AGE, settled=None)
    nights_until(town, OF_AGE)
    assert (listed(town, "ALFRED"), town.store.patrons.find(cpr("QUINNIE"))) == ([], None)


def test_a_corrected_birth_date_moves_the_end(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    # which keeps the link to be seen
    circulate(town, tables.balance, "LIV", 1, raised=date(2026, 12, 31), settled=None)
    town.night()
    town.deliver(MONDAY, replace(person("LIV"), birth=Birth(date(2009, 3, 25))))
    town.night()
    told = foresee(town.store, town.policy, today=town.clock.today(), days=5).events
    assert (date(2027, 3, 25), "responsibility_ended") in {(one.day, one.kind) for one in told}
    town.deliver(TUESDAY, replace(person("LIV"), birth=Birth(date(2009, 3, 24))))
    town.one_night()
    assert links(town) == [(town.id_of("LIV"), town.id_of("QUINNIE"), date(2027, 3, 24))]
    town.nothing_is_left()


def test_a_night_killed_while_links_end_ends_as_one_that_was_not(new_library: Library, tmp_path: Path) -> None:
    library = new_library
    library.enrol("ALFRED", "LIV")
    library.register.knows(*(person(key) for key in (*MINORS, "QUINNIE", "RIKKE")))
    library.deliver(library.clock.today().replace(day=19))
    library.one_night()
    add(library, "ALFRED", "QUINNIE")
    add(library, "LIV", "RIKKE")
    library.deliver(date(2027, 3, 31), emigrates(person("RIKKE")), previous=date(2027, 3, 19))
    whole, _, writes = lived_whole(library, tmp_path)
    # her last link ended, and her record and subscription with it
    assert (whole.store.patrons.find(cpr("QUINNIE")), cpr("QUINNIE") in whole.register.listed) == (None, False)
    assert [kind for _, kind in whole.reviews()] == ["responsible.gone"]
    wanted = outcome(whole)
    for other in killed(library, tmp_path, sample(writes)):
        if not is_closed(other):
            other.one_night()
        assert outcome(other) == wanted
        verify_audit(other.store)
    assert writes > 10
    whole.engine.dispose()


def test_a_birth_date_corrected_at_the_desk_moves_the_end_too(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.night()
    correct(town, "birth_date", "2009-03-25", key="LIV", until=date(2027, 6, 1))
    told = foresee(town.store, town.policy, today=town.clock.today(), days=10).events
    assert (date(2027, 3, 25), "responsibility_ended") in {(one.day, one.kind) for one in told}


def test_two_deliveries_of_one_night_make_no_borrower_of_whoever_only_answers(town: Library) -> None:
    """What the first one planned of her is what the second one decides on."""
    town.policy, town.strict = replace(town.policy, ladders=POLICY.ladders), False
    add(town, "LIV", "QUINNIE")
    moved = moves(person("QUINNIE"), "ODENSE")
    town.deliver(MONDAY, moved)
    town.deliver(TUESDAY, replace(moved, birth=Birth(date(1980, 1, 1))))
    sent = town.outbox("QUINNIE")
    town.night()
    assert (row(town, "QUINNIE")["kind"], row(town, "QUINNIE")["patron_group"]) == ("responsible", "")
    assert town.outbox("QUINNIE") == sent
    again = town.everything()
    town.night()
    assert unowned(again)["patron"] == unowned(town.everything())["patron"]


def test_no_night_puts_whoever_only_answers_into_a_group_by_age(town: Library) -> None:
    town.policy = POLICY
    add(town, "LIV", "QUINNIE")
    town.night()
    town.deliver(MONDAY, replace(person("QUINNIE"), birth=Birth(date(1991, 2, 6))))
    town.night()
    assert (row(town, "QUINNIE")["patron_group"], row(town, "LIV")["patron_group"]) == ("", "Barn")


# -- ended at the desk -----------------------------------------------------------------------------------------


def test_a_link_is_ended_at_the_desk_and_can_begin_again(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    add(town, "ALFRED", "QUINNIE")
    assert end(town, "LIV", "QUINNIE")["outcome"] == "ended"
    assert row(town, "QUINNIE")["standing"] == "active"
    end(town, "ALFRED", "QUINNIE")
    assert row(town, "QUINNIE")["standing"] == "leaving"
    assert refused(town, lambda: end(town, "LIV", "QUINNIE")) == "responsible.none"
    assert refused(town, lambda: end(town, "LIV", "BO")) == "responsible.none"
    town.clock.moment += timedelta(days=1)
    town.night()
    assert (town.store.patrons.find(cpr("QUINNIE")), cpr("QUINNIE") in town.register.listed) == (None, False)
    assert refused(town, lambda: end(town, "LIV", "QUINNIE")) == "responsible.none"
    assert add(town, "LIV", "QUINNIE")["outcome"] == "added"
    assert (row(town, "QUINNIE")["standing"], cpr("QUINNIE") in town.register.listed) == ("active", True)
    town.night()
    assert cpr("QUINNIE") in town.register.listed


def test_nobody_is_listed_for_someone_who_is_no_patron(library: Library) -> None:
    with pytest.raises(BadInput):
        list_responsibles(library, "10000000")


# -- a borrower after all, another number, and a death --------------------------------------------------------


def test_whoever_only_answered_becomes_a_patron_by_import_or_at_the_desk(town: Library) -> None:
    for who in ("QUINNIE", "RIKKE"):
        add(town, "LIV", who)
    town.enrol("QUINNIE")
    said_yes.register(desk(town), Asked(cpr("RIKKE"), Purpose.REGISTRATION, "lone"))
    town.night()
    for who in ("QUINNIE", "RIKKE"):
        assert (row(town, who)["kind"], subscription(town, who)) == ("person", [("patron", None)])
        assert [number for _, number in town.outbox(who)] == ["751"]
    assert len(listed(town, "LIV")) == 2


def test_her_new_number_is_subscribed_for_the_same_reason(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, replace(person("QUINNIE"), status=Status.CHANGED, current_number=cpr("NYNUMMER")))
    new = replace(person("QUINNIE"), number=cpr("NYNUMMER"))
    town.register.knows(new)
    town.one_night()
    town.one_night()
    assert ("responsible", None) in subscription(town, "NYNUMMER")
    assert (town.outbox("NYNUMMER"), cpr("NYNUMMER") in town.register.listed) == ([], True)
    assert town.view("NYNUMMER").patron.kind is PatronKind.RESPONSIBLE
    town.deliver(TUESDAY, new)
    town.night()


def test_of_whoever_only_answered_and_died_an_annulment_arrives_while_she_answers(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.deliver(MONDAY, dies(person("QUINNIE")))
    town.night()
    assert [reason for reason, _ in subscription(town, "QUINNIE")] == ["dead"]
    reviews(town).accept(number_of(town, "responsible.gone"))
    town.deliver(WEDNESDAY, person("QUINNIE"), previous=MONDAY)
    town.night()
    assert (town.store.patrons.find(cpr("QUINNIE")), cpr("QUINNIE") in town.register.listed) == (None, False)


def test_when_the_minor_leaves_or_is_erased_she_leaves_too(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    add(town, "ALFRED", "RIKKE")
    leaves = LeavingDesk(town, "lone")
    said_yes.leave(leaves, town.id_of("LIV"))
    said_yes.erase(leaves, town.id_of("ALFRED"))
    assert {row(town, who)["standing"] for who in ("QUINNIE", "RIKKE")} == {"leaving"}
    town.clock.moment += timedelta(days=1)
    town.night()
    assert [town.store.patrons.find(cpr(who)) for who in ("QUINNIE", "RIKKE")] == [None, None]
    assert town.register.listed.isdisjoint({cpr("QUINNIE"), cpr("RIKKE")})


# -- the page of whoever answers -----------------------------------------------------------------------------------


def page(library: Library, key: str) -> list[dict[str, Any]]:
    """The minors on the page of whoever answers, as anyone at the desk sees it."""
    shown: list[dict[str, Any]] = RecordViewer(library, "lone").shown(library.id_of(key))["answers_for"]
    told = list_responsibles(library, library.id_of(key))
    assert told["answers_for"] == shown
    return shown


def test_the_page_of_whoever_answers_names_the_minors_as_long_as_they_do(town: Library) -> None:
    for minor in MINORS:
        add(town, minor, "QUINNIE")
    assert [(one["patron"], one["name"]) for one in page(town, "QUINNIE")] == sorted(
        (town.id_of(minor), person(minor).name.addressing)  # type: ignore[union-attr]  # they have names
        for minor in MINORS
    )
    assert page(town, "LIV") == page(town, "ANNA") == []
    end(town, "LIV", "QUINNIE")
    assert [one["patron"] for one in page(town, "QUINNIE")] == [town.id_of("ALFRED")]


def test_a_protected_minor_is_on_the_page_by_number_alone_also_when_the_page_is_opened(town: Library) -> None:
    add(town, "LIV", "QUINNIE")
    town.register.knows(gains_protection(person("LIV")))
    town.deliver(MONDAY, gains_protection(person("LIV")))
    town.one_night()
    liv = {"patron": town.id_of("LIV"), "name": None, "since": page(town, "QUINNIE")[0]["since"], "sealed": True}
    assert page(town, "QUINNIE") == [liv]
    window = RecordViewer(town, "lone")
    assert window.revealed(town.id_of("QUINNIE"), reason="letters")["answers_for"] == [liv]
