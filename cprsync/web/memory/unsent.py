"""What was typed and not answered, until its page is shown again to the same person. Kept in memory alone.

A form that came after its session had ended waits until its person has signed in again. It is sealed by a key that only
the browser has: what was typed is in no address, no page and no cookie meanwhile, and the memory alone gives it to
nobody. In a session that lasts, what was typed waits with what else the session has in hand.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from cryptography.fernet import Fernet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: The most browsers whose forms wait. The oldest makes room.
UNSENT_MAX: Final = 64
#: The most pages whose forms wait for one person, who had several open. A form has at most 64 KiB (`visit`), so that
#: all that wait have 28 MiB sealed.
PAGES_MAX: Final = 4
#: How long a form waits for its person, in seconds.
UNSENT_SECONDS: Final = 30 * 60
_KEY_BYTES: Final = 32


class Because(StrEnum):
    """Why what was typed was not answered."""

    #: the session had ended
    SESSION = "unsent"
    #: the page is shown in the other language
    LANGUAGE = "language"
    #: the next page is shown in the other language: this one answers a form, and is shown as it was
    LANGUAGE_NEXT = "language_next"
    #: another form of the page was sent
    OTHER_FORM = "along"


@dataclass(frozen=True, slots=True, repr=False)
class TypedForm:
    """One form, as it was filled in."""

    #: where it is sent
    action: str
    #: what was typed, by the name of the field
    typed: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, repr=False)
class Unsent:
    """Forms of one page that were filled in and not answered."""

    #: who typed, and whether an identity provider had named them
    user: str
    is_of_provider: bool
    #: by which the session that ended is known
    form_token: str
    #: the page on which they stood, as a path of ours
    page: str
    #: the one that was sent comes first
    forms: Sequence[TypedForm]
    because: Because = Because.SESSION
    #: those of other pages that the same person had open, the latest first
    others: Sequence[Unsent] = ()

    def beside(self, earlier: Unsent | None) -> Unsent:
        """These forms, with those that wait already: of the same person, and of other pages."""
        if earlier is None or (earlier.user, earlier.is_of_provider) != (self.user, self.is_of_provider):
            return self
        others = [one for one in earlier.each() if one.page != self.page]
        return replace(self, others=others[: PAGES_MAX - 1])

    def each(self) -> list[Unsent]:
        """The forms of each page, the latest first."""
        return [replace(self, others=()), *self.others]


class UnsentForms:
    """The forms that wait at one server. Many threads may use it."""

    def __init__(self, now: Callable[[], float], *, begins_with: str = "") -> None:
        """`begins_with`: what a key begins with, so that it says which of several workers has the form."""
        self._now, self._begins_with = now, begins_with
        #: by a hash of the key: when it came, and the form as the key sealed it
        self._waiting: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, unsent: Unsent) -> str:
        """Keep a form. Return the key that opens it, which is kept nowhere here."""
        key = f"{self._begins_with}{secrets.token_hex(_KEY_BYTES)}"
        sealed = _seal_of(key).encrypt(json.dumps(asdict(unsent)).encode())
        with self._lock:
            self._waiting[_name_of(key)] = (self._now(), sealed)
            while len(self._waiting) > UNSENT_MAX:
                self._waiting.popitem(last=False)
        return key

    def has(self, key: str) -> bool:
        """Whether a form waits under this key."""
        with self._lock:
            self._let_go()
            return _name_of(key) in self._waiting

    def take(self, key: str) -> Unsent | None:
        """The form of a key, once. None: it has waited for too long, has made room, or was taken."""
        with self._lock:
            self._let_go()
            _, sealed = self._waiting.pop(_name_of(key), (0.0, b""))
        if not sealed:
            return None
        return _from_json(json.loads(_seal_of(key).decrypt(sealed)))

    def _let_go(self) -> None:
        """Forget what has waited for too long."""
        until = self._now() - UNSENT_SECONDS
        while self._waiting and next(iter(self._waiting.values()))[0] < until:
            self._waiting.popitem(last=False)


def _from_json(told: dict[str, Any]) -> Unsent:
    forms = [TypedForm(**one) for one in told["forms"]]
    others = tuple(map(_from_json, told["others"]))
    return Unsent(**{**told, "forms": forms, "others": others, "because": Because(told["because"])})


def _name_of(key: str) -> str:
    return hashlib.sha256(f"name {key}".encode()).hexdigest()


def _seal_of(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"seal {key}".encode()).digest()))
