"""The description of a service as a client fetches it: its WSDL at `?wsdl`, and each schema in it at `?xsd=NAME`.

The packaged files name a host that does not exist, and each other by their names beside each other. Fetched, they name
the address that was asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from cprsync.errors import ConfigurationError
from cprsync.mock.soap.messages import Response
from cprsync.resources import schema_path

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA: Final = re.compile(r"[A-Za-z0-9]+\.xsd")
#: What a file names: another one beside it, or the address of the service.
_BESIDE: Final = re.compile(r'schemaLocation="([^"]+)"')
_ADDRESS: Final = re.compile(r'(<soap:address )location="[^"]+"')
_NOT_THERE: Final = Response(404, b"no such description: there is ?wsdl, and what it names\n", "text/plain")
_POSTED: Final = Response(
    405, b"SOAP is posted; the description is at ?wsdl\n", "text/plain", headers=(("Allow", "POST"),)
)


def answer_description(wsdl: str, query: str, *, url: str) -> Response:
    """Answer a GET at a service. `wsdl`: the packaged file. `url`: the address that was asked, without a query."""
    asked = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
    if "wsdl" in asked:
        return _read(schema_path(wsdl), url)
    if "xsd" not in asked:
        return _POSTED
    if not _SCHEMA.fullmatch(asked["xsd"]):
        return _NOT_THERE
    try:
        return _read(schema_path(asked["xsd"]), url)
    except ConfigurationError:
        return _NOT_THERE


def _read(path: Path, url: str) -> Response:
    here = escape(url, {'"': "&quot;"})
    text = _BESIDE.sub(lambda found: f'schemaLocation="{here}?xsd={found[1]}"', path.read_text(encoding="utf-8"))
    text = _ADDRESS.sub(lambda found: f'{found[1]}location="{here}"', text)
    return Response(200, text.encode())
