"""The two targets of a small night, a Koha and a folder of files: how they are set up, and what each was told."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cprsync.cli.demo.koha_week import SETTINGS
from cprsync.mock.koha import calls

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: In the library's folder, which a sweep puts back before each night.
FILES = "warehouse"
WAREHOUSE = """
[[library.target]]
name = "warehouse"
kind = "file"
fields = ["number", "name", "birth_date", "address", "municipality", "status", "group", "rights"]
protected = "without address"
folder = "warehouse"
"""


def set_targets_up(config: Path, ready: dict[str, Any], in_koha: Iterable[str]) -> None:
    """Bring some people into Koha, as its staff had written them down. Anybody else is added by the library."""
    calls.seed(ready, who=in_koha)
    with config.open("a", encoding="utf-8") as file:
        file.write(SETTINGS.format(ca=ready["ca"], **ready["koha"]) + 'missing = "create"\n' + WAREHOUSE)


def what_was_told(ready: dict[str, Any], library: Path) -> dict[str, Any]:
    """What Koha holds, each change that our client has made there, and each line of the files, in order by patron.

    What was told of different patrons, and the numbers of changes and in Koha, go by chance.
    """
    people = {one["patron_id"]: _number(one) for one in calls.show(ready)["patrons"]}
    held = {people[one["patron_id"]]: _comparable(one) for one in calls.show(ready)["patrons"]}
    made: dict[str, list[Any]] = defaultdict(list)
    for one in calls.read_log(ready):
        if one["by"] == "cprsync":
            pairs = [(code, value) for _, code, value in one.get("attributes") or []]
            made[people[one["patron"]]].append((one["op"], _comparable(one["set"]), pairs))
    return {"koha": held, "koha's changes": dict(made), "files": _lines(library / FILES)}


def count_told(ready: dict[str, Any], library: Path) -> dict[str, int]:
    """How many changes each target was told so far."""
    told = what_was_told(ready, library)
    return {name: sum(map(len, told[name].values())) for name in ("koha's changes", "files")}


def _number(patron: dict[str, Any]) -> str:
    return next(one["value"] for one in patron["extended_attributes"] if one["type"] == "CPR")


def _comparable(fields: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in fields.items() if name not in {"patron_id", "updated_on", "cardnumber"}}
    pairs = [(one["type"], one["value"]) for one in fields.get("extended_attributes", ())]
    return kept | {"extended_attributes": pairs}


def _lines(folder: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(folder.glob(f"{FILES}-*.ndjson")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found[json.loads(line)["patron"]].append(json.loads(line))
    for told in found.values():
        if not all(earlier["version"] < later["version"] for earlier, later in pairwise(told)):
            return {"not in order": []}
    return {patron: [{**one, "version": None} for one in told] for patron, told in found.items()}
