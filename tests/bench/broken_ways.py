"""Ways that are wrong on purpose: a bench must notice each of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.contents import digest_of
from bench.extract import Reading
from bench.extract import floor as extract_floor
from bench.feed import floor as feed_floor
from bench.library import opened_tenant
from bench.night import Work, floor, naive
from cprsync.store import tables
from cprsync.store.core.engine import writing

if TYPE_CHECKING:
    from bench.figures import Measured
    from bench.library import Place


def floor_without_audit(work: Work) -> Measured:
    """Leaves out a row a patron, and says so."""
    return replace(floor(work), weight=(0, 0))


def floor_of_another_street(work: Work) -> Measured:
    """Writes as many rows, one of which says something else."""
    measured = floor(work)
    with opened_tenant(work.place) as tenant:
        with writing(tenant.engine) as connection:
            first = tables.patron.c.id == min(work.ids)
            connection.execute(tables.patron.update().where(first).values(municipality="0000"))
        return replace(measured, digest=digest_of(tenant, work.ids))


def naive_that_forgets_the_outbox(work: Work) -> Measured:
    """Writes the records and sends nothing."""
    measured = naive(work)
    with opened_tenant(work.place) as tenant:
        with writing(tenant.engine) as connection:
            connection.execute(tables.outbox.delete())
        return replace(measured, part=digest_of(tenant, work.part))


def extract_floor_of_another_file(reading: Reading) -> Measured:
    """Reads something else: the file without its last person's name."""
    shorter = reading.path.with_name("shorter")
    lines = reading.path.read_bytes().splitlines(keepends=True)
    names = [place for place, line in enumerate(lines) if line.startswith(b"008")]
    shorter.write_bytes(b"".join(lines[: names[-1]] + lines[names[-1] + 1 :]))
    return extract_floor(Reading(shorter))


def floor_of_fewer_lines(place: Place) -> Measured:
    """Tells a reader of all patrons but one."""
    with opened_tenant(place) as tenant, writing(tenant.engine) as connection:
        connection.execute(tables.change.delete().where(tables.change.c.seq == 1))
    return feed_floor(place)
