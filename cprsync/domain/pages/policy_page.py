"""The parts of a page for patrons or authorities, and what a policy says there of fees, patron groups and net media.

Says only what the policy has. Leaves out the layout, and the words: they are in the catalogue `pages`, and each must be
true of this program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.policy.product import LicensedBy
from cprsync.domain.wording import Texts, Wording, in_one

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from datetime import date

    from cprsync.domain.policy.policy import PatronGroup, Policy
    from cprsync.domain.policy.product import Product
    from cprsync.domain.policy.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a page. With a `name`, it is about one thing."""

    text: Wording
    name: Wording | None = None


@dataclass(frozen=True, slots=True)
class PageSection:
    """Paragraphs under a heading."""

    heading: Wording
    paragraphs: tuple[Paragraph, ...]


def kroner(oere: int) -> str:
    """An amount as a Danish page writes it."""
    whole, rest = divmod(oere, 100)
    return f"{whole},{rest:02} kr." if rest else f"{whole} kr."


def fee_heading(tariff: Tariff, texts: Texts) -> tuple[Wording, ...]:
    """The headings of the columns of a table."""
    if tariff.child is None:
        return texts("fees.days_late"), texts("fees.everyone")
    return texts("fees.days_late"), texts("fees.children", below=str(tariff.child_below)), texts("fees.adults")


def fee_rows(tariff: Tariff) -> tuple[tuple[str, ...], ...]:
    """The rows of a table: the days late, and the amount in each column."""
    columns = [tariff.adult] if tariff.child is None else [tariff.child, tariff.adult]
    starts = sorted({band.from_day for column in columns for band in column.bands})
    ends: list[int | None] = [start - 1 for start in starts[1:]]
    return tuple(
        (_days(first, last), *(kroner(column.oere_at(first)) for column in columns))
        for first, last in zip(starts, [*ends, None], strict=True)
    )


def _days(first: int, last: int | None) -> str:
    if last is None:
        return f"{first}-"
    return str(first) if first == last else f"{first}-{last}"


def fee_sentences(policy: Policy, texts: Texts) -> Iterator[Wording]:
    """The other rules about money and loans, as sentences."""
    fees = policy.fees
    if fees.tariffs:
        yield texts("fees.tariff_at", at=texts(f"fees.at.{fees.tariff_at.value}"))
        yield texts("fees.age_at", age=texts(f"fees.at.{fees.age_at.value}"))
        per = [texts(f"fees.per.{one.value}") for one in fees.one_fee_per]
        yield texts("fees.together", per=in_one(per, texts("and")))
    else:
        yield texts("fees.none")
    if policy.letters.reminder_days:
        yield _reminders(policy.letters.reminder_days, texts)
    if policy.debt_limit_oere is not None:
        yield _debt(policy.debt_limit_oere, texts)
    ratings = [Wording(str(one), str(one)) for one in policy.binding_films]
    yield texts("films.binding", ratings=in_one(ratings, texts("and"))) if ratings else texts("films.advice")


def _reminders(after_days: tuple[int, ...], texts: Texts) -> Wording:
    *first, last = (Wording(str(one), str(one)) for one in after_days)
    told = in_one([in_one(first, ", "), last], texts("and")) if first else last
    return texts("fees.reminder" if after_days == (1,) else "fees.reminders", days=told)


def _debt(limit: int, texts: Texts) -> Wording:
    return texts("fees.debt", limit=kroner(limit)) if limit else texts("debt.never")


def group_heading(texts: Texts) -> tuple[Wording, ...]:
    return tuple(
        texts(f"groups.{column}") for column in ("name", "from_age", "loan", "reminders", "fees", "cpr_number")
    )


def group_rows(policy: Policy, texts: Texts, *, on: date) -> tuple[tuple[Wording, ...], ...]:
    """Each patron group in force on a day: groups by age first, then the other described groups, then all others."""
    ladder = policy.ladders.on(on)
    ages = {} if ladder is None else {group.name: group.from_age for group in ladder.groups}
    names = [*ages, *(group.name for group in policy.groups if group.name not in ages), ""]
    return tuple(_group_row(policy.group(name), name, ages.get(name), texts) for name in names)


def _group_row(group: PatronGroup, name: str, age: int | None, texts: Texts) -> tuple[Wording, ...]:
    return (
        _as_written(name) if name else texts("groups.others"),
        _as_written("–" if age is None else str(age)),
        texts("groups.days", count=str(group.loan_days)),
        texts("groups.yes" if group.reminders else "groups.no"),
        texts("groups.yes" if group.fees else "groups.no"),
        texts("groups.needed" if group.cpr_required else "groups.optional"),
    )


_NONE: Final = Wording("–", "–")


def product_rows(policy: Policy, texts: Texts) -> dict[str, tuple[Wording, ...]]:
    """By product and first day: title, days, licence, ages, the blocks that close it, the groups it excludes."""
    return {
        f"{product.name}-{product.since.isoformat()}": (
            product.title,
            _period(product),
            _licence(product, policy.home, texts),
            _ages(product, texts),
            texts("product.any_block") if product.closing_blocks is None else _listed(product.closing_blocks),
            _listed(product.closed_groups),
        )
        for product in policy.products.periods
    }


def _period(product: Product) -> Wording:
    until = "" if product.until is None else product.until.isoformat()
    return _as_written(f"{product.since.isoformat()} – {until}".strip())


def _licence(product: Product, home: AbstractSet[str], texts: Texts) -> Wording:
    whose = texts(f"licence.{product.licensed_by.value}")
    if product.licensed_by is LicensedBy.LIBRARY:
        return whose
    which = "own" if product.licensed == home else "danish" if product.licensed is None else None
    held = _listed(product.licensed or frozenset()) if which is None else texts(f"product.licensed.{which}")
    without = [texts("product.unlicensed", without=_listed(product.unlicensed))] if product.unlicensed else []
    return in_one([in_one([whose, held], ": "), *without], "; ")


def _ages(product: Product, texts: Texts) -> Wording:
    first, below = product.from_age, product.below_age
    if below is None:
        return texts("product.from_age", first=first) if first else texts("product.all_ages")
    return texts("product.between", first=first, below=below) if first else texts("product.below_age", below=below)


def _listed(texts: AbstractSet[str]) -> Wording:
    return _as_written(", ".join(sorted(texts))) if texts else _NONE


def _as_written(text: str) -> Wording:
    return Wording(text, text)
