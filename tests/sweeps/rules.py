"""Delete and alter each row of each rule table in turn, and show that a test named after the row turns red.

    python tests/sweeps/rules.py [--table status|…|account] [--rows N] [--json]

Both the rows that the code reads and the written ones in `cprsync/rulebook` are altered, in a scratch copy of the
package, one cell at a time; only the domain's quick tests of that table run, in a child process that imports the copy.
`--rows N`: the first N rows of each table, deleted and altered by turns, of one table of each kind.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cprsync.domain.netmedia.right_rule import ChangeCause, RightByRule
from cprsync.domain.person.status import Action
from cprsync.domain.policy.product import LicensedBy

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
#: One run of a table's tests ends long before this.
CEILING_SECONDS = 120
STATUS, PROTECTION, MUNICIPALITY = (
    f"cprsync/domain/{name}.py" for name in ("person/status", "deciding/protection", "person/municipality")
)
WARNINGS, PARTING = (f"cprsync/domain/desk/{name}.py" for name in ("registering", "parting"))
RIGHTS = "cprsync/domain/netmedia/right_rule.py"
WRITTEN, POLICY = "cprsync/rulebook", "fixtures/policy.toml"
#: The quick tests of each table's rules.
TESTS = {
    "status": ("test_status_rules.py", "test_residence.py", "test_letters.py", "test_rule_tables.py"),
    "protection": ("test_protection_table.py", "test_protection.py", "test_rule_tables.py"),
    "address": ("test_address_rows.py",),
    "parked": ("test_rule_rows.py",),
    "number": ("test_number_rows.py",),
    "same": ("test_number_rows.py",),
    "age": ("test_rule_tables.py",),
    "residence": ("test_municipalities.py", "test_residence.py", "test_rule_tables.py"),
    "rights": ("test_right_rules.py",),
    "account": ("test_account_rows.py",),
    "desk": ("test_desk_warnings.py",),
    "parting": ("test_parting.py",),
}
#: Of tables that are words only a sample takes one.
SAMPLED = ("status", "protection", "parked", "age", "residence", "rights")
#: The quick tests of what each table prints, where they are others.
PRINTED_TESTS = {
    "status": ("test_status_rules.py", "test_rule_tables.py", "test_rule_rows.py"),
    "protection": ("test_protection_table.py", "test_rule_rows.py"),
    "age": ("test_rule_tables.py", "test_rule_rows.py"),
}
#: A rule of the program whose name does not say whether record 004 is agreed on: its tests' names do.
EITHER = re.compile(r"(protection-(?:file|lookup)-(?:known|contradictory|silent|empty))-(protected|open|new)")
ASKED = re.compile(r"(protection-answer-\w+)-protected")
Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in a file. `named` matches the ids of the tests that are about it."""

    table: str
    key: str
    named: str
    file: str
    #: from its first sign to the comma after it
    whole: Span
    #: each cell's place and what it becomes
    cells: tuple[tuple[Span, str], ...]
    #: the files of tests that are about it
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One change and how many tests turned red, of which so many are named after the row."""

    row: str
    change: str
    red: int
    named: int


# -- finding the rows --------------------------------------------------------------------------------------


class Source:
    """A file with the places of its syntax tree's nodes as offsets into the text."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.text = (ROOT / file).read_text(encoding="utf-8")
        self._starts = [0]
        for line in self.text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = self.text.splitlines()
        self._module = importlib.import_module(file.removesuffix(".py").replace("/", "."))

    def span(self, node: ast.expr) -> Span:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno, node.end_col_offset)

    def _offset(self, line: int, column: int) -> int:
        # the tree counts bytes
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def with_comma(self, first: ast.expr, last: ast.expr) -> Span:
        end = self.span(last)[1]
        comma = re.compile(r"\s*,").match(self.text, end)
        return self.span(first)[0], comma.end() if comma else end

    def assigned(self, name: str) -> ast.expr:
        for node in ast.parse(self.text).body:
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                assert isinstance(node, ast.Assign | ast.AnnAssign)
                assert node.value is not None
                return node.value
        raise LookupError(name)

    def altered(self, node: ast.expr) -> str:
        """Another value of the same kind."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            kind = node.value.id
            members = [one.name for one in getattr(self._module, kind)]
            return f"{kind}.{members[(members.index(node.attr) + 1) % len(members)]}"
        if isinstance(node, ast.Constant):
            return repr(f"{node.value} x") if isinstance(node.value, str) else repr(not node.value)
        return "None"  # instead of when a warning applies

    def cells(self, nodes: list[ast.expr]) -> tuple[tuple[Span, str], ...]:
        return tuple((self.span(node), self.altered(node)) for node in nodes)


def called(source: Source, table: str, calls: list[ast.expr], key: object) -> Iterator[Row]:
    """Rows that are calls of a rule's class."""
    assert callable(key)
    for call in calls:
        assert isinstance(call, ast.Call)
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        name, named = key(source, arguments)
        whole = source.with_comma(call, call)
        yield Row(table, name, named, source.file, whole, source.cells(arguments), TESTS[table])


