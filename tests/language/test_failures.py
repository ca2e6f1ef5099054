"""What a failure says to whoever sits at the terminal: Danish unless English is asked for, and no kind left out."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import string
from typing import TYPE_CHECKING

import pytest
from catalogues import ADVICE, DANISH, PACKAGE, nodes_of, source_of

import cprsync
from cprsync import errors
from cprsync.cli.terminal.failures import failures, unexpected_document, user_language
from cprsync.config.columns import load_columns
from cprsync.config.toml import LibraryMistake
from cprsync.domain.patron.fields import FIELDS
from cprsync.errors import BadInput, CprsyncError, DeliveryRefused, WrongValue
from cprsync.language.doctor import next_text
from cprsync.language.errors import BY_CLASS, advice_for, error_document, in_danish
from cprsync.language.status import problem_of
from cprsync.register.extract.kinds import FileKind, RegisterProduct
from cprsync.register.extract.records import too_short, unknown_type
from cprsync.register.soap.answers import _CLIENT, _REFUSALS, _SERVER, FAULTS
from cprsync.services.imports.circulation import CIRCULATION_COLUMNS
from cprsync.services.imports.results import DOUBTS, REASONS
from cprsync.services.imports.rows import PATRON_COLUMNS, Columns, ImportRow
from cprsync.services.ports.trust.doctor import Finding, Level
from cprsync.store.seals.failures import AuditBroken, ImageBroken, RecordBroken, RowUnbound
from cprsync.wire.certificates import (
    _ISSUER_REVOKED,
    _REVOKED,
    ISSUER_IN_PRODUCTION,
    OURS_IN_PRODUCTION,
    THEIRS_IN_PRODUCTION,
    UNREADABLE,
)
from cprsync.wire.tls import _FAILURES, _UNTRUSTED, ALERTS, PEER_PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: One worker parses the program, and not each of them.
pytestmark = pytest.mark.xdist_group("sources")

#: What only developers meet speaks English.
DEVELOPERS = (
    PACKAGE / "mock",
    PACKAGE / "cli" / "demo" / "mock.py",
    PACKAGE / "cli" / "demo" / "koha.py",
)


def kinds_of_error() -> list[type[CprsyncError]]:
    """Every class of error, wherever it stands."""
    for module in pkgutil.walk_packages(cprsync.__path__, "cprsync."):
        if not module.name.startswith(("cprsync.mock", "cprsync.__main__", "cprsync.store.migrations")):
            importlib.import_module(module.name)
    found, new = {CprsyncError}, {CprsyncError}
    while new := {below for one in new for below in one.__subclasses__()} - found:
        found |= new
    return sorted(found, key=lambda one: one.__qualname__)


KINDS = kinds_of_error()
NAMES = {one.__name__ for one in KINDS}


def said_in(source: str) -> Iterator[ast.expr]:
    """What each error is given to say."""
    for node in nodes_of(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES and node.args:
            yield node.args[0]


#: What is given the rest of a sentence that stands elsewhere.
PARTLY = {"_ours", "AuditBroken", "wrongly_encoded"}


def parts_in(source: str) -> Iterator[str]:
    """What is wrong with our certificate, or with an entry of the audit: the rest of the sentence stands elsewhere."""
    for node in nodes_of(source):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in PARTLY:
            yield from (one.value for one in node.args if isinstance(one, ast.Constant) and " " in str(one.value))


def modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if not any(path.is_relative_to(one) for one in DEVELOPERS)]


def sentences() -> list[str]:
    found = {
        one.value
        for path in modules()
        for one in said_in(source_of(path))
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    meanings = (*FAULTS.values(), _CLIENT, _SERVER)
    # an audit names its stream first, and what is wrong with it last
    return sorted((found | {meaning.message for meaning in meanings}) - {AuditBroken("s", 1, "w").values["stream"]})


def names_in(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


#: What is handed to errors that name an entry or a patron.
_NAMED: dict[type[CprsyncError], tuple[object, ...]] = {
    AuditBroken: ("s", 1, "w"),
    RecordBroken: ("10000001", "w"),
    RowUnbound: ("hold", "10000001", "10000001", "gone"),
    ImageBroken: ("10000001", 1),
    LibraryMistake: ("w", "key"),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_says_in_both_languages_what_to_do_next(kind: type[CprsyncError]) -> None:
    error = kind(*_NAMED.get(kind, ("",)))  # type: ignore[arg-type]  # these alone name a place
    advice = advice_for(error).next
    assert advice.da != advice.en
    assert advice.da
    assert advice.en


@pytest.mark.parametrize("kind", [*ADVICE, *(of.kind for of, *_ in BY_CLASS)])
def test_each_advice_is_in_both_languages(kind: str) -> None:
    told = advice_for(CprsyncError("", kind=kind)).next
    assert told.da != told.en


def is_said_in_danish(sentence: str) -> bool:
    danish = DANISH.get(sentence)
    words = "".join(text for text, *_ in string.Formatter().parse(sentence)).strip("…:;() ")
    if danish is None or names_in(danish) != names_in(sentence):
        return False
    return (danish != sentence) is (words not in {"", "CallUUID"})


def test_a_sentence_has_a_danish_one_with_the_same_values() -> None:
    """All in one test: to find them takes a second, which each worker would spend on the names of the tests."""
    found = sentences()
    assert len(found) > 300
    assert [sentence for sentence in found if not is_said_in_danish(sentence)] == []


def test_no_error_is_given_a_sentence_with_its_values_in_it() -> None:
    """They stand beside it, or no word list knows it."""
    quoted = [
        (path.name, one.lineno)
        for path in modules()
        for one in said_in(source_of(path))
        if isinstance(one, ast.JoinedStr)
    ]
    assert quoted == []


def test_what_stands_inside_a_sentence_has_words_too() -> None:
    parts = {*ALERTS.values(), *_REFUSALS.values(), _UNTRUSTED[1]}
    parts |= {why for field in FIELDS for why in (field.why_another, field.why_unset) if why}
    parts |= {*REASONS.values(), *DOUBTS.values()}
    parts |= {rule.fault.problem for rule in (*OURS_IN_PRODUCTION, *THEIRS_IN_PRODUCTION, *ISSUER_IN_PRODUCTION)}
    parts |= {UNREADABLE.problem, _REVOKED.problem, _ISSUER_REVOKED.problem}
    parts |= {problem for _, problem in PEER_PROBLEMS.values()} | {happened for _, _, happened in _FAILURES}
    parts |= {part for path in modules() for part in parts_in(source_of(path))}
    assert [part for part in sorted(parts) if part not in DANISH] == []


@pytest.mark.parametrize("named", [*FileKind, *RegisterProduct])
def test_what_a_file_is_that_is_no_delivery_has_words(named: str) -> None:
    assert named in DANISH


@pytest.mark.parametrize("module", ["patron/kinds", "patron/override", "person/number"])
def test_what_is_said_of_a_typed_value_has_values_beside_it(module: str) -> None:
    """A plain ValueError has only a text, in which no translation would find its limits."""
    source = (PACKAGE / "domain" / f"{module}.py").read_text(encoding="utf-8")
    assert re.findall(r"raise ValueError\(.*", source) == []
    assert "raise WrongValue(" in source


@pytest.mark.parametrize(
    ("why", "danish"),
    [
        (WrongValue("longer than {most} characters", most=34), "telefon: længere end 34 tegn"),
        ("there is no such day", "telefon: der er ingen sådan dag"),
        ("of {7} nobody knows", "telefon: of {7} nobody knows"),
    ],
)
def test_a_value_that_was_refused_is_told_with_its_limit(why: WrongValue | str, danish: str) -> None:
    assert in_danish(BadInput("{field}: {why}", field="telefon", why=why).document()) == danish


def test_a_column_that_is_not_known_is_answered_in_danish_with_the_danish_names_of_the_columns() -> None:
    row = ImportRow(1, (("cpr_number", ""), ("Kælenavn", "")))
    with pytest.raises(BadInput) as refused:
        PATRON_COLUMNS.check(row)
    danish = in_danish(refused.value.document())
    assert danish.startswith("linje 1: kolonne 2, »Kælenavn«, er ukendt: kolonnerne er Lånernummer, CPR-nummer, ")
    assert "cpr_number" not in danish
    PATRON_COLUMNS.check(ImportRow(1, tuple((name, "") for name in danish.partition("kolonnerne er ")[2].split(", "))))


def test_a_mapping_to_an_unknown_field_is_answered_in_danish_with_the_keys_that_it_may_name(tmp_path: Path) -> None:
    mapping = tmp_path / "columns.toml"
    mapping.write_text('[columns]\nKort = "LånerID"\n', encoding="utf-8")
    with pytest.raises(errors.ConfigurationError) as refused:
        load_columns(mapping)
    assert "Lånerkort (cards)" in in_danish(refused.value.document())


@pytest.mark.parametrize(
    ("columns", "header"),
    [(PATRON_COLUMNS, ("cpr_number", "loans")), (CIRCULATION_COLUMNS, ("patron", "Lånernummer"))],
)
def test_a_column_that_is_not_known_is_quoted_as_it_stands_in_the_list(
    columns: Columns, header: tuple[str, str]
) -> None:
    with pytest.raises(BadInput) as refused:
        columns.check(ImportRow(1, tuple((name, "") for name in header)))
    assert in_danish(refused.value.document()).startswith(f"linje 1: kolonne 2, »{header[1]}«, er ukendt: ")


def test_the_columns_of_a_list_of_loans_are_told_in_danish_as_the_list_has_to_name_them() -> None:
    with pytest.raises(BadInput) as refused:
        CIRCULATION_COLUMNS.check(ImportRow(1, (("patron", ""), ("lent", ""))))
    told = in_danish(refused.value.document()).partition("kolonnerne er ")[2].split(", ")
    assert {"patron", "kind", "settled"} <= {*told}
    CIRCULATION_COLUMNS.check(ImportRow(1, tuple((name, "") for name in told)))


def test_an_error_about_a_file_carries_the_one_that_it_was() -> None:
    within = DeliveryRefused("record 999 counts {says} records, and {found} are there", says=9, found=7)
    error = DeliveryRefused("{file}: {why}", file="D270322", why=within)
    assert error.message == str(error) == "D270322: record 999 counts 9 records, and 7 are there"
    assert in_danish(error.document()) == "D270322: post 999 tæller 9 poster, og der er 7"


def test_a_value_with_braces_is_shown_as_it_is() -> None:
    assert BadInput("{field}: {why}", field="{x}", why="{").message == "{x}: {"
    assert BadInput("no {values").message == "no {values"


@pytest.mark.parametrize(
    ("typed", "kept", "language"),
    [
        ([], None, "da"),
        (["--lang", "en"], None, "en"),
        (["--lang=en"], None, "en"),
        ([], "en", "en"),
        (["--lang", "da"], "en", "da"),
        (["--lang"], None, "da"),
    ],
)
def test_a_failure_speaks_the_language_that_was_asked_for(
    typed: list[str],
    kept: str | None,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["cprsync", "runs", "show", "7", *typed])
    monkeypatch.delenv("CPRSYNC_LANG", raising=False)
    if kept is not None:
        monkeypatch.setenv("CPRSYNC_LANG", kept)
    assert user_language() == language
    with pytest.raises(SystemExit), failures(as_json=False):
        raise BadInput("there is no run {run}", run=7, kind="run.unknown")
    shown = capsys.readouterr().err.splitlines()
    danish = [
        "cprsync: der er ingen kørsel 7",
        "  ændret:    intet",
        "  gør nu:    Se nætterne med `cprsync runs list`.",
    ]
    english = [
        "cprsync: there is no run 7",
        "  changed:   nothing",
        "  next:      See the nights with `cprsync runs list`.",
    ]
    assert shown[:3] == (danish if language == "da" else english)


def test_a_program_reads_both_and_english_first() -> None:
    error = BadInput("there is no run {run}", run=7, kind="run.unknown")
    document = error_document(error, changed="nothing", reference="1")
    assert (document["message"], document["da"]["message"]) == ("there is no run 7", "der er ingen kørsel 7")
    assert document["next"] != document["da"]["next"]


def test_what_nobody_foresaw_is_told_in_danish_too() -> None:
    told = unexpected_document(OSError(28, "No space left on device"))
    assert told["message"] == "unexpected OSError (No space left on device) at ?"
    assert told["da"]["message"] == "uventet OSError (der er ikke plads på disken) ved ?"


def arisen(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        RuntimeError("can't allocate lock"),
        OSError(12, "Cannot allocate memory"),
        arisen(ValueError("no document"), MemoryError()),
    ],
    ids=["memory", "thread", "lock", "system", "what arose from it"],
)
def test_too_little_memory_is_told_as_that_and_not_as_a_fault_of_the_program(error: Exception) -> None:
    told = unexpected_document(error)
    assert (told["kind"], told["changed"]) == ("memory", "part")
    assert "hukommelse" in told["da"]["next"]


def test_an_error_whose_own_words_fail_is_told_all_the_same() -> None:
    class Failing:
        def __str__(self) -> str:
            raise ValueError("no words")

        def __eq__(self, other: object) -> bool:
            raise ValueError("no comparison")

        __hash__ = object.__hash__

    assert unexpected_document(KeyError(Failing()))["message"] == "unexpected KeyError at ?"


def test_every_class_of_errors_is_walked() -> None:
    named = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, CprsyncError)}
    assert named <= set(KINDS)


def test_a_register_that_does_not_answer_changes_nothing_and_the_advice_says_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It said "ændret: intet", and in the next line that what was written stands."""
    with pytest.raises(SystemExit) as ended, failures(as_json=False):
        raise errors.RegisterUnavailable("the register does not answer")
    told = capsys.readouterr().err
    assert ended.value.code == 4
    assert "ændret:    intet" in told
    assert "skrevet" not in told


