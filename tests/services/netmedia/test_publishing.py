"""The net media hear of every change once and in order, whatever gets lost on the way, and no night waits for them."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from culr_double import CulrDouble
from doubles import AGENCY, MONDAY, TUESDAY, WEDNESDAY, Killed
from kills import killed, lived_whole, sample
from said_yes import yes_to
from sqlalchemy import update
from townspeople import cpr, dies, moves, person
from whole import verify_audit

from cprsync.domain.netmedia.account import Code, Identity, IdType, Operation
from cprsync.domain.patron.local import Local
from cprsync.domain.person.number import CprNumber
from cprsync.errors import NetMediaUnavailable, NetMediaUntrusted, RunBusy
from cprsync.language.errors import error_document
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.lookup import Desk
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.set_cpr import SetNumber, confirm_number, preview_number
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.netmedia.publishing import publish_patron
from cprsync.services.night.dry_run import plan_night
from cprsync.services.ports.patrons import NewPatron
from cprsync.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from doubles import Library

    from cprsync.domain.netmedia.account import Effect
    from cprsync.domain.netmedia.settling import Settled, Unsettled
    from cprsync.errors import CprsyncError

AARHUS, ODENSE = "751", "461"
PATRONS = ("ANNA", "BO", "CLARA", "DAVID")


def account(key: str) -> Identity:
    return Identity(IdType.CPR, cpr(key).digits)


def hears(library: Library) -> CulrDouble:
    """The net media answer from now on, and have heard of everyone there is."""
    library.net_media = CulrDouble()
    library.night()
    library.net_media.calls.clear()
    return library.net_media


def asked(net_media: CulrDouble) -> list[tuple[str, Identity]]:
    """The calls that tell: a night also reads a share of the accounts."""
    reads = {Operation.READ_GLOBAL, Operation.READ_LOCAL}
    return [(call.operation.value, call.identity) for call in net_media.calls if call.operation not in reads]


# -- what they hear ------------------------------------------------------------------------------------------------


def test_whoever_has_a_first_copy_has_an_account_the_same_night(either_library: Library) -> None:
    library = either_library
    net_media = library.net_media = CulrDouble()
    report = library.night()
    assert net_media.ours() == {account(key) for key in ("ANNA", "BO", "CLARA", "DAVID")}
    assert report.document()["published"] == {"sent": 4, "waiting": 0, "failed": 0, "oldest": None, "set_up": True}
    state = library.store.outbox.account_state(library.id_of("ANNA"))
    assert (state.account, state.sent, state.confirmed, state.pending) == (True, AARHUS, AARHUS, 0)


def test_a_move_is_told_with_one_call_and_a_protected_patrons_as_anyones(library: Library) -> None:
    net_media = hears(library)
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), moves(library.record("BO"), "ODENSE"))
    library.night()
    assert set(asked(net_media)) == {("updateAccount", account("ANNA")), ("updateAccount", account("BO"))}
    assert len(asked(net_media)) == 2
    assert {net_media.holds(account(key)) for key in ("ANNA", "BO")} == {ODENSE}


def test_a_night_without_net_media_set_up_lets_everything_wait(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    report = library.night()
    assert (report.exit_code, report.document()["published"]["waiting"]) == (0, 5)


def test_a_dry_run_tells_nobody(library: Library) -> None:
    library.net_media = CulrDouble()
    before = library.everything()
    plan_night(library.ports())
    assert library.net_media.calls == []
    assert library.everything() == before


# -- when they do not answer -----------------------------------------------------------------------------------------


def test_a_night_that_cannot_reach_them_is_as_good_as_any_and_what_waits_goes_with_the_next(
    either_library: Library,
) -> None:
    library = either_library
    net_media = hears(library)
    net_media.down = NetMediaUnavailable("no answer")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    report = library.night()
    assert (report.exit_code, report.state, report.document()["error"]["kind"]) == (4, "done", "netmedia.unavailable")
    assert library.record("ANNA").address.municipality == "0461"
    state = library.store.outbox.account_state(library.id_of("ANNA"))
    assert (state.sent, state.confirmed, state.pending) == (ODENSE, AARHUS, 1)
    net_media.down = None
    assert library.night().document()["published"]["sent"] == 1
    assert net_media.holds(account("ANNA")) == ODENSE


def test_after_an_outage_of_three_days_the_newest_number_is_told_and_who_may_lose_a_right_comes_first(
    library: Library,
) -> None:
    net_media = hears(library)
    net_media.down = NetMediaUnavailable("no answer")
    for day, to in ((MONDAY, "ODENSE"), (TUESDAY, "SKOLEN")):
        library.deliver(day, moves(person("ANNA"), to))
        library.night()
    library.deliver(WEDNESDAY, dies(person("CLARA")))
    library.night()
    net_media.down = None
    library.clock.moment += timedelta(hours=24)
    library.night()
    told = [(call.identity, call.municipality) for call in net_media.calls if call.municipality is not None]
    assert told[0] == (account("CLARA"), "")
    assert {number for identity, number in told if identity == account("ANNA")} == {AARHUS}


def test_credentials_that_are_refused_stop_it_and_say_so(library: Library) -> None:
    net_media = library.net_media = CulrDouble()
    net_media.refuses = dict.fromkeys(map(account, ("ANNA", "BO", "CLARA", "DAVID")), Code.COULD_NOT_AUTHENTICATE)
    report = library.night()
    assert (report.exit_code, report.document()["error"]["kind"]) == (2, "netmedia.refused")
    assert len(net_media.calls) == 1 + 1  # one in each of the two nights
    assert (report.closing.backlog.waiting, report.closing.backlog.failed) == (4, 0)


def test_a_night_that_told_some_before_it_was_refused_has_changed_something(library: Library) -> None:
    library.one_night()
    last = library.store.outbox.order()[-1]
    (key,) = (key for key in PATRONS if library.id_of(key) == last)
    library.net_media = CulrDouble(refuses={account(key): Code.COULD_NOT_AUTHENTICATE})
    report = library.one_night()
    assert (report.exit_code, report.told.sent, report.changed) == (2, 3, True)
    assert not library.nothing_is_left().changed


def test_refusals_in_a_row_are_told_as_what_they_are_and_no_credentials(library: Library) -> None:
    library.net_media = CulrDouble(
        refuses=dict.fromkeys(map(account, PATRONS), Code.ILLEGAL_ARGUMENT), unanswered_in_a_row=3
    )
    report = library.one_night()
    error = error_document(report.told.error, changed="part", reference="run-1")
    assert (report.exit_code, error["kind"]) == (2, "netmedia.refused_in_a_row")
    assert error["da"]["message"] == "CULR svarer ILLEGAL_ARGUMENT på 3 lånere i træk"
    assert "password" not in error["next"] + error["da"]["next"]
    assert (report.closing.backlog.waiting, report.closing.backlog.failed) == (2, 2)
    assert (library.one_night().exit_code, library.nothing_is_left().exit_code) == (3, 0)


def test_a_certificate_that_cannot_be_trusted_is_no_outage(library: Library) -> None:
    library.net_media = CulrDouble(down=NetMediaUntrusted("not trusted"))
    assert library.night().exit_code == 2


# -- what is refused for one patron -----------------------------------------------------------------------------------


def test_what_is_refused_for_one_waits_for_a_person_and_is_told_again_when_she_says_so(library: Library) -> None:
    net_media = library.net_media = CulrDouble(refuses={account("ANNA"): Code.ILLEGAL_ARGUMENT})
    report = library.one_night()
    assert (report.exit_code, report.document()["published"]) == (
        3,
        {"sent": 3, "waiting": 0, "failed": 1, "oldest": None, "set_up": True},
    )
    assert library.reviews() == [(library.id_of("ANNA"), "net_media.refused")]
    assert library.nothing_is_left().exit_code == 0
    net_media.refuses.clear()
    StaffReviews(library, "lisbeth").accept(1)
    library.night()
    assert net_media.holds(account("ANNA")) == AARHUS


def refused_once(library: Library) -> CulrDouble:
    """ANNA's move to Odense was refused, and waits for a person."""
    net_media = hears(library)
    net_media.refuses = {account("ANNA"): Code.ILLEGAL_ARGUMENT}
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.one_night()
    net_media.refuses.clear()
    assert (library.store.outbox.backlog().failed, net_media.holds(account("ANNA"))) == (1, AARHUS)
    (item,) = StaffReviews(library, "lisbeth").listed()
    sides = {"account": True, "ours": ODENSE, "theirs": AARHUS, "answer": "ILLEGAL_ARGUMENT"}
    assert item["net_media"] == sides
    assert library.store.outbox.account_state(library.id_of("ANNA")).refused == "ILLEGAL_ARGUMENT"
    return net_media


