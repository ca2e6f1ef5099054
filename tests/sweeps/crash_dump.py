"""The canonical dump of a life: what has to be the same however it was lived, and in what two of them differ.

Every row is opened and the persons are named by their numbers: patron numbers, keys and the order in which different
people were told of are another in each life.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from small_night import State

#: The number of a run, of which a kill makes one more; what comes from a key, which is another in each life.
_BY_KEY: Final = re.compile(r"(^|_)(run_id|key|key_id|index|fingerprint|mac|code|digest|rights_stamp)$")
#: Whatever is a run's own, and what says how often something was tried.
OWN: Final = frozenset(
    {"run", "run_delivery", "run_item", "plan_row", "audit", "audit_head", "entitlement_turn", "key_check", "issued_id"}
    | {"upkeep", "desk_attempt", "finding_key", "patron_key", "audit_reason"}
)
#: What may be noted more often than once: it is asked or tried again.
AGAIN: Final = frozenset({"lookup", "run", "session", "key", "certificate", "release"})
#: In which order different people were told of is chance; and a question that was killed is asked, and counted, again.
CHANCE: Final = {
    "change": ("seq",),
    "target_patron": ("told",),
    "change_epoch": ("word",),
    "review_item": ("id",),
    "agreement": ("heal_asked", "heal_harms"),
}
#: Made with a key, within a text: which people live together.
_HASH: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_MARK: Final = re.compile(r'"confirmed_at": (?:null|"[^"]*"), ')
_BYTES: Final = re.compile(r"(?:[0-9a-f]{2}){10,}")
_ID: Final = re.compile(r"(?<![0-9a-f])[0-9]{8}(?![0-9a-f])")


def as_undisturbed(entry: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What an entry of the audit says; of a leaving that the erase journal finished, what the command would have."""
    if (entry["kind"], entry["actions"]) == ("close", ["journal"]):
        return [("leave", entry["patron"], ["request"]), ("close", entry["patron"], [])]
    return [(entry["kind"], entry["patron"], entry["actions"])]


def record_of(row: Mapping[str, Any]) -> str:
    """What a record says, and not by which way it came to say so."""
    return str((number_of(row), _opened(row["register_blob"]), row["local_blob"], row["status_class"]))


def number_of(row: Mapping[str, Any]) -> str:
    """The person's number in an opened row; a person without one is known by their own words."""
    blob = row["register_blob"]
    number = bytes.fromhex(blob)[1:11].decode("ascii", errors="replace") if blob else "-"
    return sha256(str(row["local_blob"]).encode()).hexdigest()[:10] if number.startswith("-") else number


def names_of(everything: Mapping[str, list[dict[str, Any]]]) -> dict[str, str]:
    """A name for each patron number that was given: another one is drawn in each life."""
    names = {str(row["id"]): "somebody gone" for row in everything["issued_id"]}
    return {**names, **{str(row["id"]): f"<{number_of(row)}>" for row in everything["patron"]}}


def named(text: str, names: Mapping[str, str]) -> str:
    return _HASH.sub("<by a key>", _ID.sub(lambda found: names.get(found[0], found[0]), text))


def rows_of(rows: list[dict[str, Any]], names: Mapping[str, str], chance: tuple[str, ...]) -> list[str]:
    """Rows without what comes from a key, the moment of an answer, and the mark that we added a number.

    Killed between the call and its row, nobody can tell that we added it.
    """
    left_out = {"confirmed_at", "decided_at", *chance}
    kept = (
        {name: _opened(value) for name, value in row.items() if name not in left_out and not _BY_KEY.search(name)}
        for row in rows
    )
    # what an undo needs has the same mark within its text
    return sorted(_MARK.sub("", named(str(row), names)) for row in kept)


def _opened(value: Any) -> Any:
    """Text for what a row holds as text in bytes."""
    if isinstance(value, str) and _BYTES.fullmatch(value):
        with suppress(UnicodeDecodeError):
            return bytes.fromhex(value).decode("utf-8")
    return value


def last_heard(
    posts: Iterable[Mapping[str, Any]], changes: Iterable[Mapping[str, Any]], names: Mapping[str, str]
) -> dict[str, Any]:
    """What a target has heard last of each patron: whether it is the newest, and whether it ever was an older one."""
    newest: dict[str, int] = {}
    for row in changes:
        newest[str(row["patron_id"])] = max(row["seq"], newest.get(str(row["patron_id"]), 0))
    last: dict[str, int] = {}
    heard: dict[str, Any] = {}
    told: set[tuple[str, int]] = set()
    for post in posts:
        who, version = str(post["patron"]), post["version"]
        if (who, version) in told:
            continue  # a target that may not have heard it is told once more
        told.add((who, version))
        name = names.get(who, who)
        fell = heard.get(name, {}).get("fell", False) or version < last.get(who, 0)
        last[who] = version
        heard[name] = {"gone": bool(post.get("gone")), "newest": version == newest.get(who), "fell": fell}
    return heard


def compare(wanted: State, found: State) -> list[str]:
    """The names of the parts that differ, with the first difference of each."""
    said = {name: _first(_plain(wanted[name]), _plain(found[name])) for name in sorted(wanted)}
    return [f"{name}: {difference}" for name, difference in said.items() if difference]


def _plain(part: Any) -> Any:
    """Rows without the numbers of runs, of which a kill may make one more, and of reviews: who is first is chance."""
    if not isinstance(part, list):
        return part
    return [_without_numbers(row) if isinstance(row, dict) else row for row in part]


def _without_numbers(row: dict[str, Any]) -> dict[str, Any]:
    left_out = {"run_id", "id"} if "opened" in row else {"run_id"}
    return {name: value for name, value in row.items() if name not in left_out}


def _first(wanted: Any, found: Any) -> str:
    """What only one of them has, cut short. It is about invented people."""
    if isinstance(wanted, bool):
        return "" if wanted == found else f"{found} instead of {wanted}"
    one, other = ([str(each) for each in (of.items() if isinstance(of, dict) else of)] for of in (wanted, found))
    lacks, has = (Counter(a) - Counter(b) for a, b in ((one, other), (other, one)))
    if not lacks and not has:
        return ""
    return f"lacks {[each[:600] for each in list(lacks)[:2]]}, has {[each[:600] for each in list(has)[:2]]}"
