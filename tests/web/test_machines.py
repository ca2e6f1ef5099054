"""Machines: they show a certificate, ask by card and PIN over real TLS, and learn no more than they need."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from browser import Clock, serving
from cryptography.hazmat.primitives import hashes, serialization
from doubles import AGENCY
from test_box import patron_of
from test_setting import set_
from townspeople import cpr, person
from whole import verify_audit

from cprsync.domain.desk.pins import LOCKS
from cprsync.domain.desk.roles import Role
from cprsync.domain.person.sealed import label_lines
from cprsync.errors import ConfigurationError
from cprsync.mock.certs import develop_certificates, make_authority, packaged_profile
from cprsync.web.accounts import AccountEntry, MachineEntry, StaffAccounts, hash_password, read_accounts, write_accounts
from cprsync.web.api.api import build_description
from cprsync.web.api.description import PATH
from cprsync.web.serving import Certificate, make_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Served
    from doubles import Library

    from cprsync.mock.certs import Authority, IssuedIdentity

# one worker makes the certificates
pytestmark = pytest.mark.xdist_group("machines")
SMALL = packaged_profile().with_key_bits(2048)
PIN, WRONG = "4711", "1234"
#: All that an answer has: a name more would be told to every machine.
ANSWER = ["may_borrow", "blocked", "age_class", "rights"]
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Pki:
    """The certificates of a test: PEM files with their keys, by name."""

    folder: Path
    server: Certificate
    fingerprints: dict[str, str]

    def pair(self, name: str) -> tuple[str, str]:
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    now, month = datetime.now(UTC), timedelta(days=30)
    folder, elsewhere = (tmp_path_factory.mktemp(name) for name in ("machines", "rogue"))
    made = develop_certificates(folder, now=now, profile=SMALL)
    ours, rogue = (make_authority(one, profile=SMALL, now=now) for one in (folder, elsewhere))
    identities = {
        "machine": _issue(ours, now),
        "next": _issue(ours, now),
        "stranger": _issue(ours, now),
        "elsewhere": _issue(ours, now),
        "expired": _issue(ours, now - 2 * month, days=30),
        "early": _issue(ours, now + month),
        "rogue": _issue(rogue, now),
    }
    for name, identity in identities.items():
        identity.write(folder, name)
        # alone: the issuer is no older than an hour
        (folder / f"{name}.pem").write_bytes(identity.certificate.public_bytes(serialization.Encoding.PEM))
    server = Certificate(made.server, made.server_key, made.ca)
    prints = {name: one.certificate.fingerprint(hashes.SHA256()).hex() for name, one in identities.items()}
    return Pki(folder, server, prints)


def _issue(authority: Authority, valid_from: datetime, days: int | None = None) -> IssuedIdentity:
    return authority.issue_client(valid_from=valid_from - timedelta(minutes=1), days=days)


@pytest.fixture(scope="session")
def staff() -> AccountEntry:
    kept = hash_password(PASSWORD)
    return AccountEntry(name="leder", password=kept, roles=frozenset({Role.SUPERVISOR}), libraries=frozenset({AGENCY}))


@pytest.fixture(scope="session")
def with_pins(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A library, to be copied, in which ANNA and the protected BO have a PIN."""
    library = begun_folder.copy(tmp_path_factory.mktemp("pins") / "library")
    for key in ("ANNA", "BO"):
        set_(library, "pin", PIN, key=key)
    return library


@pytest.fixture
def file(pki: Pki, tmp_path: Path, staff: AccountEntry) -> Path:
    """The file of accounts: one person, one machine of ours, and one of another library."""
    path = tmp_path / "accounts.toml"
    # the file may name what TLS lets nobody show
    known = frozenset(pki.fingerprints[name] for name in ("machine", "expired", "early", "rogue"))
    machine = MachineEntry(name="automat-1", certificates=known, libraries=frozenset({AGENCY}))
    foreign = MachineEntry(
        name="automat-2", certificates=frozenset({pki.fingerprints["elsewhere"]}), libraries=frozenset({"999999"})
    )
    write_accounts(path, [staff], [machine, foreign])
    return path


@pytest.fixture
def town(with_pins: Library, tmp_path: Path, pki: Pki, file: Path) -> Iterator[Served]:
    """The desk over TLS, which asks its clients for a certificate."""
    library = with_pins.copy(tmp_path / "library")
    accounts = StaffAccounts(file, agency=AGENCY, monotonic=Clock())
    with serving(library, accounts, certificate=pki.server) as served:
        yield served
    library.engine.dispose()


def ask(desk: Served, pki: Pki, name: str | None = "machine", **asked: Any) -> requests.Response:
    body = {"card": "ANNA", "pin": PIN} | asked
    shown = None if name is None else pki.pair(name)
    url = f"{desk.url}{PATH}/machine/borrower"
    return requests.post(url, json=body, cert=shown, verify=str(pki.folder / "ca.pem"), timeout=20)


