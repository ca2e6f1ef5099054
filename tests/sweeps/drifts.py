"""Plant drifts among a library's accounts in the mock's CULR: each is found, repaired once, and none invented.

    python tests/sweeps/drifts.py [--patrons N] [--drifts M] [--json]
    python tests/sweeps/drifts.py --verify N [--json]

Over TLS. Two thousand patrons and five hundred drifts by default, a third of each kind: accounts deleted behind the
library's back, given another municipality, and made under numbers that were replaced. The ledger counts what the
repairs changed; a second comparison must find nothing, and `verify` all in order. With --verify only that is measured:
everyone's rights are verified without CULR in a child of its own, whose peak memory is held against a tenth's.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import structlog
from bench.child import in_child, peak_rss_mb
from bench.library import AGENCY, AGREEMENT, Place, enrol, night_of, opened_tenant, patron_id_of
from bench.people import people
from small_night import forked_mock

from cprsync.domain.netmedia.account import NOWHERE, Effect
from cprsync.domain.netmedia.drift import Drift, NetMediaFault
from cprsync.domain.policy.product import LicensedBy, Product, Products
from cprsync.domain.wording import Wording
from cprsync.mock import control
from cprsync.netmedia.client import SoapNetMedia
from cprsync.netmedia.settings import NetMediaSettings
from cprsync.resources import compile_schemas
from cprsync.services.netmedia.entitlements import verify
from cprsync.services.netmedia.publishing import compare_accounts, publish
from cprsync.services.night.calendar import derive_rights
from cprsync.store import tables
from cprsync.store.core.bulk import append
from cprsync.store.core.engine import open_engine, writing
from cprsync.store.core.version import upgrade
from cprsync.store.seals.keys import create_keys
from cprsync.wire.calls import CallSurroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cprsync.services.ports.night import Night
    from cprsync.store.core.tenant import Tenant

ODENSE = "461"
BOOKS = Product("ereolen", Wording("eReolen", "eReolen"), date(2000, 1, 1), LicensedBy.LIBRARY, from_age=15)
#: The pages of the file that SQLite keeps at most, and how much more memory ten times the patrons may take: of each,
#: in this library, the number of whom nobody was told stands in the answer.
PAGES_MB, FLAT_MB = 64, 16


def made(folder: Path) -> Place:
    """Where a library is that has nobody yet."""
    create_keys(folder / "keys")
    place = Place(f"sqlite:///{folder / 'store.db'}", folder / "keys", folder / "feed")
    place.feed.mkdir()
    engine = open_engine(place.url)
    upgrade(engine)
    engine.dispose()
    return place


@contextmanager
def library(place: Place, patrons: int, *, enrols: bool = True) -> Iterator[tuple[Tenant, Night]]:
    """A library with so many patrons, of whom CULR has not been told, and with the limits of a bench."""
    with opened_tenant(place) as tenant:
        if enrols:
            enrol(tenant, islice(people(seed=1), patrons), place.feed.parent / "scratch")
        yield tenant, night_of(tenant, place.feed, patrons=patrons)


@contextmanager
def culr_of(ready: dict[str, Any]) -> Iterator[SoapNetMedia]:
    """The mock's CULR as the bench's library."""
    told = ready["culr"]
    settings = NetMediaSettings(
        url=ready["culr_url"],
        ca=Path(ready["ca"]),
        agency=AGENCY,
        user=told["user"],
        group=told["group"],
        password_file=Path(told["password_file"]),
    )
    with closing(SoapNetMedia(settings, schemas=compile_schemas(), surroundings=CallSurroundings())) as culr:
        yield culr


@dataclass
class Planted:
    """Whose account has drifted, by kind."""

    missing: list[str]
    stale: list[str]
    extra: list[str]


def plant(tenant: Tenant, night: Night, culr: SoapNetMedia, drifts: int) -> Planted:
    """Let accounts drift as if someone else had our password; the old numbers come after everyone was told of."""
    ids = [patron_id_of(place) for place in range(drifts)]
    accounts = {one.patron_id: one for one in night.store.accounts.wanted(ids)}
    planted = Planted(*(ids[start::3] for start in range(3)))
    effects = [Effect(one, 0, accounts[one].identity, NOWHERE, gone=True) for one in planted.missing]
    effects += [Effect(one, 0, accounts[one].identity, ODENSE) for one in planted.stale]
    effects += [Effect(one, 0, former, ODENSE) for one in planted.extra for former in accounts[one].former]
    sent = list(culr.send_many((effect,) for effect in effects))
    assert len(sent) == drifts
    return planted


def renumber(tenant: Tenant, count: int, *, of: int) -> None:
    """Give the first of so many patrons a number that was replaced: one of a person who is none of the library's."""
    others = islice(people(seed=1), of, of + count)
    vault = tenant.vault
    rows = []
    for place, other in enumerate(others):
        patron_id = patron_id_of(place)
        sealed = vault.seal(other.number.encode(), place=patron_id, owner="subscription", version=1)
        index = vault.index("number", other.number)
        key = (AGENCY, AGREEMENT, index, "old_number", patron_id, sealed, vault.seal_key)
        rows.append((*key, date(2027, 1, 4), None, tenant.stamp()))
    with writing(tenant.engine) as connection:
        append(connection, tables.subscription, rows)


