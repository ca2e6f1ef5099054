"""The catalogues are whole: each text is in both languages and in use, and the program reads what people edit."""

from __future__ import annotations

import ast
import errno
import os
import re
import string
from functools import cache
from typing import TYPE_CHECKING, get_args

import pytest
from babel.messages.pofile import read_po
from catalogues import LOCALE, PACKAGE, entries_of, nodes_of, source_of
from pydantic_core.core_schema import ErrorType

from cprsync.language.errors import BY_CLASS, EXITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from babel.messages.catalog import Catalog, Message

#: One worker parses the program, and not each of them.
pytestmark = pytest.mark.xdist_group("sources")

LANGUAGES = {
    "advice": ("da", "en"),
    "desk": ("da", "en"),
    "errors": ("da",),
    "pages": ("da", "en"),
    "rules": ("da", "en"),
    "words": ("da", "en"),
}
#: What the system says of a file.
SAID_OF_FILES = frozenset(map(os.strerror, errno.errorcode))
#: Pydantic's names for what is wrong with a value.
TYPES = frozenset(get_args(ErrorType))
CATALOGUES = [(name, language) for name, languages in LANGUAGES.items() for language in languages]
EACH = pytest.mark.parametrize(("name", "language"), CATALOGUES)


def read(name: str, language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{name}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def key_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def texts_of(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def faults_of(message: Message) -> Iterator[str]:
    """What is wrong with one entry."""
    texts = texts_of(message)
    if message.fuzzy:
        yield "fuzzy"
    if not all(text.strip() for text in texts):
        yield "empty"
    if message.pluralizable is not (len(texts) == 2):
        yield "a plural form is missing"


@EACH
def test_each_entry_has_all_its_texts(name: str, language: str) -> None:
    assert [(key_of(one), fault) for one in read(name, language) if one.id for fault in faults_of(one)] == []


@EACH
def test_no_key_stands_twice_in_a_catalogue(name: str, language: str) -> None:
    """The later entry would silently win."""
    text = (LOCALE / language / "LC_MESSAGES" / f"{name}.po").read_text(encoding="utf-8")
    assert len(re.findall(r"^msgid ", text, re.MULTILINE)) == len(read(name, language)) + 1
    assert "#~" not in text


@EACH
def test_no_entry_with_plural_forms_has_a_text_beside_them(name: str, language: str) -> None:
    """It would silently win over the first form."""
    text = (LOCALE / language / "LC_MESSAGES" / f"{name}.po").read_text(encoding="utf-8")
    assert re.findall(r'^msgstr\[\d\] .*\nmsgstr ".*', text, re.MULTILINE) == []


@EACH
def test_the_program_reads_what_people_edit(name: str, language: str) -> None:
    """`pybabel compile --directory cprsync/locale --domain "advice desk errors pages rules words"` makes it so."""
    edited = {key_of(one): texts_of(one) for one in read(name, language) if one.id}
    assert entries_of(name, language) == edited


@pytest.mark.parametrize("name", [name for name, languages in LANGUAGES.items() if len(languages) > 1])
def test_an_entry_is_in_both_languages_with_the_same_values(name: str) -> None:
    danish, english = ({key_of(one): one for one in read(name, language) if one.id} for language in ("da", "en"))
    assert danish.keys() == english.keys()
    differ = [
        key
        for key, one in danish.items()
        if one.pluralizable is not english[key].pluralizable
        or names_in(texts_of(one)[-1]) != names_in(texts_of(english[key])[-1])
    ]
    assert differ == []


def test_an_error_has_the_same_values_in_both_languages() -> None:
    texts = [(key, text) for key, texts in entries_of("errors", "da").items() if key not in TYPES for text in texts]
    assert [key for key, text in texts if names_in(text) != names_in(key)] == []


def test_each_error_that_has_an_exit_code_of_its_own_has_advice_and_none_has_advice_alone() -> None:
    assert {*EXITS, *(key for _, _, key in BY_CLASS)} == entries_of("advice", "da").keys()


# -- words -------------------------------------------------------------------------------------------------


@cache
def modules() -> tuple[str, ...]:
    return tuple(source_of(path) for path in sorted(PACKAGE.rglob("*.py")))


def nodes_in(sources: tuple[str, ...]) -> list[ast.AST]:
    return [node for source in sources for node in nodes_of(source)]


def keys_asked_for(sources: tuple[str, ...]) -> set[str]:
    """Each key that a call of `word` names in full."""
    calls = [node for node in nodes_in(sources) if isinstance(node, ast.Call) and node.args]
    asked = [part for call in calls if getattr(call.func, "id", "") == "word" for part in choices_of(call.args[0])]
    return {part.value for part in asked if isinstance(part, ast.Constant)}


def choices_of(node: ast.expr) -> list[ast.expr]:
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def pattern_of(node: ast.AST) -> str:
    """What a text may be that the code puts together. Empty: it is no key, as it has other characters, or no head."""
    if isinstance(node, ast.Constant):
        head = re.fullmatch(r"[a-z]+[a-z_]*[._]", str(node.value))
        return f"{re.escape(head[0])}.*" if head else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts: list[ast.expr] = [node.left, node.right]
    else:
        parts = node.values if isinstance(node, ast.JoinedStr) else []
    read = [
        [
            re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".*"
            for one in choices_of(part.value if isinstance(part, ast.FormattedValue) else part)
        ]
        for part in parts
    ]
    pattern = "".join(f"(?:{'|'.join(choices)})" for choices in read)
    return pattern if re.match(r"\(\?:[a-z]+[_|\\]", pattern) and " " not in pattern else ""


@cache
def texts_in(sources: tuple[str, ...]) -> tuple[set[object], re.Pattern[str]]:
    """What the code says in full, and what it may put together."""
    nodes = nodes_in(sources)
    whole = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return whole, re.compile("|".join({pattern for node in nodes if (pattern := pattern_of(node))}))


def unused(keys: Iterable[str], sources: tuple[str, ...]) -> list[str]:
    whole, parts = texts_in(sources)
    return [key for key in keys if key not in whole and not parts.fullmatch(key)]


def test_each_error_in_danish_is_raised_somewhere() -> None:
    """What a sentence is raised with is held in `test_failures`."""
    said, _ = texts_in(modules())
    assert entries_of("errors", "da").keys() - said - TYPES - SAID_OF_FILES == set()


def test_each_word_that_is_asked_for_is_there() -> None:
    asked = keys_asked_for(modules())
    assert len(asked) > 200
    assert asked - entries_of("words", "da").keys() == set()


@pytest.mark.parametrize("name", ["pages", "rules", "words"])
def test_each_word_is_used(name: str) -> None:
    assert unused(entries_of(name, "da"), modules()) == []


# -- what the pages of the desk say --------------------------------------------------------------------------


def said_by_pages() -> tuple[set[str], set[str], set[str]]:
    """The keys that templates ask for in full; those and all that may be keys; the beginnings of put-together ones."""
    texts = "\n".join(path.read_text("utf-8") for path in sorted((PACKAGE / "web").rglob("*.html")))
    handlers = "\n".join(path.read_text("utf-8") for path in sorted((PACKAGE / "web").rglob("*.py")))
    handlers += (PACKAGE / "cli" / "desk" / "serving.py").read_text("utf-8")
    asked = set(re.findall(r'\bt\("([a-z_]+)"[,)]', texts))
    whole = asked | set(re.findall(r'["\']([a-z_]+)["\']', texts + handlers))
    heads = set(re.findall(r'\bt\("([a-z_]+_)" ~', texts)) | set(re.findall(r'f["\']([a-z_]+_)\{', handlers))
    return asked, whole, heads


def test_each_text_of_a_page_is_there_and_used() -> None:
    asked, whole, heads = said_by_pages()
    keys = entries_of("desk", "da").keys()
    assert len(asked) > 50
    assert asked - keys == set()
    unsaid = [key for key in keys - whole if not key.startswith(tuple(heads))]
    # an error of the entry has its advice under the same key
    assert [key for key in unsaid if key.removesuffix("_next") not in whole] == []


def test_a_word_that_nobody_uses_would_be_found() -> None:
    source = (
        'word("night" if n else "day", l)\nword(f"turn_{turn}", l)\nword("window_" + why, l)\n'
        'word(f"{\'emptied\' if e else \'set\'}_{what}", l)\nword(f"{a}_{b}", l)\nsay(f"of_ {a}")\n'
    )
    assert keys_asked_for((source,)) == {"night", "day"}
    used = ["night", "day", "turn_opened", "window_gap", "emptied_set", "set_set"]
    assert unused([*used, "turned", "nights", "of_ what"], (source,)) == ["turned", "nights", "of_ what"]
