"""There is no look-up without a purpose (architecture, rule 8)."""

from __future__ import annotations

import pytest

from cprsync.domain.patron.patron import Purpose


def test_a_look_up_has_one_of_five_purposes_under_the_names_that_the_audit_trail_keeps() -> None:
    """A name that was written down is never renamed: the trail of five years would tell of a purpose there is not."""
    assert {purpose.value for purpose in Purpose} == {"registration", "renewal", "correction", "debt", "guardian"}


@pytest.mark.parametrize("text", ["", "curiosity", "Debt", "none"])
def test_anything_else_is_no_purpose(text: str) -> None:
    with pytest.raises(ValueError, match="Purpose"):
        Purpose(text)
