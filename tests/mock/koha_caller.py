"""Calls to the mock's Koha by hand, with `requests`. Knows no code of any client of Koha."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import requests

from cprsync.mock.koha import calls

_SECONDS = 20
ATTRIBUTES = "extended_attributes"
EMBED = {"x-koha-embed": ATTRIBUTES}


class KohaCaller:
    """A program that is signed in."""

    _numbers = itertools.count(1)

    def __init__(self, ready: dict[str, Any], client: str = "cprsync", secret_file: str | None = None) -> None:
        self.ready, self.client = ready, client
        self.url = ready["koha"]["url"]
        self.secret = Path(secret_file or ready["koha"]["secret_file"]).read_text(encoding="utf-8").strip()
        self.http = requests.Session()
        self.http.trust_env, self.http.verify = False, ready["ca"]
        self.sign_in()

    def sign_in(self) -> None:
        answer = self.token(client_id=self.client, client_secret=self.secret)
        self.http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def token(self, **form: str) -> requests.Response:
        asked = {"grant_type": "client_credentials", **form}
        return requests.post(f"{self.url}/oauth/token", data=asked, verify=self.ready["ca"], timeout=_SECONDS)

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.http.request(
            method, f"{self.url}{path}", json=body, timeout=_SECONDS, allow_redirects=False, **options
        )

    def search(self, query: Any = None, **parameters: Any) -> requests.Response:
        asked = parameters | ({} if query is None else {"q": json.dumps(query)})
        return self.ask("GET", "/patrons", params=asked, headers=EMBED)

    def found(self, query: Any, **parameters: Any) -> list[int]:
        return [one["patron_id"] for one in self.search(query, **parameters).json()]

    def patron(self, patron_id: int) -> dict[str, Any]:
        document: dict[str, Any] = self.ask("GET", f"/patrons/{patron_id}", headers=EMBED).json()
        return document

    def put(self, patron_id: int, body: dict[str, Any], **headers: str) -> requests.Response:
        return self.ask("PUT", f"/patrons/{patron_id}", body, headers=headers)

    def make(self, **changed: Any) -> dict[str, Any]:
        """A new patron of their own number, as Koha answers."""
        answer = self.ask("POST", "/patrons", new_patron(next(self._numbers), **changed), headers=EMBED)
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def everything(self) -> list[dict[str, Any]]:
        """All patrons, as the mock's control tells of them."""
        patrons: list[dict[str, Any]] = calls.show(self.ready)["patrons"]
        return patrons


def new_patron(number: int, **changed: Any) -> dict[str, Any]:
    """A patron that Koha takes, with an attribute that no other has."""
    return {
        "surname": f"Nybo{number}",
        "firstname": "Asta",
        "library_id": "HB",
        "category_id": "VOKSEN",
        ATTRIBUTES: [{"type": "CPR", "value": f"99{number:08}"}],
        **changed,
    }


def whole(patron: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """A patron that was read, as a body for PUT: without what may not be sent back."""
    return {name: value for name, value in patron.items() if name not in {"restricted", "anonymized"}} | changed


def number_of(patron: dict[str, Any]) -> str:
    return next(str(one["value"]) for one in patron[ATTRIBUTES] if one["type"] == "CPR")
