"""Which days tell the birth date of someone sealed, and so are printed by nothing."""

from __future__ import annotations

import pytest

from cprsync.domain.netmedia.right_rule import ChangeCause
from cprsync.domain.netmedia.rights import may_reveal_birth_date, reveals_birth_date
from cprsync.domain.patron.due import DueKind

BIRTHDAYS = {DueKind.AGE_STEP, DueKind.RESPONSIBILITY_ENDED, ChangeCause.BIRTHDAY, ChangeCause.GROUP}


@pytest.mark.parametrize("cause", [*DueKind, *ChangeCause, None], ids=str)
def test_what_comes_with_an_age_tells_the_birth_date_and_nothing_else_does(cause: DueKind | ChangeCause | None) -> None:
    assert reveals_birth_date(cause) is (cause in BIRTHDAYS)


@pytest.mark.parametrize(
    ("kind", "actions", "by_night", "may"),
    [
        ("calendar", ("age_step",), True, True),
        ("calendar", ("override_ended", "age_step"), True, True),
        ("calendar", ("responsibility_ended",), True, True),
        ("calendar", ("absence_ended",), True, False),
        ("rights", ("opened:ereolen",), True, True),
        # at the desk it came of what was typed there
        ("rights", ("opened:ereolen",), False, False),
        ("change", ("move",), True, False),
    ],
)
def test_an_entry_of_the_audit_may_tell_it_where_a_night_wrote_of_an_age_or_of_a_right(
    kind: str, actions: tuple[str, ...], *, by_night: bool, may: bool
) -> None:
    assert may_reveal_birth_date(kind, actions, by_night=by_night) is may
