"""What a library configures in its Koha: libraries, patron categories, attribute types and system preferences.

Has defaults for a Danish public library. Every name may be another one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from cprsync.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

_KNOWN_ONLY = ConfigDict(extra="forbid")
_CODES_MAX: Final = 1_000

Code = Annotated[str, Field(min_length=1, max_length=64)]
Age = Annotated[int, Field(ge=0, le=200)]
Months = Annotated[int, Field(ge=1, le=1200)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


@dataclass(frozen=True, slots=True)
class KohaCategory:
    """A patron category. With an age, the nightly job moves patrons in and out of it."""

    __pydantic_config__: ClassVar = _KNOWN_ONLY

    name: str
    #: the first and the last age; None: it has nothing to do with age
    from_age: Age | None = None
    to_age: Age | None = None
    #: how long a new patron is enrolled
    months: Months = 36

    def is_for(self, age: int) -> bool:
        """Whether a patron of this age belongs here."""
        return self.from_age is not None and self.from_age <= age <= (age if self.to_age is None else self.to_age)


@dataclass(frozen=True, slots=True)
class KohaAttributeType:
    """A type of extended attribute."""

    __pydantic_config__: ClassVar = _KNOWN_ONLY

    description: str
    is_unique: bool = False
    is_repeatable: bool = False
    is_mandatory: bool = False


@dataclass(frozen=True, slots=True)
class KohaSetup:
    """A library's Koha. A code that is not in a table does not exist there."""

    __pydantic_config__: ClassVar = _KNOWN_ONLY

    libraries: dict[Code, str] = field(
        default_factory=lambda: {"HB": "Hovedbiblioteket", "FIL": "Filialen", "BUS": "Bogbussen"}
    )
    categories: dict[Code, KohaCategory] = field(
        default_factory=lambda: {
            "BARN": KohaCategory("Barn", 0, 13),
            "UNG": KohaCategory("Ung", 14, 17),
            "VOKSEN": KohaCategory("Voksen", 18),
            "PERSONALE": KohaCategory("Personale"),
            "INSTITUTION": KohaCategory("Institution"),
        }
    )
    attribute_types: dict[Code, KohaAttributeType] = field(
        default_factory=lambda: {
            "CPR": KohaAttributeType("CPR-nummer", is_unique=True),
            "KOMMUNE": KohaAttributeType("Bopælskommune"),
            "STATUS": KohaAttributeType("Status i CPR"),
            "BESKYTTET": KohaAttributeType("Adressebeskyttet"),
            "INTERESSE": KohaAttributeType("Interesse", is_repeatable=True),
        }
    )
    #: the attribute and the category of patrons who are made from the mock's people
    number_attribute: Code = "CPR"
    municipality_attribute: Code = "KOMMUNE"
    #: the two system preferences for logging in
    oauth: bool = True
    basic: bool = True
    token_seconds: Seconds = 3600.0
    #: a new patron with an e-mail address is sent a welcome letter, unless the request overrides it
    welcome_letters: bool = True
    #: False: an attribute is stored in a table of its own, and `updated_on` tells nothing of it
    attributes_move_updated_on: bool = True

    def category_of_age(self, age: int) -> str | None:
        """The first category for this age. None: there is none."""
        return next((code for code, category in self.categories.items() if category.is_for(age)), None)

    def document(self) -> dict[str, Any]:
        return asdict(self)


_SETUP: Final = TypeAdapter(KohaSetup)


def parse_setup(document: Mapping[str, Any]) -> KohaSetup:
    """A setup from a document. What it leaves out is as in the defaults; a table that it has replaces the default one.

    Raises:
        BadInput: kind `mock.koha`; a key is unknown, or a value is not possible.
    """
    try:
        setup = _SETUP.validate_python(dict(document))
    except ValidationError as error:
        places = ", ".join(".".join(str(part) for part in one["loc"]) for one in error.errors(include_input=False)[:3])
        raise BadInput("the setup is not valid at: {places}", places=places, kind="mock.koha") from None
    tables = (setup.libraries, setup.categories, setup.attribute_types)
    if not all(1 <= len(table) <= _CODES_MAX for table in tables):
        raise BadInput("a setup has 1 to 1000 libraries, categories and attribute types", kind="mock.koha")
    return setup


def age_on(born: date, day: date) -> int:
    """The age on a day. A birthday on 29 February is kept on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
