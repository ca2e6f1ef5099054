"""The calls to a running mock that concern its Koha, for the command line, the demo and the tests.

A mock is named as in `mock.asking`, and the errors are the same. A patron is named by `who`, a key of the people file,
or by `patron`, the id in Koha.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.mock.asking import Document, Mock, ask, change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: How many patrons one call brings in: below the size of a request.
_SEEDED_AT_ONCE: Final = 200


def show(mock: Mock) -> Document:
    """Everything in Koha: `patrons` as the API shows them with their attributes, setup, calls and faults."""
    return _read_all(mock, "/koha", "patrons")


def read_log(mock: Mock, *, after: int = 0) -> list[Document]:
    """Every change after the first `after`, in order: who made it, of which patron, and the new values."""
    changes: list[Document] = _read_all(mock, "/koha/log", "changes", after=after)["changes"]
    return changes


def _read_all(mock: Mock, path: str, what: str, *, after: int = 0) -> Document:
    whole = page = ask(mock, path, {"after": after})
    while page["next"] is not None:
        page = ask(mock, path, {"after": page["next"]})
        whole[what] += page[what]
    del whole["next"]
    return whole


def seed(mock: Mock, *, who: Iterable[str] | None = None, patrons: Iterable[Mapping[str, Any]] | None = None) -> int:
    """Bring patrons in: people of the town by key, or patrons in the API's shape. Return how many Koha has now.

    Without either: everybody of the town who lives somewhere. `patrons` may have `hidden` too: what no API shows, such
    as `{"checkouts": 2}`. Two hundred are brought in at once; a call that is refused brings in none of its own.
    """
    if patrons is None:
        done: int = change(mock, "/koha/seed", {} if who is None else {"who": list(who)})["total"]
        return done
    rows, total = [dict(patron) for patron in patrons], 0
    for first in range(0, len(rows), _SEEDED_AT_ONCE):
        total = change(mock, "/koha/seed", {"patrons": rows[first : first + _SEEDED_AT_ONCE]})["total"]
    return total


def edit(mock: Mock, *, who: str | None = None, patron: int | None = None, **what: Any) -> Document:
    """Let a member of staff write: `set` fields, `attributes` by type, `hidden`, or `deletes=True`.

    `when`: `now`, `read` (after the client's next read of the patron) or `write` (right before the client's next write
    that follows a read). `times` repeats it; with `same_second=True`, `updated_on` does not move.
    """
    return change(mock, "/koha/edit", {"who": who, "patron": patron, **what})


def twin(mock: Mock, *, who: str | None = None, patron: int | None = None) -> int:
    """Let there be a second patron with the same attributes. Return their id."""
    (created,) = change(mock, "/koha/twin", {"who": who, "patron": patron})["created"]
    return int(created)


def age_job(mock: Mock, *, on: bool | None = None, run: bool = False) -> Document:
    """Switch Koha's nightly job for age categories on or off, or run it now."""
    return change(mock, "/koha/age-job", {"on": on, "run": run})


def setup(mock: Mock, given: Mapping[str, Any] | None = None, *, without: Iterable[str] = ()) -> Document:
    """Change what the library has configured, or take codes out. Return the whole setup."""
    return change(mock, "/koha/setup", {"setup": dict(given or {}), "without": list(without)})


def client(mock: Mock, name: str, permissions: Iterable[str]) -> Document:
    """Let a program in with these permissions. Return the file with its secret."""
    return change(mock, "/koha/client", {"client": name, "permissions": list(permissions)})


def latency(mock: Mock, seconds: float) -> Document:
    """Let every answer of Koha take this many seconds."""
    return change(mock, "/koha/latency", {"seconds": seconds})
