"""Alter audit, heads, erase journal, images, or rows that open or lift, as a seed draws, and count what is found.

    python tests/sweeps/tampering.py [--count 200] [--seed N] [--database sqlite|postgresql] [--json]

Whoever tampers has no key. They may write every file beside the database, and the database as its owner. Each tampering
is tried on a copy of an installation that has lived two nights, with people at the desk and an erased patron. It is
found if `audit verify`, the check of the erase journal, or the reading of the images for `runs revert` says so: at
once, and again after the store was opened and went on writing, unless it cannot be opened at all. Prints what was done,
and what was not found, with its number: the same seed draws it again. Exit 1 if there is any.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "store"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "store" / "audit"))

from databases import opened as opened_database
from sqlalchemy import Date, delete, insert, select, true, update
from store_people import AGENCY, AGREEMENT, MONDAY, StoppedClock, number
from test_tampering import Installation, lived, night

from cprsync.domain.desk.access import DEFAULT_CAPS, Doing
from cprsync.domain.feed.delivery import WindowReason
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.patron.patron import Purpose as Why
from cprsync.domain.patron.patron import Source
from cprsync.domain.patron.review import PARKED, State
from cprsync.errors import BadInput, CprsyncError
from cprsync.services.ports.access import WantedAccess
from cprsync.services.ports.register import FIRST_COPY
from cprsync.services.ports.runs import RunState, SaidYes
from cprsync.store import tables
from cprsync.store.audit.binding import KINDS
from cprsync.store.beside.checkpoints import FILE, WITNESS
from cprsync.store.beside.journal import FILE as JOURNAL
from cprsync.store.core.engine import open_engine, writing
from cprsync.store.core.tenant import library_transaction
from cprsync.store.core.version import upgrade
from cprsync.store.patrons.patrons import ask, note_protections
from cprsync.store.patrons.windows import open_windows
from cprsync.store.records.records import add_override
from cprsync.store.reviews.review_items import ask_staff, change_items
from cprsync.store.seals.keys import Keyring, create_keys
from cprsync.store.sql import SqlStore
from cprsync.store.trust.image_checks import check_images

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from databases import Database
    from sqlalchemy import ColumnElement, Connection, Table

    from cprsync.store.audit.binding import Kind

#: What is tampered with.
AUDIT, HEADS, ERASED, IMAGES, ROWS = "audit", "heads", "journal", "images", "rows"
PLACES: Final = (AUDIT, HEADS, ERASED, IMAGES, ROWS)
#: What is altered of a before-image. Its blob is drawn as often as the rest: that is what an undo would write.
IMAGE: Final = (
    *("register_blob",) * 6,
    *("register_key", "version", "run_id", "until_day", "as_of_day", "as_of_source", "letters_stopped"),
)


@dataclass
class Ready:
    """An installation that has lived, to be copied."""

    database: Database
    folder: Path
    here: Installation

    @contextmanager
    def copied(self, to: Path) -> Iterator[Installation]:
        """A copy of it, with its own files and its own database."""
        shutil.copytree(self.folder, to)
        self.database.copy()
        engine, clock = open_engine(_url(self.database, to)), StoppedClock(self.here.store._tenant.clock.now())
        try:
            keyring = Keyring.load(to / "keys")
            store = SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock)
            files = {name: to / path.relative_to(self.folder) for name, path in self.here.files.items()}
            yield replace(self.here, store=store, files=files)
        finally:
            engine.dispose()


def _url(database: Database, folder: Path) -> str:
    return database.environment().get("CPRSYNC_STORE__URL", f"sqlite:///{folder / 'store.db'}")


def live(database: Database, folder: Path) -> Ready:
    """An installation whose audit, journal and images are whole."""
    create_keys(folder / "keys")
    engine = open_engine(_url(database, folder))
    upgrade(engine)
    clock = StoppedClock()
    keyring = Keyring.load(folder / "keys")
    here = lived(SqlStore(engine, agency=AGENCY, agreement=AGREEMENT, keyring=keyring, clock=clock), clock)
    for one in here.ids[2:]:
        assert here.store.erasing.erase(one, user="anna") is not None
    here.store.desk.intend(number(1), purpose=Why.RENEWAL.value, user="anna", patron_id=here.ids[1])
    bind_some(here)
    here.files[JOURNAL] = folder / JOURNAL
    assert find(here) == []
    engine.dispose()
    database.keep()
    return Ready(database, folder, here)


# -- who looks --------------------------------------------------------------------------------------------


def find(here: Installation) -> list[str]:
    """What says that something was altered."""
    found = ["audit"] if here.problems() else []
    for name, look in ((ERASED, here.store.journal.verify), (IMAGES, lambda: _read_images(here))):
        try:
            look()
        except CprsyncError:
            found.append(name)
    return found


def _read_images(here: Installation) -> None:
    """Read them as `runs revert` does. It reads none if a row was removed, or altered in what is not sealed."""
    broken = next(check_images(here.store._tenant, most=1), None)
    if broken is not None:
        raise broken
    if not here.store.reverting.is_whole(0):
        raise BadInput("the images are not those that were kept")


def go_on(here: Installation) -> bool:
    """Let the store be opened and written, as the next morning does. False: it cannot be."""
    with suppress(CprsyncError):
        here.open_again()
        here.store.desk.intend(number(1), purpose=Why.RENEWAL.value, user="anna", patron_id=here.ids[1])
        night(here.store, StoppedClock())
        return True
    return False


# -- what is done -----------------------------------------------------------------------------------------


def tamper(here: Installation, place: str, draw: Random) -> str:
    """Tamper as the draw says. Returns what was done."""
    match place:
        case "audit":
            return _tamper_rows(here, tables.audit, draw, ("entry", "mac", "key", "patron_id", "at", "seq", "stream"))
        case "heads":
            return _tamper_heads(here, draw)
        case "rows":
            return _tamper_bound(here, draw)
        case "images":
            return _tamper_rows(here, tables.before_image, draw, IMAGE)
        case _:
            return _tamper_file(here, JOURNAL, draw)


def _tamper_heads(here: Installation, draw: Random) -> str:
    if draw.random() < 0.3:
        return _tamper_rows(here, tables.audit_head, draw, ("seq", "mac", "stream"))
    if draw.random() < 0.2:
        here.put_file_back(WITNESS)
        return f"{WITNESS}: an older copy"
    return _tamper_file(here, draw.choice((FILE, WITNESS)), draw)


def _tamper_rows(here: Installation, table: Table, draw: Random, columns: tuple[str, ...]) -> str:
    """Alter one value of a row, give it another row's, or remove it; repeat an entry, or swap what two images seal."""
    with writing(here.store._tenant.engine) as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key))]
        row = draw.choice(rows)
        this = [column == row[column.name] for column in table.primary_key]
        if table is tables.audit and draw.random() < 0.3:
            if draw.random() < 0.5:
                connection.execute(delete(table).where(*this))
                return f"{table.name}: a row removed"
            last = max(one["seq"] for one in rows if one["stream"] == row["stream"])
            connection.execute(insert(table), {**row, "seq": last + 1})
            return f"{table.name}: a row repeated at the end"
        if table is tables.before_image and (draws := draw.random()) < 0.6:
            return _remove_images(connection, rows, row, draw) if draws < 0.4 else _swap_images(connection, rows, draw)
        name = draw.choice(columns)
        others = [one[name] for one in rows if one[name] != row[name]]
        is_swapped = bool(others) and name not in {column.name for column in table.primary_key} and draw.random() < 0.3
        is_no_day = row[name] is None and isinstance(table.c[name].type, Date)
        if name == "as_of_source":
            # the database refuses a word that the program does not know
            new = draw.choice([one.value for one in Source if one.value != row[name]])
        else:
            new = draw.choice(others) if is_swapped else _altered(MONDAY if is_no_day else row[name], draw)
        connection.execute(update(table).where(*this).values({name: new}))
        return f"{table.name}.{name}: {'of another row' if is_swapped else 'altered'}"


