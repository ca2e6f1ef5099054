"""No CPR number, name or street in anything that a whole demo prints, with every wire forced to talk.

The demo is that of an installed wheel, outside the tree.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import started
from operating import SAMPLE, Operated, operated
from planted import OPERATORS
from town import TOWN

from cprsync.resources import fixture_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[3]
LOUD = Path(__file__).parents[1] / "loud.py"
#: What a wheel carries of the tree.
TREE = [ROOT / name for name in ("cprsync", "schemas", "fixtures", "certs")]
#: A demo ends long before this.
CEILING_SECONDS = 300
#: Shorter words stand in ordinary text too.
WORD_MIN = 6
FOUR = 4
#: Whole address lines that name no person and no place of hers: the demo's own story says where someone goes.
COUNTRIES = frozenset({"Sverige", "Tyskland", "Norge", "Spanien"})


@functools.cache
def secrets() -> frozenset[str]:
    """Everything about the town's people that may not be printed."""
    found: set[str] = set()
    people = [*TOWN["person"], *({"name": name} for name in TOWN["names"].values())]
    places = [*(p["address"] for p in TOWN["person"] if "address" in p), *TOWN["streets"].values()]
    for person in people:
        found |= {person.get("number", ""), *person.get("next_numbers", [])}
        found |= set((person.get("name") or {}).values())
        for group in ("abroad", "contact"):
            found |= set(person.get(group, {}).get("lines", []))
    for place in places:
        found |= {place.get(part, "") for part in ("road", "long_road", "co", "locality")}
        found |= set(place.get("supplementary", []))
    return frozenset(secret for secret in found - COUNTRIES if len(secret) >= WORD_MIN)


@functools.cache
def forms(secret: str) -> frozenset[str]:
    """The ways in which a secret may look when it leaks."""
    written = {secret, secret.upper(), secret[::-1], secret.encode().hex(), base64.b64encode(secret.encode()).decode()}
    written |= {repr(secret.encode("latin-1", "replace"))[2:-1], secret.encode("unicode-escape").decode()}
    if secret.isdigit():
        written |= {f"{secret[:6]}-{secret[6:]}", f"{secret[:6]} {secret[6:]}", " ".join(secret)}
    return frozenset(written)


def leaks(text: str) -> list[str]:
    searched = Searched(text.encode("utf-8", "surrogateescape"))
    return [secret for secret in secrets() if searched.holds_any(text_forms(secret))]


@functools.cache
def text_forms(secret: str) -> frozenset[bytes]:
    return frozenset(form.encode() for form in forms(secret))


class Searched:
    """A content in which thousands of words are looked for: most of them share no four bytes in a row with it."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        #: each four bytes in a row, as a number
        self._fours = {
            four
            for start in range(FOUR)
            for four in memoryview(content)[start : start + (len(content) - start) // FOUR * FOUR].cast("I")
        }

    def holds_any(self, words: Iterable[bytes]) -> bool:
        return any(self._fours.issuperset(fours_of(word)) and word in self._content for word in words)


@functools.cache
def fours_of(word: bytes) -> tuple[int, ...]:
    return struct.unpack(
        f"={len(word) - FOUR + 1}I", b"".join(word[at : at + FOUR] for at in range(len(word) - FOUR + 1))
    )


@functools.cache
def byte_forms(secret: str) -> frozenset[bytes]:
    """The ways in which a secret may look in a file. A hash without a key is as good as the number."""
    written = {form.encode() for form in forms(secret)}
    written |= {secret.encode("latin-1", "replace"), secret.encode("utf-16-le"), quote(secret).encode()}
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, secret.encode())
        written |= {digest.digest(), digest.hexdigest().encode()}
    return frozenset(written)


def leaks_in(folder: Path) -> list[str]:
    """The files that hold a secret, with how many. The mock knows everybody; the list of patrons was given."""
    # a town of the policy's own example is one of the people's towns too
    ordinary = fixture_path("policy.toml").read_text(encoding="utf-8")
    wanted = {secret: byte_forms(secret) for secret in secrets() if secret not in ordinary}
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "mock" not in path.relative_to(folder).parts and path.name != "patrons.csv":
            searched = Searched(path.read_bytes())
            held = [secret for secret, written in wanted.items() if searched.holds_any(written)]
            found += [f"{path.relative_to(folder)}: {len(held)}"] if held else []
    return found


def listen_to(
    folder: Path, *command: str, leak: str = "", code: int = 0, anew: bool = True, program: Path = ROOT
) -> str:
    """All that the program says in a folder. What it removes or replaces there is kept.

    `anew`: Python starts from nothing, and so its imports are heard too. `program`: where the package is.
    """
    for name in ("kept", "tmp", "life"):
        (folder / name).mkdir(exist_ok=True)
    told = {"LOUD_KEEP": str(folder / "kept"), "LOUD_FOLDER": str(folder / "life"), "LOUD_LEAK": leak}
    around = {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(program), "TMPDIR": str(folder / "tmp"), **told}
    asked = ("--log-level", "DEBUG", *command)
    if anew:
        done = _run_anew(*asked, around=around)
    else:
        done = started.script(LOUD, *asked, ceiling=CEILING_SECONDS, environment=around)
    assert leak or done.returncode == code, f"{command}: {done.returncode}, {done.stdout}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def _run_anew(*asked: str, around: Mapping[str, str]) -> started.Ended:
    done = subprocess.run(
        [sys.executable, str(LOUD), *asked],
        capture_output=True,
        text=True,
        timeout=CEILING_SECONDS,
        check=False,
        cwd=around["TMPDIR"],
        env={**os.environ, **around},
    )
    return started.Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a wheel that is installed by itself, outside the tree."""
    site = tmp_path_factory.mktemp("wheel") / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    command = [*install, "--target", str(site), str(ROOT)]
    subprocess.run(command, check=True, timeout=CEILING_SECONDS, cwd=site.parent)
    return site


