"""The nights over time: deliveries on a calendar, changes by kind as a chart with its table, and what is to come."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.pages.changes import ChangeKind
from cprsync.language.days import free_day_name, month_name
from cprsync.language.words import heading, long_day, titles_of, word
from cprsync.services.night.calendar import PRODUCTS, foresee
from cprsync.services.night.history import show_changes, show_deliveries
from cprsync.web.drawing import draw_bars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.web.visit import Visit

#: How far the chart looks back, and the forecast ahead, in days.
DAYS: Final = 30
_WEEK: Final = 7


def show_this_month(visit: Visit) -> Response:
    """The deliveries of this month."""
    return _month_page(visit, visit.place.desk.clock.today())


def show_month(visit: Visit) -> Response:
    """The deliveries of another month."""
    return _month_page(visit, date.fromisoformat(f"{visit.named('month')}-01"))


def _month_page(visit: Visit, day: date) -> Response:
    desk, language = visit.place.desk, visit.language
    document = show_deliveries(desk.store, month=day, now=desk.clock.now())
    first, last = date.fromisoformat(document["from"]), date.fromisoformat(document["to"])
    before, after, today = first - timedelta(days=1), last + timedelta(days=1), desk.clock.today()
    fates = Counter(one["fate"] for one in document["days"])
    return visit.show(
        "deliveries.html",
        month=month_name(first, language),
        weeks=_weeks([_shown_day(one, today, language) for one in document["days"]], first),
        weekdays=[word(f"weekday.{number}", language) for number in range(1, _WEEK + 1)],
        sums=[(fate, fates[fate]) for fate in ("taken", "missing", "gap", "stopped") if fates[fate]],
        late=sum(1 for one in document["days"] if one["days_late"]),
        before=(f"{before:%Y-%m}", month_name(before, language)),
        after=None if after > today else (f"{after:%Y-%m}", month_name(after, language)),
    )


def _shown_day(one: Mapping[str, Any], today: date, language: Language) -> dict[str, Any]:
    day = date.fromisoformat(one["day"])
    return {
        **one,
        "number": day.day,
        "long": heading(day, language),
        "is_today": day == today,
        # a weekend needs no name
        "name": free_day_name(day, language) if one["kind"] in {"holiday", "closed"} else "",
    }


def _weeks(days: Sequence[Mapping[str, Any]], first: date) -> list[list[Mapping[str, Any] | None]]:
    """The days by week, from Monday on. None: a day of another month."""
    cells: list[Mapping[str, Any] | None] = [None] * first.weekday() + list(days)
    cells += [None] * (-len(cells) % _WEEK)
    return [cells[at : at + _WEEK] for at in range(0, len(cells), _WEEK)]


def show_change_chart(visit: Visit) -> Response:
    """The changes of the last nights by kind: drawn, and as a table."""
    desk, language = visit.place.desk, visit.language
    document = show_changes(desk.store, today=desk.clock.today(), days=DAYS)
    days = [date.fromisoformat(one["day"]) for one in document["nights"]]
    counts = [[one["counts"][kind.value] for kind in ChangeKind] for one in document["nights"]]
    kinds = [visit.word(f"kind_{kind.value}") for kind in ChangeKind]
    series = {name: [bar[place] for bar in counts] for place, name in enumerate(kinds)}
    return visit.show(
        "night_changes.html",
        first=long_day(date.fromisoformat(document["from"]), language),
        last=long_day(date.fromisoformat(document["to"]), language),
        chart=draw_bars([f"{day.day}/{day.month}" for day in days], series) if days else "",
        kinds=kinds,
        rows=[(long_day(day, language), bar) for day, bar in zip(days, counts, strict=True)],
        sums=[document["sums"][kind.value] for kind in ChangeKind],
    )


def show_forecast(visit: Visit) -> Response:
    """What the coming nights will do by themselves, counted by day. Names no patron."""
    desk, language = visit.place.desk, visit.language
    document = foresee(desk.store, desk.policy, today=desk.clock.today(), days=DAYS)
    titles = titles_of(desk.policy.products, language)
    return visit.show(
        "forecast.html",
        first=long_day(date.fromisoformat(document["from"]), language),
        last=long_day(date.fromisoformat(document["to"]), language),
        days=list(_forecast_days(document["events"], language, titles)),
    )


def _forecast_days(
    events: Sequence[Mapping[str, Any]], language: Language, titles: Mapping[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """Each day on which something happens, and what: how many patrons, or which products."""
    for day, of_day in groupby(events, key=lambda event: event["day"]):
        kinds = [_kind_text(kind, list(of_kind), language, titles) for kind, of_kind in groupby(of_day, key=_kind_of)]
        yield heading(date.fromisoformat(day), language), kinds


def _kind_of(event: Mapping[str, Any]) -> str:
    return str(event["kind"])


def _kind_text(kind: str, events: list[Mapping[str, Any]], language: Language, titles: Mapping[str, str]) -> str:
    """What happens, and to how many patrons, or which products."""
    patrons = sum(1 for event in events if event["patron"] is not None)
    much = str(patrons) if patrons else ""
    if kind == PRODUCTS:
        much = ", ".join(titles.get(event["what"], event["what"]) for event in events)
    return f"{word(kind, language)}: {much}" if much else word(kind, language)
