"""What the API answers about the rules of access: the documents of `access` and `audit citizen`, or a part of them."""

from __future__ import annotations

from typing import Literal

from cprsync.web.api.shapes.answers import Answer


class Attempt(Answer):
    """One look-up that a person has to look at."""

    number: int
    at: str
    user: str
    doing: str
    purpose: str
    patron: str | None
    why: Literal["second", "family", "stranger", "drawn"]
    reason: str | None
    overdue: bool


class OpenLooks(Answer):
    """The caller's own look-ups that owe a reason."""

    open: list[Attempt]


class Checks(Answer):
    """What supervisors look at."""

    stopped: list[str]
    capped: list[str]
    samples: list[Attempt]


class Request(Answer):
    """What somebody may not do alone. It does not say whose data it is about."""

    number: int
    at: str
    user: str
    doing: str
    what: str
    is_own: bool


class Requests(Answer):
    """What waits for a second person."""

    requests: list[Request]


class Signed(Answer):
    """It was signed for."""

    number: int
    signed: Literal[True]


class Explained(Answer):
    """The reason is kept."""

    number: int
    explained: Literal[True]


class Checked(Answer):
    """What was found is kept."""

    number: int
    in_order: bool


class Lifted(Answer):
    """The user may go on."""

    user: str
    lifted: Literal[True]


class Watched(Answer):
    """Whether a second person signs for look-ups of the number from now on."""

    outcome: Literal["watched", "unwatched", "unchanged"]


class LookedAt(Answer):
    """One time that somebody looked."""

    at: str
    what: str
    why: str | None
    organisation: str


class Recipient(Answer):
    """Who was told of the citizen, how often, and when last."""

    who: str
    count: int
    last: str


class CitizenReport(Answer):
    """What a citizen may be told."""

    patron: str | None
    organisation: str
    looks: list[LookedAt]
    recipients: list[Recipient]
