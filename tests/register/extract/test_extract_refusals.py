"""A delivery that is not whole, not ours or not what we know is refused as a whole, and gives no person."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
from io import BytesIO

import extract_lines as rec
import pytest
from extract_lines import ANNA, BO, lines, night, small_night, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from cprsync.errors import DeliveryRefused
from cprsync.register.extract.reader import ExtractReader

KEY = b"a key for the tests, 32 bytes lo"


def reader(*, task: str | None = "123456", strict_count: bool = True) -> ExtractReader:
    return ExtractReader(task=task, hash_key=KEY, strict_count=strict_count)


def refusal(content: bytes) -> DeliveryRefused:
    """How a delivery is refused; both ways of reading it agree, and not one person comes out."""
    with pytest.raises(DeliveryRefused) as inspected:
        reader().inspect(BytesIO(content))
    with pytest.raises(DeliveryRefused) as read:
        next(reader().persons(BytesIO(content)))
    assert (inspected.value.kind, inspected.value.message) == (read.value.kind, read.value.message)
    return inspected.value


def with_start(start: str) -> bytes:
    return lines([start, rec.main(ANNA), rec.end(1)])


#: The private product's 001 is one line of 469 characters.
PRIVATE = "001" + ANNA + "01" + "Åse".ljust(50) + "x" * 404
#: The total product with times of change; as the record classes of a program that reads it have them:
#  1-3    4-13   14-23      24-35            36-37  38-49            50    51-54    55-66            67    68-77
TOTAL = (
    "001"
    + ANNA
    + " " * 10
    + "202001011200"
    + "01"
    + "202001011200"
    + " "
    + "0751"
    + "198003021200"
    + "K"
    + ("1980-03-02")
)


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"", "delivery.empty", "empty"),
        (b"\r\n\n", "delivery.empty", "empty"),
        (lines(small_night()[1:]), "delivery.damaged", "does not begin with record 000"),
        (b"\n" + lines(small_night()), "delivery.damaged", "does not begin with record 000"),
        (b"  \r\n" + lines(small_night()), "delivery.damaged", "does not begin with record 000"),
        (lines(small_night()[:-1]), "delivery.damaged", "999 is missing"),
        (stream(small_night()[:-1]), "delivery.damaged", "999 is missing"),
        (lines(night(rec.main(ANNA), count=2)), "delivery.damaged", "999 counts 2 records, and 1 are there"),
        (stream(night(rec.main(ANNA), count=2)), "delivery.damaged", "999 counts 2 records, and 1 are there"),
        (lines([rec.START, "999" + "9" * 10 + "       x"]), "delivery.damaged", "999 at byte offset 36 holds no count"),
        (lines([*small_night(), rec.main(BO)]), "delivery.damaged", "follows record 999"),
        (stream([*small_night(), rec.main(BO)]), "delivery.damaged", "follows record 999"),
        (lines(small_night() * 2), "delivery.damaged", "follows record 999"),
        (lines([rec.START, *small_night()]), "delivery.damaged", "000 at byte offset 36"),
        (lines(night(rec.main(ANNA), "", rec.main(BO))), "delivery.damaged", "too short"),
        (lines(night("001", rec.main(ANNA))), "delivery.damaged", "record 001 at byte offset 36 is too short"),
        (lines(night("910" + BO, "001", rec.main(ANNA))), "delivery.damaged", "record 001 at byte offset 50"),
        (lines(night(rec.main(ANNA), "Ærøgade 16B, 8000")), "delivery.damaged", "no record type"),
        (
            stream(night(rec.main(ANNA))).replace(b"999999", b"077999"),
            "delivery.damaged",
            "type 077 at byte offset 141",
        ),
        (with_start(rec.START[:30]), "delivery.damaged", "record 000 at byte offset 0 is too short"),
        (with_start(rec.START.replace("20270301", "20270229")), "delivery.damaged", "no date"),
        (with_start(rec.START.replace("20270301", "2027-3-1")), "delivery.damaged", "no date"),
        (with_start(rec.START.replace("20270226", "20270302")), "delivery.damaged", "is after this one"),
        (with_start(rec.START.replace("123456", "12345x")), "delivery.damaged", "no task number"),
        (with_start(rec.START.replace("123456", "654321")), "delivery.task", "task 654321, and ours is 123456"),
        (lines(night(PRIVATE)), "delivery.product", "another product, the private one (PRIV, U09480P)"),
        (lines(night(rec.main(BO), PRIVATE)), "delivery.product", "another product"),
        (lines(night(rec.main(BO).ljust(468) + "1")), "delivery.product", "the private one (PRIV, U09480P)"),
        (lines(night(TOTAL)), "delivery.product", "another product, the total with times of change"),
        (lines(night(TOTAL)[1:]), "delivery.product", "another product, the total with times of change"),
        (lines(["000PRIV", PRIVATE, PRIVATE]), "delivery.product", "the private one (PRIV, U09480P)"),
        (lines([rec.START[:24], PRIVATE, PRIVATE]), "delivery.product", "the private one (PRIV, U09480P)"),
        (lines([rec.START[:24], rec.main(ANNA), rec.end(1)]), "delivery.damaged", "record 000 at byte offset 0 is too"),
        (lines(night("001" + ANNA + "something else")), "delivery.product", "one that is not known here"),
        (
            stream(night(rec.main(ANNA))).replace(rec.main(ANNA).encode(), PRIVATE.encode("latin-1")),
            "delivery.product",
            "",
        ),
        (b"\xef\xbb\xbf" + lines(small_night()), "delivery.encoding", "byte order mark"),
        ("\n".join(small_night()).encode("utf-8"), "delivery.encoding", "ISO-8859-1"),
        (
            "".join(r.ljust(rec.LENGTHS[r[:3]]) for r in small_night()).encode("utf-8"),
            "delivery.encoding",
            "ISO-8859-1",
        ),
        (
            lines(night(rec.main(ANNA), rec.name(ANNA, "Søren", "Per", "Holm"))).replace(b"\xf8", b"\xc3\xb8"),
            "delivery.encoding",
            "ISO",
        ),
        (
            lines(night(rec.main(ANNA), rec.name(ANNA, "Zoë"))).replace(b"\xeb", b"\x96"),
            "delivery.encoding",
            "0x80",
        ),
    ],
)
def test_a_delivery_is_refused_by_kind_and_says_what_is_wrong(content: bytes, kind: str, says: str) -> None:
    refused = refusal(content)
    assert refused.kind == kind
    assert says in refused.message
    assert not any(secret in refused.message for secret in (ANNA, BO, "rsen", "gade"))


@pytest.mark.parametrize("content", [lines(small_night()), stream(small_night())])
def test_a_file_cut_at_any_byte_is_refused(content: bytes) -> None:
    whole = len(content.rstrip())
    for cut in range(whole):
        with pytest.raises(DeliveryRefused):
            reader().inspect(BytesIO(content[:cut]))
    assert reader().inspect(BytesIO(content[:whole])).persons == 5


@pytest.mark.parametrize("tail", [b"\n", b"\r\n", b"\n\n  \n"])
def test_blank_lines_after_the_last_record_are_no_damage(tail: bytes) -> None:
    assert reader().inspect(BytesIO(stream(small_night()) + tail)).persons == 5
    assert reader().inspect(BytesIO(lines(small_night()) + tail)).persons == 5


def test_a_count_that_differs_is_let_through_if_so_set() -> None:
    content = lines(night(rec.main(ANNA), count=7))
    assert reader(strict_count=False).inspect(BytesIO(content)).records == 1


def test_any_task_is_read_if_none_is_set() -> None:
    content = with_start(rec.START.replace("123456", "654321"))
    assert reader(task=None).inspect(BytesIO(content)).header.task == "654321"


@pytest.mark.parametrize("strange", [TOTAL, PRIVATE[:-1]])
def test_a_delivery_with_some_bad_persons_is_still_of_the_product(strange: str) -> None:
    found = list(reader().persons(BytesIO(lines(night(strange, rec.main(BO))))))
    assert len(found) == 2


#: Files that are no change extract, and what they are told to be.
FOREIGN = {
    "gzip": (gzip.compress(lines(small_night())), "a gzip file"),
    "bzip2": (bz2.compress(lines(small_night())), "a bzip2 file"),
    "xz": (lzma.compress(lines(small_night())), "an xz file"),
    "ZIP": (b"PK\x03\x04\x14\x00\x00\x00", "a ZIP archive"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7-Zip archive"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
    "XML": (b'<?xml version="1.0"?>\n<person><name>x</name></person>\n', "XML"),
    "XML with a mark": (b'\xef\xbb\xbf<?xml version="1.0"?><person/>', "XML"),
    "companion": (b"<Trigger><FileDescriptor><SizeInBytes>7</SizeInBytes></FileDescriptor></Trigger>", "the companion"),
    "HTML": (b"\n<!DOCTYPE html>\n<html><body>503 Service Unavailable</body></html>", "an HTML page"),
    "JSON": (b'{"error": "no such file"}', "JSON"),
    "CSV": ("cpr;navn;by\n1;\u00c5se;\u00c5rhus\n2;Bo;Ry\n".encode("latin-1"), "a table (CSV)"),
    "CSV that begins as a record does": (b"000;123456;x\n001;0203800011;y\n", "a table (CSV)"),
    "CSV of two lines": (b"cpr;navn\r\n1;Bo\r\n", "a table (CSV)"),
    "CSV cut in a line": (b"cpr;navn;by\n1;Bo;Ry\n2;P", "a table (CSV)"),
    "CSV in UTF-16": ("cpr;navn\n1;Bo\n2;Per\n".encode("utf-16"), "a table (CSV)"),
    "text": ("Kære kunde\nFilen er forsinket.\n".encode("latin-1"), "text without records"),
    "only a mark": (b"\xef\xbb\xbf", "text without records"),
    "only a mark of UTF-16": (b"\xff\xfe", "text without records"),
    "binary": (b"\x7fELF\x02\x01\x01\x00\x00", "binary content"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_that_is_no_change_extract_says_what_it_is(kind: str) -> None:
    content, what = FOREIGN[kind]
    refused = refusal(content)
    assert (refused.kind, what in refused.message) == ("delivery.foreign", True), refused.message
    assert "too short" not in refused.message


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        ("\n".join(small_night()).encode("utf-16"), "delivery.encoding", "it is text in UTF-16"),
        ("\n".join(small_night()).encode("utf-16-le"), "delivery.encoding", "it is text in UTF-16"),
        ("\n".join(small_night()).encode("utf-16-be"), "delivery.encoding", "it is text in UTF-16"),
        ("\n".join(small_night()).encode("cp500"), "delivery.encoding", "it is EBCDIC"),
        (bytes(4096), "delivery.empty", "zero bytes stand in place of its content"),
        (b" " * 4096, "delivery.empty", "not even record 000"),
    ],
    ids=["UTF-16", "little-endian", "big-endian", "EBCDIC", "zero bytes", "blanks"],
)
def test_an_extract_that_was_converted_or_never_written_says_so(content: bytes, kind: str, says: str) -> None:
    refused = refusal(content)
    assert (refused.kind, says in refused.message) == (kind, True), refused.message


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", ["000", "001", "002", "008", "999"])
def test_a_record_with_a_field_added_at_its_end_is_read_as_before(kind: str, newline: str) -> None:
    """Decision 23: longer lines are accepted, whichever record grows."""
    grown = [r.ljust(rec.LENGTHS[kind]) + "7A new field" if r[:3] == kind else r for r in small_night()]
    as_before = list(reader().persons(BytesIO(lines(small_night()))))
    content = lines(grown, newline=newline)
    assert list(reader().persons(BytesIO(content))) == as_before
    assert reader().inspect(BytesIO(content)).persons == 5


class _Endless(BytesIO):
    """Zeros for ever, as /dev/zero."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        self.taken += size or 0
        return bytes(size or 0)


