"""The parts of a page for patrons or authorities, and what a policy says there of fees, patron groups and net media.

Says only what the policy has. Leaves out the layout, and the words: they are in the catalogue `pages`, and each must be
true of this program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from cprsync.domain.netmedia.right_rule import LICENCES
from cprsync.domain.policy.product import LicensedBy
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date

    from cprsync.domain.policy.policy import PatronGroup, Policy
    from cprsync.domain.policy.product import Product
    from cprsync.domain.policy.tariff import Tariff


class Texts(Protocol):
    """The catalogue: the text of a key in both languages, with values in place of the names in braces.

    The value `count` selects the plural form.
    """

    def __call__(self, key: str, **values: Wording | str | int) -> Wording: ...


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a page. With a `name`, it is about one thing."""

    text: Wording
    name: Wording | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Paragraphs under a heading."""

    heading: Wording
    paragraphs: tuple[Paragraph, ...]


def in_one(texts: Sequence[Wording], between: Wording | str = " ") -> Wording:
    """Several texts in one."""
    da, en = (between, between) if isinstance(between, str) else (between.da, between.en)
    return Wording(da.join(one.da for one in texts), en.join(one.en for one in texts))


def capital(text: Wording) -> Wording:
    """The text with a capital as its first letter."""
    return Wording(f"{text.da[0].upper()}{text.da[1:]}", f"{text.en[0].upper()}{text.en[1:]}")


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
_OWN: Final = Wording("bibliotekets egne kommuner", "the library's own municipalities")
_ALL: Final = Wording("alle danske kommuner", "all Danish municipalities")


def product_rows(policy: Policy) -> dict[str, tuple[Wording, ...]]:
    """By product and first day: title, days, licence, ages, the blocks that close it, the groups it excludes."""
    return {
        f"{product.name}-{product.since.isoformat()}": (
            product.title,
            _period(product),
            _licence(product, policy.home),
            _ages(product),
            _blocks(product),
            _listed(product.closed_groups),
        )
        for product in policy.products.periods
    }


def _period(product: Product) -> Wording:
    until = "" if product.until is None else product.until.isoformat()
    return _as_written(f"{product.since.isoformat()} – {until}".strip())


def _licence(product: Product, home: AbstractSet[str]) -> Wording:
    whose = LICENCES[product.licensed_by]
    if product.licensed_by is LicensedBy.LIBRARY:
        return whose
    held = _OWN if product.licensed == home else _ALL if product.licensed is None else _listed(product.licensed)
    without = _listed(product.unlicensed).da
    but = Wording(f"; ikke {without}", f"; not {without}") if product.unlicensed else Wording("", "")
    return Wording(f"{whose.da}: {held.da}{but.da}", f"{whose.en}: {held.en}{but.en}")


def _ages(product: Product) -> Wording:
    first, below = product.from_age, product.below_age
    if below is None:
        return Wording(f"fra {first} år", f"from {first} years") if first else Wording("alle", "all")
    if not first:
        return Wording(f"under {below} år", f"below {below} years")
    return Wording(f"fra {first} og under {below} år", f"from {first} and below {below} years")


def _blocks(product: Product) -> Wording:
    return Wording("enhver", "any") if product.closing_blocks is None else _listed(product.closing_blocks)


def _listed(texts: AbstractSet[str]) -> Wording:
    return _as_written(", ".join(sorted(texts))) if texts else _NONE


def _as_written(text: str) -> Wording:
    return Wording(text, text)
