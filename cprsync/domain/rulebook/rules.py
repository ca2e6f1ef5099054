"""The rules as tables to read, from status and protection to rights and accounts.

Each row has its source. Built from the very rows that the code reads, and from a library's policy. How a table is laid
out is the command's; how a value is named stands in `rule_words`, and what has no row in the code in the other modules
of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.deciding.protection import PROTECTION_RULES, ProtectionRule
from cprsync.domain.person.age import BirthSource
from cprsync.domain.person.municipality import RESIDENCE_RULES, ResidenceRule
from cprsync.domain.person.status import STATUS_RULES, Lives, StatusRule
from cprsync.domain.rulebook.address_rows import ADDRESS_ROWS
from cprsync.domain.rulebook.desk_tables import desk_table, parting_table
from cprsync.domain.rulebook.net_media_tables import account_table, product_table, rights_table
from cprsync.domain.rulebook.number_rows import NUMBER_ROWS
from cprsync.domain.rulebook.parked_rows import PARKED_ROWS
from cprsync.domain.rulebook.protection_rows import PROTECTION_ROWS
from cprsync.domain.rulebook.rule_rows import AGE_ROWS, NONE, PLACE_ROWS, STATUS_ROWS, STATUS_SILENT, TYPED_ROWS
from cprsync.domain.rulebook.rule_table import SOURCE, Column, RuleTable
from cprsync.domain.rulebook.rule_words import (
    AGREED,
    BIRTH,
    BLOCK,
    LEAP,
    LETTERS,
    LIVES,
    NET_MEDIA,
    PROTECTING,
    SAYS,
    STANDS,
    SUBSCRIPTION,
    VOICE,
)
from cprsync.domain.rulebook.same_rows import SAME_ROWS
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.person.age import LeapDay
    from cprsync.domain.policy.groups import Ladder, Ladders
    from cprsync.domain.policy.policy import Policy
    from cprsync.domain.rulebook.rule_rows import Cell


def rule_tables(policy: Policy) -> tuple[RuleTable, ...]:
    """All of them, in the order of a reader's questions."""
    told = _status_table(), _protection_table(), _address_table()
    register = *told, _parked_table(), _number_table(), _same_table()
    net_media = rights_table(), account_table(), product_table(policy)
    return *register, _age_table(policy.ladders), _residence_table(), *net_media, desk_table(), parting_table()


# -- status ------------------------------------------------------------------------------------------------

_STATUS_COLUMNS: Final = (
    Column("code", Wording("Kode", "Code")),
    Column("meaning", Wording("Betydning", "Meaning")),
    Column("coming", Wording("Hedder", "Called")),
    Column("record", Wording("Posten", "The record")),
    Column("letters", Wording("Breve", "Letters")),
    Column("block", Wording("Spærring", "Block")),
    Column("residence", Wording("Bopæl", "Residence")),
    Column("net_media", Wording("Netmedier (CULR)", "Net media (CULR)")),
    Column("subscription", Wording("Abonnement", "Subscription")),
    Column("undone", Wording("Ophæves af", "Undone by")),
    Column("events", Wording("Set med hændelse", "Seen with event")),
    SOURCE,
)


def _status_table() -> RuleTable:
    rules = STATUS_RULES.values()
    return RuleTable(
        "status",
        Wording("Status", "Status"),
        _STATUS_COLUMNS,
        (*(f"status-{rule.status.value}" for rule in rules), *STATUS_ROWS),
        (*(_status_row(rule) for rule in rules), *STATUS_ROWS.values()),
    )


def _status_row(rule: StatusRule) -> tuple[Cell, ...]:
    return (
        rule.status.value,
        rule.meaning,
        rule.coming,
        rule.record,
        LETTERS[rule.letters],
        BLOCK[rule.block],
        LIVES[rule.lives],
        NET_MEDIA[rule.net_media],
        SUBSCRIPTION[rule.subscription],
        rule.leaving,
        ", ".join(rule.undone_by) or NONE,
        rule.source,
    )


# -- protection --------------------------------------------------------------------------------------------

_PROTECTION_COLUMNS: Final = (
    Column("voice", Wording("Hvem", "Who")),
    Column("says", Wording("Siger", "Says")),
    Column("agreed", Wording("004 i aftalen", "004 agreed on")),
    Column("stands", Wording("Posten er", "The record is")),
    Column("does", Wording("Så", "Then")),
    SOURCE,
)


def _protection_table() -> RuleTable:
    return RuleTable(
        "protection",
        Wording("Navne- og adressebeskyttelse", "Name and address protection"),
        _PROTECTION_COLUMNS,
        (*map(_protection_key, PROTECTION_RULES), *PROTECTION_ROWS),
        (*map(_protection_row, PROTECTION_RULES), *PROTECTION_ROWS.values()),
    )


def _protection_row(rule: ProtectionRule) -> tuple[Cell, ...]:
    stands, does = STANDS[rule.stands], PROTECTING[rule.does]
    return VOICE[rule.voice], SAYS[rule.says], AGREED[rule.agreed], stands, does, rule.source


def _protection_key(rule: ProtectionRule) -> str:
    agreed = {True: "-004", False: "-without004", None: ""}[rule.agreed]
    return f"protection-{rule.voice.value}-{rule.says.value}{agreed}-{rule.stands.value}"


# -- parked, and numbers -----------------------------------------------------------------------------------

