"""A night is undone: records go back where nothing has changed since, patrons are held, and no protected one opens."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from culr_double import CulrDouble
from doubles import MONDAY, TUESDAY, WEDNESDAY, Killed, KilledStore, Library, altered, happened, refused, unowned
from kills import sample
from sqlalchemy import text
from test_approved_plans import approve, shown
from test_number_change import NEW, anna, replaced
from townspeople import PROTECTED, cpr, dies, emigrates, gains_protection, loses_protection, moves, person, renames
from whole import verify_audit

from cprsync.cli.feed.windows import windows_document
from cprsync.cli.night.reverting import done_lines, preview_lines
from cprsync.documents import document_of
from cprsync.domain.desk.confirming import Confirmation
from cprsync.domain.outward.record import OutwardField
from cprsync.domain.outward.target import Target, TargetKind
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.patron.review import BOTH_PATRONS, OTHER_SUCCESSOR
from cprsync.domain.person.person import Status
from cprsync.domain.person.sealed import SealedAddress
from cprsync.domain.policy.policy import Harm
from cprsync.errors import BadInput
from cprsync.language.night import report_lines
from cprsync.services.desk.lookup import Asked, Desk
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.night.reverting import preview_revert, release, revert
from cprsync.services.planning.applying import make_finding_keys
from cprsync.services.ports.reverting import HalfUndone
from cprsync.services.trust.status import Around, status_of
from cprsync.store.core.engine import writing
from cprsync.store.core.tenant import Transaction
from cprsync.store.records.records import move_on, patron_row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cprsync.services.ports.night import Night
    from cprsync.services.ports.trust.status import LibraryStatus

#: What a record is; versions, moments and what marks the undo apart.
RECORD = (
    *("id", "number_index", "register_blob", "as_of_day", "as_of_source", "municipality", "status_class"),
    *("patron_group", "address_index", "protection_silent", "next_age_step", "letters_stopped", "real_number"),
)


def records(library: Library) -> str:
    """All records as text, sealed values opened: equal text is equal records."""
    rows = sorted(library.rows("patron"), key=lambda row: row["id"])
    return json.dumps([{name: str(row[name]) for name in RECORD} for row in rows], indent=1)


def night_of(library: Library, store: object = None) -> Night:
    return library.ports(store)


def undo(library: Library, run: int, *, store: object = None, reason: str = "filen var forkert") -> dict[str, Any]:
    night = night_of(library, store)
    seen = preview_revert(night, run)
    return revert(night, seen, Confirmation(seen.preview.digest, reason), user="anna")


def status(library: Library) -> LibraryStatus:
    return status_of(library.store, Around("775100", "", library.clock.now()))


def wrong(library: Library) -> list[str]:
    return [one["what"] for one in status(library).wrong]


def windows(library: Library) -> dict[str, Any]:
    """By patron in a window, the review that `feed windows` names."""
    listed = windows_document("775100", library.store.windows.listed(), {"asked": 0, "most": 1})["windows"]
    return {one["patron"]: one["item"] for one in listed}


def planned(library: Library) -> set[int]:
    """The runs of which planned changes are stored."""
    return {row["run_id"] for row in library.rows("plan_row")}


def reviews_of(library: Library, user: str = "anna") -> StaffReviews:
    return StaffReviews(library, user)


def items(library: Library, kind: str) -> list[dict[str, Any]]:
    return [one for one in reviews_of(library).listed() if one["kind"] == kind]


def a_night(library: Library) -> int:
    """ANNA moves and is renamed, CLARA dies, DAVID goes abroad. Returns the run's number."""
    library.sets_culr_up()
    library.deliver(MONDAY, renames(moves(person("ANNA"), "ODENSE")), dies(person("CLARA")), emigrates(person("DAVID")))
    return library.one_night().run.id


# -- what goes back ------------------------------------------------------------------------------------------


def test_a_night_is_undone_and_every_record_equals_what_it_was(either_library: Library) -> None:
    library = either_library
    before = records(library)
    run = a_night(library)
    assert records(library) != before
    document = undo(library, run)
    assert (document["state"], document["exit"], document["reverts"]) == ("done", 3, run)
    assert document["reverting"] == {"restored": 3, "protected": 0, "left": {}, "gone": 0}
    assert records(library) == before
    assert {one.is_held for one in library.store.patrons.read([library.id_of(key) for key in ("ANNA", "CLARA")])} == {
        True
    }
    verify_audit(library.store)
    assert library.store.runs.document(run)["reverted_by"] == document["run"]  # type: ignore[index]  # it is there


