"""What a text in the one box may mean, and how the patrons found are told apart with as little as possible.

A text may mean several things: eight digits are a patron number, a card or a telephone. This module reads it once, for
every page and command. Leaves out who has it: the store finds by keyed indexes of the same forms.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.local import telephone_key
from cprsync.domain.patron.override import Overridden, in_force
from cprsync.domain.person.days import find_day
from cprsync.domain.person.health_card import read_health_card
from cprsync.domain.person.number import CprNumber, unspaced
from cprsync.domain.person.sealed import Name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cprsync.domain.patron.patron import Patron

#: A text that is longer means nothing. Both tracks of a health card are shorter.
TYPED_MAX: Final = 254
#: The most words of one name that find a patron.
WORDS_MAX: Final = 12
#: The oldest person that is looked for.
_OLDEST_YEARS: Final = 130
_PATRON_NUMBER: Final = re.compile(r"[0-9]{8}", re.ASCII)
_TELEPHONE: Final = re.compile(r"\+?[0-9]{4,15}", re.ASCII)
#: Signs that people write in a telephone number.
_BETWEEN: Final = re.compile(r"[\s().\-/]+")
_WORD: Final = re.compile(r"[^\W\d_]+")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
#: Letters that are more than a letter with an accent, as a keyboard without them writes them.
_LETTERS: Final = str.maketrans({"æ": "a", "ø": "o", "ð": "d", "đ": "d", "þ": "th", "ł": "l", "œ": "o", "ı": "i"})
#: The same letters in the older way, in two: å is aa as well as a.
_PAIRS: Final = re.compile(r"(?<=a)[ae]+|(?<=o)e+")
#: Signs that come after every letter, in the order in which the alphabet ends.
_LAST: Final = "\ue003"
_AFTER_Z: Final = str.maketrans({"æ": "\ue001", "ä": "\ue001", "ø": "\ue002", "ö": "\ue002", "å": _LAST})
_APOSTROPHES: Final = str.maketrans("", "", "'’`´")


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """Everything that one text may mean."""

    #: what may be a CPR number, a patron number or a card
    exact: str
    #: the CPR number, typed or scanned, that the register may be asked about
    number: CprNumber | None = None
    #: a patron number of ours, by its form
    patron: str | None = None
    telephone: str | None = None
    #: an e-mail address, in the form in which they are compared
    email: str | None = None
    #: the words of a name, and the days that the typed date may mean; each empty without the other
    words: tuple[str, ...] = ()
    born: tuple[date, ...] = ()
    #: there are words of a name, and no date beside them
    lacks_date: bool = False
    #: all of it may be a birth date
    lacks_name: bool = False
    #: there is a word of a name and something with digits beside it, which is no birth date that can be read
    has_unread_date: bool = False


def read_typed(text: str, today: date) -> Typed:
    """Read a text from the box. Never raises: a text that means nothing finds nobody."""
    if len(text) > TYPED_MAX:
        return Typed("")
    exact = read_health_card(text) or text
    joined = unspaced(exact)
    words, born = ((), ()) if read_email(text) else _name_and_day(text, today)
    return Typed(
        exact=exact,
        number=_number(joined),
        patron=joined if _PATRON_NUMBER.fullmatch(joined) else None,
        telephone=read_telephone(exact),
        email=read_email(text),
        words=words if born else (),
        born=born if words else (),
        lacks_date=bool(words) and not born and not any(one.isdigit() for one in text),
        lacks_name=bool(born) and not words,
        has_unread_date=not (words and born) and _is_name_and_digits(text),
    )


def _is_name_and_digits(text: str) -> bool:
    """Whether a word without digits stands beside one with digits. A card is one word, or one letter and a number."""
    parts = text.split()
    named = any(len(one) > 1 and one.replace("-", "").rstrip(",").isalpha() for one in parts)
    return named and any(sign.isdigit() for one in parts for sign in one)


def _number(joined: str) -> CprNumber | None:
    try:
        return CprNumber.parse_any(joined)
    except ValueError:
        return None


def read_telephone(text: str) -> str | None:
    """What identifies a telephone number, however it is written.

    None: the text is no telephone number.
    """
    written = _BETWEEN.sub("", text.strip())
    written = f"+{written[2:]}" if written.startswith("00") else written
    return telephone_key(written) if _TELEPHONE.fullmatch(written) else None


def read_email(text: str) -> str | None:
    """What identifies an e-mail address, in any capitals. None: the text is no e-mail address."""
    written = text.strip().casefold()
    return written if _EMAIL.fullmatch(written) else None


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, each once, in the form in which names are compared: small letters, without accents.

    å, a and aa are one letter here, and so are æ, a and ae, and ø, o and oe: a name is found however it is typed.
    """
    plain = unicodedata.normalize("NFC", name).casefold().translate(_APOSTROPHES).translate(_LETTERS)
    letters = "".join(one for one in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(one))
    return tuple(dict.fromkeys(_WORD.findall(_PAIRS.sub("", letters))))[:WORDS_MAX]


def is_named(patron: Patron, words: Sequence[str], today: date, *, whole: bool = False) -> bool:
    """Whether each word begins a word of the patron's names: the register's, or staff's correction.

    `words`: as `words_of` makes them. `whole`: each is a whole word of the names.
    """
    name, typed = patron.register.name, in_force(patron.overrides, today).get(Overridden.NAME)
    written = [name.addressing, name.first, name.middle, name.last] if isinstance(name, Name) else []
    theirs = words_of(" ".join([*written, "" if typed is None else typed.text]))
    if whole:
        return set(words) <= set(theirs)
    return all(any(one.startswith(word) for one in theirs) for word in words)


def _name_and_day(text: str, today: date) -> tuple[tuple[str, ...], tuple[date, ...]]:
    """The words beside the one date of a text, and the days that the date may mean."""
    found = find_day(text)
    if found is None:
        return words_of(text), ()
    days, rest = found
    if any(one.isdigit() for one in rest):
        return (), ()
    return words_of(rest), tuple(day for day in days if day <= today and today.year - day.year <= _OLDEST_YEARS)


def danish_order(name: str) -> tuple[bool, str]:
    """What names are sorted by: æ, ø, å and aa come after z, accents count for nothing, and no name comes last."""
    plain = unicodedata.normalize("NFC", name).casefold().translate(_AFTER_Z).replace("aa", _LAST)
    letters = unicodedata.normalize("NFKD", plain)
    return not name, "".join(one for one in letters if not unicodedata.combining(one))


@dataclass(frozen=True, slots=True, repr=False)
class Hit:
    """One patron among several found. None: there is none, or it may not be shown."""

    patron_id: str
    name: str | None = None
    born: date | None = None
    #: the first line of the address: never of a sealed one
    road: str | None = None
    is_sealed: bool = False


def tell_apart(hits: Sequence[Hit]) -> list[Hit]:
    """The same patrons, each with as little as tells them apart: the name, then the birth date, then the road."""
    names = Counter(one.name for one in hits)
    births = Counter((one.name, one.born) for one in hits)
    return [
        Hit(
            one.patron_id,
            one.name,
            one.born if names[one.name] > 1 else None,
            one.road if births[one.name, one.born] > 1 else None,
            is_sealed=one.is_sealed,
        )
        for one in hits
    ]