_PARKED_COLUMNS: Final = (
    Column("what", Wording("Hvad kilden siger", "What the source says")),
    Column("called", Wording("Hedder", "Called")),
    Column("does", Wording("Skrives straks", "Written at once")),
    Column("settled", Wording("Afgøres af", "Settled by")),
    SOURCE,
)
_NUMBER_COLUMNS: Final = (
    Column("what", Wording("Tilfælde", "Case")),
    Column("does", Wording("Så", "Then")),
    SOURCE,
)


def _parked_table() -> RuleTable:
    title = Wording("Hvad der venter på et menneske", "What is parked for a person")
    return RuleTable("parked", title, _PARKED_COLUMNS, tuple(PARKED_ROWS), tuple(PARKED_ROWS.values()))


def _address_table() -> RuleTable:
    title = Wording("Navn og adresse", "Name and address")
    return RuleTable("address", title, _NUMBER_COLUMNS, tuple(ADDRESS_ROWS), tuple(ADDRESS_ROWS.values()))


def _number_table() -> RuleTable:
    title = Wording("Personnumre", "CPR numbers")
    return RuleTable("number", title, _NUMBER_COLUMNS, tuple(NUMBER_ROWS), tuple(NUMBER_ROWS.values()))


_SAME_COLUMNS: Final = (
    Column("what", Wording("Hvad der sker", "What happens")),
    Column("does", Wording("Posten", "The record")),
    SOURCE,
)


def _same_table() -> RuleTable:
    title = Wording("Hvad der ikke er en ændring", "What is no change")
    return RuleTable("same", title, _SAME_COLUMNS, tuple(SAME_ROWS), tuple(SAME_ROWS.values()))


# -- age step ----------------------------------------------------------------------------------------------

_AGE_COLUMNS: Final = (
    Column("step", Wording("Trin", "Step")),
    Column("rule", Wording("Gælder", "What counts")),
    Column("day", Wording("Fra", "From")),
    SOURCE,
)
_BIRTH_DATE: Final = Wording("fødselsdato", "birth date")


def _age_table(ladders: Ladders) -> RuleTable:
    births = [(_BIRTH_DATE, rule, NONE, source) for rule, source in (BIRTH[source] for source in BirthSource)]
    steps = [step for ladder in ladders.ladders for step in _age_rows(ladder, ladders.leap)]
    return RuleTable(
        "age",
        Wording("Alderstrin", "Age step"),
        _AGE_COLUMNS,
        (*(f"age-birth-{source.value}" for source in BirthSource), *(key for key, _ in steps), *AGE_ROWS),
        (*births, *(row for _, row in steps), *AGE_ROWS.values()),
    )


def _age_rows(ladder: Ladder, leap: LeapDay) -> list[tuple[str, tuple[Cell, ...]]]:
    since = ladder.since.isoformat()
    source = Wording(f"policy.toml: age_groups {since}", f"policy.toml: age_groups {since}")
    dated = Wording(f"{source.da}, leap_day; beslutning 9", f"{source.en}, leap_day; decision 9")
    rows: list[tuple[str, tuple[Cell, ...]]] = []
    for group in ladder.groups:
        step = Wording(f"{group.from_age} år", f"{group.from_age} years")
        birthday = Wording(f"fødselsdagen; {LEAP[leap].da}", f"the birthday; {LEAP[leap].en}")
        day = birthday if group.from_age else Wording("fødslen", "birth")
        rows.append((f"age-{since}-{group.from_age}", (step, group.name, day, dated if group.from_age else source)))
    return rows


# -- residence ---------------------------------------------------------------------------------------------

_BY_CODE: Final = Wording(
    "hjemmehørende i bibliotekets egne kommuner, ellers ikke",
    "resident in the library's own municipalities, otherwise not",
)
_RESIDENCE_COLUMNS: Final = (
    Column("what", Wording("Status eller adresse", "Status or address")),
    Column("residence", Wording("Bopæl", "Residence")),
    Column("net_media", Wording("Netmedier (CULR)", "Net media (CULR)")),
    SOURCE,
)


def _residence_table() -> RuleTable:
    by_status = (Lives.ELSEWHERE, Lives.UNKNOWN, Lives.AS_BEFORE)
    kinds = RESIDENCE_RULES.values()
    return RuleTable(
        "residence",
        Wording("Bopæl", "Residence"),
        _RESIDENCE_COLUMNS,
        (
            *(f"residence-status-{lives.value}" for lives in by_status),
            *STATUS_SILENT,
            *(f"residence-{rule.kind.value if rule.kind else 'none'}" for rule in kinds),
            *PLACE_ROWS,
            *TYPED_ROWS,
        ),
        (
            *(*map(_ended_row, by_status), *STATUS_SILENT.values(), *map(_kind_row, kinds)),
            *(*PLACE_ROWS.values(), *TYPED_ROWS.values()),
        ),
    )


def _codes(lives: Lives) -> list[StatusRule]:
    return [rule for rule in STATUS_RULES.values() if rule.lives is lives]


def _ended_row(lives: Lives) -> tuple[Cell, ...]:
    rules = _codes(lives)
    codes = " ".join(rule.status.value for rule in rules)
    return (
        Wording(f"status {codes}, uanset adressen", f"status {codes}, whatever the address says"),
        LIVES[lives],
        NET_MEDIA[rules[0].net_media],
        Wording("CPR: post 001 (status); beslutning 11", "CPR: record 001 (status); decision 11"),
    )


def _kind_row(rule: ResidenceRule) -> tuple[Cell, ...]:
    lives = _BY_CODE if rule.lives is Lives.BY_ADDRESS else LIVES[rule.lives]
    return rule.what, lives, NET_MEDIA[rule.net_media], rule.source
