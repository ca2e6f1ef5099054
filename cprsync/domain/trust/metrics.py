"""What is measured, and how Prometheus reads it: one table of metrics, and the text format 0.0.4. Reads no clock.

Labels are closed: the library, a target by its name in the settings, and a kind. So no metric can name a person.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The media type of the text.
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
#: Within how many seconds a request was answered, in the buckets of the histogram.
SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
PREFIX: Final = "cprsync_"


class MetricShape(enum.Enum):
    """What kind of number it is."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table."""

    name: str
    #: what it is, for the reader of the page; a time is in seconds since 1970
    told: str
    shape: MetricShape = MetricShape.GAUGE


METRICS: Final = (
    Metric("measured", "1 if the library could be measured; 0 if its store, keys or settings did not allow it."),
    Metric("problems", "What somebody has to look after, as `cprsync status` lists it, by kind."),
    Metric("night_number", "The number of the last night."),
    Metric("night_finished_seconds", "When the last night ended. Missing while it runs."),
    Metric("night_day_seconds", "The day of the last night."),
    Metric("night_exit", "How the last night ended, as its exit code. Missing while it runs."),
    Metric("night_duration_seconds", "How long the last night took."),
    Metric("night_received", "How many numbers the last night was told of."),
    Metric("night_numbers", "What became of them, by outcome."),
    Metric("nights_missed", "How many nights in a row have not run."),
    Metric("night_late", "1 if today's night should have run and has not."),
    Metric("night_held", "1 while a limit holds the last night."),
    Metric("delivery_produced_seconds", "The day of the last delivery that was taken."),
    Metric("delivery_late", "1 if a delivery is late."),
    Metric("deliveries_waiting", "Deliveries that wait: in the inbox (kind inbox), or stopped (kind stopped)."),
    Metric("reviews_waiting", "Reviews that wait for a person, by kind."),
    Metric("review_opened_seconds", "The day on which the oldest review that waits was opened, by kind."),
    Metric("windows_open", "Patrons of whom deliveries could not have told, until the register has answered."),
    Metric("provisional_waiting", "Registrations made without the register: for its answer, or for staff, by kind."),
    Metric(
        "subscriptions", "Numbers: to subscribe (wanted), subscribed (held), without our own receipt (unconfirmed)."
    ),
    Metric("outbox_waiting", "Effects that wait to be told to a target."),
    Metric("outbox_failed", "Effects that a target has refused, and that wait for staff."),
    Metric("outbox_queued_seconds", "When the oldest effect that waits for a target was queued."),
    Metric("target_stopped", "1 while nothing is told to a target until somebody lets it go on."),
    Metric("target_set_up", "1 if a target is in cprsync.toml; 0 if it was removed."),
    Metric("certificate_days_left", "The days left of the certificate that ends first, by whose it is."),
    Metric("certificate_wrong", "How many certificates cannot be used, by whose they are."),
    Metric("key_made_seconds", "When the key that writes was made, by purpose."),
    Metric("disk_free_bytes", "The room that is left, by what is kept there."),
    Metric("disk_size_bytes", "The size of that disk."),
    Metric("upkeep_done_seconds", "When a backup or a drill last went well, by kind."),
    Metric("upkeep_failed", "1 if the last try failed, by kind."),
    Metric("audit_entries", "Entries of the audit."),
    Metric("audit_entries_since_heads", "Entries of the audit since its heads were last kept outside the database."),
    Metric("audit_heads_kept_seconds", "When the heads of the audit were last kept outside the database."),
    Metric("audit_whole", "1 if the audit's ends fit each other."),
    Metric("audit_verified_seconds", "When a night last followed all of the audit."),
    Metric("desk_attempts_day", "What people at the desk did with one person's data in 24 hours, refused or not."),
    Metric("desk_samples_waiting", "Look-ups that wait for a supervisor's eye, and those that are overdue, by kind."),
    Metric("desk_workers", "How many processes answer browsers."),
    Metric(
        "desk_requests_total", "Requests that were answered, by the first digit of their status.", MetricShape.COUNTER
    ),
    Metric("desk_sign_in_failures_total", "Wrong names and passwords.", MetricShape.COUNTER),
    Metric("desk_request_seconds", "How long requests took, until the answer was sent.", MetricShape.HISTOGRAM),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of one metric."""

    name: str
    value: float
    agency: str = ""
    target: str = ""
    kind: str = ""
    #: of a histogram: `_bucket`, `_sum` or `_count`; and the bucket's upper end
    part: str = ""
    le: str = ""

    def labels(self) -> dict[str, str]:
        """The labels that are set, in a fixed order."""
        found = {"agency": self.agency, "target": self.target, "kind": self.kind, "le": self.le}
        return {name: value for name, value in found.items() if value}


def render(samples: Iterable[Sample]) -> str:
    """The samples as text, those of a metric together, in the order of the table."""
    by_name: dict[str, list[Sample]] = {}
    for one in samples:
        by_name.setdefault(one.name, []).append(one)
    return "".join(line + "\n" for metric in METRICS for line in _lines(metric, by_name.get(metric.name, ())))


def _lines(metric: Metric, samples: Iterable[Sample]) -> Iterator[str]:
    is_first = True
    for one in samples:
        if is_first:
            yield f"# HELP {PREFIX}{metric.name} {_escape(metric.told)}"
            yield f"# TYPE {PREFIX}{metric.name} {metric.shape.value}"
        is_first = False
        yield f"{PREFIX}{one.name}{one.part}{_labels(one)} {number_text(one.value)}"


def _labels(sample: Sample) -> str:
    said = ",".join(f'{name}="{_escape(value, quote=True)}"' for name, value in sample.labels().items())
    return f"{{{said}}}" if said else ""


def _escape(text: str, *, quote: bool = False) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quote else escaped


def number_text(value: float) -> str:
    """A number as the format writes it: whole ones without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))


def with_agency(samples: Iterable[Sample], agency: str) -> Iterator[Sample]:
    """The samples as one library's."""
    return (replace(one, agency=agency) for one in samples)


# -- what one desk counts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """What the processes of one desk have counted since it was opened."""

    #: by the first digit of the status
    requests: Mapping[str, int]
    #: how many took no longer than each of `SECONDS`, each request in one bucket; the last is for all that took longer
    buckets: tuple[int, ...]
    #: how long all took
    seconds: float
    sign_in_failures: int

    def samples(self) -> Iterator[Sample]:
        """The numbers, as Prometheus reads them: a bucket holds those below it too."""
        for kind, count in sorted(self.requests.items()):
            yield Sample("desk_requests_total", count, kind=kind)
        yield Sample("desk_sign_in_failures_total", self.sign_in_failures)
        below = 0
        for end, count in zip((*map(number_text, SECONDS), "+Inf"), self.buckets, strict=True):
            below += count
            yield Sample("desk_request_seconds", below, part="_bucket", le=end)
        yield Sample("desk_request_seconds", self.seconds, part="_sum")
        yield Sample("desk_request_seconds", below, part="_count")


def bucket_of(seconds: float) -> int:
    """Which bucket a request belongs to."""
    return next((place for place, end in enumerate(SECONDS) if seconds <= end), len(SECONDS))
