"""What the mock was asked: each call to the register and to CULR, and each step of a fetch, with what came of it.

Names persons by their keys and holds no number, so that a test may print all of it. Keeps the last calls only.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cprsync.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.mock.town.state import Memory

#: How many calls are kept, and may be asked for at once. The journal is cut when it has twice as many.
KEPT_MAX: Final = 10_000
SERVICES: Final = ("register", "culr", "sftp")
_JOURNAL: Final = "calls"
#: By these a call is asked for.
_FILTERS: Final = ("service", "operation", "who", "outcome")


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call: the operation, who asked under which agreement, and what came of it."""

    operation: str
    #: the service agreement; at CULR the group, and at SFTP the user
    agreement: str
    #: serialNumber of the client certificate's subject, and the certificate's own serial number in capital hex digits.
    serial: str
    certificate: str
    #: ok, fault, or CULR's code; or the kind of the fault that was asked for
    outcome: str
    at: str
    #: one of SERVICES
    service: str = "register"
    #: the key of the person that the call names; None: it names nobody that the register knows
    who: str | None = None
    #: the file that is fetched or removed
    file: str | None = None
    #: what a soap:Fault said, without the lines for the platform's helpdesk
    fault: str | None = None
    #: its place among all calls, from 1
    n: int = 0


class CallLog:
    """The last calls to a mock, in their order."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept: deque[LoggedCall] = deque(maxlen=KEPT_MAX)
        self._lines = 0
        for row in memory.journal(_JOURNAL):
            call = LoggedCall(**row)
            self._lines += 1
            # an older mock has not counted them
            self._kept.append(call if call.n else replace(call, n=self.count + 1))

    @property
    def count(self) -> int:
        """How many calls there were, kept or not."""
        return self._kept[-1].n if self._kept else 0

    def __iter__(self) -> Iterator[LoggedCall]:
        return iter(self._kept)

    def record(self, call: LoggedCall) -> None:
        """Keep a call. It is stored in the folder when this returns."""
        self._kept.append(replace(call, n=self.count + 1))
        if self._lines < 2 * KEPT_MAX:
            self._lines += 1
            self._memory.append(_JOURNAL, asdict(self._kept[-1]))
        else:
            self._lines = len(self._kept)
            self._memory.replace_journal(_JOURNAL, map(asdict, self._kept))

    def select(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The calls that somebody asks for, and how often each operation was asked for since `after`.

        Raises:
            BadInput: `after` or `limit` is no such number.
        """
        after, limit = asked.get("after", 0), asked.get("limit", KEPT_MAX)
        if not _is_within(after, 0, None) or not _is_within(limit, 1, KEPT_MAX):
            raise BadInput("after is the number of a call, and limit is 1 to {most}", most=KEPT_MAX, kind="mock.calls")
        wanted = {name: str(asked[name]) for name in _FILTERS if asked.get(name) is not None}
        since = [call for call in self._kept if call.n > after]
        found = [call for call in since if all(getattr(call, name) == value for name, value in wanted.items())]
        return {
            "calls": [asdict(call) for call in found[-limit:]],
            "matched": len(found),
            "operations": dict(sorted(Counter(call.operation for call in since).items())),
            "count": self.count,
            "forgotten": self.count - len(self._kept),
        }


def _is_within(value: Any, least: int, most: int | None) -> bool:
    return type(value) is int and least <= value and (most is None or value <= most)
