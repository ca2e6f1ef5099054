"""Roles: each task belongs to somebody, and each role to what it is for."""

from __future__ import annotations

import pytest

from cprsync.domain.desk.roles import EVERY_ROLE, Role, Task, may

DESK, SUPERVISOR, PRIVACY, OPERATOR = Role.DESK, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.OPERATOR


@pytest.mark.parametrize(
    ("task", "roles"),
    [
        (Task.SERVE, {DESK, SUPERVISOR}),
        (Task.REVEAL, {DESK, SUPERVISOR}),
        (Task.ANSWER, {SUPERVISOR}),
        (Task.ERASE, {SUPERVISOR}),
        (Task.NIGHTS, {SUPERVISOR, OPERATOR}),
        (Task.OPERATE, {OPERATOR}),
        (Task.APPROVE, {SUPERVISOR, OPERATOR}),
        (Task.SIGN, {SUPERVISOR}),
        (Task.CHECK, {SUPERVISOR}),
        (Task.LOG, {PRIVACY}),
    ],
)
def test_a_task_is_open_to_its_roles_alone(task: Task, roles: set[Role]) -> None:
    assert {role for role in Role if may([role], task)} == roles


def test_one_fitting_role_of_several_is_enough() -> None:
    assert may([PRIVACY, SUPERVISOR], Task.ANSWER)
    assert not may([], Task.SERVE)
    assert all(may(EVERY_ROLE, task) for task in Task)
