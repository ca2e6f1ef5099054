"""What the check of an installation found, as a document and as lines: one for each finding, with what to do."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from cprsync.language.errors import advice_for, error_text
from cprsync.language.status import mending_text, problem_text, whose_text
from cprsync.language.words import bytes_text, day_text, has_word, moment_text, word
from cprsync.services.ports.trust.doctor import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language
    from cprsync.services.ports.trust.doctor import Finding
    from cprsync.services.trust.doctor import Result

#: The mark of a line, which reads without colour.
MARKS: Final = {Level.OK: "✓", Level.WARNING: "!", Level.FAULT: "✗", Level.NOT_USED: "·"}
#: The longest name of a check, in either language.
_WIDTH: Final = 26


def doctor_document(results: Sequence[Result]) -> dict[str, Any]:
    """The JSON shape of `doctor`."""
    counts = {level.value: sum(one.level is level for one in results) for level in Level}
    return {"ok": not counts[Level.FAULT.value], "counts": counts, "checks": [_document(one) for one in results]}


def _document(result: Result) -> dict[str, Any]:
    return {
        "check": result.check,
        "library": result.agency,
        "state": result.level.value,
        "seconds": round(result.seconds, 3),
        "findings": [_finding_document(one) for one in result.findings],
    }


def _finding_document(finding: Finding) -> dict[str, Any]:
    texts = {language: finding_text(finding, language) for language in ("da", "en")}
    steps = {language: next_text(finding, language) for language in ("da", "en")}
    kind = finding.what or (finding.error.kind if finding.error is not None else "")
    return {"state": finding.level.value, "kind": kind, "text": texts, "next": steps if steps["en"] else None}


def result_lines(result: Result, language: Language) -> Iterator[str]:
    """A line for each finding, and below it what to do: once, where several findings in a row have the same step."""
    name = word(f"check_{result.check}", language)
    named = name if result.agency is None else f"{name} ({result.agency})"
    for step, findings in groupby(result.findings, key=lambda one: next_text(one, language)):
        for finding in findings:
            yield f"{MARKS[finding.level]} {named:<{_WIDTH}} {finding_text(finding, language)}"
        if step:
            yield f"    {step}"


def summary_line(document: Mapping[str, Any], language: Language) -> str:
    """How it stands in all, on the last line."""
    counts = document["counts"]
    key = "doctor_faults" if counts["fault"] else "doctor_warnings" if counts["warning"] else "doctor_well"
    return word(key, language, faults=counts["fault"], warnings=counts["warning"], checked=counts["ok"])


def finding_text(finding: Finding, language: Language) -> str:
    """What was found, in one sentence."""
    said = "" if finding.error is None else error_text(finding.error, language)
    if not finding.what:
        return said
    return word(f"doctor_{finding.what}", language, **_values(finding, language), why=said)


def next_text(finding: Finding, language: Language) -> str:
    """What to do about it. Nothing, if all is well."""
    key = f"doctor_do_{finding.what}"
    if "whose" in finding.values and (mending := mending_text(finding.values, language)):
        return mending
    if finding.what and has_word(key):
        return word(key, language, **_values(finding, language))
    if finding.level in {Level.OK, Level.NOT_USED} or finding.error is None:
        return ""
    return advice_for(finding.error).next.text(language)


def _values(finding: Finding, language: Language) -> dict[str, object]:
    values = {**finding.values}
    if "whose" in values:
        values |= {"whose": whose_text(values, language), "problem": problem_text(values, language)}
    if "check" in values:
        values["check"] = word(f"check_{values['check']}", language)
    if "free" in values:
        values["free"] = bytes_text(int(str(values["free"])), language)
    if "place" in values:
        values["place"] = word(f"disk_{values['place']}", language)
    if "since" in values:
        values["since"] = moment_text(str(values["since"]), language)
    if "day" in values:
        values["day"] = day_text(str(values["day"]), language)
    return values