def _remove_images(connection: Connection, rows: list[dict[str, Any]], row: dict[str, Any], draw: Random) -> str:
    """Remove one image, those of one patron or of one run, or all."""
    image = tables.before_image
    these = {
        "one": (image.c.patron_id == row["patron_id"]) & (image.c.version == row["version"]),
        "a patron's": image.c.patron_id == row["patron_id"],
        "a run's": image.c.run_id == row["run_id"],
        "all": true(),
    }
    which = draw.choice(list(these))
    removed = connection.execute(delete(image).where(these[which])).rowcount
    return f"{image.name}: removed {which}, {removed} of {len(rows)}"


def _swap_images(connection: Connection, rows: list[dict[str, Any]], draw: Random) -> str:
    """Let two images seal each other's record."""
    image = tables.before_image
    for row, other in permutations(draw.sample(rows, 2)):
        this = [column == row[column.name] for column in image.primary_key]
        sealed = {name: other[name] for name in ("register_blob", "register_key")}
        connection.execute(update(image).where(*this).values(sealed))
    return f"{image.name}: two swapped"


def _altered(value: Any, draw: Random) -> Any:
    match value:
        case date():
            return value + timedelta(days=draw.choice((-400, -1, 1, 400)))
        case bytes():
            place = draw.randrange(len(value))
            return value[:place] + bytes([value[place] ^ (1 << draw.randrange(8))]) + value[place + 1 :]
        case int():
            return value + draw.choice((1000, 2000, 9999))
        case None:
            return "10000000"
        case _:
            place = draw.randrange(len(value))
            return value[:place] + ("0" if value[place] != "0" else "1") + value[place + 1 :]


