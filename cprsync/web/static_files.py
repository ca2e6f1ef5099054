"""Style sheets, scripts and the icon. An address names the content, so that a browser asks for it once."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

#: Where the files are.
STATIC: Final = "/static"
#: A content that its address names never changes there: a year, in seconds.
FOREVER: Final = "public, max-age=31536000, immutable"
#: Asked for under its bare name, or under that of another version: five minutes, in seconds.
SHORTLY: Final = "public, max-age=300"
_DIGEST_LETTERS: Final = 16


@cache
def static_address_of(name: str) -> str:
    """The address of a file, which is another one when its content is."""
    return f"{STATIC}/{_digest_of(name)}/{name}"


@cache
def _digest_of(name: str) -> str:
    content = files("cprsync.web").joinpath("static", name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:_DIGEST_LETTERS]


class ContentFiles(StaticFiles):
    """Answers a file under the address of its content, and for a short time under any other."""

    def __init__(self) -> None:
        super().__init__(packages=[("cprsync.web", "static")])

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long a browser may keep it."""
        # an open page of an older version asks by the old digest. It gets today's file, and keeps it for a while only
        digest, _, name = path.rpartition("/")
        response = await super().get_response(name, scope)
        response.headers["Cache-Control"] = FOREVER if digest == _digest_of(name) else SHORTLY
        return response
