"""Draws the changes of the nights as bars: SVG that stands in the page, in the colours of its theme.

pygal counts and places; its own styles and scripts are left out, because a page takes neither.
"""

from __future__ import annotations

import sys
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.etree import _Element

#: In pixels. A picture of few bars is narrow, so that a telephone shows all of it.
_HEIGHT: Final = 280
_BAR: Final = 44
_LEAST, _MOST = 340, 1100
#: A label needs about so much room beside the next.
_LABEL: Final = 40
#: About so many lines lie behind the bars.
_LINES: Final = 5
#: What pygal adds for its own styles, scripts and bubbles.
_LEFT_OUT: Final = frozenset({"style", "script", "desc", "title", "defs"})
_OVERLAYS: Final = ("plot overlay", "plot text-overlay", "plot tooltip-overlay", "titles")


def draw_bars(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Markup:
    """Draw one bar for each label, from the series one on top of the other: `serie-0` is the lowest.

    Whoever sees no picture needs a table beside it: the picture says nothing to a reader of the screen.
    """
    width = min(max(_LEAST, _BAR * (len(labels) + 1)), _MOST)
    # further labels stand at each second bar, or fewer
    each = ceil(_LABEL * len(labels) / width)
    chart = _load_pygal().StackedBar(
        js=(),
        no_prefix=True,
        explicit_size=True,
        disable_xml_declaration=True,
        show_legend=False,
        width=width,
        height=_HEIGHT,
        margin=4,
        classes=("bars-chart",),
    )
    chart.x_labels = ["" if place % each else label for place, label in enumerate(labels)]
    chart.y_labels = find_steps(max((sum(bar) for bar in zip(*series.values(), strict=True)), default=0))
    chart.value_formatter = str
    for name, counts in series.items():
        chart.add(name, list(counts))
    chart.add_xml_filter(_without_its_own)
    # every text in it is ours, and pygal escapes it
    return Markup(chart.render(is_unicode=True))  # noqa: S704


@cache
def _load_pygal() -> Any:
    """Load pygal when the first picture is drawn: that takes longer than a page.

    It adds a finder to Python's imports, for charts of other packages. Python warns about such an old one.
    """
    import pygal

    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, pygal.PluginImportFixer)]
    return pygal


def find_steps(highest: int) -> list[int]:
    """The whole numbers at which lines lie, from 0 to at least the highest."""
    step = max(1, ceil(highest / _LINES))
    return list(range(0, max(highest, 1) + step, step))


def _without_its_own(root: _Element) -> _Element:
    """The picture without styles, scripts, bubbles, comments and bars that have no height."""
    for node in list(root.iter()):
        parent = node.getparent()
        if parent is not None and _is_left_out(node):
            parent.remove(node)
    # a table beside it says the same
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return root


def _is_left_out(node: Any) -> bool:
    if not isinstance(node.tag, str):
        return True
    kind, classes = node.tag.rpartition("}")[2], node.get("class") or ""
    return kind in _LEFT_OUT or classes in _OVERLAYS or (kind == "rect" and float(node.get("height")) == 0)