def test_an_undo_opens_nobody_to_whom_the_night_has_moved_a_protected_patron(either_library: Library) -> None:
    """The register may be right about where BO lives, and ANNA's address is BO's then (decision 2)."""
    library = either_library
    library.deliver(MONDAY, replace(person("BO"), address=person("ANNA").address, events=("A01",)))
    run = library.one_night().run.id
    assert isinstance(library.view("ANNA").patron.register.address, SealedAddress)
    before = records(library)
    document = undo(library, run)
    assert document["reverting"] == {"restored": 0, "protected": 0, "left": {"household": 1}, "gone": 0}
    assert [one["patron"] for one in items(library, "reverted.household")] == [library.id_of("BO")]
    assert isinstance(library.view("ANNA").patron.register.address, SealedAddress)
    assert records(library) == before
    assert "skjuler andres adresse" in "\n".join(done_lines(document, "da"))


def test_a_protected_patron_who_moved_to_nobody_goes_back(library: Library) -> None:
    before = records(library)
    library.deliver(MONDAY, moves(person("BO"), "ODENSE"))
    assert undo(library, library.one_night().run.id)["reverting"]["restored"] == 1
    assert records(library) == before


def test_a_protected_patron_whom_an_undo_sends_abroad_again_hides_until_the_register_answers(
    either_library: Library,
) -> None:
    """The undo opens a window, and in a window nobody has left (decision 45): ANNA's address opens by no undo."""
    library, at_home = either_library, replace(person("BO"), address=person("ANNA").address)
    library.register.knows(gains_protection(emigrates(at_home)))
    library.deliver(MONDAY, gains_protection(at_home))
    library.one_night()
    library.deliver(TUESDAY, gains_protection(emigrates(at_home)))
    library.one_night()
    assert not library.view("ANNA").household
    library.deliver(WEDNESDAY, gains_protection(at_home))
    run = library.one_night().run.id
    assert library.view("ANNA").household
    document = undo(library, run)
    assert document["reverting"] == {"restored": 1, "protected": 0, "left": {}, "gone": 0}
    assert library.record("BO").status is Status.EMIGRATED
    assert library.view("ANNA").household
    library.one_night()
    assert library.view("ANNA").household
    release(library.store, document["run"], user="anna", reason="set efter")
    assert library.view("ANNA").household
    library.one_night()
    assert not library.view("ANNA").household


def test_a_preview_counts_by_kind_and_writes_nothing(either_library: Library) -> None:
    library = either_library
    run = a_night(library)
    before = library.everything()
    document = preview_revert(night_of(library), run).document
    assert library.everything() == before
    # it is no run yet: what waits, and whether the audit is whole, is said once it is done
    assert document.keys() & {"reviews", "audit", "windows"} == set()
    assert (document["restored"], document["left"], document["state"]) == (3, {}, "planned")
    assert document["actions"]["rename"] == 1
    assert document["actions"]["return"] == 1
    assert len(document["patrons"]) == 3
    assert not [key for key in ("ANNA", "CLARA", "DAVID") if cpr(key).digits in json.dumps(document)]


def test_a_preview_says_whose_account_the_net_media_keep_because_nobody_knows_where_they_lived(
    library: Library,
) -> None:
    culr = library.net_media = CulrDouble()
    moved = a_night(library)
    assert preview_revert(night_of(library), moved).document["net_media_kept"] == 0
    document = preview_revert(night_of(library), 1).document
    # the others were changed since
    assert (document["restored"], document["net_media_kept"], document["left"]) == (1, 1, {"changed": 3})
    text = "\n".join(preview_lines(document, "en"))
    assert "1 account at the net media stays as the run left it" in text
    held = {one: culr.holds(one) for one in culr.ours()}
    undo(library, 1)
    library.one_night()
    assert {one: culr.holds(one) for one in culr.ours()} == held


def test_the_audit_has_one_entry_a_patron_that_names_what_went_back(library: Library) -> None:
    run = a_night(library)
    before = happened(library.everything())
    undo(library, run)
    after = happened(library.everything()) - before
    assert {one: count for one, count in after.items() if one[0] == "change"} == {
        ("change", library.id_of(key)): 1 for key in ("ANNA", "CLARA", "DAVID")
    }
    assert after["revert", None] == 1


def test_the_net_media_are_told_the_state_from_before_after_the_nights_own(library: Library) -> None:
    run = a_night(library)
    undo(library, run)
    told = [municipality for _, municipality in library.outbox("DAVID")]
    assert told[-2:] == ["", "751"]
    assert [version for version, _ in library.outbox("DAVID")] == sorted({v for v, _ in library.outbox("DAVID")})


