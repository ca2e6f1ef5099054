"""The kinds under which a picture of the nights counts changes."""

from __future__ import annotations

from cprsync.domain.pages.changes import KINDS, ChangeKind, count_kinds
from cprsync.domain.person.status import Action


def test_every_action_has_a_kind_or_says_that_it_has_none() -> None:
    assert KINDS.keys() == set(Action)


def test_a_move_to_another_municipality_counts_once() -> None:
    assert count_kinds({"move": 2, "municipality": 1, "die": 1}) == {
        ChangeKind.ADDRESS: 2,
        ChangeKind.IDENTITY: 0,
        ChangeKind.PROTECTION: 0,
        ChangeKind.RESIDENCE: 0,
        ChangeKind.DEATH: 1,
    }


def test_an_action_of_another_version_is_left_out() -> None:
    assert not any(count_kinds({"teleported": 3}).values())