def test_a_file_without_end_that_is_no_delivery_is_given_up() -> None:
    source = _Endless()
    with pytest.raises(DeliveryRefused):
        reader().inspect(source)
    assert source.taken < 100 * 1024 * 1024


def test_an_end_that_never_comes_is_refused_before_it_fills_memory() -> None:
    assert "has no end" in refusal(lines([rec.START]) + b"001" + b"7" * 400_000).message


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_mutated_bytes_raise_nothing_but_a_refusal(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([lines(small_night()), stream(small_night())])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=6))
        if not content:
            break
    _read_or_refuse(bytes(content))


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xfe", b"000", lines([rec.START]), stream([rec.START])]))
@settings(max_examples=60, deadline=None)
def test_random_bytes_raise_nothing_but_a_refusal(junk: bytes, start: bytes) -> None:
    _read_or_refuse(start + junk)


def _read_or_refuse(content: bytes) -> None:
    for read in (reader(task=None).inspect, lambda source: list(reader(task=None).persons(source))):
        try:
            read(BytesIO(content))
        except DeliveryRefused as refused:
            assert refused.kind.startswith("delivery.")  # noqa: PT017 -- it may be read, too


class _Repeated:
    """A delivery of many persons made as it is read, so that only the reader's memory is measured."""

    def __init__(self, persons: int) -> None:
        numbers = (rec.number(serial, day=f"{day:06}") for day in range(1, 99) for serial in range(900))
        self.content = lines(
            night(
                *(
                    r
                    for _, n in zip(range(persons), numbers, strict=False)
                    for r in (rec.main(n), rec.codes(n, lines=("x" * 34,) * 5), rec.name(n))
                )
            )
        )


def _peak(persons: int) -> tuple[int, int]:
    content = _Repeated(persons).content
    source = BytesIO(content)
    tracemalloc.start()
    try:
        count = sum(1 for _ in ExtractReader(task=None, hash_key=KEY, index_limit_bytes=64 * 1024).persons(source))
        assert count == persons
        return len(content), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file() -> None:
    (small, small_peak), (large, large_peak) = _peak(1500), _peak(12_000)
    assert large > 7 * small
    assert large_peak - small_peak < 1024 * 1024
