"""Who acts is a person whom the kernel knows, and never only the account of the service (decision 36)."""

from __future__ import annotations

import pytest

from cprsync.domain.desk.confirming import NAME_MAX, SERVICE, SystemUser, named_by_service, who_acts

ROOT, DAEMON, ANNA, BO = (
    SystemUser(0, "root"),
    SystemUser(998, "cprsync"),
    SystemUser(1000, "anna"),
    SystemUser(1001, "bo"),
)


@pytest.mark.parametrize(
    ("login", "behind", "services", "who"),
    [
        pytest.param(ANNA, [ANNA], (), "anna", id="logged in as oneself"),
        pytest.param(ANNA, [DAEMON, ROOT, ANNA], (), "anna", id="sudo to the service, the login is kept"),
        pytest.param(ANNA, [BO, ROOT, ANNA], (), "anna", id="as another person: who logged in counts"),
        pytest.param(None, [DAEMON, ROOT, ANNA, ROOT], (), "anna", id="sudo where no logins are kept"),
        pytest.param(None, [DAEMON, ROOT, ROOT], (), SERVICE, id="a timer"),
        pytest.param(None, [ROOT], (), SERVICE, id="root in a container"),
        pytest.param(ROOT, [ROOT], (), SERVICE, id="logged in as root, which nobody owns"),
        pytest.param(DAEMON, [DAEMON], (), SERVICE, id="logged in as the service"),
        pytest.param(ANNA, [ANNA], ("anna",), SERVICE, id="an account that nobody owns by setting"),
        pytest.param(None, [ANNA, ANNA, ROOT], (), SERVICE, id="own processes alone tell nothing of a login"),
        pytest.param(None, [DAEMON, ANNA, BO], ("anna",), "bo", id="the nearest person that is none of the services"),
    ],
)
def test_who_acts(login: SystemUser | None, behind: list[SystemUser], services: tuple[str, ...], who: str) -> None:
    assert who_acts(login, behind, services=services) == who


def test_a_service_names_a_person_and_the_audit_says_which_service() -> None:
    assert named_by_service(" anna ", DAEMON) == "anna (cprsync)"


@pytest.mark.parametrize("name", ["", "  ", "x" * (NAME_MAX + 1), "an\nna", "\x1b[31manna"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name"):
        named_by_service(name, DAEMON)


def test_a_name_with_its_account_fits_into_a_row() -> None:
    assert len(named_by_service("x" * NAME_MAX, SystemUser(5, "y" * 90))) == 64


def test_a_longer_name_leaves_the_account_behind_it_the_same() -> None:
    """Otherwise one account that names two people would be two when a plan is approved."""
    short, long = (named_by_service("x" * length, SystemUser(5, "y" * 32)) for length in (1, NAME_MAX))
    assert short.partition(" ")[2] == long.partition(" ")[2]
