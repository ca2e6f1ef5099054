"""Recognises files that are no change extract by how they begin. Quotes nothing of them, and reads no person."""

from __future__ import annotations

import codecs
import enum
import re
from typing import TYPE_CHECKING, Final

from cprsync.errors import DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How much of a file is read for this.
HEAD_BYTES: Final = 64 * 1024
#: A record begins with its type and a number. A file may be cut off within them.
_RECORD: Final = re.compile(rb"[0-9]{13}|[0-9]{1,12}\s*\Z")


class FileKind(enum.StrEnum):
    """What a file is if it is no change extract, in the words that are shown."""

    GZIP = "a gzip file"
    ZIP = "a ZIP archive"
    SEVEN_ZIP = "a 7-Zip archive"
    BZIP2 = "a bzip2 file"
    XZ = "an xz file"
    ZSTANDARD = "a Zstandard file"
    PDF = "a PDF document"
    OFFICE = "an Office document"
    SQLITE = "an SQLite database"
    PGP = "a PGP message"
    BINARY = "binary content"
    HTML = "an HTML page"
    COMPANION = "the companion of a delivery (.metadata)"
    XML = "XML"
    JSON = "JSON"
    TABLE = "a table (CSV)"
    TEXT = "text without records"


class RegisterProduct(enum.StrEnum):
    """Another product of the register's, in the words that are shown."""

    PRIVATE = "the private one (PRIV, U09480P)"
    TOTAL = "the total with times of change"
    UNKNOWN = "one that is not known here"


#: The first bytes of other kinds of files.
_SIGNATURES: Final = (
    (b"\x1f\x8b", FileKind.GZIP),
    (b"PK\x03\x04", FileKind.ZIP),
    (b"PK\x05\x06", FileKind.ZIP),
    (b"7z\xbc\xaf\x27\x1c", FileKind.SEVEN_ZIP),
    (b"BZh", FileKind.BZIP2),
    (b"\xfd7zXZ\x00", FileKind.XZ),
    (b"\x28\xb5\x2f\xfd", FileKind.ZSTANDARD),
    (b"%PDF", FileKind.PDF),
    (b"\xd0\xcf\x11\xe0", FileKind.OFFICE),
    (b"SQLite format 3\x00", FileKind.SQLITE),
    (b"-----BEGIN PGP", FileKind.PGP),
)
_HTML: Final = re.compile(r"<!doctype html|<html", re.IGNORECASE)
_XML: Final = re.compile(r"<[?!A-Za-z]")
#: A table has one of these separators, equally often on each line.
_SEPARATORS: Final = ";\t,|"
_CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n\f\r\x1a\x1b")) + b"\x7f"
#: The digit 0 in EBCDIC.
_EBCDIC_ZERO: Final = b"\xf0"
_UTF_16: Final = "it is text in UTF-16"
#: The length of the private product's record 001, which may end in blanks. U12170-P's has 106.
PRIVATE_LENGTH: Final = 469
_PRIVATE_LEAST: Final = 300
#: Where the total product has sex (position 67) and birth date (68 to 77).
_TOTAL_FORM: Final = re.compile(rb"001.{63}[MK ][0-9]{4}-[0-9]{2}-[0-9]{2}", re.DOTALL)


def wrongly_encoded(what: str) -> DeliveryRefused:
    """Build the refusal of a delivery that is not ISO-8859-1."""
    return DeliveryRefused("the delivery is not ISO-8859-1: {what}", what=what, kind="delivery.encoding")