def test_what_was_refused_gives_way_to_what_comes_through_later_and_nobody_is_asked_any_more(library: Library) -> None:
    net_media = refused_once(library)
    library.deliver(TUESDAY, moves(person("ANNA"), "KOEBENHAVN"))
    library.night()
    assert (net_media.holds(account("ANNA")), library.store.outbox.backlog().failed) == ("101", 0)
    [item] = library.rows("review_item")
    assert item["state"] == "settled"


def test_accepting_sends_the_record_as_it_is_now(library: Library) -> None:
    net_media = refused_once(library)
    net_media.down = NetMediaUnavailable("no answer")
    library.deliver(TUESDAY, moves(person("ANNA"), "KOEBENHAVN"))
    library.one_night()
    net_media.down = None
    StaffReviews(library, "lisbeth").accept(1)
    library.night()
    assert net_media.holds(account("ANNA")) == "101"
    assert net_media.states(account("ANNA")) == [AARHUS, "101"]


def test_whoever_was_refused_and_let_be_is_held_against_the_net_media_again(library: Library) -> None:
    net_media = refused_once(library)
    StaffReviews(library, "lisbeth").reject(1, reason="nej")
    assert library.store.outbox.backlog().failed == 0
    library.night()
    assert net_media.holds(account("ANNA")) == ODENSE


