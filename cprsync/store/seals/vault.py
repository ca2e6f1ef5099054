"""Seal values, find them by keyed indexes, and recognise equal records by keyed fingerprints, for one agency.

Each sealed value is bound to its place: agency, patron, owner, key and version are associated data. A value from
another row, or an older one of the same row, does not open (decision 16). Here are also the canonical bytes of a
record's register part, which are sealed and fingerprinted.
"""

from __future__ import annotations

import hmac
from datetime import date
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import EMPTY, SILENT, Abroad, Birth, Contact, Gap, Person, Protection, Silent, Status
from cprsync.domain.person.sealed import Address, Name, Opening, Sealed, SealedAddress
from cprsync.errors import SealBroken
from cprsync.store.seals.keys import Keyed, KeyPurpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from cprsync.store.seals.keys import Keyring

#: The owners under which the two parts of a record are sealed, each under a version of its own.
REGISTER: Final = "register"
LOCAL: Final = "local"
NONCE_BYTES: Final = 12
ADDRESS: Final = "address"
#: Increase it when a field of the register's part is added or read in another way. Fingerprints of older versions then
#: never match.
_MAPPING: Final = bytes((1,))
_GROUP: Final = "\x1e"
_FIELD: Final = "\x1f"
#: Before the register's days, which are no part of a fingerprint: sources may differ in them.
_DAYS: Final = "\x1d"
_GROUPS: Final = 8
#: The written form of a group that is one word, and of the gaps.
_STATUSES: dict[str, Status | Silent] = {"S": SILENT} | {f"K{status.value}": status for status in Status}
_STATUS_WORDS = {status: word for word, status in _STATUSES.items()}
_GAPS: dict[str, Gap] = {"E": EMPTY, "S": SILENT}
_PROTECTED: Final = f"K{Protection.NAME_AND_ADDRESS.value}"
#: What the program holds sealed is opened here to be written. Everywhere else, opening needs an audit entry.
#: A protected person is sealed again when they are read.
_OPENING = Opening()


