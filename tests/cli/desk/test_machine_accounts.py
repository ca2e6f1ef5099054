"""`accounts machine`: a machine is known by its certificates, and by nothing else that the file holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization

from cprsync.cli.desk.machines import set_machine, set_reader
from cprsync.cli.desk.serving import list_accounts, remove_account
from cprsync.cli.setup.installation import write_folder
from cprsync.domain.desk.roles import Role
from cprsync.mock.certs import make_authority, packaged_profile
from cprsync.web.accounts import AccountEntry, StaffAccounts, hash_password, read_accounts, write_accounts

if TYPE_CHECKING:
    from pathlib import Path

    from cprsync.mock.certs import IssuedIdentity

#: The agency number that an installation begins with, and another one.
FIRST, SECOND = "700000", "700001"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[IssuedIdentity]:
    now, profile = datetime.now(UTC), packaged_profile().with_key_bits(2048)
    authority = make_authority(tmp_path_factory.mktemp("pki"), profile=profile, now=now)
    return [authority.issue_client(valid_from=now) for _ in range(2)]


@pytest.fixture
def config(tmp_path: Path, two: list[IssuedIdentity]) -> Path:
    """An installation with a file of accounts, and two certificates beside it."""
    write_folder(tmp_path / "library", mock=None)
    path = tmp_path / "library" / "cprsync.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('# accounts = "accounts.toml"', 'accounts = "accounts.toml"'), "utf-8")
    for number, one in enumerate(two):
        pem = one.certificate.public_bytes(serialization.Encoding.PEM)
        (tmp_path / f"{number}.pem").write_bytes(pem)
    return path


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def set_(config: Path, name: str, *numbers: int, **more: Any) -> None:
    files = [config.parents[1] / f"{number}.pem" for number in numbers]
    set_machine(name, certificate=files, config=config, as_json=True, **more)


def add_feed(config: Path) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('[[library.target]]\nname = "website"\nkind = "feed"\nfields = ["group"]\n')


def refused(config: Path, name: str, *numbers: int) -> None:
    with pytest.raises(SystemExit):
        set_(config, name, *numbers)


@pytest.fixture
def both(config: Path) -> Path:
    """Two libraries, each with a feed of the same name."""
    add_feed(config)
    text = config.read_text("utf-8")
    other = text[text.index("[[library]]") :].replace(FIRST, SECOND).replace('agreement = "0', 'agreement = "1')
    config.write_text(text + other, "utf-8")
    return config


def at(config: Path, agency: str) -> StaffAccounts:
    return StaffAccounts(config.parent / "accounts.toml", agency=agency, monotonic=lambda: 0.0)


def test_a_machine_is_kept_by_the_fingerprints_of_its_certificates(
    config: Path, two: list[IssuedIdentity], capsys: pytest.CaptureFixture[str]
) -> None:
    set_(config, "automat-1", 0, 1, asks=30)
    prints = sorted(one.certificate.fingerprint(hashes.SHA256()).hex() for one in two)
    document = told(capsys)
    assert (document["certificates"], document["asks_a_minute"], document["wrong_an_hour"]) == (prints, 30, 60)
    (kept,) = read_accounts(config.parent / "accounts.toml").machine
    assert sorted(kept.certificates) == prints
    list_accounts(config=config, as_json=True)
    document.pop("desk_lacks")
    assert told(capsys) == {"accounts": [], "machines": [document], "readers": []}
    list_accounts(config=config, lang="en")
    assert f"automat-1: machine, sha256:{prints[0][:16]}…" in capsys.readouterr().out


def test_a_certificate_that_the_desk_does_not_ask_for_yet_is_kept_and_says_what_is_missing(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_feed(config)
    set_reader("website", certificate=[config.parents[1] / "0.pem"], config=config, lang="en")
    assert "asks for none. Write machines_ca, certificate, key under [desk] in cprsync.toml" in capsys.readouterr().out
    set_(config, "automat-1", 1)
    assert told(capsys)["desk_lacks"] == ["machines_ca", "certificate", "key"]
    set_reader("website", secret=True, config=config, as_json=True)
    assert told(capsys)["desk_lacks"] == ["machines_ca", "certificate", "key"]


def test_a_desk_that_asks_for_certificates_lacks_nothing(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_feed(config)
    text = config.read_text("utf-8")
    for name in ("certificate", "key", "machines_ca"):
        text = text.replace(f"# {name} = ", f"{name} = ", 1)
    config.write_text(text, "utf-8")
    set_reader("website", certificate=[config.parents[1] / "0.pem"], config=config, lang="en")
    assert "website: reads changes" in (said := capsys.readouterr().out)
    assert len(said.splitlines()) == 1
    set_(config, "automat-1", 1)
    assert told(capsys)["desk_lacks"] == []


def test_a_reader_who_comes_by_a_secret_alone_needs_no_certificate_of_the_desks(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_feed(config)
    set_reader("website", secret=True, config=config, as_json=True)
    assert told(capsys)["desk_lacks"] == []


def test_the_certificates_named_are_the_only_ones(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_(config, "automat-1", 0, 1)
    set_(config, "automat-1", 1)
    (kept,) = read_accounts(config.parent / "accounts.toml").machine
    assert len(kept.certificates) == 1
    # the other one is free for another machine
    set_(config, "automat-2", 0)
    assert len(read_accounts(config.parent / "accounts.toml").machine) == 2


@pytest.mark.parametrize("name", ["Lone", "lone.", "lone@bibliotek.dk", "l\u00f3ne", "patrons", "..", "-", "@"])
def test_a_new_name_is_another_by_its_letters_and_digits(
    config: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Otherwise the audit could not tell the two apart, and one person would sign as two."""
    path, here = config.parent / "accounts.toml", frozenset({FIRST})
    people = [
        AccountEntry(name=one, password=hash_password(one), roles=frozenset({Role.DESK}), libraries=here)
        for one in ("lone", "lo\u0301ne")
    ]
    write_accounts(path, people)
    before = path.read_bytes()
    refused(config, name, 0)
    assert path.read_bytes() == before
    set_(config, "lone2", 0)
    # who is there already stays free to change
    set_(config, "lone2", 1)


