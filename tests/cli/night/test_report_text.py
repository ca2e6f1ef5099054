"""The night's report as text: a night that a brake stopped says what to do next."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from cprsync.config.policy import load_policy
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm
from cprsync.language.night import report_lines
from cprsync.services.night.report import report_without_run

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.catalogues import Language

RAISE = {"da": "hæv i policy.toml for én nat", "en": "raise in policy.toml for one night"}
LEAST = {"da": "mindst", "en": "at least"}


def braked(harm: Harm = Harm.GONE, *, count: int = 25, limit: int = 20, run: int | None = 10) -> dict[str, Any]:
    """A night that would harm `count` in one way, where `limit` may be."""
    document = report_without_run("775100", day=date(2027, 3, 23), error={}, code=5)
    del document["error"]
    classes = [{"class": harm.value, "count": count, "limit": limit}]
    return document | {"run": run, "state": "held", "brake": {"plan": "sha256:0", "classes": classes}}


def told(document: dict[str, Any], language: Language = "da") -> list[str]:
    """What stands below the brake's own line."""
    lines = [line.strip() for line in report_lines(document, language)]
    return lines[lines.index({"da": "BREMSEN STOPPEDE NATTEN", "en": "THE BRAKE STOPPED THE NIGHT"}[language]) + 2 :]


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_night_stopped_by_a_brake_says_where_to_look_and_which_limit_to_raise(language: Language) -> None:
    look, _, approve, raises = told(braked(), language)
    assert "cprsync plan show 10" in look
    assert "cprsync plan approve sha256:0 --reason" in approve
    assert RAISE[language] in raises
    assert f"guard.gone.count ({LEAST[language]} 25)" in raises
    assert "cprsync sync" in raises


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_held_undo_asks_for_two_people_and_the_same_command_and_for_no_file(language: Language) -> None:
    look, approve = told(braked(run=30) | {"reverts": 22}, language)
    assert "cprsync plan show 30" in look
    assert "cprsync plan approve sha256:0 --reason" in approve
    assert "cprsync runs revert 22" in approve
    assert "sync again" not in approve
    assert RAISE[language] not in approve


def test_a_planned_night_has_no_number_and_is_looked_at_in_its_plan() -> None:
    look, *_ = told(braked(run=None))
    assert "--dry-run --plan" in look
    assert "plan show" not in look


DELIVERY = {
    "file": "D270322.L123456",
    "produced": "2027-03-22",
    "outcome": "applied",
    "announced": True,
    "waits": False,
    "received": 1,
}


@pytest.mark.parametrize(
    ("state", "brake", "says", "says_not"),
    [
        ("done", False, ": indlæst", "ville"),
        ("held", True, "BREMSEN STOPPEDE NATTEN", "VILLE"),
        ("planned", False, ": ville blive indlæst", ": indlæst"),
        ("planned", True, ": ville blive holdt tilbage", "STOPPEDE"),
        ("planned", True, "BREMSEN VILLE STOPPE NATTEN", ": indlæst"),
        ("planned", True, "Ville gå igennem alligevel: beskyttelse begynder 1", "Gik"),
    ],
)
def test_a_planned_night_says_what_would_be_done_with_a_delivery_and_not_that_it_was(
    state: str, says: str, says_not: str, *, brake: bool
) -> None:
    document = braked(run=None if state == "planned" else 10) | {"state": state, "deliveries": [DELIVERY]}
    document |= {"let_through": {"protect": 1}} if brake else {"brake": None}
    text = "\n".join(report_lines(document, "da"))
    assert says in text
    assert says_not not in text


@pytest.mark.parametrize(
    ("language", "line"),
    [("da", "  Abonnementer afmeldt i CPR: 2"), ("en", "  Subscriptions removed at CPR: 2")],
)
def test_patrons_who_left_at_the_desk_are_said_to_be_unsubscribed_by_the_night(language: Language, line: str) -> None:
    """Their subscriptions ended with their records: the night has ended none of its own."""
    document = braked() | {
        "brake": None,
        "subscriptions": {"added": 0, "removed": 2, "kept": 4, "ended": 0, "unknown": 0},
    }
    assert line in report_lines(document, language)
    for count in (0, 1):
        told = {"added": count, "removed": count, "kept": 4, "ended": count, "unknown": 0}
        assert "CPR: " not in "".join(report_lines(document | {"subscriptions": told}, language))


def test_a_brake_is_told_once() -> None:
    document = braked() | {"error": {"kind": "run.braked", "message": "over the limit"}}
    assert "over the limit" not in "\n".join(report_lines(document, "da"))


def test_each_limit_that_was_passed_is_named() -> None:
    document = braked()
    document["brake"]["classes"] += braked(Harm.CHANGED, count=300)["brake"]["classes"]
    assert "guard.gone.count (mindst 25), guard.changed.count (mindst 300)" in told(document)[-1]


def test_a_limit_under_a_ceiling_is_raised_with_it() -> None:
    assert "guard.parked.count og guard.parked.ceiling (mindst 600)" in told(braked(Harm.PARKED, count=600))[-1]


@pytest.mark.parametrize(("limit", "asks"), [(0, True), (20, False)])
def test_an_empty_list_of_subscriptions_is_a_question_for_the_platform(limit: int, *, asks: bool) -> None:
    assert ("spørg platformen" in told(braked(Harm.UNSUBSCRIBED, limit=limit))[-1]) is asks


@pytest.mark.parametrize("harm", DEFAULT_LIMITS)
def test_a_night_with_the_limit_raised_as_told_is_within_it(harm: Harm, tmp_path: Path) -> None:
    document = braked(harm, count=25)
    keys = [word.split(".") for word in told(document)[3].replace(",", " ").split() if word.startswith("guard.")]
    text = "[guard]\n" + f"{harm.value} = {{ {', '.join(f'{key} = 25' for _, _, key in keys)} }}\n"
    assert {name for _, name, _ in keys} == {harm.value}
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    assert load_policy(path, frozenset()).limits[harm].of(1000) >= document["brake"]["classes"][0]["count"]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("da", "Ret til Netlydbog: 2 åbnet, 1 lukket, 3 uafklaret, 9 uændret"),
        ("en", "Right to Audio books: 2 opened, 1 closed, 3 undecided, 9 unchanged"),
    ],
)
def test_the_rights_that_turned_in_the_night_are_told_by_product(language: Language, line: str) -> None:
    turned = {"opened": 2, "closed": 1, "undecided": 3, "unchanged": 9, "waiting": 0}
    titles = {"netlydbog": {"da": "Netlydbog", "en": "Audio books"}}
    assert rights_told({"netlydbog": turned}, language, products=titles) == [line]


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("da", "Ret til netlydbog: 15 uændret; 2 venter på, at CULR får det at vide"),
        ("en", "Right to netlydbog: 15 unchanged; 2 waiting for CULR to be told"),
    ],
)
def test_a_night_that_turns_no_right_tells_by_product_how_many_still_wait(language: Language, line: str) -> None:
    turned = {"opened": 0, "closed": 0, "undecided": 0, "unchanged": 15, "waiting": 2}
    assert rights_told({"netlydbog": turned, "film": turned | {"waiting": 0}}, language) == [line]


def rights_told(turned: dict[str, dict[str, int]], language: Language, **more: Any) -> list[str]:
    lines = [one.strip() for one in report_lines(braked() | {"entitlements": turned} | more, language)]
    return [line for line in lines if line.startswith(("Ret til", "Right to"))]