def test_letters_that_the_night_stopped_go_out_again_and_the_subscription_has_no_end(library: Library) -> None:
    run = a_night(library)
    assert library.view("CLARA").patron.letters_stopped is not None
    undo(library, run)
    assert library.view("CLARA").patron.letters_stopped is None
    rows = [row for row in library.rows("subscription") if row["patron_id"] == library.id_of("CLARA")]
    assert [(row["reason"], row["until"]) for row in rows] == [("patron", None)]
    assert not [one for one in reviews_of(library).listed() if one["kind"] == "block.dead"]


def test_a_new_number_goes_back_and_both_stay_subscribed(library: Library) -> None:
    new = replace(person("ANNA"), number=cpr("OSCAR"))
    old = replace(person("ANNA"), status=Status("60"), current_number=cpr("OSCAR"))
    before = records(library)
    patron = library.id_of("ANNA")
    library.deliver(MONDAY, old, new)
    run = library.one_night().run.id
    assert library.record("ANNA").number == cpr("OSCAR")
    document = undo(library, run)
    assert document["reverting"]["restored"] == 1, document
    assert records(library) == before
    assert library.store.patrons.find(cpr("ANNA")) == library.store.patrons.find(cpr("OSCAR")) == patron
    # the same change comes again: it waits, and both numbers are subscribed
    library.deliver(TUESDAY, old, new)
    library.one_night()
    assert library.view("ANNA").register.number == cpr("ANNA")
    reasons = {row["reason"] for row in library.rows("subscription") if row["patron_id"] == patron}
    assert reasons == {"patron", "old_number"}


def test_a_first_copy_goes_back_and_is_asked_for_when_the_patron_is_let_go(library: Library) -> None:
    library.enrol("HENRIK")
    library.register.knows(person("HENRIK"))
    before = records(library)
    run = library.one_night().run.id
    assert library.view("HENRIK").patron.verified
    undo(library, run)
    assert records(library) == before
    assert library.one_night().exit_code == 0
    assert not library.view("HENRIK").patron.verified
    release(library.store, run + 1, user="bo", reason="set efter")
    library.night()
    assert library.record("HENRIK") == person("HENRIK")


# -- what stays ------------------------------------------------------------------------------------------------


def test_a_protection_of_the_night_stays_and_only_two_people_end_it(either_library: Library) -> None:
    library = either_library
    library.deliver(MONDAY, gains_protection(moves(person("ANNA"))))
    run = library.one_night().run.id
    document = undo(library, run)
    assert document["reverting"] == {"restored": 1, "protected": 1, "left": {}, "gone": 0}
    assert library.record("ANNA") == gains_protection(person("ANNA"))
    (item,) = items(library, "reverted.protected")
    reviews_of(library, "anna").accept(item["id"])
    assert library.record("ANNA").protection is PROTECTED
    reviews_of(library, "bo").accept(item["id"])
    assert library.record("ANNA") == person("ANNA")


def test_a_protection_that_the_night_lifted_is_put_back(library: Library) -> None:
    library.register.knows(loses_protection(person("BO")))
    library.deliver(MONDAY, loses_protection(person("BO")))
    run = library.one_night().run.id
    assert library.record("BO").protection is not PROTECTED
    undo(library, run)
    assert library.record("BO").protection is PROTECTED


def test_later_changes_are_not_undone_and_staff_look_at_them(library: Library) -> None:
    run = a_night(library)
    library.deliver(TUESDAY, replace(renames(moves(person("ANNA"))), contact=person("ANNA").contact))
    library.one_night()
    later = library.record("ANNA")
    document = undo(library, run)
    assert document["reverting"] == {"restored": 2, "protected": 0, "left": {"changed": 1}, "gone": 0}
    assert library.record("ANNA") == later
    assert [one["patron"] for one in items(library, "reverted.changed")] == [library.id_of("ANNA")]
    assert not library.store.patrons.read([library.id_of("ANNA")])[0].is_held


def test_who_has_left_or_was_erased_is_counted_and_left_alone(library: Library) -> None:
    run = a_night(library)
    library.store.erasing.erase(library.id_of("DAVID"), user="anna", reason="bedt om det")
    assert undo(library, run)["reverting"]["restored"] == 2


# -- held ------------------------------------------------------------------------------------------------------