def check_start(head: bytes) -> None:
    """Accept a file that begins as a change extract does.

    Raises:
        DeliveryRefused: the file is empty (`delivery.empty`), converted (`delivery.encoding`), of another kind
            (`delivery.foreign`), or an extract without its first record (`delivery.damaged`).
    """
    if not head.strip():
        raise DeliveryRefused("the delivery is empty: not even record 000 is there", kind="delivery.empty")
    if not head.strip(b"\x00"):
        raise DeliveryRefused("the delivery is empty: zero bytes stand in place of its content", kind="delivery.empty")
    if head.startswith(codecs.BOM_UTF8):
        _check_marked(head[len(codecs.BOM_UTF8) :])
    if head[:13] == _EBCDIC_ZERO * 13:
        raise wrongly_encoded("it is EBCDIC, as a mainframe writes it")
    if (text := _utf_16(head)) is not None:
        raise wrongly_encoded(_UTF_16) if text.startswith("000") else foreign(_name_of_text(text))
    if not _RECORD.match(head.lstrip()) and not _has_main(head):
        raise foreign(_name_of(head))
    if not head.startswith(b"000"):
        raise DeliveryRefused("the delivery does not begin with record 000")


def foreign(kind: FileKind) -> DeliveryRefused:
    """Build the refusal of a file of another kind."""
    return DeliveryRefused("this is no change extract (U12170-P): it is {what}", what=kind, kind="delivery.foreign")


def unknown_product(main: bytes) -> DeliveryRefused:
    """Build the refusal of a delivery with records 001 of another form. `main`: one of them."""
    product = RegisterProduct.UNKNOWN
    if _TOTAL_FORM.match(main):
        product = RegisterProduct.TOTAL
    elif len(main.rstrip()) >= _PRIVATE_LEAST:
        product = RegisterProduct.PRIVATE
    return DeliveryRefused(
        "the records 001 are not those of U12170-P: this is another product, {which}",
        which=product,
        kind="delivery.product",
    )


def find_main(head: bytes) -> bytes | None:
    """Return the first complete record 001 among the lines. None: there is none."""
    return next((line for line in head.split(b"\n")[:-1] if line.startswith(b"001")), None)


def _has_main(head: bytes) -> bool:
    """Whether records follow a record 000 of another product, or a damaged one. Reading on shows which."""
    main = find_main(head)
    return head.startswith(b"000") and main is not None and _RECORD.match(main) is not None


def _check_marked(head: bytes) -> None:
    """Refuse a file with a byte order mark: a converted extract, or another kind of file."""
    if _RECORD.match(head):
        raise wrongly_encoded("it begins with a byte order mark")
    raise foreign(_name_of(head))


def _utf_16(head: bytes) -> str | None:
    """The text if it is UTF-16; None: it is not. Without a mark, every other byte of Latin text is zero."""
    whole = head[: len(head) // 2 * 2]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return whole.decode("utf-16", "replace")
    even, odd = whole[:128:2], whole[1:128:2]
    if odd and not odd.strip(b"\x00") and b"\x00" not in even:
        return whole.decode("utf-16-le", "replace")
    if even and not even.strip(b"\x00") and b"\x00" not in odd:
        return whole.decode("utf-16-be", "replace")
    return None


def _name_of(head: bytes) -> FileKind:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if len(head.translate(None, _CONTROLS)) != len(head):
        return FileKind.BINARY
    return _name_of_text(head.decode("latin-1"))


def _name_of_text(text: str) -> FileKind:
    start = text.lstrip("\ufeff \t\r\n")
    if _HTML.match(start):
        return FileKind.HTML
    if _XML.match(start):
        return FileKind.COMPANION if "SizeInBytes" in start else FileKind.XML
    if start.startswith(("{", "[")):
        return FileKind.JSON
    return FileKind.TABLE if _has_columns(_whole_lines(start)) else FileKind.TEXT


def _whole_lines(text: str) -> list[str]:
    """The lines without the last one, which may be cut off. A single line stays."""
    lines = text.splitlines(keepends=True)
    return lines if len(lines) <= 1 or lines[-1].endswith("\n") else lines[:-1]


def _has_columns(lines: Sequence[str]) -> bool:
    """Whether the first lines have the same number of one separator. A single line needs at least two."""
    first = [line for line in lines if line.strip()][:5]
    least = 1 if len(first) > 1 else 2
    counts = ({line.count(separator) for line in first} for separator in _SEPARATORS)
    return any(len(found) == 1 and min(found) >= least for found in counts)
