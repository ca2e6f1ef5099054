"""`policy.toml`: a mistake is named by file, line and key, and no policy comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cprsync.domain.policy import DEFAULT_LIMITS, Harm
from cprsync.errors import ConfigurationError
from cprsync.policy_file import load_policy

if TYPE_CHECKING:
    from pathlib import Path


def test_a_policy_sets_single_limits_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[guard]\ngone = { count = 3, share = 0.5 }\n", encoding="utf-8")
    policy = load_policy(path, frozenset({"0751"}))
    assert (policy.limits[Harm.GONE].count, policy.limits[Harm.GONE].share) == (3, 0.5)
    assert policy.limits[Harm.CHANGED] == DEFAULT_LIMITS[Harm.CHANGED]
    assert policy.home == {"0751"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[guard]\ngone = { count = -1 }", "guard.gone.count"),
        ("[guard]\ngone = { count = 1, share = 2.0 }", "guard.gone.share"),
        ("[guard]\ngnoe = { count = 1 }", "guard.gnoe"),
        ("[guard]\ngone = { counts = 1 }", "guard.gone.counts"),
        ('[guard]\ngone = "many"', "guard.gone"),
        ('silent_protection = "closed"', "silent_protection"),
        ("[gaurd]\n", "gaurd"),
        ("[guard]\ngone = { count = true }", "guard.gone.count"),
    ],
)
def test_a_mistake_in_the_policy_is_named_by_its_key(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_policy(path, frozenset())
    assert caught.value.kind == "policy"
    assert named in caught.value.message


@pytest.mark.parametrize("setting", ["cuont = 1", "cuont = 1, share = 2.0", "share = 2.0, cuont = 1"])
def test_a_misspelt_key_is_named_before_the_one_that_is_missing_for_it(tmp_path: Path, setting: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f"[guard]\ngone = {{ {setting} }}\n", encoding="utf-8")
    more = 1 + ("share" in setting)
    with pytest.raises(ConfigurationError, match=rf"guard\.gone\.cuont: there is no such setting \(and {more} more\)"):
        load_policy(path, frozenset())


LADDER = """# the groups
[[age_groups]]
since = 2000-01-01
groups = [
    { name = "Barn", from = 0 },
    { name = "Voksen", from = 18 },
]
"""


def refused(tmp_path: Path, text: str) -> str:
    """What is told of a policy with a mistake, without the file's name."""
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_policy(path, frozenset())
    assert caught.value.kind == "policy"
    return caught.value.message.removeprefix(str(path)).removeprefix(", ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LADDER.replace("= 0", "= 6"), "line 5: age_groups.0.groups.0: the first group has to count from age 0"),
        (LADDER.replace("18", "0"), "line 6: age_groups.0.groups.1: each group has to begin at a higher age"),
        (LADDER.replace("Voksen", "Barn"), "line 6: age_groups.0.groups.1: two groups have the same name"),
        (LADDER + LADDER, "line 9: age_groups.1: the age groups have to stand in the order of their days"),
        (LADDER.replace("from = 18", "from = 181"), "line 6: age_groups.0.groups.1.from: "),
        (LADDER.replace("from = 18", "form = 18"), "line 6: age_groups.0.groups.1.form: there is no such setting"),
        (LADDER.replace(", from = 18", ""), "line 6: age_groups.0.groups.1.from: this setting is missing"),
        (LADDER + '[age]\nleap_day = "02-29"', "line 9: age.leap_day: Input should be '03-01' or '02-28'"),
        ("\n[guard]\ngone = { cuont = 1 }", "line 3: guard.gone.cuont: there is no such setting (and 1 more)"),
        ("\n[guard]\ngnoe = { count = 1 }", "line 3: guard.gnoe: there is no such setting"),
        ("\n\n[gaurd]", "line 3: gaurd: there is no such setting"),
    ],
)
def test_a_mistake_is_named_by_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert refused(tmp_path, text).startswith(told)