def test_no_later_delivery_changes_a_held_patron_until_a_person_lets_them_go(either_library: Library) -> None:
    library = either_library
    before = records(library)
    run = a_night(library)
    undo(library, run)
    library.register.knows(renames(person("ANNA")))
    library.deliver(TUESDAY, renames(person("ANNA")), dies(person("CLARA")))
    report = library.one_night()
    assert [reason for _, reason in library.items(report)] == ["held_by_undo", None]
    assert library.record("ANNA") == person("ANNA")
    # the death was let through as far as it protects: no letters
    assert library.record("CLARA") == person("CLARA")
    assert library.view("CLARA").patron.letters_stopped is not None
    assert library.register.looked_up == []
    assert [row for row in json.loads(records(library)) if row["id"] == library.id_of("ANNA")] == [
        row for row in json.loads(before) if row["id"] == library.id_of("ANNA")
    ]
    library.nothing_is_left()
    # one is let go by their review; the register says how it is
    (item,) = [one for one in items(library, "reverted.held") if one["patron"] == library.id_of("ANNA")]
    reviews_of(library).accept(item["id"])
    library.night()
    assert library.record("ANNA").name == renames(person("ANNA")).name
    assert library.view("ANNA").patron.verified


def test_two_nights_are_undone_the_newest_first_and_whoever_is_held_has_a_review(either_library: Library) -> None:
    """Whoever both nights have changed stays as the first undo has left them, with what it asked about them."""
    library = either_library
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    moved = library.one_night().run.id
    library.deliver(TUESDAY, gains_protection(moves(person("ANNA"), "ODENSE")))
    protected = library.one_night().run.id
    undo(library, protected)
    assert undo(library, moved)["reverting"]["left"] == {"changed": 1}
    assert {one["kind"] for one in reviews_of(library).listed()} >= {
        *("reverted.held", "reverted.protected", "reverted.changed"),
    }
    (item,) = items(library, "reverted.held")
    reviews_of(library).accept(item["id"])
    assert library.store.reverting.held() == 0
    assert [len(items(library, kind)) for kind in ("reverted.protected", "reverted.changed")] == [1, 1]


def test_a_look_up_at_the_desk_leaves_a_held_patron_to_be_asked_about_once_they_are_let_go(
    either_library: Library,
) -> None:
    """No answer changes the record while they are held, so none may count as heard either (decision 32)."""
    library = either_library
    undone = undo(library, a_night(library))["run"]
    moved = moves(person("ANNA"), "ODENSE")
    library.register.knows(moved)
    look_anna_up(library)
    assert library.record("ANNA") == person("ANNA")
    assert library.id_of("ANNA") in windows(library)
    release(library.store, undone, user="bo", reason="filen var rigtig")
    library.night()
    assert library.record("ANNA") == replace(moved, contact=library.record("ANNA").contact, events=())
    assert library.id_of("ANNA") not in windows(library)


def look_anna_up(library: Library) -> None:
    desk = Desk("775100", library.store, library.register, library.clock, library.policy)
    said_yes.register(desk, Asked(cpr("ANNA"), Purpose.REGISTRATION, "lone"))


@pytest.mark.parametrize("asks", [Library.night, look_anna_up])
def test_the_registers_own_yes_settles_the_question_whether_a_protection_ends(
    either_library: Library, asks: Callable[[Library], object]
) -> None:
    """Two people would open somebody whom the register protects. The desk may ask before the night does."""
    library = either_library
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    undone = undo(library, library.one_night().run.id)["run"]
    (item,) = items(library, "reverted.protected")
    release(library.store, undone, user="bo", reason="filen var rigtig")
    library.register.knows(gains_protection(person("ANNA")))
    asks(library)
    assert items(library, "reverted.protected") == []
    assert [row["state"] for row in library.rows("review_item") if row["id"] == item["id"]] == ["settled"]
    assert library.record("ANNA").protection is PROTECTED


def test_a_protection_reaches_a_held_patron(library: Library) -> None:
    before = library.view("ANNA").patron.as_of
    run = a_night(library)
    undo(library, run)
    library.deliver(TUESDAY, gains_protection(renames(person("ANNA"))))
    report = library.one_night()
    assert library.record("ANNA") == gains_protection(person("ANNA"))
    assert report.document()["actions"] == {"protect": 1}
    assert library.view("ANNA").patron.as_of == before


def test_rejecting_keeps_the_patron_held(library: Library) -> None:
    run = a_night(library)
    undo(library, run)
    (item, *_) = items(library, "reverted.held")
    reviews_of(library).reject(item["id"], reason="afventer platformen")
    assert library.store.reverting.held() == 3


def test_the_list_of_windows_names_the_review_that_holds_a_patron(either_library: Library) -> None:
    library = either_library
    undone = undo(library, a_night(library))["run"]
    anna = library.id_of("ANNA")
    (number,) = [one["id"] for one in items(library, "reverted.held") if one["patron"] == anna]
    assert windows(library)[anna] == {"id": number, "state": "waiting"}
    reviews_of(library).reject(number, reason="afventer platformen")
    assert windows(library)[anna] == {"id": number, "state": "rejected"}
    release(library.store, undone, user="bo", reason="filen er rettet")
    assert windows(library)[anna] is None


