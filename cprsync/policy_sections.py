"""What may stand in `policy.toml`, section by section: names, types and bounds. Knows no file."""

from __future__ import annotations

from datetime import date  # noqa: TC003 -- pydantic reads the annotations
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cprsync.domain.age import AGE_MAX, LeapDay
from cprsync.domain.groups import AgeGroup, Ladder
from cprsync.domain.policy import Harm, Limit


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitEntry(_Strict):
    """As many as `count`, or as `share` of the patrons if that is more, but never above `ceiling`."""

    count: int = Field(ge=0, le=10_000_000, strict=True)
    share: float = Field(ge=0, le=1, default=0.0)
    ceiling: int | None = Field(ge=0, default=None, strict=True)

    def value(self) -> Limit:
        return Limit(self.count, self.share, self.ceiling)


class AgeGroupEntry(_Strict):
    """A patron group and the age from which it counts."""

    name: str = Field(min_length=1, max_length=64)
    from_: int = Field(alias="from", ge=0, le=AGE_MAX, strict=True)


class LadderEntry(_Strict):
    """The groups in force from a day on."""

    since: date
    groups: tuple[AgeGroupEntry, ...] = Field(min_length=1, max_length=50)

    def value(self) -> Ladder:
        return Ladder(self.since, tuple(AgeGroup(group.name, group.from_) for group in self.groups))


class AgeSection(_Strict):
    """When someone born on 29 February turns a year older in a common year."""

    leap_day: LeapDay = LeapDay.MARCH


class OverrideSection(_Strict):
    """How long a correction typed at the desk may last, and when its end is announced."""

    warn_days: int = Field(ge=0, le=366, default=14, strict=True)
    max_days: int = Field(ge=1, le=3660, default=366, strict=True)


class SubscriptionSection(_Strict):
    """How long a dead patron stays subscribed, so that an annulment arrives."""

    dead_days: int = Field(ge=0, le=3660, default=90, strict=True)


class PolicyFile(_Strict):
    """What may stand in `policy.toml`."""

    silent_protection: Literal["sealed", "open"] = "sealed"
    guard: dict[Harm, LimitEntry] = Field(default_factory=dict)
    age: AgeSection = AgeSection()
    age_groups: tuple[LadderEntry, ...] = Field(default=(), max_length=100)
    overrides: OverrideSection = OverrideSection()
    subscriptions: SubscriptionSection = SubscriptionSection()
