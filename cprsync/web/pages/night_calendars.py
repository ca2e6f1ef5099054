"""The nights over time: deliveries on a calendar, changes by kind as a chart with its table, and what is to come.

The chart is SVG that stands in the page, in the colours of its theme. pygal counts and places; its own styles and
scripts are left out, because a page takes neither.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from markupsafe import Markup

from cprsync.domain.feed.calendar import DayKind
from cprsync.domain.pages.changes import ChangeKind
from cprsync.language.words import free_day_name, heading, long_day, month_name, titles_of, word
from cprsync.services.night.calendar import AT_THE_DESK_MOST, PRODUCTS, foresee
from cprsync.services.night.history import show_changes, show_deliveries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml.etree import _Element
    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.domain.feed.calendar import DeliveryDay
    from cprsync.services.night.calendar import ForeseenEvent
    from cprsync.web.visit import Visit

#: How far the chart looks back, and the forecast ahead, in days.
DAYS: Final = 30
_WEEK: Final = 7
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


def show_this_month(visit: Visit) -> Response:
    """The deliveries of this month."""
    return _month_page(visit, visit.place.desk.clock.today())


def show_month(visit: Visit) -> Response:
    """The deliveries of another month."""
    return _month_page(visit, date.fromisoformat(f"{visit.named('month')}-01"))


def _month_page(visit: Visit, day: date) -> Response:
    desk, language = visit.place.desk, visit.language
    shown = show_deliveries(desk.store, month=day, now=desk.clock.now())
    first, today = shown.from_, desk.clock.today()
    before, after = first - timedelta(days=1), shown.to + timedelta(days=1)
    fates = Counter(one.fate.value for one in shown.days)
    return visit.show(
        "deliveries.html",
        month=month_name(first, language),
        weeks=_weeks([_shown_day(one, today, language) for one in shown.days], first),
        weekdays=[word(f"weekday.{number}", language) for number in range(1, _WEEK + 1)],
        sums=[(fate, fates[fate]) for fate in ("taken", "missing", "gap", "stopped") if fates[fate]],
        late=sum(1 for one in shown.days if one.days_late),
        before=(f"{before:%Y-%m}", month_name(before, language)),
        after=None if after > today else (f"{after:%Y-%m}", month_name(after, language)),
    )


class _ShownDay(NamedTuple):
    of: DeliveryDay
    long: str
    is_today: bool
    #: a weekend needs none
    name: str


def _shown_day(one: DeliveryDay, today: date, language: Language) -> _ShownDay:
    name = free_day_name(one.day, language) if one.kind in {DayKind.HOLIDAY, DayKind.CLOSED} else ""
    return _ShownDay(one, heading(one.day, language), one.day == today, name)


def _weeks(days: Sequence[_ShownDay], first: date) -> list[list[_ShownDay | None]]:
    """The days by week, from Monday on. None: a day of another month."""
    cells: list[_ShownDay | None] = [None] * first.weekday() + list(days)
    cells += [None] * (-len(cells) % _WEEK)
    return [cells[at : at + _WEEK] for at in range(0, len(cells), _WEEK)]


def show_change_chart(visit: Visit) -> Response:
    """The changes of the last nights by kind: drawn, and as a table."""
    desk, language = visit.place.desk, visit.language
    changes = show_changes(desk.store, today=desk.clock.today(), days=DAYS)
    days = [one.day for one in changes.nights]
    counts = [[one.counts[kind] for kind in ChangeKind] for one in changes.nights]
    kinds = [visit.word(f"kind_{kind.value}") for kind in ChangeKind]
    series = {name: [bar[place] for bar in counts] for place, name in enumerate(kinds)}
    return visit.show(
        "night_changes.html",
        first=long_day(changes.from_, language),
        last=long_day(changes.to, language),
        chart=draw_bars([f"{day.day}/{day.month}" for day in days], series) if days else "",
        kinds=kinds,
        rows=[(long_day(day, language), bar) for day, bar in zip(days, counts, strict=True)],
        sums=[changes.sums[kind] for kind in ChangeKind],
    )


def show_forecast(visit: Visit) -> Response:
    """What the coming nights will do by themselves, counted by day. Names no patron."""
    desk, language = visit.place.desk, visit.language
    forecast = foresee(desk.store, desk.policy, today=desk.clock.today(), days=DAYS, most=AT_THE_DESK_MOST)
    titles = titles_of(desk.policy.products, language)
    return visit.show(
        "forecast.html",
        first=long_day(forecast.from_, language),
        last=long_day(forecast.to, language),
        days=list(_forecast_days(forecast.events, language, titles)),
    )


def _forecast_days(
    events: Sequence[ForeseenEvent], language: Language, titles: Mapping[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """Each day on which something happens, and what: how many patrons, or which products."""
    for day, of_day in groupby(events, key=attrgetter("day")):
        by_kind = groupby(of_day, key=attrgetter("kind"))
        yield heading(day, language), [_kind_text(kind, list(those), language, titles) for kind, those in by_kind]


def _kind_text(kind: str, events: list[ForeseenEvent], language: Language, titles: Mapping[str, str]) -> str:
    """What happens, and to how many patrons, or which products."""
    patrons = sum(1 for event in events if event.patron is not None)
    much = str(patrons) if patrons else ""
    if kind == PRODUCTS:
        much = ", ".join(titles.get(event.what, event.what) for event in events)
    return f"{word(kind, language)}: {much}" if much else word(kind, language)


def draw_bars(labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Markup:
    """Draw one bar for each label, from the series one on top of the other: `serie-0` is the lowest.

    A screen reader says nothing of the picture: it needs a table beside it.
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
