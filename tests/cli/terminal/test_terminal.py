"""Nothing that others have written moves the cursor of whoever reads it: no escape sequence reaches a terminal."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from cprsync.cli.main import app
from cprsync.cli.setup.installation import write_folder
from cprsync.cli.terminal.logs import configure
from cprsync.cli.terminal.output import (
    emphasise,
    escape_controls,
    note,
    open_standard_streams,
    print_json,
    print_long_json,
    say,
)
from cprsync.mock.certs import make_authority, packaged_profile

if TYPE_CHECKING:
    from pathlib import Path

#: Set the window's title, clear the screen, go up, in seven bits and in eight, and turn the order of a line round.
SEQUENCES = "\x1b]0;owned\x07\x1b[2J\x1b[1A\x9b31m\x85\r\x08\u202e\u2028"
FROM = datetime.now(UTC)


class Terminal(io.StringIO):
    """Standard output or error that a person watches."""

    def isatty(self) -> bool:
        return True


def watched(patch: pytest.MonkeyPatch) -> Terminal:
    """From here on, for the rest of a test."""
    terminal = Terminal()
    patch.setattr("sys.stdout", terminal)
    patch.setattr("sys.stderr", terminal)
    return terminal


def is_harmless(shown: str) -> bool:
    return not [sign for sign in shown if unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} and sign not in "\n\t"]


def test_what_is_said_shows_a_control_character_instead_of_obeying_it(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch)
    say(f"navn: {SEQUENCES}")
    note(f"navn: {SEQUENCES}")
    assert is_harmless(screen.getvalue())
    assert screen.getvalue().count(r"\u001b]0;owned\u0007") == 2


def test_every_control_character_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch)
    for code in range(0x110000):
        sign = chr(code)
        if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} or unicodedata.bidirectional(sign) in {"LRE", "RLE", "PDF"}:
            assert (escape_controls(sign) == sign) is (sign in "\n\t"), hex(code)
    assert screen.getvalue() == ""


def test_our_own_emphasis_is_shown_where_a_person_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch)
    say(emphasise("Nat", colour="red"))
    assert screen.getvalue() == "\x1b[1m\x1b[31mNat\x1b[0m\n"


def test_emphasis_leaves_no_trace_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    say(emphasise("Nat", colour="green"))
    assert capsys.readouterr().out == "Nat\n"


def test_a_document_keeps_each_character_and_shows_none_of_them_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch)
    document: dict[str, Any] = {"name": f"æ {SEQUENCES}"}
    print_json(document)
    assert is_harmless(screen.getvalue())
    assert json.loads(screen.getvalue()) == document
    screen.seek(0)
    screen.truncate()
    print_long_json({}, "rows", [document])
    assert is_harmless(screen.getvalue())
    assert json.loads(screen.getvalue()) == {"rows": [document]}


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1"])
def test_a_terminal_with_few_characters_gets_the_answer_all_the_same(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a locale of before UTF-8, such as da_DK.ISO-8859-1. A document is read as UTF-8 by every program."""
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding))
    open_standard_streams()
    document: dict[str, Any] = {"name": "Łukasz Sørensen"}
    say("✓ Sørensen")
    print_json(document)
    print_long_json({}, "rows", [document])
    line, _, documents = written.getvalue().partition(b"\n")
    assert b"rensen" in line
    first, end = json.JSONDecoder().raw_decode(documents.decode("utf-8"))
    assert (first, json.loads(documents[end:])) == (document, {"rows": [document]})


def test_an_event_shows_none_either_and_stays_on_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch)
    configure("WARNING")
    structlog.get_logger().warning("inbox.file", name=f"a\nb {SEQUENCES}")
    shown = screen.getvalue()
    assert "u001b]0;owned" in shown
    # the renderer has colours of its own
    assert not [sign for sign in ("\x1b]", "\x1b[2J", "\x9b", "\x07", "\u202e") if sign in shown]
    assert shown.count("\n") == 1


@pytest.fixture
def library(tmp_path: Path) -> Path:
    write_folder(tmp_path / "library", mock=None)
    return tmp_path / "library"


