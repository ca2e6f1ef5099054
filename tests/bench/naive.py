"""The way of SQLAlchemy's tutorial: get, set, add and commit one person at a time, with the engine's defaults.

It decides by the same rules, seals the same bytes and writes the same rows. Only the way of writing differs.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, create_engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, registry

from bench.library import AGENCY, AGREEMENT, PRODUCED
from cprsync.domain.leaving.leaving import BEFORE_IMAGE_DAYS
from cprsync.domain.patron.patron import AsOf, Source
from cprsync.domain.patron.review import State, proposed_at
from cprsync.domain.person.municipality import municipality_of
from cprsync.domain.person.person import SILENT, Person
from cprsync.services.planning.steps import Evidence, step_of
from cprsync.store import tables
from cprsync.store.audit.binding import BOUND, PROTECTED
from cprsync.store.netmedia.effects import CULR
from cprsync.store.records.numbers import ACTIVE_PATRON, DEAD
from cprsync.store.records.records import from_row
from cprsync.store.seals.keys import KeyPurpose
from cprsync.store.seals.vault import REGISTER
from cprsync.store.tables import STATUS_CLASSES

if TYPE_CHECKING:
    from datetime import date

    from cprsync.services.planning.steps import Step
    from cprsync.services.ports.night import Night
    from cprsync.services.ports.patrons import Write
    from cprsync.store.core.tenant import Tenant

_REGISTRY = registry()


def _mapped(name: str, table: Table, *primary: str) -> Any:
    """Map a class to a table. `primary`: the key columns if the table has no key of its own."""
    mapped = type(name, (), {})
    keys = {"primary_key": [table.c[column] for column in primary]} if primary else {}
    _REGISTRY.map_imperatively(mapped, table, **keys)
    return mapped


PatronRow = _mapped("PatronRow", tables.patron)
BeforeImage = _mapped("BeforeImage", tables.before_image)
Outbox = _mapped("Outbox", tables.outbox)
RunRow = _mapped("RunRow", tables.run)
RunItem = _mapped("RunItem", tables.run_item, "agency", "run_id", "ordinal")
PlanRow = _mapped("PlanRow", tables.plan_row)
Subscription = _mapped("Subscription", tables.subscription)
ReviewItem = _mapped("ReviewItem", tables.review_item)
Audit = _mapped("Audit", tables.audit)
AuditHead = _mapped("AuditHead", tables.audit_head)


class NaiveStore:
    """Writes with one session, and one commit for each person."""

    def __init__(self, session: Session, tenant: Tenant, night: Night) -> None:
        self._session = session
        self._tenant = tenant
        self._night = night
        self._run: Any = None
        self._reviews = 0

    def night(self) -> int:
        """Read the waiting delivery and write each person. Return how many persons there were."""
        self._begin()
        (file,) = self._night.feed.waiting()
        count = 0
        with file.open() as content:
            for count, person in enumerate(self._night.reader.persons(content), start=1):
                if isinstance(person, Person):
                    self._write(count, person)
        return count

    def _begin(self) -> None:
        tenant, run = self._tenant, RunRow()
        run.agency, run.id, run.agreement, run.epoch, run.day = AGENCY, 1, AGREEMENT, 1, tenant.clock.today()
        run.state, run.started, run.resumed, run.checkpoint = "applying", tenant.stamp(), 0, 0
        head = AuditHead()
        head.agency, head.stream, head.seq, head.mac, head.at = AGENCY, tenant.night, 0, bytes(32), ""
        self._session.add_all([run, head])
        self._session.commit()
        self._run = run

    def _write(self, ordinal: int, person: Person) -> None:
        vault = self._tenant.vault
        index = vault.number_index(person.number)
        row = self._session.scalars(
            select(PatronRow).where(PatronRow.agency == AGENCY, PatronRow.number_index == index)
        ).one()
        patron = from_row(vault, row)
        evidence = Evidence(person, AsOf(PRODUCED, Source.FILE))
        step = step_of(self._night, evidence.decide_on(patron), evidence, patron)
        if step.write is not None:
            self._change(row, step.write)
            self._session.add(self._planned(ordinal, step, step.write))
            actions = [action.value for action in step.write.actions]
            self._audit(self._tenant.night, row.id, {"actions": actions, "kind": "change", "run": self._run.id})
        if step.told is not None:
            row.protected_on = step.told[1]
            self._audit(PROTECTED.stream, row.id, {"actions": [], "kind": BOUND, "protected_on": str(step.told[1])})
        self._session.add(self._item(ordinal, index, row.id, step))
        self._run.checkpoint = ordinal
        self._session.commit()

    def _change(self, row: Any, write: Write) -> None:
        vault, person = self._tenant.vault, write.after
        image = BeforeImage()
        image.agency, image.patron_id, image.version, image.run_id = AGENCY, row.id, row.version, self._run.id
        image.register_blob, image.register_key = row.register_blob, row.register_key
        image.until_day = self._run.day + timedelta(days=BEFORE_IMAGE_DAYS)
        image.as_of_day, image.as_of_source = row.as_of_day, row.as_of_source
        image.letters_stopped = row.letters_stopped
        self._session.add(image)
        row.version += 1
        row.register_blob = vault.seal(write.prepared.canonical, place=row.id, owner=REGISTER, version=row.version)
        row.register_key, row.fingerprint_key = vault.seal_key, vault.fingerprint_key
        row.fingerprint, row.register_since = write.prepared.fingerprint, self._tenant.stamp()
        if write.as_of is not None:
            row.as_of_day, row.as_of_source = write.as_of.day, write.as_of.source.value
        row.municipality, row.status_class = municipality_of(person), STATUS_CLASSES[person.status]
        row.address_index = None if person.address is SILENT else vault.address_index(person.address)
        row.address_key = None if person.address is SILENT else vault.index_key
        row.protection_silent = person.protection is SILENT
        if write.letters_stopped is not None:
            row.letters_stopped = write.letters_stopped
        if write.culr is not None:
            self._session.add(self._outgoing(row, write))
        if write.subscribed_until is not None:
            self._keep_until(row.id, write.subscribed_until)
        if person.status is not write.patron.register.status and (block := proposed_at(person.status)) is not None:
            self._session.add(self._proposal(row.id, block))

    def _keep_until(self, patron_id: str, last: date) -> None:
        theirs = select(Subscription).where(Subscription.agency == AGENCY, Subscription.patron_id == patron_id)
        for subscription in self._session.scalars(theirs.where(Subscription.reason == ACTIVE_PATRON)):
            subscription.reason, subscription.until = DEAD, last

    def _proposal(self, patron_id: str, block: str) -> Any:
        self._reviews += 1
        item = ReviewItem()
        item.agency, item.id, item.patron_id, item.kind = AGENCY, self._reviews, patron_id, block
        item.run_id, item.state, item.opened = self._run.id, State.WAITING.value, self._run.day
        return item

    def _outgoing(self, row: Any, write: Write) -> Any:
        payload = {"municipalityNo": write.culr, "userIdType": "CPR", "userIdValue": write.patron.number.digits}
        vault, out = self._tenant.vault, Outbox()
        out.agency, out.target, out.patron_id, out.version = AGENCY, CULR, row.id, row.version
        out.payload = vault.seal(_json(payload), place=row.id, owner=CULR, version=row.version)
        out.key, out.state, out.created = vault.seal_key, "waiting", self._tenant.stamp()
        return out

    def _planned(self, ordinal: int, step: Step, write: Write) -> Any:
        plan = PlanRow()
        plan.agency, plan.run_id, plan.ordinal, plan.patron_id = AGENCY, self._run.id, ordinal, write.patron.id
        plan.version, plan.digest = write.patron.version, write.prepared.fingerprint
        plan.actions = ",".join(action.value for action in write.actions)
        plan.harms = ",".join(harm.value for harm in (step.change.harms if step.change else ()))
        return plan

    def _item(self, ordinal: int, index: bytes, patron_id: str, step: Step) -> Any:
        item = RunItem()
        item.agency, item.run_id, item.ordinal, item.inbox_id = AGENCY, self._run.id, ordinal, 1
        item.number_index, item.patron_id = index, patron_id
        item.outcome = "applied" if step.write is not None else "unchanged"
        item.actions = ",".join(action.value for action in step.write.actions) if step.write else ""
        item.reason = step.change.review if step.change else None
        return item

    def _audit(self, stream: str, patron_id: str, told: dict[str, Any]) -> None:
        tenant = self._tenant
        key, at = tenant.keyring.newest(KeyPurpose.AUDIT), tenant.stamp()
        head = self._session.get(AuditHead, (AGENCY, stream))
        if head is None:
            head = AuditHead()
            head.agency, head.stream, head.seq, head.mac = AGENCY, stream, 0, bytes(32)
            self._session.add(head)
        entry = _json(
            told | {"agency": AGENCY, "at": at, "patron": patron_id} | {"seq": head.seq + 1, "stream": stream}
        )
        head.seq, head.mac, head.at = head.seq + 1, hmac.digest(key.secret, head.mac + entry, "sha256"), at
        line = Audit()
        line.agency, line.stream, line.seq, line.at, line.patron_id = AGENCY, stream, head.seq, at, patron_id
        line.entry, line.mac, line.key = entry, head.mac, key.id
        self._session.add(line)


def defaults(url: str) -> str:
    """Set a copied database to the engine's defaults. Return the url with a driver for it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        # the store's journal mode stays in the file; SQLite's default is another
        with sqlite3.connect(str(parsed.database)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        return url
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def naive_night(url: str, tenant: Tenant, night: Night) -> int:
    """Run a night the naive way. Return how many persons it wrote."""
    engine = create_engine(url)
    try:
        with Session(engine) as session:
            return NaiveStore(session, tenant, night).night()
    finally:
        engine.dispose()


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