def _tamper_bound(here: Installation, draw: Random) -> str:
    """Forge a row that opens, lifts or exempts; alter one, or take away one whose absence opens."""
    with writing(here.store._tenant.engine) as connection:
        there = {kind: connection.execute(select(kind.table).where(_which(kind))).all() for kind in KINDS}
        kind = draw.choice([kind for kind in KINDS if there[kind]])
        row = dict(draw.choice(there[kind])._mapping)
        this = [column == row[column.name] for column in kind.table.primary_key]
        # what is in a patron's own row goes without the row
        is_own = kind.table is tables.patron
        ways = ["altered", *(() if is_own else ("forged",)), *(() if kind.may_go else ("taken away",))]
        way = draw.choice(ways)
        if way == "taken away" and is_own:
            nothing = dict.fromkeys([one.name for one in kind.says])
            connection.execute(update(kind.table).where(*this).values(nothing))
        elif way == "taken away":
            connection.execute(delete(kind.table).where(*this))
        elif way == "forged":
            key = kind.keys[-1] if kind.name in {"yes", "question"} else kind.keys[0]
            connection.execute(insert(kind.table), {**row, key.name: _altered(row[key.name], draw)})
        else:
            column = draw.choice([one for one in kind.says if row[one.name] is not None])
            # a patron whom we know, and a word that the program knows: no other row can be read at all
            known = {"patron_id": here.ids[:2], "unverified_why": [one.value for one in WindowReason]}
            others = [one for one in known.get(column.name, ()) if one != row[column.name]]
            new = draw.choice(others) if others else _altered(row[column.name], draw)
            connection.execute(update(kind.table).where(*this).values({column.name: new}))
        return f"{kind.table.name}: a row {way}"


def _which(kind: Kind) -> ColumnElement[bool]:
    return true() if kind.which is None else kind.which