def tries(library: Library) -> list[tuple[str, str | None, str]]:
    told = [json.loads(bytes.fromhex(row["entry"])) for row in library.rows("audit")]
    return [(one["kind"], one["patron"], one["user"]) for one in told if one["kind"].startswith("card_")]


# -- what a machine learns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ANNA", "BO"])
def test_a_machine_learns_what_it_needs_and_not_a_byte_of_who_it_is(town: Served, pki: Pki, key: str) -> None:
    answer = ask(town, pki, card=key)
    assert answer.status_code == 200
    told, view = answer.json(), town.library.view(key)
    assert list(told) == ANSWER
    assert [set(one) for one in told["rights"]] == [{"product", "answer"}] * len(town.library.policy.products.names())
    assert (told["may_borrow"], told["blocked"]) == (True, False)
    someone = person(key)
    secrets = {
        view.patron.id,
        cpr(key).digits,
        cpr(key).digits[:6],
        PIN,
        *someone.name.addressing.split(),
        *label_lines(someone.address),
    }
    sent = answer.content + repr(answer.headers).encode()
    assert [one for one in secrets if one.encode() in sent] == []


def test_the_answer_is_closed_in_the_description_too() -> None:
    told = build_description()["components"]["schemas"]
    assert list(told["Borrower"]["properties"]) == ANSWER
    assert told["Borrower"]["additionalProperties"] is False
    assert list(told["RightAnswer"]["properties"]) == ["product", "answer"]


def test_a_block_says_no_without_its_reason(town: Served, pki: Pki) -> None:
    set_(town.library, "blocks", "2027-03-01 Bortkommet bog")
    answer = ask(town, pki)
    assert (answer.json()["may_borrow"], answer.json()["blocked"]) == (False, True)
    assert "Bortkommet" not in answer.text


def test_the_audit_names_the_machine_before_it_is_answered(town: Served, pki: Pki) -> None:
    ask(town, pki)
    assert tries(town.library) == [("card_right", patron_of(town, "ANNA"), "automat-1")]
    verify_audit(town.library.store)