def test_all_patrons_of_an_undo_are_let_go_at_once(library: Library) -> None:
    run = a_night(library)
    undone = undo(library, run)["run"]
    for key, after in (("ANNA", person("ANNA")), ("CLARA", dies(person("CLARA"))), ("DAVID", person("DAVID"))):
        library.register.knows(after)
        assert library.view(key).patron.window is not None
    assert refused(library, lambda: release(library.store, undone, user="bo", reason="")) == "usage.reason"
    assert refused(library, lambda: release(library.store, run, user="bo", reason="x")) == "revert.holds_none"
    assert release(library.store, undone, user="bo", reason="filen er rettet") == {"run": undone, "released": 3}
    assert items(library, "reverted.held") == []
    library.night()
    assert library.view("CLARA").register.status is Status.DEAD
    assert library.store.windows.counts() == {}


# -- an undo is a run -------------------------------------------------------------------------------------------


def test_an_undo_is_undone(library: Library) -> None:
    run = a_night(library)
    after_night = records(library)
    undone = undo(library, run)["run"]
    document = undo(library, undone)
    assert document["reverting"]["restored"] == 3
    assert records(library) == after_night
    assert library.store.runs.document(undone)["reverted_by"] == document["run"]  # type: ignore[index]  # it is there
    assert len(items(library, "reverted.held")) == 3
    verify_audit(library.store)


def test_whoever_undoes_a_run_again_is_told_which_run_to_undo_now(library: Library) -> None:
    run = a_night(library)
    undone = undo(library, run)["run"]
    with pytest.raises(BadInput, match=f"run {run} is undone already, by run {undone}"):
        undo(library, run)
    again = undo(library, undone)["run"]
    before = records(library)
    with pytest.raises(BadInput, match=f"the undo of run {run} is itself undone, by run {again}"):
        undo(library, run)
    assert records(library) == before
    undo(library, again)
    assert items(library, "reverted.held")
    assert records(library) != before


def test_the_night_after_goes_on_as_if_no_run_came_between(library: Library) -> None:
    run = a_night(library)
    undo(library, run)
    assert library.store.runs.last_day() == library.clock.today()
    library.deliver(TUESDAY, person("BO"))
    assert library.night().state == "done"


def test_an_undo_is_refused_where_there_is_nothing_to_undo(library: Library) -> None:
    quiet = library.one_night().run.id
    assert refused(library, lambda: undo(library, 99)) == "run.unknown"
    assert refused(library, lambda: undo(library, quiet)) == "revert.nothing"
    run = a_night(library)
    undo(library, run)
    assert refused(library, lambda: undo(library, run)) == "revert.done"


def test_what_is_no_longer_kept_is_not_put_back(library: Library) -> None:
    run = a_night(library)
    library.clock.set_after(WEDNESDAY.replace(month=5))
    library.one_night()
    assert not [row for row in library.rows("before_image") if row["run_id"] == run]
    assert refused(library, lambda: undo(library, run)) == "revert.too_old"


def test_a_run_of_which_somebody_took_all_away_is_not_undone(either_library: Library) -> None:
    library = either_library
    run = a_night(library)
    with writing(library.store._tenant.engine) as connection:
        connection.execute(text("DELETE FROM before_image"))
    assert refused(library, lambda: undo(library, run)) == "revert.too_old"
    assert refused(library, lambda: preview_revert(night_of(library), run)) == "revert.too_old"
    assert [type(one).__name__ for one in library.store.audit.check().problems] == ["AuditBroken"]


def test_what_is_left_is_undone_after_the_loss_of_the_rest_was_accepted(library: Library) -> None:
    """And staff are told of whoever the night has changed and cannot go back."""
    run = a_night(library)
    with writing(library.store._tenant.engine) as connection:
        connection.execute(text(f"DELETE FROM before_image WHERE patron_id = '{library.id_of('ANNA')}'"))  # noqa: S608 -- a patron number of the town's
    library.store.audit.accept(user="anna", reason="we know who did it")
    assert undo(library, run)["reverting"] == {"restored": 2, "protected": 0, "left": {"altered": 1}, "gone": 0}
    verify_audit(library.store)


def test_a_run_is_undone_although_somebody_has_spoilt_an_entry_about_the_desk(either_library: Library) -> None:
    """It was read without its code, and ended the undo in a traceback."""
    library = either_library
    before = records(library)
    run = a_night(library)
    library.store.access.watch(cpr("BO"), user="privacy")
    with writing(library.store._tenant.engine) as connection:
        spoilt = {"entry": b'{"kind":"accept\x01"', "stream": "desk"}
        connection.execute(text("UPDATE audit SET entry = :entry WHERE stream = :stream"), spoilt)
    assert "AuditBroken" in {type(one).__name__ for one in library.store.audit.check().problems}
    undo(library, run)
    assert records(library) == before


