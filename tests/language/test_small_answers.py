"""Short answers are in one language: what was set, how the store stands, what the register's list has."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cprsync.cli.desk.changing import set_lines
from cprsync.cli.feed.deliveries import inspect_lines
from cprsync.cli.feed.windows import heal_document, reconcile_document, reconcile_lines, subscription_lines
from cprsync.cli.setup.installation import db_status, db_upgrade, write_folder
from cprsync.cli.trust.alarms import tried_lines
from cprsync.cli.trust.keys import rotation_lines
from cprsync.domain.deciding.guard import Excess
from cprsync.domain.policy.policy import Harm
from cprsync.errors import AlarmUndelivered
from cprsync.language.errors import advice_for, in_danish
from cprsync.mock.asking import not_running
from cprsync.services.feed.provisional import ProvisionalAsked
from cprsync.services.feed.questions import WindowsAsked
from cprsync.store.records.numbers import ACTIVE_PATRON, DEAD, DIED, LEFT, OLD_NUMBER, RESPONSIBLE

#: What a rotation tells of an older key that nothing names any more.
ROTATED = {"purpose": "seal", "resumed": False, "rows": 3, "seconds": 1, "left": 0}
FREE = {**ROTATED, "older": [{"id": "fe03d957", "named": {}}]}
COMPARED = {
    "kept": 12,
    "missing": 1,
    "surplus": 0,
    "added": 0,
    "removed": 0,
    "refused": 0,
    "unknown": 0,
    "numbers": (),
    "brake": [{"count": 9, "limit": 5}],
}
QUOTA = {"asked": 0, "most": 20_000}
EXCESS = (Excess(Harm.GONE, 21, 20),)


def a_set(**deviations: Any) -> dict[str, Any]:
    return {"patron": "10000000", "field": "emails", "outcome": "set", "until": None, "culr": None, **deviations}


@pytest.mark.parametrize(
    ("document", "withdraws", "text", "danish", "english"),
    [
        (a_set(), False, "*a@b.dk", ["E-mail: sat"], ["E-mail: set"]),
        (
            a_set(field="municipality", until="2027-05-01", culr="751"),
            False,
            "0751",
            ["Kommune: sat, gælder til og med 1. maj 2027", "  netmedierne får besked"],
            ["Municipality: set, holds until 1 May 2027", "  the net media are told"],
        ),
        (a_set(outcome="unchanged"), True, "", ["E-mail: der var intet at tage tilbage"], None),
        (a_set(field="telephones", outcome="set"), True, "", ["Telefonnummer: tømt"], ["Telephone number: emptied"]),
    ],
)
def test_what_was_set_is_told_in_one_language(
    document: dict[str, Any], text: str, danish: list[str], english: list[str] | None, *, withdraws: bool
) -> None:
    def told(language: Any) -> list[str]:
        lines = list(set_lines(document, language, withdraws=withdraws, text=text))
        return [line.removeprefix("10000000 · ") for line in lines]

    assert told("da") == danish
    assert english is None or told("en") == english


def test_whoever_marks_no_telephone_is_told_that_none_gets_notices() -> None:
    *_, last = set_lines(a_set(field="telephones"), "da", withdraws=False, text="20000000")
    assert last == "  Beskeder sendes ikke hertil: skriv * foran, hvis de skal."


@pytest.mark.parametrize(
    ("typed", "said"), [("sv", True), (" sv\n", True), ("en", False), ("da\n", False), ("", False)]
)
def test_a_language_in_which_there_are_no_letters_is_taken_and_told_of(typed: str, said: bool) -> None:
    *_, last = set_lines(a_set(field="language"), "da", withdraws=False, text=typed)
    assert last.startswith("  Opgørelser findes på dansk (da) og engelsk (en)") is said


@pytest.mark.parametrize(
    ("typed", "groups", "doubted"),
    [("Voksne", ("Barn", "Voksen"), True), (" Voksen\n", ("Barn", "Voksen"), False), ("Voksne", (), False)],
)
def test_a_group_that_may_be_misspelt_is_doubted_with_those_that_there_are(
    typed: str, groups: tuple[str, ...], doubted: bool
) -> None:
    *_, last = set_lines(a_set(field="group"), "da", withdraws=False, text=typed, groups=groups)
    assert last.endswith("Der er Barn, Voksen.") is doubted
    assert "Voksne" not in last


def test_a_comparison_with_the_registers_list_is_told_in_one_language() -> None:
    danish, english = (list(reconcile_lines(COMPARED, language, applied=False)) for language in ("da", "en"))
    assert danish[0].split() == ["hos", "begge", "12"]
    assert danish[-2] == "Standset: 9 skulle afmeldes eller mangler, højst 5 må; intet er afmeldt."
    assert english[0].split() == ["kept", "12"]
    assert list(reconcile_lines({**COMPARED, "brake": []}, "da", applied=True))[-1].startswith("afmeldt")


@pytest.mark.parametrize(
    ("compared", "last"),
    [
        ({"brake": []}, "Intet er ændret: --apply gør det."),
        ({"brake": [], "missing": 0}, "Intet er ændret."),
        ({"missing": 0, "surplus": 9}, "Intet er ændret."),
        # what is missing is added although a limit stops the rest
        ({"surplus": 9}, "Intet er ændret: --apply tilmelder det, der mangler, og afmelder intet."),
    ],
)
def test_a_comparison_that_changes_nothing_says_what_apply_would_do(compared: dict[str, Any], last: str) -> None:
    assert list(reconcile_lines({**COMPARED, **compared}, "da", applied=False))[-1] == last


@pytest.mark.parametrize(("added", "changed"), [(0, "nothing"), (3, "part")])
def test_a_comparison_that_a_limit_stops_has_an_error_in_its_document(added: int, changed: str) -> None:
    document = reconcile_document({**COMPARED, "added": added})
    error = document["error"]
    assert (document["exit"], error["kind"], error["changed"]) == (5, "subscriptions.braked", changed)
    assert error["da"]["message"].startswith("9 abonnementer skulle ophøre eller mangler, og policy.toml tillader 5: ")
    assert "guard.unsubscribed.count" in error["next"]
    assert "error" not in reconcile_document({**COMPARED, "brake": []})


@pytest.mark.parametrize(
    ("asked", "provisional", "kind", "changed"),
    [
        (WindowsAsked(asked=4, excess=EXCESS), ProvisionalAsked(), "windows.braked", "nothing"),
        (WindowsAsked(excess=EXCESS, let_through=Counter(protect=1)), ProvisionalAsked(), "windows.braked", "part"),
        (WindowsAsked(), ProvisionalAsked(asked=1, held=True), "provisional.braked", "part"),
    ],
)
def test_answers_that_a_limit_holds_back_have_an_error_in_their_document(
    asked: WindowsAsked, provisional: ProvisionalAsked, kind: str, changed: str
) -> None:
    document = heal_document("775100", asked, provisional, QUOTA, opened_now=False)
    error = document["error"]
    assert (document["exit"], error["kind"], error["changed"]) == (5, kind, changed)
    assert "policy.toml tillader" in error["da"]["message"]
    assert "error" not in heal_document("775100", WindowsAsked(), ProvisionalAsked(), QUOTA, opened_now=False)


def test_subscriptions_are_told_with_their_reason_in_words() -> None:
    row = {"patron": "10000000", "reason": "old_number", "since": "2027-03-01", "until": None}
    document = {"agency": "775100", "count": 1, "by_reason": {"old_number": 1}, "subscriptions": [row]}
    assert list(subscription_lines(document, "da")) == [
        "775100: 1  gammelt nummer 1",
        "  10000000  gammelt nummer  1. marts 2027 –",
    ]


@pytest.mark.parametrize("reason", [ACTIVE_PATRON, RESPONSIBLE, OLD_NUMBER, DEAD, DIED, LEFT])
def test_each_reason_of_a_subscription_that_the_store_keeps_has_a_word(reason: str) -> None:
    """Decision 10. A dead patron's row stays after its last day: nobody meets it in the first ninety days."""
    row = {"patron": "10000000", "reason": reason, "since": "2027-03-22", "until": "2027-06-20"}
    document = {"agency": "775100", "count": 0, "by_reason": {}, "subscriptions": [row]}
    danish, english = (list(subscription_lines(document, language))[1] for language in ("da", "en"))
    assert danish != english
    assert "subscribed_" not in danish + english


