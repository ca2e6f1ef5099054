"""The local part, which patron and staff own: its bytes, opened, and written back sealed. The register's is in `codec`.

What is kept follows from the field table. A field that the table has no longer is left out, and the next write drops
it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection, update

from cprsync.domain.patron.fields import LOCAL_FIELDS
from cprsync.domain.patron.kinds import is_co
from cprsync.domain.patron.local import Local, first_lifting
from cprsync.errors import LostCompare
from cprsync.store.audit.record_versions import Moved, note_versions
from cprsync.store.core import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.store.core.engine import AnyRow
    from cprsync.store.core.tenant import Tenant

#: By key: what turns a value into JSON, and back.
_FORMS: Final[Mapping[str, TypeAdapter[Any]]] = {one.key: TypeAdapter(one.kind.type) for one in LOCAL_FIELDS}
#: Written also if empty, as in all older records.
_ALWAYS: Final = frozenset(Local.__dataclass_fields__)
#: One field of the table that has two places in what is written.
_ADDRESS, _CO, _LINES = "contact_address", "contact_co", "contact_lines"


def encode_local(local: Local) -> bytes:
    """Write the local part as JSON with sorted keys. Equal records give equal bytes."""
    document = {
        field.key: _FORMS[field.key].dump_python(value, mode="json")
        for field in LOCAL_FIELDS
        if (value := field.value_in(local)) or field.key in _ALWAYS
    }
    lines = document.pop(_ADDRESS)
    co = lines.pop(0) if lines and is_co(lines[0]) else ""
    document |= {_CO: co, _LINES: lines}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def decode_local(written: bytes) -> Local:
    """Read the local part exactly as it was written."""
    document: dict[str, Any] = json.loads(written)
    co, lines = document.pop(_CO), document.pop(_LINES)
    document[_ADDRESS] = [co, *lines] if co else lines
    read = {key: _FORMS[key].validate_python(value) for key, value in document.items() if key in _FORMS}
    return Local.of(read)


# -- of one record -------------------------------------------------------------------------------------------

#: The owner under which the local part is sealed.
LOCAL: Final = "local"
_PATRON = tables.patron.c


def open_local(tenant: Tenant, row: AnyRow) -> Local:
    """Open the local part of a row.

    Raises:
        SealBroken: it was altered or moved.
    """
    blob = tenant.vault.unseal(row.local_blob, row.local_key, place=row.id, owner=LOCAL, version=row.local_version)
    # the group in clear is the valid one: age, policy and a pin change it without opening the rest
    return replace(decode_local(blob), group=row.patron_group)


def write_local(connection: Connection, tenant: Tenant, row: AnyRow, after: Local) -> None:
    """Write the local part of a row that was read in this transaction. The caller writes the group in clear.

    Raises:
        LostCompare: someone else wrote it since it was read.
    """
    version = row.local_version + 1
    blob = tenant.vault.seal(encode_local(after), place=row.id, owner=LOCAL, version=version)
    this = (_PATRON.agency == tenant.agency) & (_PATRON.id == row.id) & (_PATRON.local_version == row.local_version)
    written = update(tables.patron).where(this)
    values = {"local_blob": blob, "local_key": tenant.vault.seal_key, "local_version": version}
    values["block_lifted"] = first_lifting(after.blocks)
    if connection.execute(written.values(values)).rowcount != 1:
        raise LostCompare("the record's local part changed since it was read")
    note_versions(connection, tenant, [Moved(row.id, LOCAL, row.local_version, version)])