def test_the_plan_of_an_undo_that_was_held_or_killed_ends_with_what_it_would_put_back(either_library: Library) -> None:
    library = either_library
    run = a_night(library)
    library.limit(Harm.CHANGED, 0)
    held = undo(library, run)["run"]
    killed_undo = library.store.reverting.begin(run, day=MONDAY, started=library.clock.now())
    library.store.runs.save_plan(killed_undo, library.store.approvals.rows(held))
    assert planned(library) >= {killed_undo.id, held}
    assert library.store.runs.document(held)["plan"] != []  # type: ignore[index]  # it is there
    library.clock.set_after(WEDNESDAY.replace(month=5))
    library.one_night()
    assert planned(library) & {killed_undo.id, held} == set()
    assert library.store.runs.document(held)["plan"] == []  # type: ignore[index]  # it is there
    assert (library.store.approvals.waiting(), status(library).plans) == ([], ())


def test_nothing_is_written_without_a_yes_to_exactly_this_and_a_reason(library: Library) -> None:
    run = a_night(library)
    night = night_of(library)
    seen = preview_revert(night, run)
    yes = seen.preview.digest
    assert refused(library, lambda: revert(night, seen, Confirmation(yes), user="anna")) == "confirm.reason"
    other = Confirmation("sha256:another", "fordi")
    assert refused(library, lambda: revert(night, seen, other, user="anna")) == "confirm.changed"


# -- reported -----------------------------------------------------------------------------------------------------


def test_an_undo_says_what_waits_afterwards_as_a_night_does(either_library: Library) -> None:
    library = either_library
    library.net_media = CulrDouble()
    document = undo(library, a_night(library))
    waiting = library.store.reviews.waiting()
    assert waiting["reverted.held"] == 3
    assert document["reviews"] == {"waiting": sum(waiting.values()), "kinds": waiting}
    assert (document["windows"]["left"], document["windows"]["why"]) == (3, {"reverted": 3})
    backlog = library.store.outbox.backlog()
    assert (document["published"]["waiting"], document["published"]["set_up"]) == (backlog.waiting, True)
    assert backlog.waiting > 0
    assert document["subscriptions"]["kept"] == library.store.subscriptions.count()
    stored = library.store.runs.document(document["run"]) or {}
    assert {name: stored[name] for name in document} == document


def test_an_undo_checks_the_audit_and_leaves_the_sealed_records_to_the_nights(either_library: Library) -> None:
    library = either_library
    run = a_night(library)
    (night,) = [library.store.runs.document(run) or {}]
    audit = undo(library, run)["audit"]
    assert (audit["whole"], audit["problems"]) == (True, [])
    assert audit["entries"] > night["audit"]["entries"]
    assert audit["code"] != night["audit"]["code"]
    # the next night goes on behind the last record that was opened
    assert (audit["records"], audit["last_record"]) == (0, night["audit"]["last_record"])
    assert audit["last_record"] is not None


def test_a_held_undo_says_what_waits_too(either_library: Library) -> None:
    library = either_library
    run = a_night(library)
    library.limit(Harm.CHANGED, 0)
    waiting = library.store.reviews.waiting()
    document = undo(library, run)
    assert (document["state"], document["actions"], document["left_to_a_person"]) == ("held", {}, 0)
    assert document["reviews"] == {"waiting": sum(waiting.values()), "kinds": waiting}
    assert waiting["block.dead"] == 1
    assert document["audit"]["whole"]
    assert {one["patron"] for one in document["plan"]} == {library.id_of(key) for key in ("ANNA", "CLARA", "DAVID")}
    # the limits are said by class
    assert "error" not in document


def test_an_undo_is_done_although_the_audit_is_not_whole_and_says_so(either_library: Library) -> None:
    library = either_library
    before = records(library)
    run = a_night(library)
    with writing(library.store._tenant.engine) as connection:
        connection.execute(text("UPDATE audit SET at = '2020' WHERE seq = 1"))
    document = undo(library, run)
    assert (document["state"], document["exit"], records(library)) == ("done", 3, before)
    assert not document["audit"]["whole"]
    assert document["audit"]["problems"] != []
    assert "REVISIONSSPORET ER IKKE HELT" in "\n".join(done_lines(document, "da"))
    assert "THE AUDIT IS NOT WHOLE" in "\n".join(done_lines(document, "en"))


# -- guarded ------------------------------------------------------------------------------------------------------


