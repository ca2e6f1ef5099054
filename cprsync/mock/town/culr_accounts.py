"""What the mock's CULR holds: patrons, the libraries' accounts for them, one municipality each, and every change.

Follows DBC's public description. Every change is stored in the folder when the operation returns, and is a line of the
ledger. Speaks no protocol and knows no password: `mock.soap.culr` does. Runs in one thread, like the whole mock.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.mock.town.state import Memory

OK, MISSING, EXISTS = "OK200", "ACCOUNT_DOES_NOT_EXIST", "ACCOUNT_ALREADY_EXISTS"
TRANSACTION_ERROR, ILLEGAL_ARGUMENT = "TRANSACTION_ERROR", "ILLEGAL_ARGUMENT"
CPR = "CPR"
#: Deletes all accounts of a library.
DELETE_ALL = "deleteAllAccountsByProvider"
#: The kinds of numbers that an account may have.
KINDS = (CPR, "LOCAL", "UNILOGIN")

_JOURNAL = "culr"
_GUIDS = uuid.UUID("c1a5b7d9-e3f4-4b6a-8c0d-f2e4a6c8b0da")
_AGENCY = re.compile(r"[0-9]{6}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{10}", re.ASCII)
_MUNICIPALITY = re.compile(r"[0-9]{3}", re.ASCII)

#: Library, kind of number, number.
Key: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class CulrRequest:
    """A request about one account. Municipality "": remove the affiliation. None: leave it as it is."""

    operation: str
    agency: str
    kind: str
    value: str = field(repr=False)
    municipality: str | None = None
    #: a CPR number beside a number of another kind
    uid: str | None = field(default=None, repr=False)
    #: kind and number of the account that a merge links to this account's patron
    other: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(slots=True)
class CulrPatron:
    """A person in CULR. A patron without accounts is gone; the same CPR number would get the same GUID again."""

    ordinal: int
    number: str | None = field(default=None, repr=False)
    municipality: str | None = None
    accounts: list[Key] = field(default_factory=list, repr=False)

    @property
    def guid(self) -> str:
        return str(uuid.uuid5(_GUIDS, str(self.ordinal)))


@dataclass(frozen=True, slots=True)
class CulrChange:
    """One change: the account, and the patron's account and municipality before and after. Holds no number."""

    n: int
    #: the library, or the user of the mock's control
    by: str
    agency: str
    operation: str
    #: the patron's ordinal
    patron: int
    kind: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CulrResult:
    """The outcome of an operation, and what it found."""

    code: str
    message: str | None = None
    patron: CulrPatron | None = None
    accounts: tuple[Key, ...] = ()
    #: whether a GUID is somebody's; None: nobody asked
    has_account: bool | None = None