def test_how_the_store_stands_is_a_sentence(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path / "library", mock=None)
    config = tmp_path / "library" / "cprsync.toml"
    assert db_status(config=config) == 2
    db_upgrade(config=config)
    assert db_status(config=config, lang="en") == 0
    first, made, upgraded, after = capsys.readouterr().out.splitlines()
    assert first == "Databasen er ikke stillet op endnu: cprsync db upgrade"
    assert made == f"En ny, tom database er lavet: {config.with_name('cprsync.db')}"
    assert upgraded.startswith("Databasen er klar, i version ")
    assert after.endswith("as needed.")


def test_that_no_mock_runs_is_told_in_danish() -> None:
    assert in_danish(not_running().document()).startswith("mocken svarer ikke")


DELIVERY = {
    "task": "123456",
    "produced": "2027-03-22",
    "previous": None,
    "framing": "lines",
    "records": 41,
    "persons": 5,
    "by_record": {"001": 5},
    "by_status": {},
    "by_event": {},
    "protected": 1,
    "events": 6,
    "unknown_records": {},
    "complete": True,
}


def test_what_a_delivery_holds_is_told_in_one_language() -> None:
    assert list(inspect_lines(DELIVERY, "da")) == [
        "opgave 123456, produceret 22. marts 2027, den forrige –",
        "linjer: 41 poster, 5 personer",
        "  efter posttype: 001 5",
        "  beskyttede: 1, hændelser: 6",
        "  hel og ubeskadiget",
    ]
    damaged = DELIVERY | {"framing": None, "complete": False, "unknown_records": {"777": 2}}
    assert list(inspect_lines(damaged, "en"))[-1] == "  unknown records: 777 2"


