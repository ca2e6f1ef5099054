"""The text that Prometheus reads, and which bucket a request is counted in."""

from __future__ import annotations

import pytest

from cprsync.domain.trust.metrics import METRICS, SECONDS, DeskCounts, Sample, bucket_of, render, with_agency


def test_nothing_is_an_empty_text() -> None:
    assert render([]) == ""


def test_each_metric_is_told_once_with_its_samples_together_in_the_order_of_the_table() -> None:
    samples = [
        Sample("outbox_waiting", 2, agency="710100", target="culr"),
        Sample("night_exit", 0, agency="710100"),
        Sample("outbox_waiting", 0.5, agency="710101"),
    ]
    assert render(samples) == (
        "# HELP cprsync_night_exit How the last night ended, as its exit code. Missing while it runs.\n"
        "# TYPE cprsync_night_exit gauge\n"
        'cprsync_night_exit{agency="710100"} 0\n'
        "# HELP cprsync_outbox_waiting Effects that wait to be told to a target.\n"
        "# TYPE cprsync_outbox_waiting gauge\n"
        'cprsync_outbox_waiting{agency="710100",target="culr"} 2\n'
        'cprsync_outbox_waiting{agency="710101"} 0.5\n'
    )


def test_a_label_is_escaped_as_the_format_says() -> None:
    assert render([Sample("problems", True, kind='a"b\\c\nd')]).endswith('{kind="a\\"b\\\\c\\nd"} 1\n')
    assert render([Sample("night_late", False)]).endswith("cprsync_night_late 0\n")


def test_names_are_unique_and_counters_end_in_total() -> None:
    assert len({one.name for one in METRICS}) == len(METRICS)
    assert all(one.name.endswith("_total") == (one.shape.value == "counter") for one in METRICS)


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, 0), (0.05, 0), (0.051, 1), (30.0, 8), (30.1, 9)])
def test_a_request_is_in_the_first_bucket_that_is_long_enough(seconds: float, bucket: int) -> None:
    assert bucket_of(seconds) == bucket


def test_a_bucket_holds_those_below_it() -> None:
    buckets = (3, *[0] * (len(SECONDS) - 1), 1)
    samples = list(with_agency(DeskCounts({"5xx": 1, "2xx": 3}, buckets, 40.25, 2).samples(), "710100"))
    assert {one.agency for one in samples} == {"710100"}
    found = {(one.name, one.part, one.kind or one.le): one.value for one in samples}
    assert found["desk_requests_total", "", "2xx"] == 3
    assert found["desk_request_seconds", "_bucket", "0.05"] == found["desk_request_seconds", "_bucket", "30"] == 3
    assert found["desk_request_seconds", "_bucket", "+Inf"] == found["desk_request_seconds", "_count", ""] == 4
    assert found["desk_request_seconds", "_sum", ""] == 40.25
    assert found["desk_sign_in_failures_total", "", ""] == 2
