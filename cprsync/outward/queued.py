"""The effects of each patron one after the other, and patrons side by side, as every target is told that is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.services.ports.outward import Delivered, Undelivered
from cprsync.wire.calls import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cprsync.errors import CprsyncError
    from cprsync.services.ports.outward import OutwardEffect
    from cprsync.wire.calls import Circuit


def send_queues(
    queues: Iterable[Sequence[OutwardEffect]],
    send: Callable[[OutwardEffect], Delivered | Undelivered | CprsyncError],
    *,
    threads: int,
    circuit: Circuit,
) -> Iterator[tuple[OutwardEffect, Delivered | Undelivered | CprsyncError]]:
    """Send the effects of each queue, as the port describes. Once the circuit is open, nothing more is sent."""

    def carry_out(
        queue: Sequence[OutwardEffect],
    ) -> list[tuple[OutwardEffect, Delivered | Undelivered | CprsyncError]]:
        done: list[tuple[OutwardEffect, Delivered | Undelivered | CprsyncError]] = []
        for effect in queue:
            if circuit.is_open:
                break
            outcome = send(effect)
            if isinstance(outcome, Undelivered) and outcome.final and effect is not queue[-1]:
                continue  # a later one sets another state, and decides alone whether a person has to look
            done.append((effect, outcome))
            if not isinstance(outcome, Delivered):
                break
        return done

    yield from side_by_side(queues, carry_out, threads=threads, circuit=circuit, touches=_patron_of)


def _patron_of(queue: Sequence[OutwardEffect]) -> tuple[str]:
    """Whom a queue is about: urgent news may come behind an older queue of the same patron that is still sent."""
    return (queue[0].patron_id,)