PROVIDER = """
[desk.sign_in]
issuer = "https://login.example.dk"
client_id = "cprsync"
client_secret_file = "secret"
ca = "ca.pem"
address = "https://skranke.example.dk"
title = "Login"
name_claim = "sub"
roles_claim = "groups"
[[desk.sign_in.role]]
value = "BIB"
role = "desk"
"""


@pytest.mark.parametrize("has_provider", [False, True])
def test_whoever_is_removed_may_still_have_a_role_at_the_provider(
    config: Path, capsys: pytest.CaptureFixture[str], *, has_provider: bool
) -> None:
    if has_provider:
        with config.open("a", encoding="utf-8") as file:
            file.write(PROVIDER)
    lone = AccountEntry(
        name="lone", password=hash_password("x"), roles=frozenset({Role.DESK}), libraries=frozenset({FIRST})
    )
    write_accounts(config.parent / "accounts.toml", [lone])
    remove_account("lone", config=config, lang="en")
    assert ("take it away" in capsys.readouterr().out) is has_provider


def test_a_certificate_is_one_machines(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_(config, "automat-1", 0)
    before = (config.parent / "accounts.toml").read_bytes()
    refused(config, "automat-2", 0, 1)
    assert (config.parent / "accounts.toml").read_bytes() == before


def test_what_is_no_certificate_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parents[1] / "7.pem").write_text("no certificate", "ascii")
    for number in (7, 8):
        refused(config, "automat-1", number)
        assert told(capsys)["error"]["kind"] == "account.certificate"
    assert not (config.parent / "accounts.toml").exists()


def test_a_machine_that_is_removed_is_gone(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_(config, "automat-1", 0)
    remove_account("automat-1", config=config, as_json=True)
    assert read_accounts(config.parent / "accounts.toml").machine == ()
    with pytest.raises(SystemExit):
        remove_account("automat-1", config=config, as_json=True)


def test_a_reader_that_is_set_or_removed_at_one_library_leaves_anothers_of_its_name(
    both: Path, two: list[IssuedIdentity], capsys: pytest.CaptureFixture[str]
) -> None:
    """Their targets have the same name, and each tells of its own patrons alone."""
    first, second = (one.certificate.fingerprint(hashes.SHA256()).hex() for one in two)
    pems = [[both.parents[1] / f"{number}.pem"] for number in range(2)]
    set_reader("website", secret=True, certificate=pems[0], config=both, library=FIRST, as_json=True)
    secret = told(capsys)["secret"]
    set_reader("website", certificate=pems[1], config=both, library=SECOND)
    ours, theirs = at(both, FIRST), at(both, SECOND)
    assert ours.reader_with("website", secret) == ours.reader_of(first) is not None
    assert theirs.reader_with("website", secret) is theirs.reader_of(first) is None
    assert theirs.reader_of(second) is not None
    remove_account("website", config=both, library=SECOND)
    assert at(both, SECOND).reader_of(second) is None
    assert at(both, FIRST).reader_with("website", secret) is not None


def test_a_machine_that_is_set_or_removed_at_one_library_stays_as_it_is_at_another(
    both: Path, two: list[IssuedIdentity], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = two[0].certificate.fingerprint(hashes.SHA256()).hex()
    for agency, asks in ((FIRST, 30), (SECOND, 60)):
        set_(both, "automat-1", 0, asks=asks, library=agency)
    found = [at(both, agency).machine_of(shown) for agency in (FIRST, SECOND)]
    assert [one and one.asks_a_minute for one in found] == [30, 60]
    remove_account("automat-1", config=both, library=SECOND)
    assert [at(both, agency).machine_of(shown) for agency in (FIRST, SECOND)] == [found[0], None]


def test_a_machine_and_a_reader_have_neither_a_name_nor_a_certificate_in_common(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_feed(config)
    set_reader("website", certificate=[config.parents[1] / "0.pem"], config=config)
    before = (config.parent / "accounts.toml").read_bytes()
    refused(config, "website", 1)
    refused(config, "automat-1", 0)
    assert (config.parent / "accounts.toml").read_bytes() == before


def test_a_password_is_kept_at_the_cost_that_rfc_9106_asks_where_memory_is_scarce() -> None:
    assert hash_password("correct horse battery").startswith("$argon2id$v=19$m=65536,t=3,p=1$")