def value_of(source: Source, node: ast.expr) -> str:
    """The value of an enum's member, as the tests name it."""
    assert isinstance(node, ast.Attribute)
    assert isinstance(node.value, ast.Name)
    member = getattr(source._module, node.value.id)[node.attr]
    assert isinstance(member, Enum)
    return str(member.value)


def status_key(source: Source, arguments: list[ast.expr]) -> tuple[str, str]:
    key = f"status-{value_of(source, arguments[0])}"
    return key, key


def residence_key(source: Source, arguments: list[ast.expr]) -> tuple[str, str]:
    key = f"residence-{'none' if isinstance(arguments[0], ast.Constant) else value_of(source, arguments[0])}"
    return key, key


def protection_key(source: Source, arguments: list[ast.expr]) -> tuple[str, str]:
    voice, says, agreed, stands, *_ = arguments
    among = {"True": "-004", "False": "-without004", "None": ""}[ast.unparse(agreed)]
    head, end = f"protection-{value_of(source, voice)}-{value_of(source, says)}", value_of(source, stands)
    if head.startswith("protection-answer"):
        return f"{head}-{end}", head
    return f"{head}{among}-{end}", f"{head}{among or '-(without)?004'}-{end}"


def right_key(source: Source, arguments: list[ast.expr]) -> tuple[str, str]:
    key = f"rights-{value_of(source, arguments[0]).replace('_', '-')}"
    return key, key


def desk_key(source: Source, arguments: list[ast.expr]) -> tuple[str, str]:
    """The kind of a warning, written out or by the name of a constant."""
    kind = str(eval(ast.unparse(arguments[0]), vars(source._module)))  # noqa: S307 -- our own module's constants
    table = "parting" if source.file == PARTING else "desk"
    key = f"{table}-{kind.replace('.', '-').replace('_', '-')}"
    return key, key


def written(table: str) -> Iterator[Row]:
    """The rows of a table's file: each from its heading to the next, each cell in one language or in both."""
    file = f"{WRITTEN}/{table}.toml"
    text = (ROOT / file).read_text(encoding="utf-8")
    columns = tomllib.loads(text)["columns"]
    tests = PRINTED_TESTS.get(table, TESTS[table])
    for found in re.finditer(r"^\[rows\.([\w-]+)\]\n((?:.+\n)+)", text, re.MULTILINE):
        key, start = found[1], found.start(2)
        cells = []
        for cell in re.finditer(r"^(\w+)(?: = (.*)|\.da = .*\n\1\.en = .*)$", found[2], re.MULTILINE):
            span = start + cell.start(), start + cell.end()
            cells.append((span, f"{cell[1]} = {another_name(columns[cell[1]].get('words'), cell[2])}"))
        yield Row(table, key, named_in(key), file, found.span(), tuple(cells), tests)


def named_in(key: str) -> str:
    key = EITHER.sub(r"\1-(without)?004-\2", key)
    return ASKED.sub(r"\1", key)


def another_name(group: str | None, value: str | None) -> str:
    """Another value of the same kind: a text, or the next name in its group."""
    name = (value or "").strip('"')
    names = NAMES.get(group or "", [])
    return f'"{names[(names.index(name) + 1) % len(names)]}"' if name in names else '"x"'


def all_names() -> dict[str, list[str]]:
    words = tomllib.loads((ROOT / WRITTEN / "words.toml").read_text(encoding="utf-8"))
    groups = {"action": Action, "answer": RightByRule, "change": ChangeCause, "licence": LicensedBy}
    return {group: list(names) for group, names in words.items()} | {
        group: [str(one.value) for one in members] for group, members in groups.items()
    }


NAMES = all_names()


def steps() -> Iterator[Row]:
    """The age steps of the default policy: a step left out, another age, another name, another leap day."""
    text = (ROOT / POLICY).read_text(encoding="utf-8")
    leap = re.search(r'leap_day = ("03-01")', text)
    assert leap is not None
    for found in re.finditer(r'\{ name = ("\w+"), from = (\d+) \},', text):
        key = f"age-2000-01-01-{found[2]}"
        cells: list[tuple[Span, str]] = [(found.span(1), '"Andre"'), (found.span(2), f"{int(found[2]) + 1}")]
        if found[2] != "0":
            cells.append((leap.span(1), '"02-28"'))
        yield Row("age", key, key, POLICY, found.span(), tuple(cells), TESTS["age"])


