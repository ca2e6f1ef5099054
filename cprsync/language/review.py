"""The words of a review item: why it waits, what each answer does, what else to know, and both sides beside each other.

Takes the JSON documents, so that text and JSON cannot differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.patron.review import PARKED, review_kind
from cprsync.language.record import NOTHING, name_of, value_lines, value_text
from cprsync.language.words import has_word, word, word_pair
from cprsync.municipalities import name_municipality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language

#: The head of the code for an answer that was an HTTP status: `http_404`.
HTTP: Final = "http"
#: Words and the blanks between them.
_WORDS: Final = re.compile(r"\s+|[^\s]+")


def with_words(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item with words in both languages for why it waits, and for what each answer does."""
    # what is parked for a reason may have the words of the reason
    why = key if has_word(key := f"item.{item['why']}") else item["why"].removeprefix(PARKED)
    answers = {answer: word_pair(f"answer.{item[answer]}") for answer in ("accept", "reject")}
    return {**item, "why": word_pair(why), **answers}


def meanwhile_text(kind: str, language: Language) -> str:
    """What holds as long as nobody answers."""
    return word(f"meanwhile.{review_kind(kind).meanwhile}", language)


# -- what else to know before an answer --------------------------------------------------------------------


def item_facts_of(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What else an item says: CULR's side, the numbers, what a merge moves, and what rejecting leaves."""
    if both := document.get("net_media"):
        yield sides_text(both, language)
        if answer := both["answer"]:
            yield f"{answer}: {word(f'code_{answer}', language)}"
    if rejecting := document.get("rejecting"):
        yield word("review_unverified", language, patron=rejecting["unverified"])
    if numbers := document.get("numbers"):
        yield word("review_numbers", language, ours=numbers["ours"], register=numbers["register"] or NOTHING)
    if "plan" in document:
        yield plan_text(document["plan"], language)


def refusal_text(refusal: Mapping[str, str], language: Language) -> str:
    """What another system answered: in words, and the code under which the guide has it. A code may have no words."""
    name, code = refusal["name"], refusal["code"]
    head, _, status = code.partition("_")
    if head == HTTP:
        return f"{name}: {word('refused_http', language, status=status)} ({code})"
    return f"{name}: {word(key, language)} ({code})" if has_word(key := f"refused_{code}") else f"{name}: {code}"


def sides_text(both: Mapping[str, Any], language: Language) -> str:
    """Both municipalities, and CULR's answer if it refused ours."""
    ours = (
        _number_text(both["ours"], "review_unknown", language)
        if both["account"]
        else word("review_no_account", language)
    )
    theirs = _number_text(both["theirs"], "review_nothing", language)
    said = word("review_sides", language, ours=ours, theirs=theirs)
    if both["answer"] is None:
        return said
    return f"{said}; {word('review_answered', language, code=both['answer'])}"


def _number_text(digits: str | None, none: str, language: Language) -> str:
    if not digits:
        return word(none if digits is None else "culr_empty", language)
    return name_municipality(digits)


def plan_text(plan: Mapping[str, Any], language: Language) -> str:
    """Which record stays, which is closed, and what moves."""
    moves = ", ".join(f"{word(f'review_{name}', language)} {count}" for name, count in plan["moves"].items())
    return word("review_plan", language, keeps=plan["keeps"], closes=plan["closes"], moves=moves)


# -- both sides --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """One field on one side, in parts: a text, and whether the other side lacks it."""

    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class SideRow:
    """One field on both sides."""

    name: str
    left: Side
    right: Side
    differs: bool


def sides_of(
    record: Mapping[str, Any] | None, other: Mapping[str, Any] | None, language: Language
) -> Iterator[SideRow]:
    """Both sides, field by field, without the fields that neither has.

    Of two patrons, the two records. Of one, what the register says, and what the library keeps.
    """
    for key, entry in (record or {"fields": {}})["fields"].items():
        if other is None:
            left, right, differs = _register_and_ours(key, entry, language)
        elif (theirs := other["fields"].get(key)) is None:
            # they have left, and nothing is kept of them
            left, right, differs = "\n".join(value_lines(key, entry, language)), "", False
        else:
            left, right = ("\n".join(value_lines(key, one, language)) for one in (entry, theirs))
            # what is sealed is compared with nothing
            differs = left != right and not (entry.get("sealed") or theirs.get("sealed"))
        if {left, right} <= {NOTHING, ""}:
            continue
        parts = mark_differences(left, right) if differs else (((left, False),), ((right, False),))
        yield SideRow(name_of(key, language), Side(parts[0]), Side(parts[1]), differs)


def said_rows(document: Mapping[str, Any], language: Language) -> Iterator[SideRow]:
    """What the register says, and what the patron said while it was silent. Nothing if that is not kept, or sealed."""
    record, said = document["record"], document.get("said") or {"sealed": True}
    if record is None or said["sealed"]:
        return
    for key, right in (("name", said["name"]), ("address", "\n".join(said["address"]))):
        left = "\n".join(value_lines(key, record["fields"][key], language))
        differs = bool(right) and left.casefold() != right.casefold()
        parts = mark_differences(left, right) if differs else (((left, False),), ((right or NOTHING, False),))
        yield SideRow(name_of(key, language), Side(parts[0]), Side(parts[1]), differs)


def _register_and_ours(key: str, entry: Mapping[str, Any], language: Language) -> tuple[str, str, bool]:
    """What the register says of a field, what we keep, and whether staff have corrected the first to the second."""
    ours, override = "\n".join(value_lines(key, entry, language)), entry.get("override")
    if entry["owner"] != "register":
        return "", ours, False
    if override is None or entry.get("sealed"):
        return ours, "", False
    said = value_text(key, override["register"], language)
    return said, ours, said != ours


def mark_differences(left: str, right: str) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    """Both texts in parts, word by word: a text, and whether the other side lacks it."""
    words = [_WORDS.findall(text) for text in (left, right)]
    marked: tuple[list[tuple[str, bool]], list[tuple[str, bool]]] = ([], [])
    steps = SequenceMatcher(None, words[0], words[1], autojunk=False).get_opcodes()
    for what, from_left, to_left, from_right, to_right in steps:
        for side, text in zip(marked, (words[0][from_left:to_left], words[1][from_right:to_right]), strict=True):
            if text:
                side.append(("".join(text), what != "equal"))
    return tuple(marked[0]), tuple(marked[1])
