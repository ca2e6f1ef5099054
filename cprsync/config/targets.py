"""The settings of the other systems that hear of patrons: `[[library.target]]`."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from cprsync.config.toml import Strict
from cprsync.domain.outward.record import OutwardField  # noqa: TC001 -- pydantic reads the annotations
from cprsync.domain.outward.target import ProtectedRule, Target, TargetKind


class TargetSection(Strict):
    """What every target says of itself, whatever its kind."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    #: all that it may get; a payload holds nothing else
    fields: frozenset[OutwardField]
    #: how it sees protected patrons
    protected: ProtectedRule = ProtectedRule.LEAVE_OUT
    #: only patrons of these groups and of these municipalities; left out: all
    groups: frozenset[str] = frozenset()
    municipalities: frozenset[Annotated[str, Field(pattern=r"^[0-9]{4}$")]] = frozenset()

    @property
    def target_kind(self) -> TargetKind:
        """The kind, which each section says for itself."""
        raise NotImplementedError

    @property
    def target(self) -> Target:
        """The rules of this target."""
        return Target(self.name, self.target_kind, self.fields, self.protected, self.groups, self.municipalities)


class FeedTarget(TargetSection):
    """A reader that fetches the changes from the desk's server."""

    kind: Literal["feed"]

    @property
    def target_kind(self) -> TargetKind:
        return TargetKind.FEED


#: The outbox has what CULR is to hear under this name.
RESERVED_TARGET: Final = "culr"
#: A target of any kind.
AnyTarget: TypeAlias = FeedTarget
