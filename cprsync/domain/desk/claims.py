"""What an identity provider's word makes of a person at one library: the name in the audit, and the roles.

The library says in its settings which claim has the name, which has the roles, and what each value of it means.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.desk.confirming import NAME_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cprsync.domain.desk.roles import Role

#: A name that the audit and a page can show as it is.
_NAME: Final = re.compile(r"[\w.@|:+-]+")


@dataclass(frozen=True, slots=True)
class RoleRule:
    """One value of the claim, and what it makes of a person."""

    value: str
    role: Role
    #: the agency numbers of the libraries where it counts; empty: at each
    libraries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Which claims count, and what they mean."""

    #: the claim with the name by which the audit knows the person
    name: str
    #: the claim with the values that give roles
    roles: str
    rules: tuple[RoleRule, ...]
    #: what the claim about a person's own record holds, and its name; None: there is none
    own: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class StaffMember:
    """Who a person is, and what they are at the library."""

    name: str
    roles: frozenset[Role]


class NoAccess(enum.Enum):
    """Why a person known to the provider is not let in."""

    #: the claim of the name is missing, or no name for the audit
    NO_NAME = "no_name"
    #: no value of the claim means a role at this library
    NO_ROLE = "no_role"


def staff_member_of(claims: Mapping[str, Any], rules: ClaimRules, *, agency: str) -> StaffMember | NoAccess:
    """The person as the library's settings read the claims, or why they are not let in."""
    name = claim_at(claims, rules.name)
    if not isinstance(name, str) or len(name) > NAME_MAX or not _NAME.fullmatch(name):
        return NoAccess.NO_NAME
    values = frozenset(_texts_of(claim_at(claims, rules.roles)))
    roles = frozenset(
        rule.role for rule in rules.rules if rule.value in values and (not rule.libraries or agency in rule.libraries)
    )
    return StaffMember(name, roles) if roles else NoAccess.NO_ROLE


def claim_at(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, or by a path of names such as `realm_access.roles`. None: there is none."""
    if path in claims:
        # some providers' names of claims are addresses, with dots in them
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _texts_of(value: Any) -> Iterable[str]:
    """The texts of a claim that is one text or a list of them."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
