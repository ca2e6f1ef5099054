"""What CULR's answers look like, typed by hand from DBC's public recordings. Knows no code of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import responses

URL = "https://culr.test/1.6/CulrWebService"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
CULR = "http://ws.culrservice.dbc.dk/"


def envelope(body: str) -> str:
    return f"<?xml version='1.0' encoding='UTF-8'?><S:Envelope xmlns:S=\"{SOAP}\"><S:Body>{body}</S:Body></S:Envelope>"


def answer(operation: str, content: str, *, code: str = "OK200", wrapper: str = "return") -> str:
    status = f"<responseStatus><responseCode>{code}</responseCode></responseStatus>"
    result = f"<{wrapper}>{content}{status}</{wrapper}>"
    return f'<ns2:{operation}Response xmlns:ns2="{CULR}">{result}</ns2:{operation}Response>'


def account(agency: str, value: str, kind: str = "CPR") -> str:
    return (
        f"<Account><provider>{agency}</provider><userIdType>{kind}</userIdType>"
        f"<userIdValue>{value}</userIdValue></Account>"
    )


def says(wire: responses.RequestsMock, body: str | bytes, *, status: int = 200) -> None:
    wire.post(URL, body=body, status=status, content_type="text/xml; charset=utf-8")


def sent(wire: responses.RequestsMock) -> list[bytes]:
    bodies = [call.request.body for call in wire.calls]
    return [body if isinstance(body, bytes) else str(body).encode() for body in bodies]
