"""Configuration: a mistake is named by file and key, and nothing begins."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from cprsync.config.policy import load_policy
from cprsync.config.settings import load_settings
from cprsync.errors import ConfigurationError
from cprsync.language.errors import in_danish
from cprsync.wiring.counterparts import net_media_settings, register_settings, sftp_settings

GOOD = """
environment = "test"
[store]
url = "sqlite:///records.db"
[keys]
dir = "keys"
[[library]]
agency = "775100"
name = "Biblioteket"
municipalities = ["0751"]
[library.register]
lookup_url = "https://localhost:1/lookup"
subscription_url = "https://localhost:1/subscription"
ca = "ca.pem"
client_cert = "client.pem"
client_key = "client.key"
service_agreement = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
user_system = "0b0b0b0b-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
user = "0c0c0c0c-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
cvr = "11111111"
[library.feed]
path = "IN"
task = "123456"
"""


CULR = """
[library.culr]
url = "https://culr.example/1.6/CulrWebService"
ca = "culr.pem"
user = "bruger"
group = "775100"
password_file = "/run/secrets/culr"
"""


def configuration(tmp_path: Path, text: str = GOOD) -> Path:
    path = tmp_path / "cprsync.toml"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def test_relative_paths_are_meant_from_the_files_own_folder(tmp_path: Path) -> None:
    settings = load_settings(configuration(tmp_path))
    assert settings.keys.dir == tmp_path / "keys"
    assert settings.library[0].feed.path == tmp_path / "IN"
    assert settings.library[0].register_.ca == tmp_path / "ca.pem"
    assert settings.store.url == f"sqlite:///{tmp_path}/records.db"


def test_a_folder_is_refused_with_the_file_that_may_be_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=rf"is a folder: name the file in it, such as {tmp_path}/cprsync.toml"):
        load_settings(tmp_path)
    with pytest.raises(ConfigurationError, match=rf"is a folder: name the file in it, such as {tmp_path}/policy.toml"):
        load_policy(tmp_path, frozenset())


def test_the_files_of_culr_are_meant_from_there_too_and_it_may_be_left_out(tmp_path: Path) -> None:
    culr = load_settings(configuration(tmp_path, GOOD + CULR)).library[0].culr
    assert culr is not None
    assert (culr.ca, str(culr.password_file)) == (tmp_path / "culr.pem", "/run/secrets/culr")
    assert load_settings(configuration(tmp_path)).library[0].culr is None


def test_workers_and_quota_are_settings_of_each_counterpart_and_reach_its_client(tmp_path: Path) -> None:
    text = (GOOD + CULR).replace('cvr = "11111111"', 'cvr = "11111111"\nworkers = 16\nper_second = 900')
    text = text.replace('group = "775100"', 'group = "775100"\nworkers = 64\nper_second = 1')
    library = load_settings(configuration(tmp_path, text)).library[0]
    register = register_settings(library.register_, production=False)
    culr = net_media_settings(library, production=False)
    assert culr is not None
    assert [(one.workers, one.per_second) for one in (register, culr)] == [(16, 900), (64, 1)]
    plain = load_settings(configuration(tmp_path, GOOD + CULR)).library[0]
    register, culr = register_settings(plain.register_, production=True), net_media_settings(plain, production=True)
    assert culr is not None
    assert [(one.workers, one.per_second) for one in (register, culr)] == [(4, 200), (16, 500)]


def test_lists_of_revoked_certificates_are_meant_from_the_files_folder_and_reach_each_client(tmp_path: Path) -> None:
    text = (GOOD + CULR).replace(
        'cvr = "11111111"', 'cvr = "11111111"\ncrl = ["state.crl"]\ncertificate_cvr = "22222222"'
    )
    text = text.replace('group = "775100"', 'group = "775100"\ncrl = ["a.crl", "/etc/b.crl"]')
    library = load_settings(configuration(tmp_path, text)).library[0]
    register = register_settings(library.register_, production=True)
    culr = net_media_settings(library, production=True)
    assert culr is not None
    assert register.crl == (tmp_path / "state.crl",)
    assert culr.crl == (tmp_path / "a.crl", Path("/etc/b.crl"))
    assert (register.company, culr.production) == ("22222222", True)
    assert register_settings(library.register_, production=False).company is None


def test_how_long_the_sftp_server_is_waited_for_is_a_setting(tmp_path: Path) -> None:
    sftp = 'host = "sftp.example"\nuser = "bib"\nkey = "key"\nknown_hosts = "hosts"'
    waits = "stall_seconds = 5\nfloor_bytes_per_second = 2048\nfloor_seconds = 7\ntotal_seconds = 90"
    given = load_settings(configuration(tmp_path, GOOD.replace('path = "IN"', f"{sftp}\n{waits}")))
    taken = sftp_settings(given.library[0].feed)
    assert (taken.stall_seconds, taken.floor_bytes_per_second, taken.floor_seconds) == (5, 2048, 7)
    assert taken.total_seconds == 90
    plain = load_settings(configuration(tmp_path, GOOD.replace('path = "IN"', sftp)))
    assert sftp_settings(plain.library[0].feed).total_seconds == 3600


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPRSYNC_STORE__URL", "sqlite:////elsewhere.db")
    assert load_settings(configuration(tmp_path)).store.url == "sqlite:////elsewhere.db"


@pytest.mark.parametrize(
    ("old", "new", "named", "line"),
    [
        ('agency = "775100"', 'agency = "7751"', '[[library]] "Biblioteket", agency', "agency"),
        ('task = "123456"', 'task = "12345X"', '[[library]] "Biblioteket", feed.task', "task"),
        ('cvr = "11111111"', 'cvr = "11111111"\nunknown = 1', '[[library]] "Biblioteket", register.unknown', "unknown"),
        (
            "https://localhost:1/lookup",
            "http://localhost:1/lookup",
            '[[library]] "Biblioteket", register.lookup_url',
            "lookup_url",
        ),
        (
            'client_key = "client.key"',
            'client_key = "client.key"\np12 = "x.p12"',
            '[[library]] "Biblioteket", register',
            "[library.reg",
        ),
        (
            "0a0a0a0a-0a0a",
            "0A0A0A0A-0a0a",
            '[[library]] "Biblioteket", register.service_agreement',
            "service_agreement",
        ),
        ("https://culr.example/", "http://culr.example/", '[[library]] "Biblioteket", culr.url', 'url = "http://'),
        ("https://culr.example/", "https:///", '[[library]] "Biblioteket", culr.url', 'url = "https:///'),
        ("https://culr.example/", "https://[culr/", '[[library]] "Biblioteket", culr.url', 'url = "https://['),
        ('group = "775100"\n', "", '[[library]] "Biblioteket", culr.group', "[library.culr]"),
        ('cvr = "11111111"', 'cvr = "11111111"\nworkers = 0', '[[library]] "Biblioteket", register.workers', "workers"),
        (
            'cvr = "11111111"',
            'cvr = "11111111"\nworkers = 65',
            '[[library]] "Biblioteket", register.workers',
            "workers",
        ),
        (
            'cvr = "11111111"',
            'cvr = "11111111"\nworkers = true',
            '[[library]] "Biblioteket", register.workers',
            "workers",
        ),
        (
            'cvr = "11111111"',
            'cvr = "11111111"\nper_second = 1001',
            '[[library]] "Biblioteket", register.per_second',
            "per_second",
        ),
        (
            'group = "775100"',
            'group = "775100"\nper_second = 0',
            '[[library]] "Biblioteket", culr.per_second',
            "per_second",
        ),
        ('group = "775100"', 'group = "775100"\nworkers = "9"', '[[library]] "Biblioteket", culr.workers', "workers"),
        (
            'group = "775100"',
            'group = "775100"\nlocal_accounts = "card"',
            '[[library]] "Biblioteket", culr.local_accounts',
            "local_acc",
        ),
        (
            'task = "123456"',
            'task = "123456"\ntotal_seconds = 9',
            '[[library]] "Biblioteket", feed.total_seconds',
            "total_seconds",
        ),
        (
            'task = "123456"',
            'task = "123456"\nfloor_seconds = 0',
            '[[library]] "Biblioteket", feed.floor_seconds',
            "floor_seconds",
        ),
        ('[keys]\ndir = "keys"', "", "keys", ""),
    ],
)
def test_a_wrong_setting_is_named_by_line_and_key_and_its_value_is_not_quoted(
    tmp_path: Path, old: str, new: str, named: str, line: str
) -> None:
    text = (GOOD + CULR).replace(old, new)
    path = configuration(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    numbers = [n for n, one in enumerate(text.splitlines(), start=1) if line and one.startswith(line)]
    place = f", line {numbers[0]}" if numbers else ""
    assert caught.value.message.startswith(f"{path}{place}: {named}: ")
    assert "12345X" not in caught.value.message
    assert "localhost" not in caught.value.message


def test_a_wrong_setting_from_the_environment_stands_on_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPRSYNC_LOG_LEVEL", "LOUD")
    path = configuration(tmp_path, 'log_level = "INFO"\n' + GOOD)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    assert caught.value.message.startswith(f"{path}: log_level: ")


def test_a_section_that_is_misspelt_in_the_environment_is_refused_as_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the file's database is used, and not the one that was meant."""
    monkeypatch.setenv("CPRSYNC_STORES__URL", "sqlite:////elsewhere.db")
    path = configuration(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    assert caught.value.message.startswith(f"{path}: stores: there is no such setting")
    assert "elsewhere" not in caught.value.message


def test_a_municipality_may_be_written_with_three_digits_or_four(tmp_path: Path) -> None:
    text = GOOD.replace('["0751"]', '["101", "0751", "411"]')
    assert load_settings(configuration(tmp_path, text)).library[0].municipalities == {"0101", "0751", "0411"}


@pytest.mark.parametrize("code", ["0999", "7510", "75l", "0019", "0955", "0958", "961", ""])
def test_a_municipality_that_is_nobodys_residence_is_refused_by_its_place_in_the_list(
    tmp_path: Path, code: str
) -> None:
    path = configuration(tmp_path, GOOD.replace('["0751"]', f'["0751", "{code}"]'))
    with pytest.raises(ConfigurationError, match=r'\[\[library\]\] "Biblioteket", municipalities 2: .*the code is '):
        load_settings(path)


@pytest.mark.parametrize(
    ("content", "told"), [(b"\xff\xfe", "UTF-8"), (b"a = ", "not TOML"), (b"x" * 2_000_000, "larger")]
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "cprsync.toml"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=told):
        load_settings(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not there"):
        load_settings(tmp_path / "cprsync.toml")


def test_production_takes_no_day_from_a_mock(tmp_path: Path) -> None:
    text = GOOD.replace('"test"', '"production"', 1) + '[test]\ncontrol_url = "http://127.0.0.1:1"\n'
    with pytest.raises(ConfigurationError, match=r"line \d+: test\.control_url: remove \[test\]"):
        load_settings(configuration(tmp_path, text))


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("\ntask =", "\ntsak =").replace("cvr = ", "crv = ").replace('path = "IN"', "path = 3")
    with pytest.raises(ConfigurationError) as refused:
        load_settings(configuration(tmp_path, text))
    told = refused.value.message
    line = {row.partition(" ")[0]: number for number, row in enumerate(text.splitlines(), start=1)}
    for name, said in (("tsak", "there is no such setting"), ("crv", "there is no such setting"), ("path", "")):
        assert f'line {line[name]}: [[library]] "Biblioteket", ' in told
        assert f".{name}: {said}" in told
    for missing in ("register.cvr", "feed.task"):
        assert f'[[library]] "Biblioteket", {missing}: this setting is missing' in told
    # a misspelt name is why another is missing
    assert max(map(told.index, (".tsak:", ".crv:"))) < min(map(told.index, (".cvr:", ".task:")))
    danish = in_danish(refused.value.document())
    assert f"; linje {line['crv']}: " in danish or f", linje {line['crv']}: " in danish
    assert not {"missing", "line", "more"} & set(danish.replace(":", " ").replace(";", " ").split())


def test_of_very_many_mistakes_twenty_one_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    text = GOOD + "".join(f"unknown{n} = 1\n" for n in range(30))
    with pytest.raises(ConfigurationError) as refused:
        load_settings(configuration(tmp_path, text))
    assert refused.value.message.count("there is no such setting") == 21
    assert refused.value.message.endswith("; and 9 more")


def test_what_is_wrong_in_the_environment_stands_on_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPRSYNC_LOG_LEVEL", "LOUD")
    with pytest.raises(ConfigurationError) as refused:
        load_settings(configuration(tmp_path, GOOD.replace("cvr = ", "crv = ")))
    told = refused.value.message
    assert "; log_level: Input should be" in told
    assert "LOUD" not in told


def test_what_is_wrong_in_a_list_from_the_environment_is_told_without_the_files_lines_and_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPRSYNC_LIBRARY", '[{"agency": "7751"}]')
    path = configuration(tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(path)
    assert refused.value.message.startswith(f"{path}: library 1, agency: ")
    assert "six digits" in refused.value.message


def under_one_agreement(*shared: bool) -> str:
    """A library for each of these, with what it says of the agreement that all have."""
    head, one = GOOD.split("[[library]]")
    sections = [
        one.replace("Biblioteket", f"By {n}")
        .replace('agency = "775100"', f'agency = "77510{n}"')
        .replace("[library.feed]", f"shared = {str(said).lower()}\n[library.feed]")
        for n, said in enumerate(shared, start=1)
    ]
    return "[[library]]".join((head, *sections))


@pytest.mark.parametrize("shared", [(False, False), (True, False), (False, True)])
def test_two_libraries_have_one_agreement_only_if_both_say_that_it_is_shared(
    tmp_path: Path, shared: tuple[bool, bool]
) -> None:
    text = under_one_agreement(*shared)
    path = configuration(tmp_path, text)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(path)
    line = [n for n, one in enumerate(text.splitlines(), start=1) if one.startswith("service_agreement")][1]
    place = '[[library]] "By 2", register.service_agreement: [[library]] "By 1" '
    assert refused.value.message.startswith(f"{path}, line {line}: {place}has the same service agreement")
    assert refused.value.message.endswith("or write shared = true in both")
    danish = in_danish(refused.value.document())
    assert danish.startswith(f"{path}, linje {line}: {place}har samme serviceaftale")
    assert danish.endswith("eller skriv shared = true begge steder")
    assert "0a0a0a0a" not in refused.value.message + danish
    assert len(load_settings(configuration(tmp_path, under_one_agreement(True, True))).library) == 2


def test_each_library_whose_agreement_another_one_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(configuration(tmp_path, under_one_agreement(True, False, True)))
    told = refused.value.message
    assert '[[library]] "By 2", register.service_agreement: [[library]] "By 1" has' in told
    assert '[[library]] "By 3", register.service_agreement: [[library]] "By 2" has' in told
    assert told.count("the same service agreement") == 2


@pytest.mark.parametrize("deletes", [1, 2])
def test_no_library_deletes_the_deliveries_that_another_one_fetches(tmp_path: Path, deletes: int) -> None:
    first, *libraries = under_one_agreement(True, True).split("[[library]]")
    other = 3 - deletes
    libraries[deletes - 1] = libraries[deletes - 1].replace("[library.feed]", '[library.feed]\nafter = "delete"')
    text = "[[library]]".join((first, *libraries))
    with pytest.raises(ConfigurationError) as refused:
        load_settings(configuration(tmp_path, text))
    place = f'[[library]] "By {deletes}", feed.after: [[library]] "By {other}" '
    assert f"{place}fetches its deliveries from the same place" in refused.value.message
    assert f"{place}henter sine leverancer samme sted" in in_danish(refused.value.document())
    libraries[other - 1] = libraries[other - 1].replace('path = "', 'path = "other/')
    apart = "[[library]]".join((first, *libraries))
    assert apart != text
    assert len(load_settings(configuration(tmp_path, apart)).library) == 2


def test_no_library_writes_its_files_among_those_of_another_ones_target(tmp_path: Path) -> None:
    """Each would complete, tell as told, and delete the other's files: they know theirs by the target's name."""
    target = '[[library.target]]\nname = "files"\nkind = "file"\nfields = ["group"]\nfolder = "out"\n'
    text = under_one_agreement(True, True) + target
    text = text.replace("[[library]]", f"{target}[[library]]").replace(target, "", 1)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(configuration(tmp_path, text))
    place = '[[library]] "By 2", [[library.target]] "files", folder: [[library]] "By 1" '
    assert f"{place}has a target of the same name with the same folder" in refused.value.message
    assert f"{place}har et mål af samme navn med samme mappe" in in_danish(refused.value.document())
    for old, new in (('folder = "out"', 'folder = "ours"'), ('name = "files"', 'name = "own-files"')):
        assert len(load_settings(configuration(tmp_path, text.replace(old, new, 1))).library) == 2


def test_a_library_has_one_section(tmp_path: Path) -> None:
    """No command would reach the second."""
    text = under_one_agreement(True, True).replace('agency = "775102"', 'agency = "775101"')
    with pytest.raises(ConfigurationError) as refused:
        load_settings(configuration(tmp_path, text))
    place = '[[library]] "By 2", agency: [[library]] "By 1" '
    assert refused.value.message.endswith(f"{place}has the same agency: each [[library]] is a library of its own")
    assert in_danish(refused.value.document()).endswith(
        f"{place}har samme agency: hvert [[library]] er et bibliotek for sig"
    )


def test_libraries_from_the_environment_with_one_agreement_are_told_without_the_files_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = tomllib.loads(under_one_agreement(False, False))["library"]
    monkeypatch.setenv("CPRSYNC_LIBRARY", json.dumps(libraries))
    path = configuration(tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(path)
    assert refused.value.message.startswith(f"{path}: library 2, register.service_agreement: library 1 has the same")


# -- the desk ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("desk", "said"),
    [
        ('certificate = "desk.pem"', "certificate and key"),
        ('host = "0.0.0.0"', "accounts or sign_in, certificate, key and names"),
        ('host = "0.0.0.0"\naccounts = "a.toml"\nnames = ["desk.example"]', "certificate, key and names"),
        ('names = ["desk.example/x"]', "names"),
    ],
)
def test_a_desk_that_would_be_open_to_all_is_refused(tmp_path: Path, desk: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_settings(configuration(tmp_path, f"{GOOD}[desk]\n{desk}\n"))
    assert said in error.value.message


def test_the_desk_is_this_machines_alone_unless_more_is_said(tmp_path: Path) -> None:
    desk = load_settings(configuration(tmp_path)).desk
    assert (desk.host, desk.accounts, desk.certificate) == ("127.0.0.1", None, None)


def test_a_desk_with_accounts_and_a_certificate_may_be_reached_from_elsewhere(tmp_path: Path) -> None:
    text = 'host = "0.0.0.0"\naccounts = "a.toml"\ncertificate = "c.pem"\nkey = "c.key"\nnames = ["desk.example"]\n'
    desk = load_settings(configuration(tmp_path, f"{GOOD}[desk]\n{text}")).desk
    assert desk.accounts == tmp_path / "a.toml"


#: An identity provider for staff.
SIGN_IN = {
    "issuer": '"https://login.byen.dk/realms/byen"',
    "client_id": '"cprsync"',
    "client_secret_file": '"oidc-secret"',
    "ca": '"/etc/ssl/certs/ca-certificates.crt"',
    "address": '"https://skranke.byen.dk"',
    "title": '"Byens login"',
    "roles_claim": '"groups"',
    "role": '[{ value = "bib", role = "desk" }]',
}


def sign_in(**changed: str) -> str:
    return "[desk.sign_in]\n" + "".join(f"{key} = {value}\n" for key, value in {**SIGN_IN, **changed}.items())


def test_an_identity_provider_lets_staff_sign_in_without_a_file_of_accounts(tmp_path: Path) -> None:
    reach = '[desk]\nhost = "0.0.0.0"\ncertificate = "c.pem"\nkey = "c.key"\nnames = ["skranke.byen.dk"]\n'
    desk = load_settings(configuration(tmp_path, f"{GOOD}{reach}{sign_in()}")).desk
    assert desk.signs_in
    assert desk.sign_in is not None
    assert desk.sign_in.client_secret_file == tmp_path / "oidc-secret"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("issuer", '"http://login.byen.dk"'),
        ("address", '"http://skranke.byen.dk"'),
        ("address", '"https://skranke.byen.dk/elsewhere"'),
        ("address", '"https://someone@skranke.byen.dk"'),
        ("address", '"skranke.byen.dk"'),
        ("role", "[]"),
        ("role", '[{ value = "bib", role = "king" }]'),
        ("scopes", '["a b"]'),
        ("acr_values", '["a b"]'),
        ("userinfo", '"yes"'),
        ("client_secret", '"typed here"'),
    ],
)
def test_a_provider_that_could_not_be_believed_or_come_back_from_is_refused(
    tmp_path: Path, key: str, value: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_settings(configuration(tmp_path, f"{GOOD}{sign_in(**{key: value})}"))
    assert key in error.value.message
    assert value.strip('"') not in error.value.message


def test_a_claim_may_name_whose_record_is_a_person_of_the_staffs_own(tmp_path: Path) -> None:
    for key, own in (("number_claim", ("cpr_number", "cpr")), ("patron_claim", ("patron", "cpr"))):
        desk = load_settings(configuration(tmp_path, f"{GOOD}{sign_in(**{key: repr('cpr')})}")).desk
        assert desk.sign_in is not None
        assert desk.sign_in.rules().own == own
    both = sign_in(number_claim=repr("a"), patron_claim=repr("b"))
    with pytest.raises(ConfigurationError, match="not both"):
        load_settings(configuration(tmp_path, f"{GOOD}{both}"))


def test_a_developers_desk_may_be_this_machines_own_in_clear(tmp_path: Path) -> None:
    desk = load_settings(configuration(tmp_path, f"{GOOD}{sign_in(address=repr('http://localhost:8710'))}")).desk
    assert desk.sign_in is not None
    assert desk.sign_in.address == "http://localhost:8710"


# -- the patrons' pages ------------------------------------------------------------------------------------


def patron_page(*lines: str) -> str:
    return f"{GOOD}[library.patron_page]\n" + "\n".join(lines) + "\n"


def patron_provider(**changed: str) -> str:
    held = {key: value for key, value in SIGN_IN.items() if key not in {"roles_claim", "role"}}
    return "[library.patron_page.sign_in]\n" + "\n".join(f"{key} = {value}" for key, value in (held | changed).items())


def test_patrons_have_no_page_unless_their_library_switches_it_on(tmp_path: Path) -> None:
    assert load_settings(configuration(tmp_path)).library[0].patron_page is None


def test_a_library_opens_the_doors_that_it_names(tmp_path: Path) -> None:
    text = patron_page("cards = true", patron_provider(number_claim='"cpr"'))
    page = load_settings(configuration(tmp_path, text)).library[0].patron_page
    assert page is not None
    assert page.cards
    assert page.sign_in is not None
    assert page.sign_in.claim == ("cpr_number", "cpr")
    assert page.sign_in.client_secret_file == tmp_path / "oidc-secret"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("cards = false",), "cards = true, or sign_in"),
        ((patron_provider(),), "number_claim or patron_claim"),
        ((patron_provider(number_claim='"cpr"', patron_claim='"patron"'),), "number_claim or patron_claim"),
        ((patron_provider(roles_claim='"groups"', patron_claim='"patron"'),), "roles_claim"),
    ],
)
def test_a_page_without_a_door_or_with_one_that_tells_not_who_comes_is_refused(
    tmp_path: Path, lines: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_settings(configuration(tmp_path, patron_page(*lines)))
    assert said in error.value.message


def _with_credential(folder: Path, written: str) -> Path:
    config = folder / "cprsync.toml"
    config.write_text(GOOD.replace('client_key = "client.key"', f'client_key = "{written}"'), encoding="utf-8")
    config.chmod(0o600)
    return config


def test_a_secret_that_systemd_hands_over_is_found_where_systemd_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _with_credential(tmp_path, "credential:client.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "handed"))
    assert load_settings(config).library[0].register_.client_key == tmp_path / "handed" / "client.key"


def test_outside_the_service_the_secrets_path_says_that_it_is_a_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _with_credential(tmp_path, "credential:client.key")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert load_settings(config).library[0].register_.client_key == tmp_path / "credential:client.key"


def test_a_credential_is_no_way_out_of_systemds_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _with_credential(tmp_path, "credential:../client.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "handed"))
    found = load_settings(config).library[0].register_.client_key
    assert found is not None
    assert tmp_path / "handed" not in found.parents
