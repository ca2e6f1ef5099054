"""`GET /metrics`: who may read it, what it counts, and what it does when the library cannot be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from browser import Clock, serving
from doubles import AGENCY
from exposition import Read, read
from test_machines import Pki, pki
from test_sign_in import WRONG
from test_workers import Desk, accounts_file, desk

from cprsync.domain.trust.metrics import CONTENT_TYPE, Sample
from cprsync.errors import CprsyncError
from cprsync.web.accounts import MachineEntry, StaffAccounts, write_accounts
from cprsync.web.memory.counting import Counts, counted_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Served
    from doubles import Library

# all of them ask one desk over TLS, with certificates of `test_machines`
pytestmark = pytest.mark.xdist_group("machines")
#: fixtures
__all__ = ["accounts_file", "desk", "pki"]
OURS = {"agency": AGENCY}
REQUESTS = "cprsync_desk_request_seconds"
PROXIES = [{"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 proxy"}]


class Measuring:
    """A library that can be measured, until a test says otherwise."""

    broken = False

    def __call__(self) -> list[Sample]:
        if self.broken:
            raise CprsyncError("the database does not answer", kind="store.unavailable")
        return [Sample("night_exit", 3, agency=AGENCY)]


@pytest.fixture(scope="module")
def measuring() -> Measuring:
    return Measuring()


@pytest.fixture(scope="module")
def town(
    begun_folder: Library, tmp_path_factory: pytest.TempPathFactory, pki: Pki, measuring: Measuring
) -> Iterator[Served]:
    """The desk over TLS with one machine."""
    folder = tmp_path_factory.mktemp("metrics")
    library = begun_folder.copy(folder / "library")
    shown = frozenset({pki.fingerprints["machine"]})
    write_accounts(
        folder / "accounts.toml", [], [MachineEntry(name="m", certificates=shown, libraries=frozenset({AGENCY}))]
    )
    accounts = StaffAccounts(folder / "accounts.toml", agency=AGENCY, monotonic=Clock())
    with serving(library, accounts, certificate=pki.server, measure=measuring) as served:
        yield served
    library.engine.dispose()


def ask(desk: Served, pki: Pki, name: str | None = None, **headers: str) -> requests.Response:
    shown = None if name is None else pki.pair(name)
    ca = str(pki.folder / "ca.pem")
    return requests.get(f"{desk.url}/metrics", headers=headers, cert=shown, verify=ca, timeout=20)


def page_of(url: str, **options: Any) -> dict[str, Read]:
    return read(requests.get(f"{url}/metrics", timeout=20, **options).text)


def test_this_machine_reads_how_the_library_stands(town: Served, pki: Pki) -> None:
    answer = ask(town, pki)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, CONTENT_TYPE)
    assert "Set-Cookie" not in answer.headers
    found = read(answer.text)
    assert found["cprsync_night_exit"].of(**OURS) == 3
    assert found["cprsync_measured"].of(**OURS) == 1
    assert found["cprsync_desk_workers"].of(**OURS) == 1


@pytest.mark.parametrize("headers", PROXIES)
@pytest.mark.parametrize(("name", "status"), [(None, 403), ("stranger", 403), ("machine", 200)])
def test_somebody_behind_a_proxy_needs_the_certificate_of_a_machine(
    town: Served, pki: Pki, headers: dict[str, str], name: str | None, status: int
) -> None:
    answer = ask(town, pki, name, **headers)
    assert (answer.status_code == 200) == (status == 200)
    assert answer.status_code in {200, 401, 403}
    assert ("cprsync_night_exit" in answer.text) == (status == 200)


def test_nothing_is_taken_there(town: Served, pki: Pki) -> None:
    ca = str(pki.folder / "ca.pem")
    assert requests.post(f"{town.url}/metrics", data="x", verify=ca, timeout=20).status_code == 405


def test_a_library_that_cannot_be_measured_is_told_and_the_desk_is_measured(
    town: Served, pki: Pki, measuring: Measuring
) -> None:
    measuring.broken = True
    try:
        found = read(ask(town, pki).text)
    finally:
        measuring.broken = False
    assert found["cprsync_measured"].of(**OURS) == 0
    assert "cprsync_night_exit" not in found
    assert found["cprsync_desk_workers"].of(**OURS) == 1


def test_two_workers_count_each_request_once_and_wrong_passwords_together(desk: Desk) -> None:
    before = [page_of(one.url) for one in desk.workers]
    for owner in (0, 1):
        desk.move(desk.browser(owner).open("/sign-in"), 1 - owner).send("/sign-in", name="nobody", password=WRONG)
    # two pages, two forms, each with the page that it leads to; and the pages of metrics themselves
    wanted = before[0][REQUESTS].of("_count", **OURS) + 6 + 2
    for found in pages_once_all_is_counted(desk, wanted):
        assert found["cprsync_desk_workers"].of(**OURS) == 2
        assert found["cprsync_desk_sign_in_failures_total"].of(**OURS) == 2
        assert found["cprsync_desk_requests_total"].of(**OURS, kind="3xx") == 2


def pages_once_all_is_counted(desk: Desk, wanted: float) -> list[dict[str, Read]]:
    """The page of each worker in turn, four times in a row with the count that is wanted.

    A worker answers before it tells its parent what to count, and a page counts itself.
    """
    found: list[dict[str, Read]] = []
    for asked in range(200):
        page = page_of(desk.workers[asked % 2].url)
        found = [*found, page] if page[REQUESTS].of("_count", **OURS) == wanted + asked else []
        if len(found) == 4:
            return found
    pytest.fail(f"{wanted} requests and {asked} pages were made, and {page[REQUESTS].of('_count', **OURS)} counted")


def test_what_breaks_off_is_a_failure_of_ours() -> None:
    counts = Counts()
    for status in (200, 204, 404, 500, 999):
        counts.note_request(status, 0.2)
    found = counts.counted()
    assert found.requests == {"2xx": 2, "4xx": 1, "5xx": 2}
    assert (sum(found.buckets), found.seconds) == (5, pytest.approx(1.0))


@pytest.mark.parametrize("said", [{}, {"requests": 1, "buckets": []}, {"requests": {}, "buckets": "x"}])
def test_a_parent_that_says_something_else_is_not_believed(said: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        counted_from(said)