def test_an_undo_over_a_limit_is_held_until_two_people_approve_it(either_library: Library) -> None:
    library = either_library
    before = records(library)
    run = a_night(library)
    library.limit(Harm.CHANGED, 0)
    held_back = records(library)
    document = undo(library, run)
    assert (document["state"], document["exit"]) == ("held", 5)
    assert document["brake"]["classes"] == [{"class": "changed", "count": 1, "limit": 0}]
    # the report does not say that it is done
    assert [line for line in report_lines(document, "da") if "er fortrudt" in line] == []
    assert f"Kørsel {run} er ikke fortrudt" in "\n".join(report_lines(document, "da"))
    assert records(library) == held_back
    assert library.store.reverting.held() == 0
    plan = shown(library)["plan"]
    assert plan == document["brake"]["plan"]
    (told,) = status(library).plans
    assert (told.run, told.undoes, told.plan, told.missing) == (document["run"], run, plan, 2)
    assert "plan" in wrong(library)
    approve(library, "anna", "bo", plan=plan)
    assert [one.who for one in status(library).plans[0].approved_by] == ["anna", "bo"]
    document = undo(library, run)
    assert (status(library).plans, status(library).waits.undone) == ((), 3)
    assert "plan" not in wrong(library)
    assert (document["state"], document["approved_by"]) == ("done", ["anna", "bo"])
    assert (document["approval"]["run"], document["approval"]["fate"]) == (told.run, "applied")
    assert document["approval"]["by"] == ["anna", "bo"]
    assert f"Godkendt af anna, bo: kørsel {told.run} var holdt tilbage" in "\n".join(report_lines(document, "da"))
    assert records(library) == before


def test_a_held_undo_does_not_stand_in_the_way_of_a_held_night(library: Library) -> None:
    run = a_night(library)
    library.limit(Harm.CHANGED, 0)
    library.deliver(TUESDAY, person("BO"), moves(person("ANNA")))
    library.one_night()
    plan = shown(library)["plan"]
    undo(library, run)
    assert {one.plan for one in library.store.approvals.waiting()} >= {plan}
    approve(library, "anna", "bo", plan=plan)
    assert library.one_night().state == "done"


# -- killed anywhere --------------------------------------------------------------------------------------------------

#: The writes of an undo.
WRITES = frozenset(
    {"reverting.begin", "reverting.write", "reverting.close", "runs.save_plan", "runs.set_state", "approvals.begin"}
)


class KilledUndo(KilledStore):
    """The real store, which dies when the n-th write of an undo is committed."""

    WRITES = WRITES


@pytest.mark.parametrize("is_approved", [False, True], ids=["within the limits", "approved"])
def test_an_undo_killed_anywhere_ends_as_one_that_was_not(
    library: Library, tmp_path: Path, *, is_approved: bool
) -> None:
    library.batch = 1
    run = a_night(library)
    if is_approved:
        library.limit(Harm.CHANGED, 0)
        approve(library, "anna", "bo", plan=undo(library, run)["brake"]["plan"])
    whole = library.copy(tmp_path / "whole")
    counting = KilledUndo(whole.store, at=0)
    told = undo(whole, run, store=counting)
    assert (told["approval"] is not None) is is_approved
    assert counting.writes >= 6
    for at in sample(counting.writes):
        other = library.copy(tmp_path / f"killed at {at}")
        with pytest.raises(Killed):
            undo(other, run, store=KilledUndo(other.store, at=at))
        if at < counting.writes:
            again = undo(other, run)
            assert (again["state"], again["approval"]) == ("done", told["approval"])
        assert unowned(other.everything(), "plan_yes") == unowned(whole.everything(), "plan_yes")
        verify_audit(other.store)
        other.engine.dispose()
    whole.engine.dispose()


def test_an_undo_that_was_killed_half_way_is_told_until_it_has_ended(either_library: Library) -> None:
    library = either_library
    library.batch = 1
    run = a_night(library)
    before = wrong(library)
    with pytest.raises(Killed):
        undo(library, run, store=KilledUndo(library.store, at=4))
    told = HalfUndone(library.store.reverting.half_done()[0].run, run, library.clock.now())
    assert 0 < library.store.reverting.held() < 3
    assert status(library).waits.undoing == (told,)
    # a later night does not end it
    library.one_night()
    assert {"what": "open_undo", **document_of(told)} in status(library).wrong
    undo(library, run)
    assert (library.store.reverting.half_done(), status(library).waits.undoing) == ([], ())
    assert set(wrong(library)) <= {*before}


