"""Lines that once read badly at the desk: short now, of the patron, with fields and days as people say them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from catalogues import ADVICE, DANISH, WORDS

from cprsync.cli.desk.changing import compared_lines, set_lines
from cprsync.cli.night.plans import plan_lines
from cprsync.domain.patron.fields import FIELD
from cprsync.errors import BadInput, ConfigurationError, DeliveryRefused
from cprsync.language.backup import backup_lines
from cprsync.language.errors import in_danish
from cprsync.language.status import problem_of, status_lines
from cprsync.language.words import word
from cprsync.services.desk.setting import check_field, settable
from cprsync.services.night.approving import HeldPlan, PlannedChange
from cprsync.services.ports.access import Alarms
from cprsync.services.ports.finding import ProvisionalWaiting
from cprsync.services.ports.outward import TargetStands
from cprsync.services.ports.register import Coverage
from cprsync.services.ports.runs import ListedRun
from cprsync.services.ports.trust.status import (
    AlarmsStand,
    AuditStands,
    DeliveriesStand,
    FollowedAudit,
    HeadsStand,
    LastTry,
    LibraryStatus,
    NetMediaWait,
    NightDue,
    UpkeepStands,
    UsedQuota,
    WaitingCounts,
)
from cprsync.services.ports.trust.upkeep import UpkeepOutcome, UpkeepTask

SAID = " · ".join([*DANISH.values(), *(danish for danish, _ in WORDS.values())])


def test_a_missing_delivery_is_asked_for_by_its_day_and_not_looked_for_in_the_doctor() -> None:
    missing = {"what": "late", "due": "2027-04-02", "day": "2027-04-01"}
    assert problem_of(missing, "da").next.startswith(
        "Kør `cprsync sync`, som indlæser leverancen for 1. april 2027, hvis den er kommet."
    )
    assert problem_of(missing, "en").next.startswith(
        "Run `cprsync sync`, which takes the file of 1 April 2027 if it has come."
    )
    assert not [language for language in ("da", "en") if "doctor" in problem_of(missing, language).next]


@pytest.mark.parametrize(
    "line",
    [
        "første kopi",
        "hendes nye gæld",
        "taget tilbage, registret gælder",
        "er registrets: sig",
        "er selv umyndig",
        "er allerede et rigtigt",
    ],
)
def test_no_line_of_the_table_is_said_any_more(line: str) -> None:
    assert line not in SAID


def test_no_review_item_speaks_of_a_patron_as_a_woman() -> None:
    said = [danish for key, (danish, _) in WORDS.items() if key.startswith(("item.", "answer."))]
    assert [text for text in said if re.search(r"\b(?:hun|hendes?)\b", text)] == []
    assert any("oplysningerne skjules ikke længere af denne grund" in text for text in said)


def test_no_message_speaks_of_a_patron_as_a_woman() -> None:
    advised = " · ".join(advice.next.da for advice in ADVICE.values())
    assert re.findall(r"[^·]*\b(?:hun|hendes?)\b[^·]*", f"{SAID} · {advised}") == []


def test_what_registering_does_is_said_in_words() -> None:
    # it happens to a patron from a list too, whom nobody registers then
    assert word("first_copy", "da") == "skrevet første gang"
    assert "opret" not in word("would_first_copy", "da")


@pytest.mark.parametrize(
    ("field", "danish"),
    [
        ("address", "Adressen kommer fra CPR. Skriv en begrundelse for at ændre den."),
        ("name", "Navnet kommer fra CPR. Skriv en begrundelse for at ændre det."),
        ("group", "Lånergruppen følger alderen. Skriv en begrundelse for at ændre den."),
    ],
)
def test_a_correction_without_a_reason_is_asked_for_one(field: str, danish: str) -> None:
    assert in_danish(ConfigurationError(FIELD[field].why_another).document()) == danish


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"field": "group", "outcome": "withdrawn", "follows_age": True}, "1 · Lånergruppen følger igen alderen"),
        (
            {"field": "group", "outcome": "withdrawn", "follows_age": False},
            "1 · Lånergruppe: rettelsen er taget tilbage",
        ),
        ({"field": "address", "outcome": "withdrawn"}, "1 · Adresse: rettelsen er taget tilbage"),
    ],
)
def test_what_was_taken_back_is_said_by_what_counts_now(document: dict[str, object], line: str) -> None:
    whole = {"patron": "1", "until": None, "culr": None, **document}
    assert list(set_lines(whole, "da", withdraws=True, text="")) == [line]


@pytest.mark.parametrize(
    ("error", "danish"),
    [
        (BadInput("{field}: {why}", field="address", why="there is no such day"), "Adresse: der er ingen sådan dag"),
        (BadInput("{field}: {why}", field="cards", why="there is no such day"), "Lånerkort: der er ingen sådan dag"),
        (BadInput("{why}", why="2027-03-03"), "3. marts 2027"),
        (BadInput("{why}", why="2026-11-28 01:00 CET"), "28. november 2026 kl. 01.00"),
        (DeliveryRefused("{why}", why=BadInput("{why}", why="2027-12-31")), "31. december 2027"),
        (BadInput("{why}", why="No space left on device"), "der er ikke plads på disken"),
        # a file's or a setting's name stays as it is typed
        (BadInput("{why}", why="address"), "address"),
        (BadInput("{why}", why="D270322.L123456"), "D270322.L123456"),
        (BadInput("{why}", why="2027-13-01"), "2027-13-01"),
        (BadInput("{why}", why="2027-02-31"), "2027-02-31"),
    ],
)
def test_a_field_and_a_day_in_an_error_stand_there_as_people_say_them(error: BadInput, danish: str) -> None:
    assert in_danish(error.document()) == danish


def test_the_status_tells_days_and_certificates_as_people_say_them() -> None:
    waits_since = datetime(2027, 4, 2, 4, 30, tzinfo=UTC)
    failed = LastTry(datetime(2027, 4, 3, 1, 30, tzinfo=UTC), UpkeepOutcome.FAILED)
    status = LibraryStatus(
        agency="710100",
        name="Byens",
        at=waits_since,
        run=ListedRun(run=8, agency="710100", day=date(2027, 4, 3), state="done", started="", exit=0),
        night=NightDue(date(2027, 4, 2), late=False, missed=None, days=0),
        deliveries=DeliveriesStand(None, date(2027, 4, 2), late=False, missing=None, waiting=2, stopping=1),
        waits=WaitingCounts(
            reviews=0,
            kinds={},
            held=8,
            parked=3,
            windows=4,
            windows_today=UsedQuota(0, 20_000),
            windows_brake=(),
            undone=0,
            undoing=(),
            net_media=NetMediaWait(1, 0, waits_since, set_up=True),
            provisional=ProvisionalWaiting(0, 0),
        ),
        plans=(),
        targets=(
            TargetStands(
                name="koha",
                kind="koha",
                set_up=True,
                loaded=True,
                told=9,
                refused=0,
                waiting=2,
                failed=0,
                oldest=datetime(2027, 4, 2, 22, 30, tzinfo=UTC),
                stopped=None,
                why=None,
                fetched=None,
            ),
        ),
        subscriptions=Coverage(0, 0, 0),
        audit=AuditStands(
            whole=True,
            entries=1,
            streams=1,
            code="1-00",
            kept="2027-04-03T04:30:00.000000Z",
            since=2,
            problems=(),
            followed=FollowedAudit(8, whole=True, accepted=False),
        ),
        heads=HeadsStand(),
        access=Alarms(),
        keys=(),
        rotations=(),
        alarms=AlarmsStand(()),
        disks=[{"place": "store", "free": 1_250_000_000, "total": 2_000_000_000}],
        upkeep={UpkeepTask.BACKUP: UpkeepStands(failed, None), UpkeepTask.DRILL: None},
        certificates=[
            {"whose": "ours", "days_left": 9, "problem": None},
            {"whose": "ours", "days_left": 9, "problem": "has been revoked", "problem_da": "er spærret"},
            {"whose": "theirs", "host": "culr.example:443", "days_left": None, "problem": None},
            *({"whose": "trusted", "days_left": days, "problem": None} for days in (700, 300, 500)),
        ],
    )
    told = "\n".join(status_lines(status, "da"))
    assert "Seneste nat: nr. 8, 3. april 2027: alt er gjort" in told
    assert "Leverancer: endnu ingen; ventet til og med 2. april 2027" in told
    assert "koha: bagud, kender 9 lånere, 2 venter (0 afvist)" in told
    assert "i indbakken: 2 venter på en nat, 1 afvist" in told
    assert "til netmedierne (0 afvist), den ældste siden 2. april 2027 kl. 06.30" in told
    assert "2 venter (0 afvist), den ældste siden 3. april 2027 kl. 00.30" in told
    assert "Lagt til side i seneste nat: 3; ubekræftede lånere: 4" in told
    assert "gemt uden for databasen 3. april 2027 kl. 06.30, og 2 indførsler er kommet til" in told
    assert "Ledig plads til databasen: 1,2 GB" in told
    assert "Seneste sikkerhedskopi: aldrig" in told
    assert "Certifikat (vores): 9 dage igen" in told
    assert "Certifikat (culr.example:443): ikke set" in told
    assert [days for days in (300, 500, 700) if f"tillid til): {days} dage" in told] == [300]
    assert "Certifikat (vores): er spærret" in told


@pytest.mark.parametrize("language", ["da", "en"])
def test_how_a_night_ended_is_said_in_words_whatever_the_exit(language: Any) -> None:
    """`exit 3` tells a librarian nothing."""
    for code in (*range(8), None):
        told = word(f"ended_{code}", language)
        assert told != f"ended_{code}"
        assert "exit" not in told


def test_the_birth_dates_beside_a_number_are_written_as_people_write_them() -> None:
    sides = {"ours": None, "theirs": "1975-05-29", "agrees": None}
    document = {"patron": "10000000", "warnings": [], "preview": {"compared": {"birth_date": sides}, "kept_blocks": []}}
    assert "CPR: 29. maj 1975" in "\n".join(compared_lines(document, "da"))


def test_the_fields_that_may_be_set_are_listed_as_they_are_called_with_the_name_to_type() -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_field("foo")
    told = in_danish(refused.value.document())
    assert "Navn (name)" in told
    assert "Blokeringer (blocks)" in told
    assert [one for one in settable() if f"({one})" not in told] == []


@pytest.mark.parametrize(
    ("changes", "patrons", "da", "en"),
    [
        (1, 1, "1 ændring hos 1 låner:", "1 change, 1 patron:"),
        (2, 1, "2 ændringer hos 1 låner:", "2 changes, 1 patron:"),
        (2, 2, "2 ændringer hos 2 lånere:", "2 changes, 2 patrons:"),
    ],
)
def test_a_plan_counts_changes_and_patrons_each_for_itself(changes: int, patrons: int, da: str, en: str) -> None:
    plan = HeldPlan(
        agency="775100",
        run=3,
        plan="sha256:00",
        undoes=None,
        day=date(2027, 3, 23),
        until=None,
        void=None,
        classes=(),
        waits=False,
        approved_by=(),
        unbound=(),
        approved=False,
        harm={},
        actions={},
        let_through={},
        patrons=patrons,
        changes=(PlannedChange("10000000", (), ()),) * changes,
    )
    for language, says in (("da", da), ("en", en)):
        assert f"  {says}" in list(plan_lines(plan, language))  # type: ignore[arg-type]  # two languages


def test_one_patron_in_a_backup_is_told_as_one() -> None:
    made = {"folder": "/b", "bytes": 1, "patrons": 1, "recipient": "r", "code": "", "removed": [], "left_out": []}
    assert next(iter(backup_lines(made, "da"))).endswith(", 1 låner)")
    assert next(iter(backup_lines(made | {"patrons": 2}, "en"))).endswith(", 2 patrons)")
