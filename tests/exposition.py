"""Reads the text of Prometheus (format 0.0.4) by the format's own words, strictly. Knows none of our metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

_HELP = re.compile(r"# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)")
_TYPE = re.compile(r"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)")
_LINE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:[0-9.]+(?:e[+-]?[0-9]+)?|Inf)|NaN)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
_ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@dataclass
class Read:
    """One metric."""

    told: str
    shape: str = ""
    #: by name and labels
    values: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)

    def of(self, part: str = "", **labels: str) -> float:
        """The value with exactly these labels."""
        found = {value for (name, have), value in self.values.items() if have == {*labels.items()} and name == part}
        (value,) = found
        return value


def read(text: str) -> dict[str, Read]:
    """The metrics of a page by name. Raises AssertionError for what the format does not allow."""
    assert text.endswith("\n")
    found: dict[str, Read] = {}
    current = ""
    for line in text[:-1].split("\n"):
        if told := _HELP.fullmatch(line):
            current = told[1]
            assert current not in found, f"{current} is told twice: its lines are not together"
            found[current] = Read(told[2])
        elif shape := _TYPE.fullmatch(line):
            assert shape[1] == current
            assert not found[current].values
            found[current].shape = shape[2]
        else:
            _read_sample(line, current, found[current])
    for name, metric in found.items():
        assert metric.shape, name
        if metric.shape == "counter":
            assert name.endswith("_total")
        if metric.shape == "histogram":
            _check_histogram(metric)
    return found


def _read_sample(line: str, current: str, metric: Read) -> None:
    parts = _LINE.fullmatch(line)
    assert parts is not None, line
    part = parts[1].removeprefix(current)
    assert part in ({"_bucket", "_sum", "_count"} if metric.shape == "histogram" else {""})
    labels = list(_LABEL.finditer(parts[2] or ""))
    assert "".join(one[0] for one in labels) == (parts[2] or ""), line
    have = {one[1]: re.sub(r"\\.", lambda found: _ESCAPED[found[0]], one[2]) for one in labels}
    assert len(have) == len(labels)
    key = part, frozenset(have.items())
    assert key not in metric.values, f"{line} stands twice"
    metric.values[key] = float(parts[3])


def _check_histogram(metric: Read) -> None:
    """Each bucket holds those below it; the last holds all."""
    ends = [(float(dict(have)["le"]), value) for (part, have), value in metric.values.items() if part == "_bucket"]
    assert all(one[1] <= other[1] for one, other in pairwise(sorted(ends)))
    (count,) = (value for (part, _), value in metric.values.items() if part == "_count")
    assert max(ends)[0] == float("inf")
    assert max(ends)[1] == count
