"""What is refused at the desk says what was wrong, that nothing was changed, and what to do that helps."""

from __future__ import annotations

import pytest

from cprsync.errors import BadInput, ConfigurationError, NotConfirmed, ReviewClosed
from cprsync.language.errors import advice_for, error_document

STATES = ("waiting", "accepted", "rejected", "settled", "undone")
#: What helps against no refusal of these: there is nothing typed to mend.
GENERAL = "Ret det indtastede"


@pytest.mark.parametrize(
    ("error", "does"),
    [
        (BadInput("the number has been taken back already", kind="number.taken_back"), "set-cpr"),
        (BadInput("no number was set for that patron that can be taken back", kind="number.not_set"), "patron show"),
        (NotConfirmed("nothing was written", kind="confirm.reason"), "--reason"),
        (BadInput("there is no reason", kind="input.reason"), "--reason"),
        (ConfigurationError("a kept block is lifted for a reason only", kind="usage.reason"), "--reason"),
        (BadInput("the library has no such branch", kind="input.branch"), "Skriv en af dem"),
    ],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_the_advice_is_about_the_refusal(error: BadInput, does: str) -> None:
    told = advice_for(error).next
    assert does in told.da
    assert GENERAL not in told.da


@pytest.mark.parametrize("state", STATES)
def test_an_answer_that_cannot_be_taken_back_has_advice_by_its_state(state: str) -> None:
    error = ReviewClosed("…", kind=f"review.closed.{state}")
    assert advice_for(error) != advice_for(ReviewClosed("…"))
    document = error_document(error, changed="nothing", reference="1")
    assert document["da"]["next"]
    assert ("reopen" in document["da"]["next"]) is (state in {"rejected", "undone"})
