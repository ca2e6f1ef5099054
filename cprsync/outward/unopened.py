"""A target that cannot be opened, because its settings or files are wrong. It must hold up no night."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cprsync.domain.outward.koha_drift import Drift
    from cprsync.domain.outward.sides import Sides, Withholding
    from cprsync.errors import CprsyncError
    from cprsync.services.ports.outward import OutwardEffect


@dataclass(frozen=True, slots=True)
class UnopenedTarget:
    """Stands in for the client of such a target, and says what is wrong as soon as something is to be sent or read."""

    error: CprsyncError

    def send_many(self, queues: Iterable[Sequence[OutwardEffect]]) -> Iterator[tuple[OutwardEffect, CprsyncError]]:
        """Take nothing."""
        for queue in queues:
            yield queue[0], self.error
            return

    def compare_many(self, expected: Sequence[OutwardEffect]) -> dict[str, tuple[Drift, ...]]:  # noqa: ARG002 -- as in the port
        """Raise what is wrong."""
        raise self.error

    def look(self, expected: OutwardEffect, *, least: Withholding) -> Sides:  # noqa: ARG002 -- as in the port
        """Raise what is wrong."""
        raise self.error
