"""Nothing is written before someone has said yes to exactly what would be written (decision 40)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cprsync.domain.desk.confirming import (
    Confirmation,
    DeskWarning,
    Preview,
    WarningLevel,
    WhyNotConfirmed,
    why_not_confirmed,
)


def warning(kind: str = "dead", level: WarningLevel = WarningLevel.NOTE) -> DeskWarning:
    return DeskWarning(kind, level, "desk.dead")


PREVIEW = Preview("registration", None, (warning(),), ("f00d",))
AGAIN = WhyNotConfirmed.AGAIN
STOPPING = replace(PREVIEW, warnings=(warning(), warning("annulled", WarningLevel.STOP)))


def test_a_yes_to_what_was_shown_is_enough() -> None:
    assert why_not_confirmed(PREVIEW, Confirmation(PREVIEW.digest)) is None


@pytest.mark.parametrize(
    "grown",
    [
        replace(PREVIEW, what="erase"),
        replace(PREVIEW, patron_id="12345678"),
        replace(PREVIEW, warnings=()),
        replace(PREVIEW, warnings=(warning(), warning("annulled"))),
        replace(PREVIEW, warnings=(warning(level=WarningLevel.ASK),)),
        replace(PREVIEW, marks=()),
        replace(PREVIEW, marks=("f00d", "1")),
    ],
    ids=["another use case", "a patron by now", "fewer warnings", "one more", "louder", "fewer marks", "more marks"],
)
def test_a_yes_is_worth_nothing_once_anything_differs_from_what_was_shown(grown: Preview) -> None:
    assert why_not_confirmed(grown, Confirmation(PREVIEW.digest, "a reason")) is WhyNotConfirmed.CHANGED


def test_a_warning_of_level_stop_needs_a_reason_too() -> None:
    assert STOPPING.needs_reason
    assert not PREVIEW.needs_reason
    assert why_not_confirmed(STOPPING, Confirmation(STOPPING.digest)) is WhyNotConfirmed.REASON
    assert why_not_confirmed(STOPPING, Confirmation(STOPPING.digest, "  ")) is WhyNotConfirmed.REASON
    assert why_not_confirmed(STOPPING, Confirmation(STOPPING.digest, "agreed with the family")) is None


def test_the_words_of_a_warning_are_no_part_of_the_digest() -> None:
    """A mended sentence voids no yes."""
    reworded = replace(PREVIEW, warnings=(replace(warning(), text="desk.emigrated"),))
    assert reworded.digest == PREVIEW.digest


def test_the_reason_is_in_no_repr() -> None:
    assert "family" not in repr(Confirmation("sha256:0", "agreed with the family"))


@pytest.mark.parametrize(("typed", "why"), [("", AGAIN), ("1234567", AGAIN), ("12345678", None), (" 1234 5678 ", None)])
def test_what_cannot_be_taken_back_needs_the_patron_number_once_more(typed: str, why: WhyNotConfirmed | None) -> None:
    final = Preview("leave", "12345678", is_final=True)
    assert why_not_confirmed(final, Confirmation(final.digest, again=typed)) is why
