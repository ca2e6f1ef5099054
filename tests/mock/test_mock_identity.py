"""The mock's identity provider asks of a program under test what a real one asks, and keeps its key over a restart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from identity_provider import Known, known_provider

from cprsync.mock.identity import CODE_SECONDS, STAFF, load_identity
from cprsync.mock.town.faults import IDENTITY_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERIFIER = "v" * 43
BACK = "http://localhost:1/back"
ASKED = {
    "response_type": "code",
    "client_id": "theirs",
    "scope": "openid",
    "redirect_uri": BACK,
    "state": "s",
    "nonce": "n",
    "code_challenge": create_s256_code_challenge(VERIFIER),
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Known]:
    with known_provider(tmp_path_factory.mktemp("provider") / "mock", mock_keys) as known:
        yield known


@pytest.fixture
def known(running: Known) -> Iterator[Known]:
    yield running
    running.identity.register.calm()
    running.time.ahead = timedelta()


@pytest.fixture
def http(known: Known) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(known.ca)
        yield session


def code_for(known: Known, http: requests.Session, who: str, **changed: str) -> str:
    asked = {**ASKED, **changed, "login_hint": who}
    sent = http.get(f"{known.identity.issuer}/authorize", params=asked, allow_redirects=False, timeout=20)
    return dict(parse_qsl(urlsplit(sent.headers["location"]).query))["code"]


def redeem(known: Known, http: requests.Session, code: str, **changed: str) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "client_id": "theirs",
        "client_secret": known.identity.secret,
        **changed,
    }
    return http.post(f"{known.identity.issuer}/token", data=form, timeout=20)


def test_everybody_of_the_town_and_its_staff_may_be_chosen(known: Known, http: requests.Session) -> None:
    page = http.get(f"{known.identity.issuer}/authorize", params=ASKED, timeout=20).text
    assert all(f'value="{who}"' in page for who in (*STAFF, "ANNA", "BO"))


def test_the_claims_name_a_person_by_their_number_and_staff_by_their_groups(
    known: Known, http: requests.Session
) -> None:
    for who, claim, value in (
        ("ANNA", "cpr", known.identity.register.people["ANNA"].number),
        ("leder", "groups", ["desk", "supervisor"]),
    ):
        token = redeem(known, http, code_for(known, http, who)).json()["access_token"]
        claims = http.get(
            f"{known.identity.issuer}/claims", headers={"Authorization": f"Bearer {token}"}, timeout=20
        ).json()
        assert claims[claim] == value
    assert http.get(f"{known.identity.issuer}/claims", timeout=20).status_code == 401


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"code_challenge": ""}, "PKCE"),
        ({"code_challenge_method": "plain"}, "PKCE"),
        ({"scope": "profile"}, "openid"),
        ({"response_type": "token"}, "response_type"),
        ({"redirect_uri": "https://evil.example/"}, "this machine"),
    ],
)
def test_a_request_that_a_real_provider_refuses_is_refused(
    known: Known, http: requests.Session, changed: dict[str, str], said: str
) -> None:
    for ask in (
        lambda: http.get(f"{known.identity.issuer}/authorize", params={**ASKED, **changed}, timeout=20),
        lambda: http.post(f"{known.identity.issuer}/signed-in", data={**ASKED, **changed, "who": "BO"}, timeout=20),
    ):
        assert ask().status_code == 400
    assert said in http.get(f"{known.identity.issuer}/authorize", params={**ASKED, **changed}, timeout=20).text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:2/back"}, "invalid_grant"),
        ({"grant_type": "password"}, "invalid_grant"),
        ({"client_id": "another"}, "invalid_grant"),
        ({"client_secret": "guessed"}, "invalid_client"),
    ],
)
def test_a_code_is_worth_nothing_to_anybody_else(
    known: Known, http: requests.Session, changed: dict[str, str], error: str
) -> None:
    answer = redeem(known, http, code_for(known, http, "BO"), **changed)
    assert answer.status_code in {400, 401}
    assert answer.json() == {"error": error}


def test_a_code_counts_once_and_for_a_minute(known: Known, http: requests.Session) -> None:
    code = code_for(known, http, "BO")
    assert redeem(known, http, code).status_code == 200
    assert redeem(known, http, code).status_code == 400
    late = code_for(known, http, "BO")
    known.time.ahead = timedelta(seconds=CODE_SECONDS + 1)
    assert redeem(known, http, late).status_code == 400


def test_each_fault_of_the_provider_happens_as_often_as_asked(known: Known, http: requests.Session) -> None:
    for kind in IDENTITY_KINDS:
        known.fails(kind)
        if kind in {"oidc-state", "oidc-sender"}:
            code_for(known, http, "BO")
        elif kind in {"oidc-down", "oidc-slow"}:
            http.get(f"{known.identity.issuer}/keys", timeout=20)
        else:
            token = redeem(known, http, code_for(known, http, "BO")).json()["access_token"]
            if kind.startswith("oidc-claims"):
                http.get(f"{known.identity.issuer}/claims", headers={"Authorization": f"Bearer {token}"}, timeout=20)
        assert known.identity.register.faults.dump() == [], kind


def test_a_restart_keeps_the_key_and_the_secret(known: Known) -> None:
    again = load_identity(known.folder, known.identity.register, issuer=known.identity.issuer, now=known.identity.now)
    assert again.secret == known.identity.secret
    assert again.key.kid == known.identity.key.kid
    assert {one.stat().st_mode & 0o777 for one in known.folder.iterdir()} == {0o600}