def test_an_undo_that_was_killed_half_way_is_told_and_goes_on_when_its_days_are_over(either_library: Library) -> None:
    """The others would stay as the wrong night left them, without a review, and nobody would be told of it."""
    library = either_library
    library.batch = 1
    run = a_night(library)
    with pytest.raises(Killed):
        undo(library, run, store=KilledUndo(library.store, at=4))
    assert 0 < library.store.reverting.held() < 3
    library.clock.set_after(WEDNESDAY.replace(month=6))
    library.one_night()
    assert "open_undo" in wrong(library)
    assert undo(library, run)["reverting"] == {"restored": 3, "protected": 0, "left": {}, "gone": 0}
    assert "open_undo" not in wrong(library)
    held = library.store.patrons.read([library.id_of(key) for key in ("ANNA", "CLARA", "DAVID")])
    assert [one.is_held for one in held] == [True, True, True]
    # what was kept for it goes with the next night
    library.one_night()
    assert [row for row in library.rows("before_image") if row["run_id"] == run] == []
    verify_audit(library.store)


def test_an_undo_that_was_killed_before_it_wrote_needs_nobody_nor_does_one_that_cannot_go_on(library: Library) -> None:
    library.batch = 1
    run = a_night(library)
    library.store.reverting.begin(run, day=MONDAY, started=library.clock.now())
    assert status(library).waits.undoing == ()
    with pytest.raises(Killed):
        undo(library, run, store=KilledUndo(library.store, at=4))
    assert status(library).waits.undoing != ()
    # its before-images were deleted by an earlier version, which did not wait for it
    with writing(library.store._tenant.engine) as connection:
        connection.execute(text(f"DELETE FROM before_image WHERE run_id = {run}"))  # noqa: S608 -- a number
    assert status(library).waits.undoing == ()


def test_letting_go_killed_half_way_goes_on(library: Library) -> None:
    run = a_night(library)
    undone = undo(library, run)["run"]
    library.store.reverting.release(undone, user="bo", most=1)
    assert release(library.store, undone, user="bo", reason="filen er rettet")["released"] == 2
    assert library.store.reverting.held() == 0


def test_what_the_desk_writes_while_a_night_is_undone_is_not_undone(library: Library) -> None:
    run = a_night(library)

    def corrected_meanwhile() -> None:
        with library.engine.begin() as connection:
            tenant = library.store._tenant
            row = patron_row(Transaction(connection, tenant), library.id_of("ANNA"), hold=True)
            assert row is not None
            move_on(Transaction(connection, tenant), row)

    disturbed: list[Callable[[], None]] = [corrected_meanwhile]

    def write(*args: Any, **named: Any) -> None:
        if disturbed:
            disturbed.pop()()
        library.store.reverting.write(*args, **named)

    document = undo(library, run, store=altered(library.store, reverting_write=write))
    assert document["reverting"] == {"restored": 2, "protected": 0, "left": {"changed": 1}, "gone": 0}
    assert library.record("ANNA") == renames(moves(person("ANNA"), "ODENSE"))


def test_other_systems_and_what_a_patron_is_found_by_follow(library: Library) -> None:
    library.sets_targets_up(Target("queue", TargetKind.KOHA, frozenset({OutwardField.NAME, OutwardField.ADDRESS})))
    library.one_night()
    make_finding_keys(library.ports())
    told, keys = dict(library.target("queue").holds), library.rows("finding_key")
    run = a_night(library)
    assert library.target("queue").holds != told
    undo(library, run)
    library.one_night()
    assert library.rows("finding_key") == keys
    calls = [(one.patron_id, one.version) for one in library.target("queue").calls]
    assert len(set(calls)) == len(calls)
    verify_audit(library.store)


def test_a_number_that_leads_back_to_a_held_patrons_own_leaves_nothing_to_staff(either_library: Library) -> None:
    """ANNA got a number, which a night was undone for; then the register takes that number back too (P42)."""
    library = either_library
    library.register.knows(anna())
    library.deliver(MONDAY, replaced(cpr("ANNA"), NEW), anna())
    undo(library, library.one_night().run.id)
    library.register.knows(person("ANNA"))
    library.deliver(TUESDAY, replaced(NEW, cpr("ANNA")), person("ANNA"))
    library.one_night()
    assert library.view("ANNA").patron.is_held
    assert items(library, OTHER_SUCCESSOR) == []


def test_nobody_gets_the_number_of_a_held_patron(either_library: Library) -> None:
    library = either_library
    undo(library, a_night(library))
    held, other = library.id_of("ANNA"), library.id_of("BO")
    library.deliver(TUESDAY, replaced(cpr("BO"), cpr("ANNA")), person("ANNA"))
    library.one_night()
    assert [(one["patron"], one["about"]) for one in items(library, BOTH_PATRONS)] == [(other, held)]
