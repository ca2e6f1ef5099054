"""Calls to the mock's CULR by hand: envelopes typed here, posted with requests. Knows no code of the client."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
CULR = "http://ws.culrservice.dbc.dk/"


def user(value: str, kind: str = "CPR", name: str = "userCredentials") -> str:
    return f"<{name}><userIdType>{kind}</userIdType><userIdValue>{value}</userIdValue></{name}>"


def town(code: str) -> str:
    return f"<municipalityNo>{code}</municipalityNo>"


@dataclass(frozen=True)
class Told:
    """What came back."""

    status: int
    body: bytes

    @property
    def payload(self) -> etree._Element:
        [payload] = etree.fromstring(self.body).iterfind(f"{{{SOAP}}}Body/*")
        return payload

    @property
    def _result(self) -> etree._Element:
        [result] = self.payload
        return result

    @property
    def code(self) -> str | None:
        return self._result.findtext("responseStatus/responseCode")

    @property
    def names(self) -> list[str]:
        return [str(part.tag) for part in self._result]

    @property
    def providers(self) -> list[str | None]:
        return [one.findtext("provider") for one in self._result.iterfind("Account")]

    def text(self, name: str) -> str | None:
        return self._result.findtext(name)


class Library:
    """A library that calls CULR with the standard tools."""

    def __init__(self, ready: dict[str, Any], place: int = 0) -> None:
        own = ready["agreements"][place]
        self.url, self.ca, self.agency = ready["culr_url"], ready["ca"], own["agency"]
        self.user, self.group = own["culr"]["user"], own["culr"]["group"]
        self.password = Path(own["culr"]["password_file"]).read_text(encoding="utf-8").strip()

    @property
    def signed(self) -> str:
        said = f"<userIdAut>{self.user}</userIdAut><groupIdAut>{self.group}</groupIdAut>"
        return f"<authCredentials>{said}<passwordAut>{self.password}</passwordAut></authCredentials>"

    def post(self, body: str) -> Told:
        envelope = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'
        answer = requests.post(
            self.url, envelope.encode(), headers={"Content-Type": "text/xml"}, verify=self.ca, timeout=20
        )
        return Told(answer.status_code, answer.content)

    def call(self, operation: str, content: str, after: str = "") -> Told:
        return self.post(f'<c:{operation} xmlns:c="{CULR}">{content}{self.signed}{after}</c:{operation}>')

    def ask(self, operation: str, content: str, after: str = "", *, agency: str | None = None) -> Told:
        """Call one of the operations that name the library."""
        return self.call(operation, f"<agencyId>{agency or self.agency}</agencyId>{content}", after)