def test_net_media_that_answer_each_call_with_an_error_are_an_outage(library: Library) -> None:
    library.net_media = CulrDouble(AGENCY, refuses=dict.fromkeys(map(account, PATRONS), Code.PROGRAM_ERROR))
    report = library.one_night()
    assert (report.exit_code, report.document()["error"]["kind"]) == (4, "netmedia.unavailable")
    assert (report.closing.backlog.waiting, report.counts.left) == (4, 0)


@pytest.mark.parametrize("code", [Code.UNKNOWN, Code.PROGRAM_ERROR, Code.TRANSACTION_ERROR])
def test_what_comes_through_no_night_is_left_to_a_person_after_a_month(library: Library, code: Code) -> None:
    library.net_media = CulrDouble(refuses={account("ANNA"): code})
    report = library.one_night()
    assert (report.closing.backlog.waiting, report.counts.left) == (1, 0)
    with library.engine.begin() as connection:
        connection.execute(update(tables.outbox).values(attempts=28))
    assert library.one_night().closing.backlog.waiting == 1
    report = library.one_night()
    assert (report.closing.backlog.failed, report.exit_code) == (1, 3)
    assert library.reviews() == [(library.id_of("ANNA"), "net_media.refused")]


# -- numbers ---------------------------------------------------------------------------------------------


def test_whoever_has_no_cpr_number_stands_under_her_patron_number(library: Library) -> None:
    made = CprNumber(f"{int(cpr('EDITH').digits[:2]) + 60}{cpr('EDITH').digits[2:]}")
    (imported,) = library.store.imports.take_patrons([NewPatron(made, Local())])
    assert imported.patron_id is not None
    asked_for = Setting(imported.patron_id, "municipality", "0751", "lone", reason="bor her", until=WEDNESDAY)
    set_field(SettingDesk(library, load_municipalities().homes()), asked_for)
    net_media = hears(library)
    local = Identity(IdType.LOCAL, imported.patron_id)
    assert net_media.holds(local) == AARHUS
    assert made.digits not in {one.value for one in net_media.ours()}
    library.register.knows(person("EDITH"))
    desk = Desk(AGENCY, library.store, library.register, library.clock, library.policy)
    shown = preview_number(desk, SetNumber(imported.patron_id, cpr("EDITH"), "lone"))
    confirm_number(desk, shown, yes_to(shown.preview))
    library.night()
    assert local not in net_media.ours()
    assert account("EDITH") in net_media.ours()
    assert Operation.MERGE in {call.operation for call in net_media.calls}


# -- killed, and lost -------------------------------------------------------------------------------------------------


