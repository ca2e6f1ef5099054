"""What an identity provider's claims make of a person is what the library's settings say, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest

from cprsync.domain.desk.claims import ClaimRules, NoAccess, RoleRule, StaffMember, staff_member_of
from cprsync.domain.desk.confirming import NAME_MAX
from cprsync.domain.desk.roles import Role

HERE, THERE = "710100", "714700"
RULES = ClaimRules(
    "upn",
    "realm.roles",
    (
        RoleRule("bib-desk", Role.DESK),
        RoleRule("bib-lead", Role.SUPERVISOR, frozenset({HERE})),
        RoleRule("bib-lead", Role.DESK, frozenset({HERE})),
        RoleRule("bib-ops", Role.OPERATOR, frozenset({THERE})),
    ),
)


def claims(roles: Any, name: Any = "lone@byen.dk") -> dict[str, Any]:
    return {"upn": name, "realm": {"roles": roles}}


@pytest.mark.parametrize(
    ("roles", "are"),
    [
        (["bib-desk"], {Role.DESK}),
        ("bib-desk", {Role.DESK}),
        (["bib-lead", "anything"], {Role.SUPERVISOR, Role.DESK}),
        (["bib-desk", 7, None], {Role.DESK}),
    ],
)
def test_each_value_gives_the_roles_of_its_rows(roles: Any, are: set[Role]) -> None:
    assert staff_member_of(claims(roles), RULES, agency=HERE) == StaffMember("lone@byen.dk", frozenset(are))


@pytest.mark.parametrize("roles", [[], ["bib-ops"], ["BIB-DESK"], ["bib-desk "], None, {"bib-desk": True}, 1])
def test_whoever_has_no_value_of_a_row_of_this_library_has_no_role(roles: Any) -> None:
    assert staff_member_of(claims(roles), RULES, agency=HERE) is NoAccess.NO_ROLE


def test_a_row_counts_at_its_own_libraries_alone() -> None:
    both = claims(["bib-ops", "bib-lead"])
    assert staff_member_of(both, RULES, agency=THERE) == StaffMember("lone@byen.dk", frozenset({Role.OPERATOR}))


@pytest.mark.parametrize("name", [None, "", 7, ["lone"], "to navne", "x" * (NAME_MAX + 1), "lone\n", "<lone>"])
def test_a_name_that_the_audit_cannot_keep_lets_nobody_in(name: Any) -> None:
    assert staff_member_of(claims(["bib-desk"], name), RULES, agency=HERE) is NoAccess.NO_NAME


@pytest.mark.parametrize(
    "given",
    [{}, {"upn": "lone"}, {"upn": "lone", "realm": "roles"}, {"upn": "lone", "realm": {"other": ["bib-desk"]}}],
)
def test_a_claim_that_is_not_there_gives_nothing(given: dict[str, Any]) -> None:
    assert isinstance(staff_member_of(given, RULES, agency=HERE), NoAccess)


def test_a_claim_whose_name_has_dots_is_found_by_its_whole_name() -> None:
    rules = ClaimRules("upn", "https://byen.dk/roles", (RoleRule("bib-desk", Role.DESK),))
    given = {"upn": "lone", "https://byen.dk/roles": ["bib-desk"]}
    assert staff_member_of(given, rules, agency=HERE) == StaffMember("lone", frozenset({Role.DESK}))
