"""`policy.toml`: the library's rules, read and checked at once. Knows what may stand there, not what follows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import ValidationError

from cprsync.domain.groups import Ladders
from cprsync.domain.order import OutOfOrder
from cprsync.domain.policy import DEFAULT_LIMITS, Policy
from cprsync.errors import ConfigurationError
from cprsync.policy_sections import PolicyFile
from cprsync.toml_file import Mistake, first_mistake, read_toml_and_text
from cprsync.toml_lines import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cprsync.domain.groups import Ladder


def load_policy(path: Path | None, home: frozenset[str]) -> Policy:
    """Read a library's policy, or take the default one.

    Raises ConfigurationError naming the file, the line and the key.
    """
    if path is None:
        return Policy(home=home)
    document, text = read_toml_and_text(path, "policy")
    try:
        return _policy(PolicyFile.model_validate(document), home)
    except ValidationError as error:
        mistake = first_mistake(error)
    except OutOfOrder as error:
        mistake = Mistake(error.place, str(error))
    line = line_of(text, mistake.place)
    where = path if line is None else f"{path}, line {line}"
    raise ConfigurationError(f"{where}: {mistake}", kind="policy")


def _policy(read: PolicyFile, home: frozenset[str]) -> Policy:
    return Policy(
        limits=dict(DEFAULT_LIMITS) | {harm: limit.value() for harm, limit in read.guard.items()},
        silent_is_sealed=read.silent_protection == "sealed",
        home=home,
        ladders=_ladders(read),
        override_warn_days=read.overrides.warn_days,
        override_max_days=read.overrides.max_days,
        dead_subscription_days=read.subscriptions.dead_days,
    )


def _ladders(read: PolicyFile) -> Ladders:
    """The age groups. Raises OutOfOrder for a hole, an overlap, a step backwards."""
    ladders: list[Ladder] = []
    for position, entry in enumerate(read.age_groups):
        with _within("age_groups", position, "groups"):
            ladders.append(entry.value())
    with _within("age_groups"):
        return Ladders(tuple(ladders), read.age.leap_day)


@contextmanager
def _within(*place: str | int) -> Iterator[None]:
    """Say of what is wrong with a list where in the file the list stands."""
    try:
        yield
    except OutOfOrder as error:
        raise OutOfOrder(str(error), *place, *error.place) from None
