"""What the tests with `responses` share: a register's replies, and what was sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import responses

LOOKUP_URL = "https://register.test/lookup"
SUBSCRIPTION_URL = "https://register.test/subscription"

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
FETCH = '<!DOCTYPE x SYSTEM "https://elsewhere.test/x.dtd">'
DEEP = "<a>" * 65 + "</a>" * 65
WIDE = "<a " + " ".join(f'x{i}="1"' for i in range(65)) + "/>"


def says(wire: responses.RequestsMock, body: str | bytes, **options: Any) -> None:
    options = {"status": 200, "content_type": "text/xml; charset=utf-8", "url": LOOKUP_URL} | options
    wire.post(body=body.encode() if isinstance(body, str) else body, **options)


def sent_body(wire: responses.RequestsMock) -> str:
    body = wire.calls[0].request.body
    return body.decode() if isinstance(body, bytes) else str(body)