def bind_some(here: Installation) -> None:
    """Rows of nearly every kind: what each patron has, a yes to a plan, a stopped target and a word at the desk."""
    store, tenant = here.store, here.store._tenant
    with library_transaction(tenant) as transaction:
        typed = Override(
            field=Overridden.MUNICIPALITY,
            value="0101",
            by="anna",
            reason="agreed",
            before=None,
            since=MONDAY,
            until=MONDAY + timedelta(days=60),
        )
        add_override(transaction, here.ids[1], typed)
        target = {"agency": AGENCY, "name": "koha", "kind": "koha", "stamp": "x", "since": transaction.stamp()}
        transaction.execute(insert(tables.target), target)
        note_protections(transaction, [(here.ids[1], MONDAY)])
        open_windows(transaction, here.ids[:2], WindowReason.REQUESTED)
        ask_staff(transaction, tenant.no_run, here.ids[:2], f"{PARKED}address.street")
        answered = tables.review_item.c.patron_id == here.ids[1]
        change_items(transaction, answered, {"state": State.ACCEPTED.value})
        ask(transaction, [(here.ids[1], FIRST_COPY)])
    store.targets.stop("koha", "gone")
    store.access.watch(number(1), user="privacy")
    wanted = WantedAccess("anna", Doing.LOOK_UP, Why.RENEWAL.value, here.ids[1], number(1))
    store.access.sign(store.access.admit(wanted, DEFAULT_CAPS).seq, by="bo")
    run = store.runs.begin(day=MONDAY, started=tenant.clock.now())
    store.runs.save_plan(run, [])
    store.runs.close(run, state=RunState.HELD, finished=tenant.clock.now(), document={"exit": 5})
    held = store.approvals.held()
    assert held is not None
    store.approvals.say_yes(SaidYes(held, "anna", "agreed", tenant.clock.now(), after=0))


def _tamper_file(here: Installation, name: str, draw: Random) -> str:
    """Alter a byte, or remove, repeat or move whole lines."""
    path = here.files[name]
    content, lines = path.read_bytes(), here.lines(name)
    place = draw.randrange(len(lines))
    ways = ["a byte altered", "cut off", "a line removed", "a line repeated"] + ["two lines moved"] * (len(lines) > 1)
    match way := draw.choice(ways):
        case "a byte altered":
            path.write_bytes(_altered(content, draw))
        case "cut off":
            path.write_bytes(b"".join(lines[:place]))
        case "a line removed":
            path.write_bytes(b"".join(lines[:place] + lines[place + 1 :]))
        case "a line repeated":
            path.write_bytes(b"".join([*lines, lines[place]]))
        case _:
            other = draw.choice([one for one in range(len(lines)) if one != place])
            lines[place], lines[other] = lines[other], lines[place]
            path.write_bytes(b"".join(lines))
    return f"{path.name}: {way}"


# -- counted ----------------------------------------------------------------------------------------------


def swept(count: int, seed: int, database: str, folder: Path) -> dict[str, Any]:
    """Try so many tamperings, as many in each place. Says how many were found, and which were not."""
    tried: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    missed: list[dict[str, Any]] = []
    (folder / "ready").mkdir()
    with opened_database(database, folder) as where:
        ready = live(where, folder / "ready")
        with ready.copied(folder / "clean") as here:
            assert (find(here), go_on(here), find(here)) == ([], True, [])
        for one in range(count):
            place, draw = PLACES[one % len(PLACES)], random.Random(f"{seed}/{one}")  # noqa: S311 -- replayed by its seed
            to = folder / f"copy{one}"
            with ready.copied(to) as here:
                done = tamper(here, place, draw)
                at_once = find(here)
                later = bool(find(here)) if go_on(here) else True
            shutil.rmtree(to)
            tried[place] += 1
            ways[done] += 1
            if not (at_once and later):
                missed.append({"number": one, "place": place, "done": done, "at_once": bool(at_once), "later": later})
    found = count - len(missed)
    tried_in = {"tried": dict(tried), "ways": dict(sorted(ways.items()))}
    return {"database": database, "seed": seed, **tried_in, "found": found, "of": count, "missed": missed}


def main() -> int:
    """Sweep as the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cprsync-tampering-") as folder:
        document = swept(given.count, given.seed, given.database, Path(folder))
    lines = [f"{document['found']} of {document['of']} found on {given.database}: {document['tried']}"]
    lines += [f"  {count} x {way}" for way, count in document["ways"].items()]
    lines += [f"  not found: {one}" for one in document["missed"]]
    sys.stdout.write((json.dumps(document, indent=1) if given.json else "\n".join(lines)) + "\n")
    return 1 if document["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
