"""What a library's policy says about fees, patron groups and net media, to compare with its page and its licences.

Says only what the policy has. Leaves out the layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.netmedia.right_rule import LICENCES
from cprsync.domain.policy.product import LicensedBy
from cprsync.domain.policy.tariff import Moment
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import date

    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.policy.product import Product
    from cprsync.domain.policy.tariff import Tariff

MOMENTS: Final[Mapping[Moment, Wording]] = {
    Moment.LOAN: Wording("udlånet", "the loan"),
    Moment.RENEWAL: Wording("seneste udlån eller fornyelse", "the latest loan or renewal"),
    Moment.DUE: Wording("afleveringsdatoen", "the due date"),
    Moment.RETURN: Wording("afleveringen", "the return"),
}
_PER: Final[Mapping[Moment, Wording]] = {
    Moment.LOAN: Wording("udlånsdag", "day of the loan"),
    Moment.RENEWAL: Wording("dag for seneste udlån eller fornyelse", "day of the latest loan or renewal"),
    Moment.DUE: Wording("afleveringsdato", "due date"),
    Moment.RETURN: Wording("dag for afleveringen", "day of the return"),
}
YES_NO: Final[Mapping[bool, Wording]] = {True: Wording("ja", "yes"), False: Wording("nej", "no")}


def kroner(oere: int) -> str:
    """An amount as a Danish page writes it."""
    whole, rest = divmod(oere, 100)
    return f"{whole},{rest:02} kr." if rest else f"{whole} kr."


def fee_heading(tariff: Tariff) -> tuple[Wording, ...]:
    """The headings of the columns of a table."""
    below = tariff.child_below
    days = Wording("dage for sent", "days late")
    adult = Wording("voksne", "adults")
    if tariff.child is None:
        return days, Wording("alle", "everyone")
    return days, Wording(f"børn (under {below} år)", f"children (below {below})"), adult


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


def fee_sentences(policy: Policy) -> tuple[Wording, ...]:
    """The other rules about money and loans, as sentences."""
    return tuple(_sentences(policy))


def _sentences(policy: Policy) -> Iterator[Wording]:
    fees = policy.fees
    if fees.tariffs:
        at, age = MOMENTS[fees.tariff_at], MOMENTS[fees.age_at]
        yield Wording(f"Taksten er den, der gjaldt ved {at.da}.", f"The fees are those in force at {at.en}.")
        yield Wording(f"Alderen er den ved {age.da}.", f"The age is that at {age.en}.")
        per_da = " og ".join(_PER[one].da for one in fees.one_fee_per)
        per_en = " and ".join(_PER[one].en for one in fees.one_fee_per)
        yield Wording(
            f"Lån, der afleveres sammen, giver ét gebyr pr. {per_da}.",
            f"Loans that are returned together are one fee per {per_en}.",
        )
    else:
        yield Wording("Biblioteket har ingen takster i sin policy.", "The library has no fees in its policy.")
    if policy.letters.reminder_days:
        yield _reminders(policy.letters.reminder_days)
    if policy.debt_limit_oere is not None:
        yield _debt(policy.debt_limit_oere)
    ratings = " og ".join(map(str, policy.binding_films)), " and ".join(map(str, policy.binding_films))
    yield (
        Wording(
            f"Film mærket {ratings[0]} lånes kun ud til den, der har alderen; andre mærker er et råd.",
            f"Films rated {ratings[1]} are lent only to those of that age; other ratings are advice.",
        )
        if policy.binding_films
        else Wording("Mærkning af film er et råd.", "The rating of films is advice.")
    )


def _reminders(after_days: tuple[int, ...]) -> Wording:
    *first, last = map(str, after_days)
    da, en = (f"{', '.join(first)} {word} {last}" if first else last for word in ("og", "and"))
    unit_da, unit_en = ("dag", "day") if after_days == (1,) else ("dage", "days")
    return Wording(
        f"Påmindelser sendes {da} {unit_da} efter afleveringsdatoen.",
        f"Reminders are sent {en} {unit_en} after the due date.",
    )


def _debt(limit: int) -> Wording:
    if not limit:
        return Wording("Gæld standser ingen udlån.", "Debt stops nobody from borrowing.")
    return Wording(
        f"Skyldes der {kroner(limit)} eller mere, lånes der ikke ud.",
        f"Who owes {kroner(limit)} or more borrows nothing.",
    )


GROUP_HEADING: Final = (
    Wording("lånergruppe", "patron group"),
    Wording("fra alder", "from age"),
    Wording("lånetid", "loan period"),
    Wording("påmindelser", "reminders"),
    Wording("gebyrer", "fees"),
    Wording("CPR-nummer", "CPR number"),
)


def group_rows(policy: Policy, *, on: date) -> tuple[tuple[Wording, ...], ...]:
    """Each patron group in force on a day: groups by age first, then the other described groups, then all others."""
    ladder = policy.ladders.on(on)
    ages = {} if ladder is None else {group.name: group.from_age for group in ladder.groups}
    names = [*ages, *(group.name for group in policy.groups if group.name not in ages)]
    rest = Wording("alle andre", "all others")
    return tuple(
        _group_row(policy, name, Wording(name, name) if name else rest, ages.get(name)) for name in (*names, "")
    )


def _group_row(policy: Policy, name: str, told: Wording, age: int | None) -> tuple[Wording, ...]:
    group = policy.group(name)
    from_age = "–" if age is None else str(age)
    number = Wording("nødvendigt", "needed") if group.cpr_required else Wording("frivilligt", "optional")
    return (
        told,
        Wording(from_age, from_age),
        Wording(f"{group.loan_days} dage", f"{group.loan_days} days"),
        YES_NO[group.reminders],
        YES_NO[group.fees],
        number,
    )


# -- the net media --------------------------------------------------------------------------------------------

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
