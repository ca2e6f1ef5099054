"""`audit verify`, `audit list`, `audit accept` and `status` at the terminal."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from test_import_text import library, take
from whole import patron_ids

from cprsync.cli.night import overview as status_module
from cprsync.cli.terminal.user import user_name
from cprsync.cli.trust.audit import audit_accept, audit_list, audit_verify
from cprsync.config.clock import SystemClock
from cprsync.config.settings import load_settings
from cprsync.domain.desk.confirming import SERVICE
from cprsync.domain.person.number import CprNumber
from cprsync.language.night import audit_lines
from cprsync.services.ports.desk import Reveal
from cprsync.store.core.engine import open_engine, writing
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from pathlib import Path

assert library  # a fixture
NUMBER = CprNumber.parse("0101609995")


@pytest.fixture
def asked(library: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A library at whose desk anna has looked somebody up, and bo has opened a record."""
    take(library, apply=True)
    settings = load_settings(library / "cprsync.toml")
    section = settings.library[0]
    with Site(settings, section).store() as store:
        one = patron_ids(store)[0]
        store.desk.intend(NUMBER, purpose="debt", user="anna", patron_id=None)
        store.desk.intend(NUMBER, purpose="renewal", user="anna", patron_id=one)
        store.views.reveal(Reveal(one, ("address",), "bo", "they asked", "correction"))
    capsys.readouterr()
    return library


def listed(asked: Path, capsys: pytest.CaptureFixture[str], **wanted: Any) -> list[dict[str, Any]]:
    audit_list(**wanted, config=asked / "cprsync.toml", lang="en", as_json=True)
    entries: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["entries"]
    return entries


def verified(asked: Path, capsys: pytest.CaptureFixture[str], code: str | None = None) -> tuple[int, dict[str, Any]]:
    ended = audit_verify(code=code, config=asked / "cprsync.toml", lang="en", as_json=True)
    return ended, json.loads(capsys.readouterr().out)