@pytest.mark.parametrize(("language", "condition"), [("da", "sikkerhedskopi"), ("en", "backup")])
def test_a_rotation_names_the_command_that_destroys_the_older_key_and_when(language: Any, condition: str) -> None:
    _, line = rotation_lines({"rotated": [FREE], "back_up": False}, language)
    assert "`cprsync keys destroy seal fe03d957 --backups-expired`" in line
    assert condition in line


def test_a_rotation_says_in_danish_how_long_it_took_and_what_still_needs_the_older_key() -> None:
    named = {"audit_reason": 3, "audit heads": 40, "erase journal": 2}
    rotated = {**ROTATED, "seconds": 0.28, "older": [{"id": "fe03d957", "named": named}]}
    took, needs = rotation_lines({"rotated": [rotated], "back_up": False}, "da")
    assert took.endswith("på 0,3 s")
    assert needs == "  fe03d957 læser stadig: 3 i audit_reason, 40 i revisionssporets hoveder, 2 i slettejournalen"


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_rotation_asks_for_a_backup_at_its_end_where_backups_are_set_up(language: Any) -> None:
    *others, last = rotation_lines({"rotated": [FREE], "back_up": True}, language)
    assert "`cprsync backup`" in last
    assert list(rotation_lines({"rotated": [FREE], "back_up": False}, language)) == others


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_channel_whose_test_failed_is_followed_by_what_to_do(language: Any) -> None:
    failed = AlarmUndelivered("the mail server did not accept our name or password", kind="alarm.log_in")
    went, why, step, other = tried_lines({"email": None, "webhook": failed, "heartbeat": None}, language)
    assert went.startswith("✓ email")
    assert why.startswith("! webhook")
    assert step.strip() == advice_for(failed).next.text(language)
    assert "cprsync alarms test" in step
    assert other.startswith("✓ heartbeat")