def ran(folder: Path, *command: str) -> None:
    with contextlib.suppress(SystemExit):
        app([*command, "--config", str(folder / "cprsync.toml")], standalone_mode=False)


def test_the_name_in_a_certificate_reaches_no_terminal_as_it_is(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch)
    authority = make_authority(library / "ca", profile=packaged_profile().with_key_bits(2048), now=FROM)
    own = authority.issue_client(valid_from=FROM)
    certificates = library / "certs"
    certificates.mkdir()
    own.write(certificates, "client")
    evil = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"lib\nours  ok {SEQUENCES}"[:64])])
    builder = x509.CertificateBuilder(evil, evil, own.key.public_key(), 1, FROM, own.certificate.not_valid_after_utc)
    signed = builder.sign(own.key, hashes.SHA256())
    (certificates / "client.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (certificates / "ca.pem").write_bytes(authority.trust_pem)
    text = (library / "cprsync.toml").read_text(encoding="utf-8")
    (library / "cprsync.toml").write_text(text.replace("exttest.serviceplatformen.dk", "localhost:1"), encoding="utf-8")
    ran(library, "certs", "check")
    assert is_harmless(screen.getvalue())
    assert r"lib ours ok \u001b]0;owned" in screen.getvalue()


def test_a_key_of_a_policy_reaches_no_terminal_as_it_is(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = watched(monkeypatch)
    sequences = "\\u001b]0;owned\\u0007\\n\\u009b2J"
    (library / "policy.toml").write_text(f'["{sequences}"]\na = 1\n', encoding="utf-8")
    ran(library, "patron", "import", "none.csv")
    assert is_harmless(screen.getvalue())
    assert r"\u001b]0;owned\u0007\n\u009b2J" in screen.getvalue()


#: A command in which this happens.
_COMMAND = """
import gc, logging, sys, threading
from cprsync.cli import main
from cprsync.cli.terminal import failures
from cprsync.cli.terminal.logs import configure
class Failing:
    def __del__(self):
        raise {error}("Sejersen")
    def __str__(self):
        raise {error}("Sejersen")
def fail(*_):
    raise {error}("Sejersen")
def no_memory(*_):
    raise MemoryError
def leave(**_):
    configure("WARNING")
    {happens}
    return 0
main.app = leave
sys.argv = ["cprsync", "status"]
main.run()
"""
#: What nobody can be handed -> how it happens.
UNHEARD = {
    "an object that is given back": "Failing(); gc.collect()",
    "a thread": "one = threading.Thread(target=fail); one.start(); one.join()",
    "the end itself": "main.misuse_of = fail; fail()",
}


@pytest.mark.parametrize(("error", "named"), [("ValueError", True), ("MemoryError", False)])
@pytest.mark.parametrize("happens", UNHEARD)
def test_an_error_that_nobody_can_be_handed_is_named_without_its_text(error: str, happens: str, *, named: bool) -> None:
    """Without memory the command says so itself."""
    assert (error in told_when(UNHEARD[happens], error)) is named


@pytest.mark.parametrize("happens", UNHEARD)
def test_an_error_that_there_is_no_memory_to_name_is_not_shown_by_python_either(happens: str) -> None:
    unnamed = f"failures.note = no_memory; {UNHEARD[happens]}"
    assert "ValueError" not in told_when(unnamed, "ValueError")


def test_a_thread_that_ends_itself_is_no_error() -> None:
    assert told_when("one = threading.Thread(target=sys.exit); one.start(); one.join()", "ValueError") == ""


@pytest.mark.parametrize("error", ["ValueError", "MemoryError"])
def test_a_log_line_that_cannot_be_made_does_not_show_its_values(error: str) -> None:
    told_when('logging.getLogger("other").warning("%s is called %s", Failing(), "Sejersen")', error)


def told_when(happens: str, error: str) -> str:
    """What a command says on standard error, without a traceback and without the error's text."""
    command = [sys.executable, "-c", _COMMAND.format(error=error, happens=happens)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stdout + done.stderr
    assert "Sejersen" not in done.stdout + done.stderr
    return done.stderr
