"""Checks the demo's rights to net media: derives them again, and shows that protected patrons have them too.

Leaves out what CULR holds: see `comparison`. Unlike there, the rules are the library's own, as in `verify`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.cli.language.words import Language, word
from cprsync.domain.netmedia.drift import find_wrong_rights
from cprsync.domain.netmedia.right_facts import right_facts
from cprsync.domain.netmedia.rights import rights_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from cprsync.cli.demo.comparison import Comparison
    from cprsync.domain.netmedia.rights import Right
    from cprsync.domain.policy.policy import Policy
    from cprsync.services.ports.netmedia import Checked

#: By person's key.
Rights = dict[str, tuple["Right", ...]]


def compare_rights(
    found: Comparison, persons: Mapping[str, Any], checked: Iterable[Checked], *, policy: Policy, on: date
) -> Rights:
    """Compare the stored rights of each person with freshly derived ones. Return the rights that agree.

    Rights that are still due count as wrong, because the week is over.
    """
    by_number = {one.patron.number.digits: one for one in checked if not one.gone}
    rights: Rights = {}
    for key, person in persons.items():
        one = by_number.get(person["number"])
        if one is None:
            continue  # a person without a record is reported elsewhere
        if any(find_wrong_rights(one.patron, one.local, one.stage, one.rights, policy=policy, on=on)):
            found.differs.setdefault(key, []).append("rights")
        else:
            rights[key] = rights_of(right_facts(one.patron, one.local, stage=one.stage), policy, on)
    return rights


def protected_movers(persons: Mapping[str, Any], rights: Rights, nights: Iterable[Mapping[str, Any]]) -> Rights:
    """The rights of the protected patrons who moved in the week."""
    moved = (event["who"] for night in nights for event in night["events"] if event["kind"] == "move")
    return {key: rights[key] for key in moved if key in rights and "0001" in (persons[key].get("protections") or {})}


def movers_document(movers: Rights) -> dict[str, dict[str, str]]:
    """The answer by person's key and product."""
    return {key: {one.product: one.answer.value for one in rights} for key, rights in movers.items()}


def mover_lines(movers: Rights, language: Language) -> Iterator[str]:
    """One line for all movers with the same rights."""
    same: dict[str, list[str]] = {}
    for key, rights in movers.items():
        told = ", ".join(f"{one.title.text(language)} {word(one.answer.value, language)}" for one in rights)
        same.setdefault(told, []).append(key)
    for told, keys in same.items():
        yield word("demo_movers", language, who=", ".join(keys), rights=told)