def test_an_audit_that_cannot_be_written_lets_no_machine_learn_anything(
    town: Served, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ConfigurationError("the file of the heads cannot be written", kind="audit.heads")

    monkeypatch.setattr("cprsync.store.desk.cards.audit.append", breaks)
    answer = ask(town, pki)
    assert answer.status_code == 500
    assert "may_borrow" not in answer.text


# -- who is let in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [None, "stranger", "elsewhere", "next"])
def test_a_certificate_that_no_machine_of_the_library_has_is_refused(town: Served, pki: Pki, name: str | None) -> None:
    before = town.library.everything()
    answer = ask(town, pki, name)
    assert (answer.status_code, answer.json()["kind"]) == (401, "machine.unknown")
    assert town.library.everything() == before


@pytest.mark.parametrize("name", ["expired", "early", "rogue"])
def test_a_certificate_that_tls_does_not_accept_gets_no_answer_although_the_file_names_it(
    town: Served, pki: Pki, name: str
) -> None:
    before = town.library.everything()
    with pytest.raises(requests.ConnectionError):
        ask(town, pki, name)
    assert town.library.everything() == before


def test_a_certificate_that_ends_on_an_open_connection_ends_with_it(town: Served, pki: Pki) -> None:
    """TLS looks at the dates when a connection begins; the desk looks at them with each request."""
    from cprsync.https import ShownCertificate

    der = ssl.PEM_cert_to_DER_cert((pki.folder / "machine.pem").read_text("ascii"))
    parts = {"notBefore": "Mar  1 00:00:00 2027 GMT", "notAfter": "Mar 31 00:00:00 2027 GMT"}
    shown, first = ShownCertificate(parts, der), ssl.cert_time_to_seconds(parts["notBefore"])
    assert shown.fingerprint == pki.fingerprints["machine"]
    month = 30 * 24 * 3600
    assert [shown.is_in_date(first + at) for at in (-1, 0, month, month + 1)] == [False, True, True, False]


def test_a_machine_that_is_removed_is_refused_at_once(town: Served, pki: Pki, file: Path) -> None:
    with requests.Session() as session:
        session.cert, session.verify, session.trust_env = pki.pair("machine"), str(pki.folder / "ca.pem"), False
        url, body = f"{town.url}{PATH}/machine/borrower", {"card": "ANNA", "pin": PIN}
        assert session.post(url, json=body, timeout=20).status_code == 200
        write_accounts(file, read_accounts(file).account)
        assert session.post(url, json=body, timeout=20).json()["kind"] == "machine.unknown"


def test_two_certificates_count_while_one_replaces_the_other(town: Served, pki: Pki, file: Path) -> None:
    document = read_accounts(file)
    both = frozenset({pki.fingerprints["machine"], pki.fingerprints["next"]})
    one = document.machine[0].model_copy(update={"certificates": both})
    write_accounts(file, document.account, [one])
    assert [ask(town, pki, name).status_code for name in ("machine", "next")] == [200, 200]


def test_a_machine_opens_nothing_of_the_staffs_and_staff_nothing_of_the_machines(town: Served, pki: Pki) -> None:
    trusted = str(pki.folder / "ca.pem")
    record = f"{town.url}{PATH}/patrons/{patron_of(town, 'ANNA')}"
    refused = requests.get(record, cert=pki.pair("machine"), verify=trusted, timeout=20)
    assert (refused.status_code, refused.json()["kind"]) == (401, "session.ended")
    with requests.Session() as session:
        session.verify, session.trust_env = trusted, False
        token = session.get(f"{town.url}/sign-in", timeout=20).text.split('name="form_token" value="')[1].split('"')[0]
        form = {"form_token": token, "name": "leder", "password": PASSWORD}
        assert session.post(f"{town.url}/sign-in", data=form, timeout=20).status_code == 200
        csrf = session.get(f"{town.url}{PATH}/session", timeout=20).json()["token"]
        answer = session.post(
            f"{town.url}{PATH}/machine/borrower",
            json={"card": "ANNA", "pin": PIN},
            headers={"X-CSRF-Token": csrf},
            timeout=20,
        )
    assert (answer.status_code, answer.json()["kind"]) == (401, "machine.unknown")
    assert tries(town.library) == []


def test_a_browser_without_a_certificate_comes_in_as_before(town: Served, pki: Pki) -> None:
    page = requests.get(f"{town.url}/sign-in", verify=str(pki.folder / "ca.pem"), timeout=20)
    assert page.status_code == 200


def test_a_desk_without_machines_asks_no_client_for_a_certificate(
    begun_folder: Library, tmp_path: Path, pki: Pki, file: Path
) -> None:
    library = begun_folder.copy(tmp_path / "library")
    accounts = StaffAccounts(file, agency=AGENCY, monotonic=Clock())
    with serving(library, accounts, certificate=replace(pki.server, machines_ca=None)) as served:
        assert ask(served, pki).json()["kind"] == "machine.unknown"
    library.engine.dispose()


def test_old_tls_is_not_spoken(town: Served, pki: Pki) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(pki.folder / "ca.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    port = int(town.url.rpartition(":")[2])
    with socket.create_connection(("localhost", port), 20) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")


def test_issuers_that_cannot_be_read_stop_the_desk_before_it_is_asked(pki: Pki, tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate", "ascii")

    async def nothing(*_: object) -> None: ...

    with pytest.raises(ConfigurationError):
        make_server(nothing, replace(pki.server, machines_ca=broken))


# -- what is refused ---------------------------------------------------------------------------------------------


def test_a_wrong_pin_and_an_unknown_card_are_refused_alike(town: Served, pki: Pki) -> None:
    said = [ask(town, pki, **asked).json() for asked in ({"pin": WRONG}, {"card": "NOBODY"}, {"card": "CLARA"})]
    assert {(one["kind"], one["detail"], one["next"]) for one in said} == {
        (said[0]["kind"], said[0]["detail"], said[0]["next"])
    }
    assert said[0]["kind"] == "card.refused"
    assert said[0]["da"]["message"] != said[0]["detail"]


def test_wrong_pins_lock_the_card_and_the_log_names_neither(
    town: Served, pki: Pki, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(LOCKS[0].wrong):
        assert ask(town, pki, pin=WRONG).status_code == 403
    answer = ask(town, pki)
    assert answer.json()["kind"] == "card.refused"
    said = caplog.text + "".join(capfd.readouterr()) + answer.text
    assert [one for one in (PIN, WRONG, "ANNA", cpr("ANNA").digits) if one in said] == []


def test_a_machine_over_its_quota_is_told_when_to_ask_again(town: Served, pki: Pki, file: Path) -> None:
    document = read_accounts(file)
    slow = document.machine[0].model_copy(update={"asks_a_minute": 2})
    write_accounts(file, document.account, [slow])
    assert [ask(town, pki).status_code for _ in range(3)] == [200, 200, 429]
    answer = ask(town, pki)
    assert (answer.json()["kind"], answer.headers["retry-after"]) == ("card.quota", "60")
    assert len(tries(town.library)) == 2


@pytest.mark.parametrize("asked", [{"pin": "12"}, {"pin": 4711}, {"pin": "47 11"}, {"card": ""}, {"patron": "x"}])
def test_a_request_that_breaks_a_rule_is_no_try(town: Served, pki: Pki, asked: dict[str, Any]) -> None:
    answer = ask(town, pki, **asked)
    assert (answer.status_code, answer.json()["kind"]) == (422, "request.fields")
    assert tries(town.library) == []


def test_what_a_form_of_another_site_can_send_is_no_try(town: Served, pki: Pki) -> None:
    """A browser that has the machine's certificate would show it for any site."""
    url, body = f"{town.url}{PATH}/machine/borrower", json.dumps({"card": "ANNA", "pin": PIN})
    answer = requests.post(
        url,
        data=body,
        headers={"Content-Type": "text/plain"},
        cert=pki.pair("machine"),
        verify=str(pki.folder / "ca.pem"),
        timeout=20,
    )
    assert (answer.status_code, answer.json()["kind"]) == (415, "request.media")
    assert tries(town.library) == []
