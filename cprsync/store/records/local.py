"""Encode and decode the bytes of the local part, which patron and staff own. The register's part is in `codec`.

What is kept follows from the field table. A field that the table has no longer is left out, and the next write drops
it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from cprsync.domain.patron.fields import LOCAL_FIELDS
from cprsync.domain.patron.kinds import is_co
from cprsync.domain.patron.local import Local

if TYPE_CHECKING:
    from collections.abc import Mapping

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