@pytest.mark.parametrize(
    ("refused", "danish"),
    [
        (too_short(b"008", 120), "post 008 ved byte 120 er for kort"),
        (too_short(b"ab", 120), "posten ved byte 120 er for kort"),
        (unknown_type(b"077", 7), "ukendt posttype 077 ved byte 7; uden linjer kan posterne efter den ikke findes"),
        (unknown_type(b"ab", 7), "ingen posttype ved byte 7; uden linjer kan posterne efter den ikke findes"),
    ],
)
def test_a_damaged_record_is_named_in_danish(refused: CprsyncError, danish: str) -> None:
    assert in_danish(refused.document()) == danish


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("expired", ("timedatectl", "Ask the counterpart")),
        ("not_yet_valid", ("timedatectl", "Ask the counterpart")),
        ("host", ("the address",)),
        ("untrusted", ("the `ca` file",)),
        ("hash", ("Ask the counterpart",)),
        ("revoked", ("Ask the counterpart",)),
    ],
)
def test_what_is_wrong_with_a_counterparts_certificate_is_looked_for_where_it_is(
    kind: str, words: tuple[str, ...]
) -> None:
    """A setting of ours can only be wrong when the certificate is good, and not the one that we expect."""
    advice = advice_for(errors.PeerCertificateError("…", kind=f"certificate.theirs.{kind}")).next.en
    assert [word for word in words if word.casefold() not in advice.casefold()] == []
    assert ("[library.register]" in advice) == (kind in {"host", "untrusted"})


