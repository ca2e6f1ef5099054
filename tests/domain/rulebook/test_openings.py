"""Exactly two places open what is sealed: the store's codec, and the one that writes the audit first.

Read from the program's own syntax, so that a third one fails here whatever it is called by.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import TypeAlias

import pytest

import cprsync

PACKAGE = Path(cprsync.__file__).parent
#: Where the type is made.
HOME = "domain/person/sealed.py"
OPENERS = {"store/seals/vault.py", "store/desk/views.py"}
#: Names the type for programs that build on the package and have the right to open. It opens nothing itself.
HANDS_ON = "__init__.py"
#: What only `domain/person/sealed.py` may touch.
INNER = {"_inside", "_VALUE", "_value"}
#: The program is read once, in one worker. What only reads it runs no rule, and would take three times as long if what
#: runs was measured.
pytestmark = [pytest.mark.xdist_group("syntax"), pytest.mark.no_cover]
#: All that stands in a module.
Nodes: TypeAlias = list[ast.AST]


@functools.cache
def modules() -> dict[str, Nodes]:
    """Every module of the program but the one that holds the type."""
    found = {str(path.relative_to(PACKAGE)): nodes_of(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}
    found.pop(HOME)
    return found


def nodes_of(source: str) -> Nodes:
    return list(ast.walk(ast.parse(source)))


def names_an_opening(nodes: Nodes) -> bool:
    """Whether it imports the type, under any name, or the module that has it, or reaches for it in another way."""
    return any(map(_names_an_opening, nodes))


def _names_an_opening(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module="cprsync.domain.person.sealed", names=names):
            return any(one.name in {"Opening", "*"} for one in names)
        case ast.ImportFrom(module="cprsync.domain.person", names=names):
            return any(one.name == "sealed" for one in names)
        case ast.Import(names=names):
            return any(one.name == "cprsync.domain.person.sealed" for one in names)
        case ast.Attribute(attr="Opening") | ast.Name(id="Opening") | ast.Constant(value="Opening"):
            return True
    return False


def opens(nodes: Nodes) -> bool:
    """Whether it calls `open` on something with one thing that is no mode of a file, or takes the method itself."""
    called = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr == "open":
            call = called.get(id(node))
            if call is None:
                return True
            mode = call.args[0] if call.args else None
            if len(call.args) == 1 and not call.keywords and not isinstance(mode, ast.Constant):
                return True
    return False


def reaches_inside(nodes: Nodes) -> bool:
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    imported = {
        one.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "cprsync.domain.person.sealed"
        for one in node.names
    }
    return not INNER.isdisjoint(imported) or not {"_inside", "_VALUE"}.isdisjoint(names)


def test_two_modules_make_an_opening_and_one_hands_its_type_on() -> None:
    assert {name for name, nodes in modules().items() if names_an_opening(nodes)} == OPENERS | {HANDS_ON}


def test_two_modules_open_and_no_other() -> None:
    assert {name for name, nodes in modules().items() if opens(nodes)} == OPENERS


def test_no_module_reaches_inside_another_way() -> None:
    assert {name for name, nodes in modules().items() if reaches_inside(nodes)} == set()


@pytest.mark.parametrize("name", sorted(OPENERS))
def test_an_opener_makes_one_opening(name: str) -> None:
    made = [
        node
        for node in modules()[name]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Opening"
    ]
    assert len(made) == 1


def the_reveal(views: Nodes) -> ast.FunctionDef:
    (reveal,) = (node for node in views if isinstance(node, ast.FunctionDef) and node.name == "reveal")
    return reveal


def test_one_function_of_the_desk_opens_and_no_other() -> None:
    """What is not in that function makes no opening, and calls nothing that could open one."""
    views = modules()["store/desk/views.py"]
    inside = {id(node) for node in ast.walk(the_reveal(views))}
    outside = [node for node in views if id(node) not in inside]
    assert not any(isinstance(node, ast.Name) and node.id == "Opening" for node in outside)
    assert not any(isinstance(node, ast.Attribute) and node.attr == "open" for node in outside)


def test_the_audit_is_written_before_anything_is_opened() -> None:
    """In the order of the code: the transaction with the entry ends before the opening is made."""
    reveal = the_reveal(modules()["store/desk/views.py"])
    (audited,) = (
        at
        for at, node in enumerate(reveal.body)
        if isinstance(node, ast.With)
        and "audit.append(" in ast.unparse(node)
        and "library_transaction(" in ast.unparse(node)
    )
    made = [at for at, node in enumerate(reveal.body) if "Opening()" in ast.unparse(node)]
    assert made
    assert min(made) > audited


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from cprsync.domain.person.sealed import Opening\nkey = Opening()", names_an_opening),
        ("from cprsync.domain.person.sealed import Opening as Harmless", names_an_opening),
        ("from cprsync.domain.person import sealed\nkey = sealed.Opening()", names_an_opening),
        ("import cprsync.domain.person.sealed as harmless", names_an_opening),
        ("key = getattr(module, 'Opening')()", names_an_opening),
        ("print(person.name.open(key))", opens),
        ("print(person.name.open(make()))", opens),
        ("show = person.name.open\nshow(key)", opens),
        ("from cprsync.domain.person.sealed import _inside\n_inside(person.name)", reaches_inside),
        ("import x\nx._VALUE.__get__(person.name)", reaches_inside),
    ],
)
def test_a_planted_opening_is_found(source: str, found: object) -> None:
    assert callable(found)
    assert found(nodes_of(source))


@pytest.mark.parametrize("source", ["path.open('rb')", "path.open()", "path.open('w', encoding='utf-8')", "open(path)"])
def test_a_file_may_be_opened(source: str) -> None:
    assert not opens(nodes_of(source))