def busy(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"), dies(person("CLARA")), moves(person("DAVID"), "ODENSE"))


def test_a_night_killed_anywhere_tells_them_no_more_and_no_less(library: Library, tmp_path: Path) -> None:
    hears(library)
    busy(library)
    whole, _, writes = lived_whole(library, tmp_path)
    assert whole.net_media is not None
    for other in killed(library, tmp_path, sample(writes)):
        other.one_night()
        assert other.net_media is not None
        for key in PATRONS:
            assert other.net_media.holds(account(key)) == whole.net_media.holds(account(key))
        assert other.net_media.ours() == whole.net_media.ours()
        assert accounts(other) == accounts(whole)
        assert other.store.outbox.backlog().waiting == 0
    whole.engine.dispose()


class Cut(CulrDouble):
    """All calls are answered, and the night is killed before it writes that down."""

    def send_many(
        self, queues: Iterable[Sequence[Effect]]
    ) -> Iterator[tuple[Effect, Settled | Unsettled | CprsyncError]]:
        yield from super().send_many(queues)
        raise Killed


def test_a_killed_night_sets_no_older_number_after_a_newer_one(library: Library) -> None:
    """Both moves waited for an answer, and both are sent again."""
    net_media = hears(library)
    net_media.down = NetMediaUnavailable("no answer")
    for day, to in ((MONDAY, "ODENSE"), (TUESDAY, "KOEBENHAVN")):
        library.deliver(day, moves(person("ANNA"), to))
        library.one_night()
    net_media.down = None
    with pytest.raises(Killed):
        library.one_night_with(net_media=Cut(accounts=net_media.accounts))
    assert (net_media.holds(account("ANNA")), library.store.outbox.backlog().waiting) == ("101", 2)
    library.one_night()
    assert net_media.states(account("ANNA")) == [AARHUS, "101"]
    assert library.store.outbox.backlog().waiting == 0


def accounts(library: Library) -> list[tuple[str, str | None, int]]:
    return sorted((row["patron_id"], row["municipality"], row["version"]) for row in library.rows("account"))


@pytest.mark.parametrize("every", [2, 3, 5])
def test_with_answers_that_get_lost_each_change_of_state_happens_once_and_in_order(
    library: Library, every: int
) -> None:
    net_media = hears(library)
    net_media.loses_every = every
    for day, to in ((MONDAY, "ODENSE"), (TUESDAY, "SKOLEN"), (WEDNESDAY, "ODENSE")):
        library.deliver(day, *(moves(person(key), to) for key in ("ANNA", "DAVID")))
        library.one_night()
    for _ in range(12):
        if not library.store.outbox.backlog().waiting:
            break
        library.one_night()
    for key in ("ANNA", "DAVID"):
        assert net_media.states(account(key)) == [AARHUS, ODENSE, AARHUS, ODENSE]


# -- at the desk ---------------------------------------------------------------------------------------------


def test_the_desk_tells_of_one_patron_at_once(library: Library) -> None:
    net_media = CulrDouble()
    done = publish_patron(library.store, lambda: nullcontext(net_media), library.id_of("BO"))
    assert (done.sent, net_media.ours()) == (1, {account("BO")})
    assert library.store.outbox.backlog().waiting == 3
    assert publish_patron(library.store, not_opened, library.id_of("BO")).sent == 0
    verify_audit(library.store)


def test_the_account_of_someone_who_left_and_came_back_before_the_night_stays(either_library: Library) -> None:
    """The deletion waits when the desk tells of her new record, and would come behind it."""
    library, net_media = either_library, CulrDouble()
    library.one_night_with(net_media=net_media)
    library.store.leaving.leave(library.id_of("ANNA"), user="desk")
    library.enrol("ANNA")
    library.one_night()
    assert publish_patron(library.store, lambda: nullcontext(net_media), library.id_of("ANNA")).sent == 1
    assert library.store.outbox.backlog().waiting == 1
    library.one_night_with(net_media=net_media)
    assert account("ANNA") in net_media.ours()
    assert library.store.outbox.backlog().waiting == 0
    verify_audit(library.store)


def not_opened() -> AbstractContextManager[CulrDouble]:
    raise AssertionError("nothing waits: nobody is called")


def test_while_a_night_is_at_work_the_desk_leaves_it_to_the_night(library: Library) -> None:
    with library.store.runs.lock():
        done = publish_patron(library.store, not_opened, library.id_of("BO"))
    assert isinstance(done.error, RunBusy)
    assert library.store.outbox.backlog().waiting == 4


def test_net_media_that_do_not_answer_at_once_hear_from_the_night(library: Library) -> None:
    net_media = CulrDouble(down=NetMediaUnavailable("no answer"))
    assert publish_patron(library.store, lambda: nullcontext(net_media), library.id_of("BO")).error is net_media.down
    library.net_media = CulrDouble()
    assert library.night().told.sent == 4
