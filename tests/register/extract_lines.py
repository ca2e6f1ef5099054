"""Records typed by hand for the tests of the extract reader: nothing from our own writer or table of positions."""

from __future__ import annotations

#: Nominal lengths, as the register's own documents give them.
LENGTHS = {
    "000": 35,
    "001": 106,
    "002": 306,
    "003": 249,
    "004": 37,
    "005": 200,
    "006": 203,
    "008": 193,
    "022": 45,
    "099": 45,
    "910": 157,
    "997": 43,
    "999": 21,
}


def number(serial: int, *, day: str = "020380") -> str:
    """A CPR number that fails modulus 11, so that it is hardly ever issued (serials 0-899)."""
    digits = f"{day}{serial:03}"
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11
    return digits + str((-rest + 1) % 10 if (-rest) % 11 != (-rest + 1) % 10 else (-rest + 2) % 10)


#   1-3 type, 4-13 zeros, 14-19 task, 20-27 produced, 28-35 previous
START = "000" + "0000000000" + "123456" + "20270301" + "20270226"


def end(count: int) -> str:
    #  1-3 type, 4-13 nines, 14-21 count
    return "999" + "9999999999" + f"{count:08}"


def main(  # noqa: PLR0913 -- one argument for each field a test varies
    of: str,
    *,
    status: str = "01",
    current: str = "",
    since: str = "202001011200",
    sex: str = "K",
    born: str = "1980-03-02",
    mark: str = " ",
) -> str:
    #      1-3    4-13 14-23           24-25    26-37  38    39    40-49         50
    return "001" + of + f"{current:10}" + status + since + " " + sex + f"{born:10}" + mark


#: KOMKOD 4, VEJKOD 4, HUSNR 4, ETAGE 2, SIDEDOER 4 (right aligned), BNR 4
CODES = "0751" + "0123" + "016B" + "ST" + "  th" + "    "


def codes(of: str, place: str = CODES, *, co: str = "", lines: tuple[str, ...] = ()) -> str:
    #           1-3    4-13 14-35   36-69         70-81            82    83-94        95    96-99   100-111
    head = "002" + of + place + f"{co:34}" + "202001011200" + " " + "202001011200" + " " + "0101" + "202001011200"
    #            112   113-116  117-286 in five of 34, then 287-296 and 297-306
    return head + " " + "0000" + "".join(f"{line:34}" for line in (*lines, *([""] * (5 - len(lines))))) + " " * 20


def text(of: str, place: str = CODES, *, road: str = "Ærøgade", co: str = "", locality: str = "") -> str:
    #       1-3    4-13 14-47               48-81       82-115            116-149
    head = "003" + of + f"{'Åse Ørum':34}" + f"{co:34}" + f"{locality:34}" + f"{'Ærøgade 16B, st. th':34}"
    #             150-183       184-187  188-207           208-229  230-249
    return head + f"{'':34}" + "8000" + f"{'Aarhus C':20}" + place + f"{road:20}"


def protection(of: str, kind: str = "0001") -> str:
    #      1-3    4-13 14-17  18-27          28-37
    return "004" + of + kind + "2026-01-01" + " " * 10


def departure(of: str, country: str = "5120", *lines: str) -> str:
    #      1-3    4-13 14-17     18-29            30    31-200 in five of 34
    return "005" + of + country + "202601011200" + " " + "".join(f"{line:34}" for line in lines)


def contact(of: str, *lines: str) -> str:
    #      1-3    4-13 14-183 in five of 34, then 184-193 and 194-203
    return "006" + of + "".join(f"{line:34}" for line in (*lines, *([""] * (5 - len(lines))))) + "2026-01-01"


def name(of: str, addressing: str = "Åse Ørum", first: str = "Åse", last: str = "Ørum", middle: str = "") -> str:
    #             1-3    4-13 14-63       64    65-104        105   106-145      146   147-158          159   160-193
    return (
        "008" + of + f"{first:50}" + " " + f"{middle:40}" + " " + f"{last:40}" + "=" + "202001011200" + " " + addressing
    )


def event(of: str, code: str = "A01", mark: str = "") -> str:
    #      1-3    4-13 14-25            26-28  29-30
    return "099" + of + "202703011200" + code + mark


def old_number(current: str, old: str) -> str:
    #      1-3    4-13      14-23
    return "022" + current + old


def night(*records: str, count: int | None = None) -> list[str]:
    """All records of a delivery, with its first and last."""
    return [START, *records, end(len(records) if count is None else count)]


def lines(records: list[str], *, newline: str = "\n") -> bytes:
    """One record a line, trailing blanks trimmed."""
    return "".join(record.rstrip(" ") + newline for record in records).encode("iso-8859-1")


def stream(records: list[str]) -> bytes:
    """Records of fixed length, one after the other."""
    return "".join(record.ljust(LENGTHS[record[:3]]) for record in records).encode("iso-8859-1")


ANNA = number(1)
BO = number(2)
GONE = number(3)
OLD = number(4)
NEW = number(5)


def small_night() -> list[str]:
    """Anna moved and is protected, Bo is named, one emigrated, one number changed; 003 is a block at the end."""
    return night(
        main(ANNA),
        codes(ANNA, co="c/o Bo Ærø", lines=("Øverste klokke",)),
        protection(ANNA, "0003"),
        protection(ANNA),
        contact(ANNA, "Postboks 7", "8000 Aarhus C"),
        name(ANNA),
        event(ANNA),
        event(ANNA, "A33"),
        main(BO, sex="M", mark="*"),
        codes(BO),
        name(BO, "Bo Bå", "Bo", "Bå"),
        event(BO, "A14"),
        main(GONE, status="80", born="1950-00-00"),
        departure(GONE, "5120", "Storgatan 1", "Malmö"),
        name(GONE, "Siv Öst", "Siv", "Öst"),
        main(OLD, status="60", current=NEW),
        event(OLD, "P03"),
        main(NEW),
        codes(NEW),
        name(NEW, "Nye Navn", "Nye", "Navn"),
        old_number(NEW, OLD),
        event(NEW, "P03", "PN"),
        text(BO),
        text(NEW, road="Åvej"),
        text(ANNA, locality="Gården"),
    )