class Vault:
    """The keys in use. Holds no personal data."""

    def __init__(self, keyring: Keyring, *, agency: str, random: Callable[[int], bytes]) -> None:
        self.agency = agency
        self._keyring, self._random = keyring, random
        self._take_keys()
        #: for code outside the store that only has to tell numbers apart, such as the reader of deliveries
        self.foreign_key = self._indexing[0].digest(b"outside the store")

    def follow(self) -> None:
        """Take the keys that were added to the folder. Called when a transaction begins, and never within one."""
        try:
            folder = self._keyring.folder.stat()
            is_as_seen = (folder.st_ino, folder.st_mtime_ns) == self._keyring.seen
        except OSError:
            is_as_seen = False
        if not is_as_seen:
            self._keyring.follow()
        if self._keyring.keys is not self._taken:
            self._take_keys()

    def _take_keys(self) -> None:
        keyring = self._keyring
        taken = keyring.keys
        self.seal_key = keyring.newest(KeyPurpose.SEAL).id
        self.index_key = keyring.newest(KeyPurpose.INDEX).id
        self.fingerprint_key = keyring.newest(KeyPurpose.FINGERPRINT).id
        self._ciphers = {key.id: AESGCM(key.secret) for key in keyring.keys[KeyPurpose.SEAL]}
        self._sealing = self._ciphers[self.seal_key]
        self._indexing = [Keyed(key.secret) for key in keyring.keys[KeyPurpose.INDEX]]
        self._index_ids = [key.id for key in keyring.keys[KeyPurpose.INDEX]]
        self._fingerprinting = {key.id: Keyed(key.secret) for key in keyring.keys[KeyPurpose.FINGERPRINT]}
        # last: another thread of this store goes by it
        self._taken = taken

    def seal(self, plain: bytes, *, place: str, owner: str, version: int, key: str | None = None) -> bytes:
        """Seal with the newest key. The row keeps that key's id, `seal_key`, beside the value.

        Args:
            plain: what is sealed.
            place: the patron's or the delivery's id.
            owner: `register`, `local`, or another owner of the value.
            version: the version of the row, or the place in a sequence.
            key: the id of another live key, for the rest of something that was begun with it.
        """
        nonce = self._random(NONCE_BYTES)
        bound = f"{self.agency}|{place}|{owner}|{key or self.seal_key}|{version}".encode()
        return nonce + (self._sealing if key is None else self._ciphers[key]).encrypt(nonce, plain, bound)

    def unseal(self, sealed: bytes, key: str, *, place: str, owner: str, version: int) -> bytes:
        """Open a value in its own place.

        Raises:
            SealBroken: it was altered or moved, or its key is missing. Names the owner and the place.
        """
        cipher, which = self._ciphers.get(key), {"owner": owner, "place": place}
        if cipher is None:
            raise SealBroken("a sealed value ({owner} of {place}) needs a key that is not in the key folder", **which)
        bound = f"{self.agency}|{place}|{owner}|{key}|{version}".encode()
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(
                "a sealed value ({owner} of {place}) was altered or does not belong where it stands", **which
            ) from error

    def fingerprint(self, canonical: bytes) -> bytes:
        """Return the keyed fingerprint of a record, under `fingerprint_key`. The register's days are no part of it."""
        return self._fingerprinting[self.fingerprint_key].digest(_undated(canonical))

    def is_fingerprint(self, canonical: bytes, fingerprint: bytes, key: str) -> bool:
        """Return whether a record has this fingerprint under the live key with this id."""
        keyed = self._fingerprinting.get(key)
        return keyed is not None and hmac.compare_digest(keyed.digest(_undated(canonical)), fingerprint)

    def index(self, kind: str, value: str) -> bytes:
        """Return the keyed index for a new row, under `index_key`."""
        return self._indexing[0].digest(f"{kind}|{value}".encode())

    def probes(self, kind: str, value: str) -> list[bytes]:
        """Return the indexes under which a row may be found: one for each live key, the newest first."""
        written = f"{kind}|{value}".encode()
        return [keyed.digest(written) for keyed in self._indexing]

    def index_under(self, key: str, kind: str, value: str) -> bytes:
        """Return the keyed index under one of the live keys."""
        return self._indexing[self._index_ids.index(key)].digest(f"{kind}|{value}".encode())

    @property
    def index_keys(self) -> int:
        """How many probes each look-up makes."""
        return len(self._indexing)

    def number_index(self, number: CprNumber) -> bytes:
        """Return the index of a CPR number."""
        return self.index("number", number.digits)

    def address_index(self, address: Address | SealedAddress) -> bytes:
        """Return the index of a dwelling, which is equal for a whole household."""
        return self.index(ADDRESS, dwelling(address))

    def address_probes(self, address: Address | SealedAddress) -> list[bytes]:
        """Return the indexes under which a household may be found."""
        return self.probes(ADDRESS, dwelling(address))


def name_to_tell(name: Name | Sealed[Name] | Gap) -> Name | Gap:
    """Open the name for a record that other systems may hear of. `domain.outward` decides which of them get it."""
    return name.open(_OPENING) if isinstance(name, Sealed) else name


def encode(person: Person) -> bytes:
    """Encode a person, without events.

    The first byte is the version of this mapping. Then come the number and each group in its order. Each group begins
    with a record separator and a letter: K known, E empty, S silent, A for an address that stays sealed. Unit
    separators divide the fields of a known group. The register's days come last. The text inside is canonical and has
    no control character. The as-of is not part of it, because it moves without a change of the record.

    Raises:
        ValueError: a text is not canonical.
    """
    # Both ways are written out, group by group, because a night runs them once for every person of a delivery.
    name, birth, address = _name(person.name), _birth(person.birth), _address(person.address)
    abroad, contact = _abroad(person.abroad), _contact(person.contact)
    groups = (
        person.number.digits,
        name,
        birth,
        _STATUS_WORDS[person.status],
        address,
        _gap(person.protection) if isinstance(person.protection, Gap) else _PROTECTED,
        _gap(person.current_number) if isinstance(person.current_number, Gap) else f"K{person.current_number.digits}",
        abroad,
        contact,
    )
    text = _GROUP.join(groups)
    # how many separators each group has between its fields
    counted = ((name, 3), (birth, 1), (address, 16), (abroad, 5), (contact, 4))
    fields = sum([n for group, n in counted if group[0] in "KA"])
    if _DAYS in text or text.count(_GROUP) != _GROUPS or text.count(_FIELD) != fields:
        raise ValueError("not canonical: a field holds a separator")
    return _MAPPING + (text + _days(person)).encode()


def _undated(canonical: bytes) -> bytes:
    return canonical.partition(_DAYS.encode())[0]


def _gap(gap: Gap) -> str:
    return "S" if gap is SILENT else "E"