@pytest.fixture(scope="module")
def heard(folder: Path, installed: Path) -> str:
    """All that a loud demo of the installed wheel prints."""
    return listen_to(folder, "demo", "--koha", "--keep", str(folder / "life" / "site"), program=installed)


@pytest.mark.xdist_group("leaks")
def test_an_installed_wheel_carries_all_that_the_demo_needs(heard: str, installed: Path) -> None:
    """The demo ends well, and no file of the tree is opened for it."""
    opened = [Path(line.removeprefix("open: ")) for line in heard.splitlines() if line.startswith("open: /")]
    assert [path for path in opened if any(part in path.parents for part in TREE)] == []
    assert {path.name for path in opened if installed in path.parents} >= {"people.toml", "CprSubscription1.wsdl"}


@pytest.mark.xdist_group("leaks")
def test_the_wires_do_talk(heard: str) -> None:
    """Otherwise silence would prove nothing."""
    assert "INSERT INTO" in heard
    assert "koha.call" in heard
    assert "POST /service/CPRSubscription" in heard
    assert '"level": "debug"' in heard


@pytest.mark.xdist_group("leaks")
def test_a_whole_demo_prints_no_number_name_or_street(heard: str) -> None:
    assert leaks(heard) == []


@pytest.mark.xdist_group("leaks")
@pytest.mark.usefixtures("heard")
def test_a_whole_demo_leaves_no_number_name_or_street_in_a_file_nor_in_one_that_is_gone(folder: Path) -> None:
    kept = list((folder / "kept").iterdir())
    assert kept, "nothing was kept of what the program replaces"
    assert (folder / "life" / "site" / "cprsync.db").stat().st_size > 100_000
    assert leaks_in(folder) == []


@pytest.mark.xdist_group("leaks")
def test_a_planted_leak_is_found_in_every_form(heard: str) -> None:
    person = TOWN["person"][0]
    for secret in (person["number"], person["name"]["addressing"], person["address"]["road"]):
        for form in forms(secret):
            planted = f"{heard[:2000]} level=debug event={form} {heard[2000:4000]}"
            assert secret in leaks(planted), "the sweep missed a form"


# -- what an operator runs afterwards --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def operator(folder: Path, heard: str) -> Iterator[Operated]:
    assert heard, "the demo leaves the site"
    # each command would import the program again, which the demo has been heard doing
    listen = functools.partial(listen_to, anew=False)
    with operated(folder / "life" / "site", listen) as site:
        listen(folder, "backup", "key", str(site.site / "backups.key"))
        yield site


@pytest.mark.xdist_group("leaks")
def test_what_an_operator_runs_says_tells_and_leaves_no_number_name_or_street(operator: Operated, folder: Path) -> None:
    """Alarms, metrics, backups, plans and previews. The sweep also runs the other commands."""
    heard = {name: operator.run(name, folder) for name in SAMPLE}
    assert {name: found for name, text in heard.items() if (found := leaks(text))} == {}
    assert "INSERT INTO" in heard["a held night"], "the commands are not loud"
    assert leaks_in(folder) == []
    told = (folder / "outside" / "a test of the alarms.told").read_bytes()
    assert b"Subject:" in told
    assert b'"library"' in told


@pytest.mark.xdist_group("leaks")
@pytest.mark.parametrize("leak", ["a mail of an alarm", "the manifest of a backup", "the preview of an undoing"])
def test_a_leak_planted_in_what_an_operator_runs_is_found(operator: Operated, leak: str, tmp_path: Path) -> None:
    command, _ = OPERATORS[leak]
    text = operator.run(command, tmp_path, leak=leak)
    assert leaks(text) or leaks_in(tmp_path)


@pytest.mark.xdist_group("leaks")
def test_a_number_in_the_address_of_a_call_is_found(operator: Operated, tmp_path: Path) -> None:
    """The program keeps the libraries silent about what they call, and so no log names it."""
    assert leaks(operator.run("a held night", tmp_path, leak="the address of a call"))