@pytest.mark.parametrize("kind", ["store.no_room", "delivery.no_room", "backup.no_room", "backup.no_room.copy"])
def test_who_has_no_room_on_a_disk_with_room_hears_of_the_limit_on_files(kind: str) -> None:
    advice = advice_for(errors.CprsyncError("…", kind=kind)).next
    assert all("`ulimit -f`, LimitFSIZE" in text for text in (advice.da, advice.en))


@pytest.mark.parametrize(
    ("kind", "orders"),
    [
        ("certificate.ours.expired", "A new certificate takes weeks to order"),
        ("certificate.ours.unreadable", "Put the file back before you order anything"),
        ("certificate.ours.missing", "Look for the file before you order anything"),
        ("certificate.ours.key_mismatch", "do not belong together"),
        ("certificate.ca.unreadable", "No certificate has to be ordered"),
        ("certificate.desk.missing", "under [desk]"),
    ],
)
def test_a_file_that_is_gone_or_spoilt_is_put_back_and_no_certificate_is_ordered(kind: str, orders: str) -> None:
    """A new certificate takes weeks."""
    said = {"whose": "ours", "host": None, "problem": "…", "problem_da": "…", "kind": kind}
    assert orders in problem_of({**said, "what": "certificate", "step": None, "count": None}, "en").next
    if kind != "certificate.ours.expired":
        assert orders in next_text(Finding(Level.FAULT, "certificate_bad", {**said, "count": None}), "en")


def test_a_password_file_that_is_gone_is_no_wrong_setting() -> None:
    advice = advice_for(errors.ConfigurationError("…", kind="configuration.password")).next
    assert "put the file back" in advice.en
    assert "på plads" in advice.da


def test_a_counterparts_certificate_is_not_ours_to_order() -> None:
    one = {"what": "certificate", "host": "h:443", "step": None, "problem": "has expired", "problem_da": "er udløbet"}
    assert "order" in problem_of({**one, "whose": "ours"}, "en").next
    theirs = problem_of({**one, "whose": "theirs"}, "en").next
    # with another name or an unknown issuer it may be good, and our settings wrong
    assert ("ask the counterpart" in theirs, "cprsync.toml" in theirs, "order" in theirs) == (True, True, False)