def swept(patrons: int, drifts: int, ready: dict[str, Any], folder: Path) -> dict[str, Any]:
    with library(made(folder), patrons) as (tenant, alone), culr_of(ready) as culr:
        night = replace(alone, net_media=culr)
        run = night.store.runs.begin(day=night.clock.today(), started=night.clock.now())
        compare_accounts(night, run, everyone=True)
        told = publish(night, run).sent
        renumber(tenant, drifts, of=patrons)
        planted = plant(tenant, night, culr, drifts)
        before, begun = len(control.culr(ready)["ledger"]), time.monotonic()
        first = compare_accounts(night, run, everyone=True)
        seconds = time.monotonic() - begun
        sent = publish(night, run).sent
        changed = len(control.culr(ready)["ledger"]) - before
        again = compare_accounts(night, run, everyone=True)
        right = verify(night, offline=False)
    found = {drift: sorted(first.patrons[drift]) for drift in Drift}
    whose = {drift: sorted(getattr(planted, drift.value, [])) for drift in Drift}
    document = {
        "patrons": patrons,
        "told": told,
        "planted": drifts,
        "first": first.counts(),
        "seconds": round(seconds, 1),
        "sent": sent,
        "changes": changed,
        "again": again.counts(),
        "verified": right.document()["ok"],
    }
    nothing = dict.fromkeys((*(drift.value for drift in Drift), "repaired", "left_out"), 0)
    ends = (told == patrons, found == whose, again.counts() == {"read": first.read, **nothing}, document["verified"])
    return document | {"ok": all(ends) and first.repaired == sent == changed == drifts}


# -- verified in a child -----------------------------------------------------------------------------------------------


def reading(night: Night) -> Night:
    """The same library with a product, so that there are rights."""
    products = Products((BOOKS,))
    return replace(night, policy=replace(night.policy, home=frozenset({"0751"}), products=products))


def verified(work: tuple[Place, int]) -> dict[str, Any]:
    """Verify everyone's rights, and say what that took."""
    with library(*work, enrols=False) as (_, night):
        begun = time.monotonic()
        found = verify(reading(night), offline=True)
        seconds = time.monotonic() - begun
    # nobody was told, here
    right = {kind for kind, who in found.wrong.items() if who} == {NetMediaFault.UNTOLD} and not found.rights_waiting
    return {"patrons": found.patrons, "right": right, "seconds": round(seconds, 1), "peak_mb": round(peak_rss_mb(), 1)}


def measured(patrons: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="cprsync-verify-") as folder:
        place = made(Path(folder))
        with library(place, patrons) as (_, night):
            run = night.store.runs.begin(day=night.clock.today(), started=night.clock.now())
            derive_rights(reading(night), run)
        return in_child(verified, (place, patrons))


def flat(patrons: int) -> dict[str, Any]:
    few, many = (measured(count) for count in (patrons // 10, patrons))
    is_flat = many["peak_mb"] - few["peak_mb"] <= PAGES_MB + FLAT_MB
    return {"few": few, "many": many, "ok": few["right"] and many["right"] and is_flat}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--patrons", type=int, default=2_000)
    asked.add_argument("--drifts", type=int, default=500)
    asked.add_argument("--verify", type=int, default=0)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if options.verify:
        document = flat(options.verify)
    else:
        with (
            tempfile.TemporaryDirectory(prefix="cprsync-drifts-") as folder,
            forked_mock(Path(folder) / "mock") as ready,
        ):
            document = swept(options.patrons, options.drifts, ready, Path(folder))
    if options.json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        for name, value in document.items():
            sys.stdout.write(f"{name:<22} {value}\n")
    raise SystemExit(0 if document["ok"] else 1)


if __name__ == "__main__":
    main()