def tamper(asked: Path, statement: str) -> None:
    engine = open_engine(load_settings(asked / "cprsync.toml").store.url)
    with writing(engine) as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_a_whole_audit_is_said_to_be_whole_with_a_code_that_stays_true(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended, document = verified(asked, capsys)
    assert (ended, document["whole"], document["problems"]) == (0, True, [])
    assert verified(asked, capsys, document["code"])[0] == 0


def test_an_audit_is_verified_while_the_mock_that_gives_its_day_is_away(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in what a demo leaves. An attempt that is gone is found all the same: the audit's last entry tells the day."""
    path = asked / "cprsync.toml"
    path.write_text(path.read_text("utf-8") + '\n[test]\ncontrol_url = "http://127.0.0.1:9"\n', "utf-8")
    assert (verified(asked, capsys)[0], verified(asked, capsys)[1]["whole"]) == (0, True)
    tamper(asked, "DELETE FROM desk_attempt")
    ended, document = verified(asked, capsys)
    assert (ended, document["whole"]) == (1, False)


@pytest.mark.parametrize("code", ["nonsense", "1-00000000"])
def test_a_code_that_is_not_this_audits_is_told_without_blaming_a_file(
    code: str, asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit_verify(code=code, config=asked / "cprsync.toml", lang="en") == 1
    told = capsys.readouterr().out
    assert "the code belongs to another audit" in told
    assert "audit-heads.log" not in told


def test_what_does_not_fit_is_named_in_both_languages_and_ends_with_1(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(asked, "DELETE FROM audit WHERE stream = 'desk' AND seq = 2")
    ended, document = verified(asked, capsys)
    assert ended == 1
    assert [(one["stream"], one["entry"]) for one in document["problems"]] == [("desk", 2)]
    assert "the entry is missing" in "\n".join(audit_lines(document, "en"))
    assert "indførslen mangler" in "\n".join(audit_lines(document, "da"))


def test_the_list_says_who_did_what_and_why_the_latest_first(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = [(one["who"], one["what"], one["why"]) for one in listed(asked, capsys)][:3]
    assert told == [("bo", "reveal", "correction"), ("anna", "lookup", "renewal"), ("anna", "lookup", "debt")]


def test_the_list_holds_no_number_name_or_reason(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = listed(asked, capsys)
    assert NUMBER.digits not in str(entries)
    assert "they asked" not in str(entries)
    assert {one["reason"] for one in entries} == {None}


def test_a_reason_is_opened_when_asked_for_and_that_is_written_down_first(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newest, opened, *_ = listed(asked, capsys, reasons=True)
    assert (newest["what"], newest["who"]) == ("audit_read", user_name())
    assert (opened["what"], opened["reason"]) == ("reveal", "they asked")


def test_the_list_says_who_renewed_our_certificate(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_settings(asked / "cprsync.toml")
    with Site(settings, settings.library[0]).store() as store:
        store.audit.note_certificate(user="lone", serial=255, ends=datetime(2028, 3, 1, tzinfo=UTC))
    newest = listed(asked, capsys)[0]
    assert (newest["what"], newest["who"], newest["patron"]) == ("certificate", "lone", None)
    audit_list(limit=1, config=asked / "cprsync.toml")
    assert "fornyede vores certifikat" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wanted", "count"),
    [({"by": "anna"}, 2), ({"by": "bo"}, 1), ({"by": "nobody"}, 0), ({"limit": 2}, 2), ({"patron": "00000000"}, 0)],
)
def test_the_list_is_filtered(
    asked: Path, capsys: pytest.CaptureFixture[str], wanted: dict[str, Any], count: int
) -> None:
    assert len(listed(asked, capsys, **wanted)) == count


@pytest.mark.parametrize("by", ["tjenesten", "the service"])
def test_whoever_was_not_known_at_the_desk_is_the_service_in_either_language(
    asked: Path, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    """`the service` stood beside `tjenesten`, and only one of them was found."""
    settings = load_settings(asked / "cprsync.toml")
    with Site(settings, settings.library[0]).store() as store:
        store.desk.intend(NUMBER, purpose="debt", user=SERVICE, patron_id=None)
    assert ("lookup", "debt") in {(one["what"], one["why"]) for one in listed(asked, capsys, by=by)}
    audit_list(limit=1, config=asked / "cprsync.toml")
    shown = capsys.readouterr().out
    assert "tjenesten" in shown
    assert "the service" not in shown


def test_what_nobody_named_did_is_found_by_the_word_for_it(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = listed(asked, capsys, by="tjenesten")
    assert entries
    assert {one["who"] for one in entries} == {"the service"}


def test_the_list_of_one_patron_and_of_days_to_come(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patron = next(one["patron"] for one in listed(asked, capsys) if one["what"] == "reveal")
    assert {one["patron"] for one in listed(asked, capsys, patron=patron)} == {patron}
    later = load_settings(asked / "cprsync.toml") and SystemClock().today().replace(year=2999)
    assert listed(asked, capsys, since=later) == []


def test_the_list_as_lines(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit_list(limit=2, config=asked / "cprsync.toml")
    first, second = capsys.readouterr().out.splitlines()
    assert re.match(r"\d+\. [a-z]+ \d{4} kl\. \d\d\.\d\d +bo ", first)
    assert first.endswith("åbnede skjulte felter: Adresse; formål: rettelse; med en begrundelse")
    assert second.endswith("opslag i CPR; formål: fornyelse")


def test_a_broken_audit_is_accepted_with_a_reason_alone(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(asked, "DELETE FROM audit WHERE stream = 'desk' AND seq = 2")
    options: dict[str, Any] = {"config": asked / "cprsync.toml", "lang": "en"}
    with pytest.raises(SystemExit) as refused:
        audit_accept(reason=" ", **options)
    assert (refused.value.code, verified(asked, capsys)[0]) == (2, 1)
    audit_accept(reason="a drill", **options)
    capsys.readouterr()
    assert verified(asked, capsys)[0] == 0


def status(asked: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool = True) -> tuple[int, Any]:
    ended = status_module.status(config=asked / "cprsync.toml", lang="en", as_json=as_json)
    out = capsys.readouterr().out
    return ended, json.loads(out) if as_json else out


def test_the_status_tells_of_a_broken_audit_and_ends_with_1(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(asked, "DELETE FROM audit WHERE stream = 'desk' AND seq = 2")
    ended, document = status(asked, capsys)
    assert ended == 1
    assert "audit" in {one["what"] for one in document["wrong"]}
    assert "the entry is missing" in status(asked, capsys, as_json=False)[1]


def test_the_status_of_a_library_that_has_lived_no_night(asked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended, document = status(asked, capsys)
    assert (ended, document["ok"], document["audit"]["whole"]) == (1, False, True)
    assert {one["what"] for one in document["wrong"]} >= {"no_run"}
    assert {key["purpose"] for key in document["keys"]} == {
        "seal",
        "index",
        "fingerprint",
        "audit",
        "checkpoint",
        "pin",
    }


TARGET = """
[[library.target]]
name = "own"
kind = "file"
fields = ["status"]
protected = "leave out"
folder = "out"
"""


def test_the_audit_is_read_and_verified_also_with_a_policy_file_that_cannot_be_used(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever has to find out what was done needs it just then, also where a target is set up."""
    policy, config = load_settings(asked / "cprsync.toml").library[0].policy, asked / "cprsync.toml"
    policy.write_text(policy.read_text("utf-8") + "\nnonsense = 1\n", "utf-8")
    config.write_text(config.read_text("utf-8") + TARGET, "utf-8")
    assert audit_verify(config=config, lang="en") == 0
    assert "is whole" in capsys.readouterr().out
    audit_list(config=config, lang="en")
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 4
    assert policy.name in told.err
    assert "The list is shown all the same" in told.err