def rows() -> Iterator[Row]:
    status, protection, municipality = (Source(file) for file in (STATUS, PROTECTION, MUNICIPALITY))
    all_status, all_protection = status.assigned("_ROWS"), protection.assigned("PROTECTION_RULES")
    residence = municipality.assigned("RESIDENCE_RULES")
    assert isinstance(residence, ast.DictComp)
    all_residence = residence.generators[0].iter
    assert isinstance(all_status, ast.Tuple)
    assert isinstance(all_protection, ast.Tuple)
    assert isinstance(all_residence, ast.Tuple)
    yield from called(status, "status", all_status.elts, status_key)
    yield from called(protection, "protection", all_protection.elts, protection_key)
    yield from steps()
    yield from called(municipality, "residence", all_residence.elts, residence_key)
    rights = Source(RIGHTS)
    all_rights = rights.assigned("_ROWS")
    assert isinstance(all_rights, ast.Tuple)
    yield from called(rights, "rights", all_rights.elts, right_key)
    for table, file, name in (("desk", WARNINGS, "WARNINGS"), ("parting", PARTING, "PARTING_ROWS")):
        warnings = Source(file)
        all_warnings = warnings.assigned(name)
        assert isinstance(all_warnings, ast.Tuple)
        yield from called(warnings, table, [one for one in all_warnings.elts if _makes_row(one)], desk_key)
    for table in TESTS:
        yield from written(table)


def _makes_row(call: ast.expr) -> bool:
    return isinstance(call, ast.Call) and ast.unparse(call.func) in {"WarningRow", "PartingRow"}


# -- trying them ---------------------------------------------------------------------------------------------


class Scratch:
    """A copy of the package and of what its tests read, in which one file at a time is another one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # with what Python has compiled of it, which fits each file that is not altered: the copies keep their time
        ignored = shutil.ignore_patterns(".mypy_cache")
        for name in ("cprsync", "fixtures", "schemas", "tests/domain"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("pyproject.toml", "tests/town.py", "tests/culr_model.py"):
            shutil.copy(ROOT / name, folder / name)

    def red(self, names: tuple[str, ...]) -> list[str]:
        """The ids of the tests that fail; a module that cannot be imported is one."""
        tests = [str(path) for name in names for path in (self.folder / "tests/domain").rglob(name)]
        path = os.pathsep.join((str(self.folder), str(self.folder / "tests/domain")))
        options = ["-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", "-o", "addopts="]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=self.folder,
            # plugins take half of the time of a thousand runs, and none of these tests needs one
            env={
                **os.environ,
                "PYTHONPATH": path,
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONDONTWRITEBYTECODE": "",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=CEILING_SECONDS,
        )
        return re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        # what was compiled of it would fit an altered file of the same length and second
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()

    def tried(self, row: Row, change: str, span: Span, becomes: str) -> Outcome:
        path = self.folder / row.file
        # the copy's own: the tree may change while this runs
        text = path.read_text(encoding="utf-8")
        self._write(path, text[: span[0]] + becomes + text[span[1] :])
        try:
            red = self.red(row.tests)
        finally:
            self._write(path, text)
        named = re.compile(rf"\[(?:.*-)?{row.named}(?:-.*)?\]$")
        return Outcome(row.key, change, len(red), sum(1 for test in red if named.search(test)))


def swept(scratch: Scratch, chosen: list[Row], *, sample: bool) -> Iterator[Outcome]:
    """Each row left out, and each of its cells altered; of a sample's rows only the one or the other."""
    for position, row in enumerate(chosen):
        if not (sample and position % 2):
            yield scratch.tried(row, "deleted", row.whole, "")
        cells = list(enumerate(row.cells))
        for place, (span, becomes) in cells[-2:-1] * (position % 2) if sample else cells:
            yield scratch.tried(row, f"cell {place + 1}", span, becomes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--table", choices=sorted(TESTS))
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    tables = [table for table in (SAMPLED if wanted.rows else TESTS) if wanted.table in {None, table}]
    chosen = [row for row in rows() if row.table in tables]
    if wanted.rows:
        chosen = [row for table in tables for row in [one for one in chosen if one.table == table][: wanted.rows]]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder))
        # a test that is red without any change says nothing of one
        before = scratch.red(tuple(dict.fromkeys(name for table in tables for name in TESTS[table])))
        outcomes: list[Outcome] = []
        for outcome in swept(scratch, chosen, sample=bool(wanted.rows)):
            outcomes.append(outcome)
            if not wanted.json:
                say(f"{outcome.row:45} {outcome.change:10} {outcome.red:4} red, {outcome.named} of them named after it")
    green = [[outcome.row, outcome.change] for outcome in outcomes if not outcome.red]
    unnamed = (
        []
        if wanted.rows
        else sorted({row.key for row in chosen} - {outcome.row for outcome in outcomes if outcome.named})
    )
    found = {
        "tables": tables,
        "rows": len(chosen),
        "changes": len(outcomes),
        "red_before": before,
        "green": green,
        "unnamed": unnamed,
    }
    say(json.dumps(found) if wanted.json else "\n".join(f"{name}: {value}" for name, value in found.items()))
    return 1 if green or unnamed or before else 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