def _name(name: Name | Sealed[Name] | Gap) -> str:
    if isinstance(name, Gap):
        return _gap(name)
    if isinstance(name, Sealed):
        name = name.open(_OPENING)
    return f"K{name.addressing}{_FIELD}{name.first}{_FIELD}{name.middle}{_FIELD}{name.last}"


def _birth(birth: Birth | Silent) -> str:
    return "S" if birth is SILENT else f"K{birth.day.isoformat()}{_FIELD}{'*' if birth.uncertain else ''}"


def _address(at: Address | SealedAddress | Silent) -> str:
    if at is SILENT:
        return "S"
    if isinstance(at, SealedAddress):
        at = at.open(_OPENING)
    where = (at.municipality, at.street_code, at.house, at.building, at.floor, at.door)
    words = (at.co, at.locality, at.town, at.postcode, at.district, at.road)
    return ("A" if at.stays_sealed else "K") + _FIELD.join((*where, *words, *at.supplementary))


def _abroad(abroad: Abroad | Sealed[Abroad] | Silent) -> str:
    if abroad is SILENT:
        return "S"
    if isinstance(abroad, Sealed):
        abroad = abroad.open(_OPENING)
    return "K" + _FIELD.join((abroad.country, *abroad.lines))


def _days(person: Person) -> str:
    if person.status_since is person.moved_in is person.municipality_since:
        # all three are None: most often the register gives no day
        return ""
    days = (person.status_since, person.moved_in, person.municipality_since)
    return _DAYS + ",".join("" if day is None else day.isoformat() for day in days)


def _contact(contact: Contact | Sealed[Contact] | Gap) -> str:
    if isinstance(contact, Gap):
        return _gap(contact)
    if isinstance(contact, Sealed):
        contact = contact.open(_OPENING)
    return "K" + _FIELD.join(contact.lines)


def dwelling(at: Address | SealedAddress) -> str:
    """Return what is the same for a whole household. It is only ever kept as a keyed index."""
    return _FIELD.join((at.open(_OPENING) if isinstance(at, SealedAddress) else at).dwelling)


def decode(canonical: bytes) -> Person:
    """Decode a person, exactly as they were written.

    Raises:
        SealBroken: the bytes have a mapping that this program does not know.
    """
    if canonical[:1] != _MAPPING:
        raise SealBroken("a record is written by another version of the program")
    text, _, days = canonical[1:].decode().partition(_DAYS)
    number, name, birth, status, address, protection, current, abroad, contact = text.split(_GROUP)
    if "E" in {birth, status, address, abroad}:
        raise SealBroken("a record has no value where it must have one")
    status_since, moved_in, municipality_since = _days_of(days)
    return Person(
        CprNumber(number),
        _GAPS[name] if name in _GAPS else Name(*_fields(name)),
        SILENT if birth == "S" else _birth_of(birth),
        _STATUSES[status],
        SILENT if address == "S" else _address_of(address),
        _GAPS[protection] if protection in _GAPS else Protection(protection[1:]),
        _GAPS[current] if current in _GAPS else CprNumber(current[1:]),
        SILENT if abroad == "S" else _abroad_of(abroad),
        _GAPS[contact] if contact in _GAPS else Contact(_five(_fields(contact))),
        status_since=status_since,
        moved_in=moved_in,
        municipality_since=municipality_since,
    )


def _fields(group: str) -> list[str]:
    return group[1:].split(_FIELD)


def _birth_of(group: str) -> Birth:
    day, mark = _fields(group)
    return Birth(date.fromisoformat(day), mark == "*")


def _address_of(group: str) -> Address:
    municipality, street, house, building, floor, door, *words = _fields(group)
    co, locality, town, postcode, district, road, *lines = words
    at = (municipality, street, house, building, floor, door)
    return Address(*at, co, locality, town, postcode, district, road, _five(lines), stays_sealed=group[0] == "A")


def _days_of(text: str) -> tuple[date | None, date | None, date | None]:
    status, moved, municipality = (date.fromisoformat(day) if day else None for day in (text or ",,").split(","))
    return status, moved, municipality


def _abroad_of(group: str) -> Abroad:
    country, *lines = _fields(group)
    return Abroad(country, _five(lines))


def _five(fields: list[str]) -> tuple[str, str, str, str, str]:
    one, two, three, four, five = fields
    return one, two, three, four, five