class CulrAccounts:
    """All of CULR."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._patrons: list[CulrPatron] = []
        self._by_account: dict[Key, CulrPatron] = {}
        self._by_number: dict[str, CulrPatron] = {}
        self.ledger: list[CulrChange] = []
        #: by operation and code, how often it was answered since the start
        self.calls: Counter[tuple[str, str]] = Counter()
        #: how many seconds each answer takes
        self.latency = 0.0
        for by, fields in memory.journal(_JOURNAL):
            other = fields.pop("other")
            self._carry_out(CulrRequest(**fields, other=other and tuple(other)), by)

    def dump(self, keys: Mapping[str, str]) -> dict[str, Any]:
        """Everything, for comparisons. `keys`: those of the people file, by number."""
        return {
            "patrons": [
                {
                    "patron": patron.ordinal,
                    "who": keys.get(patron.number or ""),
                    "municipality": patron.municipality,
                    "accounts": [dict(zip(("agency", "type", "value"), key, strict=True)) for key in patron.accounts],
                }
                for patron in self.patrons
            ],
            "ledger": [
                {**asdict(change), "who": keys.get(self._patrons[change.patron - 1].number or "")}
                for change in self.ledger
            ],
            "calls": {f"{operation} {code}": times for (operation, code), times in sorted(self.calls.items())},
            "latency": self.latency,
        }

    @property
    def patrons(self) -> list[CulrPatron]:
        """The patrons who have an account."""
        return [patron for patron in self._patrons if patron.accounts]

    def carry_out(self, request: CulrRequest, *, by: str = "library") -> CulrResult:
        """Do what is asked. A change is stored when this returns."""
        known = len(self.ledger)
        result = self._carry_out(request, by)
        if len(self.ledger) > known:
            self._memory.append(_JOURNAL, [by, asdict(request)])
        return result

    def accounts_of_number(self, number: str) -> CulrResult:
        """Every account of the person with a CPR number."""
        patron = self._by_number.get(number)
        return _found(patron) if patron is not None and patron.accounts else _missing()

    def accounts_of_account(self, agency: str, value: str) -> CulrResult:
        """Every account of the person with this account, of any kind of number."""
        patrons = [self._by_account.get((agency, kind, value)) for kind in KINDS]
        return next((_found(patron) for patron in patrons if patron is not None), _missing())

    def has_guid(self, guid: str) -> bool:
        """Whether a person with an account of any library has this GUID."""
        return any(patron.guid == guid.lower() for patron in self.patrons)

    # -- inside --------------------------------------------------------------------------------------------

    def _carry_out(self, request: CulrRequest, by: str) -> CulrResult:
        if request.operation == DELETE_ALL:
            return self._delete_all(request, by)
        if (mistake := _mistake_in(request)) is not None:
            return CulrResult(ILLEGAL_ARGUMENT, mistake)
        key = (request.agency, request.kind, request.value)
        if request.operation == "createAccount":
            return self._create(request, key, by)
        patron = self._by_account.get(key)
        if patron is None:
            return _missing()
        operations: dict[str, Callable[[CulrRequest, Key, CulrPatron, str], CulrResult]] = {
            "updateAccount": self._update,
            "deleteAccount": self._delete,
            "mergePatrons": self._merge,
            "getAccountFromProvider": lambda _request, key, patron, _by: CulrResult(OK, None, patron, (key,)),
        }
        return operations[request.operation](request, key, patron, by)

    def _create(self, request: CulrRequest, key: Key, by: str) -> CulrResult:
        if key in self._by_account:
            return CulrResult(EXISTS, "The account exists")
        if any((request.agency, kind, request.value) in self._by_account for kind in KINDS):
            return CulrResult(TRANSACTION_ERROR, "The number is another account's of this agency")
        number = request.value if request.kind == CPR else request.uid
        patron = self._by_number.get(number) if number is not None else None
        if patron is None:
            patron = CulrPatron(len(self._patrons) + 1, number)
            self._patrons.append(patron)
            if number is not None:
                self._by_number[number] = patron
        before = _describe(None, patron)
        if not patron.accounts:
            # a patron known to another library is only linked: the municipality stays as it is
            patron.municipality = request.municipality or None
        self._link(key, patron)
        return self._note_change(request, by, patron, before)

    def _update(self, request: CulrRequest, key: Key, patron: CulrPatron, by: str) -> CulrResult:
        before = _describe(key, patron)
        patron.municipality = request.municipality or None
        return self._note_change(request, by, patron, before)

    def _delete(self, request: CulrRequest, key: Key, patron: CulrPatron, by: str) -> CulrResult:
        before = _describe(key, patron)
        self._unlink(key, patron)
        return self._note_change(request, by, patron, before)

    def _delete_all(self, request: CulrRequest, by: str) -> CulrResult:
        for key, patron in [(key, patron) for key, patron in self._by_account.items() if key[0] == request.agency]:
            self._delete(replace(request, kind=key[1], value=key[2]), key, patron, by)
        return CulrResult(OK)

    def _merge(self, request: CulrRequest, _: Key, patron: CulrPatron, by: str) -> CulrResult:
        if request.other is None:
            return CulrResult(ILLEGAL_ARGUMENT, "There is nothing to merge")
        key = (request.agency, *request.other)
        former = self._by_account.get(key)
        if former is None:
            return _missing()
        before = _describe(key, former)
        if former is not patron:
            self._unlink(key, former)
            self._link(key, patron)
        return self._note_change(request, by, patron, before, kind=request.other[0])

    def _link(self, key: Key, patron: CulrPatron) -> None:
        patron.accounts.append(key)
        self._by_account[key] = patron

    def _unlink(self, key: Key, patron: CulrPatron) -> None:
        patron.accounts.remove(key)
        del self._by_account[key]
        if not patron.accounts:
            patron.municipality = None

    def _note_change(
        self, request: CulrRequest, by: str, patron: CulrPatron, before: Mapping[str, Any], *, kind: str | None = None
    ) -> CulrResult:
        key = (request.agency, *(request.other or (request.kind, request.value)))
        after = _describe(key if key in self._by_account else None, patron)
        if after != before:
            n, kind = len(self.ledger) + 1, kind or request.kind
            change = CulrChange(n, by, request.agency, request.operation, patron.ordinal, kind, before, after)
            self.ledger.append(change)
        return CulrResult(OK)


def _describe(key: Key | None, patron: CulrPatron) -> dict[str, Any]:
    """Whether the account exists, who has it, and the patron's municipality."""
    return {"account": key is not None, "patron": patron.ordinal if key else None, "municipality": patron.municipality}


def _found(patron: CulrPatron) -> CulrResult:
    return CulrResult(OK, None, patron, tuple(patron.accounts))


def _missing() -> CulrResult:
    return CulrResult(MISSING, "The account does not exist")


def _mistake_in(request: CulrRequest) -> str | None:
    numbers = [request.value] if request.kind == CPR else []
    numbers += [request.uid] if request.uid is not None else []
    merges = request.operation == "mergePatrons"
    rules = (
        (_AGENCY.fullmatch(request.agency), "agencyId has six digits"),
        (request.kind in KINDS and request.value, "userIdType and userIdValue are needed"),
        (all(map(_NUMBER.fullmatch, numbers)), "A CPR number has ten digits"),
        (not request.municipality or _MUNICIPALITY.fullmatch(request.municipality), "municipalityNo has three digits"),
        (not merges or request.kind == CPR, "accountToMergeWith stands under a CPR number"),
        (not merges or (request.other and request.other[0] != CPR), "accountToBeMerged stands under no CPR number"),
    )
    return next((mistake for holds, mistake in rules if not holds), None)
