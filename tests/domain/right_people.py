"""ANNA as the rules of rights see her, and policies with one product. Shares no parser with the program."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from people import patron, person

from cprsync.domain.netmedia.right_day import RightFacts, right_facts
from cprsync.domain.netmedia.rights import Right, rights_of
from cprsync.domain.patron.local import Local, Stage
from cprsync.domain.patron.override import Overridden, Override
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Birth
from cprsync.domain.person.sealed import Address
from cprsync.domain.policy.policy import Policy
from cprsync.domain.policy.product import LicensedBy, Product, Products
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.person.person import Person

TODAY = date(2027, 3, 22)
MOVED = date(2019, 6, 1)
SINCE = date(2020, 1, 1)
BOOKS = Product("ereolen", Wording("eReolen", "eReolen"), SINCE, LicensedBy.MUNICIPALITY)
PAPERS = Product("aviser", Wording("Aviser", "Newspapers"), SINCE, LicensedBy.LIBRARY)
STAFF = Override(Overridden.MUNICIPALITY, "0101", "kaj", "lejekontrakt", date(2027, 3, 1), date(2027, 3, 30), id=1)


def policy(*products: Product, **terms: Any) -> Policy:
    """Aarhus with these products; one with other terms if none is named."""
    return Policy(home=frozenset({"0751"}), products=Products(products or (replace(BOOKS, **terms),)))


def facts(who: Person | None = None, **of: Any) -> RightFacts:
    """ANNA's, an adult in Aarhus who has lived there since 2019."""
    local, stage = Local(blocks=of.pop("blocks", ())), of.pop("stage", Stage.ACTIVE)
    since = {"municipality_since": MOVED, "status_since": date(2012, 8, 1)} | {
        name: of.pop(name) for name in ("municipality_since", "status_since", "status_turned") if name in of
    }
    register = person("ANNA") if who is None else who
    return right_facts(replace(patron("ANNA"), register=register, **of), local, stage=stage, **since)


def right(about: RightFacts, rules: Policy | None = None, *, on: date = TODAY) -> Right:
    (only,) = rights_of(about, rules or policy(), on)
    return only


def at(code: str) -> Person:
    return person("ANNA", address=Address(code, "1104", "1"))


def born(day: date | None, *, uncertain: bool = False) -> Person:
    """ANNA with that birth date; None: neither the register nor her number tells one."""
    if day is None:
        return replace(person("ANNA"), number=CprNumber.none_of("40817263"), birth=SILENT)
    return person("ANNA", birth=Birth(day, uncertain))
