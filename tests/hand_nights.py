"""Three deliveries typed by hand from the register's field table: writer and reader cannot agree on a wrong one.

No code of ours made them: every line is a literal, and the comment above it gives the 1-based positions of its fields.
Lines of the first two nights end at their last character; the third night is one stream of full-length records.
Only the numbers come from the town (by key); names and addresses need not be those of the town.

EXPECTED_* say what the lines mean, typed by hand too, in canonical form: a group is its value, EMPTY or SILENT.
An address or a name lists the parts that are not blank.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from town import number

EMPTY: Final = "empty"
SILENT: Final = "silent"
NONE: Final = "0000000000"

ANNA, BO, HELLE, OTTO = number("ANNA"), number("BO"), number("HELLE"), number("OTTO")
OLD, NEW, DEAD, NEWBORN = number("GAMMELNUMMER"), number("NYNUMMER"), number("AFDOED"), number("NAVNLOES")
ABROAD, EDGES, NO_DATE, NUUK = number("UDREJST"), number("LANGNAVN"), number("UMULIG"), number("NUKA")

# -- Night one: lines; 003 of all as a block at the end, sorted by address and not by number -----------------
# HELLE has protection 0001 and still an address; OTTO has 0003 only and is not protected.

_ONE = (
    # 1-3 type, 4-13 zeros, 14-19 task, 20-27 produced, 28-35 previous
    f"000{NONE}1234562027032220270319",
    # 1-3 type, 4-13 number, 14-23 current number, 24-25 status, 26-37 since, 38 mark, 39 sex, 40-49 born
    f"001{HELLE}          01000000000000 K1987-09-03",
    # 14-17 municipality, 18-21 street, 22-25 house, 26-27 floor, 28-31 door, 32-35 building, 36-69 c/o, 70-81 moved in
    f"002{HELLE}07516043055 01  th{'':4}{'':34}202203010000",
    # 14-17 kind of protection, 18-27 start
    f"004{HELLE}00012026-11-01",
    # 14-63 first, 64 mark, 65-104 middle, 105 mark, 106-145 last, 146 mark, 147-158 since, 159 mark, 160-193 addressing
    f"008{HELLE}{'Charlotte':50} {'':40} {'Bisgaard':40} 201001010000 Charlotte Bisgaard",
    # 14-25 time, 26-28 event
    f"099{HELLE}202703221015A33",
    # 001: as above, and 51-60 the number's start, 61 mark, 62-71 its end, 72 mark, 73-106 occupation
    f"001{ANNA}          01201208010000 K1985-05-04 1985-05-04 {'':10} Tømrer",
    # 002: as above
    f"002{ANNA}07511104016Bst  th{'':4}{'':34}201906010000",
    # 008: as above
    f"008{ANNA}{'Mette Marie':50} {'':40} {'Skovgaard':40} 198506010000 Mette Marie Skovgaard",
    # 099: as above, and 29-30 derived mark
    f"099{ANNA}202703220931A01ÆG",
    # 001: as above
    f"001{BO}          01000000000000 M1979-11-12",
    # 002: as above, with a c/o at 36-69; then 70-81 moved in, 82 mark, 83-94 in the municipality since
    f"002{BO}07512231003 02  tv{'':4}{'c/o Vestergaard':34}202703220000 199801010000",
    # 008: as above
    f"008{BO}{'Steffen':50} {'':40} {'Thygesen':40} 197911300000 Steffen Thygesen",
    # 099: as above
    f"099{BO}202703221400A01",
    # 001: as above
    f"001{OTTO}          01000000000000 M1984-12-18",
    # 002: as above, the door with four digits
    f"002{OTTO}07512231047 030012{'':4}{'':34}201311010000",
    # 004: as above; 0003 is marketing and seals nothing
    f"004{OTTO}00032009-01-20",
    # 008: as above, with marks at 64 and 146
    f"008{OTTO}{'Jørn':50}+{'':40} {'Dalsgaard':40}=198501150000 Jørn Dalsgaard",
    # 099: as above
    f"099{OTTO}202703221601A33",
    # 003: 14-47 addressing name, 48-81 c/o, 82-115 locality, 116-149 standard address, 150-183 town, 184-187 postcode,
    # 188-207 district, 208-211 municipality, 212-215 street, 216-219 house, 220-221 floor, 222-225 door,
    # 226-229 building, 230-249 road
    (
        f"003{ANNA}{'Mette Marie Skovgaard':34}{'':34}{'':34}{'Uglesporet 16B, st. th':34}{'':34}8000{'Aarhus C':20}"
        f"07511104016Bst  th{'':4}Uglesporet"
    ),
    # 003: as above
    (
        f"003{BO}{'Steffen Thygesen':34}{'c/o Vestergaard':34}{'':34}{'Kastanjeløkken 3, 2. tv':34}{'':34}"
        f"8200{'Aarhus N':20}07512231003 02  tv{'':4}Kastanjeløkken"
    ),
    # 003: as above
    (
        f"003{OTTO}{'Jørn Dalsgaard':34}{'':34}{'':34}{'Kastanjeløkken 47, 3. 12':34}{'':34}8200{'Aarhus N':20}"
        f"07512231047 030012{'':4}Kastanjeløkken"
    ),
    # 003: as above
    (
        f"003{HELLE}{'Charlotte Bisgaard':34}{'':34}{'':34}{'Teglbrændervænget 55, 1. th':34}{'':34}8260{'Viby J':20}"
        f"07516043055 01  th{'':4}Teglbrændervænget"
    ),
    # 1-3 type, 4-13 nines, 14-21 records without 000 and 999
    "999999999999900000022",
)

# -- Night two: lines; a number change (the old one with a blank address), a death, a child not yet named ------

_TWO = (
    # 1-3 type, 4-13 zeros, 14-19 task, 20-27 produced, 28-35 previous
    f"000{NONE}1234562027032320270322",
    # 1-3 type, 4-13 number, 14-23 current number, 24-25 status, 26-37 since, 38 mark, 39 sex, 40-49 born, 50 mark,
    # 51-60 the number's start, 61 mark, 62-71 its end
    f"001{OLD}{NEW}60202703230000 M1998-09-09 1998-09-09 2027-03-23",
    # 14-63 first, 64 mark, 65-104 middle, 105 mark, 106-145 last, 146 mark, 147-158 since, 159 mark, 160-193 addressing
    f"008{OLD}{'Victor':50} {'':40} {'Stubkjær':40} 199810010000 Victor Stubkjær",
    # 14-25 time, 26-28 event
    f"099{OLD}202703230905P03",
    # 001: as above
    f"001{NEW}          01202703230000 K1998-09-09 2027-03-23",
    # 14-17 municipality, 18-21 street, 22-25 house, 26-27 floor, 28-31 door, 32-35 building, 36-69 c/o, 70-81 moved in
    f"002{NEW}07517215058 01  tv{'':4}{'':34}202106010000",
    # 008: as above
    f"008{NEW}{'Vanessa':50} {'':40} {'Stubkjær':40} 202703230000 Vanessa Stubkjær",
    # 022: 4-13 CURRENT number, 14-23 OLD number, 24-33 start, 34 mark, 35-44 end
    f"022{NEW}{OLD}1998-09-09 2027-03-23",
    # 14-25 time, 26-28 event, 29-30 derived mark
    f"099{NEW}202703230905P03PN",
    # 001: as above
    f"001{DEAD}          90202703210000 M1938-06-14",
    # 14-47, 48-81, 82-115, 116-149, 150-183 contact address lines, 184-193 start
    f"006{DEAD}{'Boet efter afdøde':34}{'Advokatgården':34}{'':34}{'8000 Aarhus C':34}{'':34}2027-03-22",
    # 008: as above, with a middle name at 65-104
    f"008{DEAD}{'Ejnar':50} {'Riis':40} {'Skaarup':40} 193806300000 Ejnar Riis Skaarup",
    # 099: as above
    f"099{DEAD}202703231130A21",
    # 001: as above, with the mark of an uncertain birth date at 50
    f"001{NEWBORN}          01202703150000 M2027-03-15*",
    # 002: as above
    f"002{NEWBORN}07512231088 01  mf{'':4}{'':34}202703150000",
    # 008: as above, all names blank: 147-158 since
    f"008{NEWBORN}{'':50} {'':40} {'':40} 202703150000",
    # 099: as above
    f"099{NEWBORN}202703231300A45",
    # 003: 14-47 addressing name, 48-81 c/o, 82-115 locality, 116-149 standard address, 150-183 town, 184-187 postcode,
    # 188-207 district, 208-211 municipality, 212-215 street; no address: codes are zeros, the rest is blank
    f"003{OLD}{'Victor Stubkjær':34}{'':34}{'':34}{'':34}{'':34}0000{'':20}00000000",
    # 003: as above
    f"003{DEAD}{'Ejnar Riis Skaarup':34}{'':34}{'':34}{'':34}{'':34}0000{'':20}00000000",
    # 003: as above, then 216-219 house, 220-221 floor, 222-225 door, 226-229 building, 230-249 road
    (
        f"003{NEWBORN}{'':34}{'':34}{'':34}{'Kastanjeløkken 88, 1. mf':34}{'':34}8200{'Aarhus N':20}"
        f"07512231088 01  mf{'':4}Kastanjeløkken"
    ),
    # 003: as above
    (
        f"003{NEW}{'Vanessa Stubkjær':34}{'':34}{'':34}{'Frøken Elvers Gade 58, 1. tv':34}{'':34}8000{'Aarhus C':20}"
        f"07517215058 01  tv{'':4}Frøken Elvers Gade"
    ),
    # 1-3 type, 4-13 nines, 14-21 records without 000 and 999
    "999999999999900000020",
)

# -- Night three: one stream of full-length records; letters outside ASCII at both edges of full fields --------
# An emigrant with 005 and 006, an impossible birth date, a future protection, a building number in Greenland.

_THREE = (
    # 1-3 type, 4-13 zeros, 14-19 task, 20-27 produced, 28-35 previous: 35
    f"000{NONE}1234562027032420270323",
    # 1-3 type, 4-13 number, 14-23 current number, 24-25 status, 26-37 since, 38 mark, 39 sex, 40-49 born,
    # 50-106 blank: 106
    f"001{ABROAD}          80202703230000 K1988-12-01{'':57}",
    # 14-47 addressing name, 48-183 blank, 184-187 postcode, 188-207 blank, 208-211 municipality, 212-215 street,
    # 216-249 blank: 249
    f"003{ABROAD}{'Camilla Brorholt':34}{'':136}0000{'':20}00000000{'':34}",
    # 14-17 country, 18-29 left, 30 mark, 31-64, 65-98, 99-132, 133-166, 167-200 lines: 200
    f"005{ABROAD}5120202703230000 {'Ångströmsgatan 18':34}{'212 24 Malmö':34}{'':34}{'Sverige':34}{'':34}",
    # 14-47, 48-81, 82-115, 116-149, 150-183 lines, 184-193 start, 194-203 blank: 203
    f"006{ABROAD}{'c/o Ladegaard':34}{'Uglesporet 16B, 1. tv':34}{'8000 Aarhus C':34}{'':34}{'':34}2027-03-24{'':10}",
    # 14-63 first, 64 mark, 65-104 middle, 105 mark, 106-145 last, 146 mark, 147-158 since, 159 mark,
    # 160-193 addressing: 193
    f"008{ABROAD}{'Camilla':50} {'':40} {'Brorholt':40} 198812150000 {'Camilla Brorholt':34}",
    # 14-25 time, 26-28 event, 29-30 derived mark, 31-45 key constant: 45
    f"099{ABROAD}202703241015A06{'':17}",
    # 001: as above: 106
    f"001{EDGES}          01000000000000 K1978-04-02{'':57}",
    # 14-17 municipality, 18-21 street, 22-25 house, 26-27 floor, 28-31 door, 32-35 building, 36-69 c/o, 70-81 moved in,
    # 82 mark, 83-94 in the municipality since, 95 mark, 96-99 from, 100-111 left, 112 mark, 113-116 authority,
    # 117-150, 151-184, 185-218, 219-252, 253-286 supplementary, 287-296 start, 297-306 blank: 306
    (
        f"002{EDGES}07511104021C04D-53{'':4}Øster Færgegård v. Åløkkes Strandæ202703010000 202703010000 0000"
        f"000000000000 0751Æblehaven under Vestres Ringvejs Ø{'':34}Østre Fløj, opgang C over gården å{'':34}"
        f"ålekisten, indgang ved bådbroens ø2027-03-01{'':10}"
    ),
    # 14-47 addressing name, 48-81 c/o, 82-115 locality, 116-149 standard address, 150-183 town, 184-187 postcode,
    # 188-207 district, 208-211 municipality, 212-215 street, 216-219 house, 220-221 floor, 222-225 door,
    # 226-229 building, 230-249 road: 249
    (
        f"003{EDGES}Åse Ørum-Lindeskov Bæk NørremølleåØster Færgegård v. Åløkkes Strandæ"
        f"Ålykkegårds ved Søndre Mølleåens Ø{'Åløkkestrædes Østerå 21C, 4. D-53':34}Åbyskov Nørremark ved Østerlunds Å"
        f"8000Østerby Strandhuse Å07511104021C04D-53{'':4}Åløkkestrædes Østerå"
    ),
    # 008: as above, all four names full: 193
    (
        f"008{EDGES}Åse Ølgerda Æbelone Øllegaards Østrid Ågot Ulrikkæ+Ørum-Lindeskov Åstrup Søndergård Møllerå*"
        f"Østergård-Bæk Nørremølle Skovsgård Kærbæ=199901010000 Åse Ørum-Lindeskov Bæk Nørremølleå"
    ),
    # 099: as above: 45
    f"099{EDGES}202703241111P10{'':17}",
    # 001: as above; 40-49 is no date: 106
    f"001{NO_DATE}          01000000000000 M1950-00-00{'':57}",
    # 002: as above; 36-69 blank, 70-81 moved in, 82-95 blank, 96-99, 100-111, 112, 113-116 zeros, 117-306 blank: 306
    f"002{NO_DATE}07516871130 {'':10}{'':34}199609010000{'':14}0000000000000000 0000{'':190}",
    # 003: as above: 249
    (
        f"003{NO_DATE}{'Yusuf Karlskov':34}{'':34}{'':34}{'Hvidtjørnsringen 130':34}{'':34}8310{'Tranbjerg J':20}"
        f"07516871130 {'':10}{'Hvidtjørnsringen':20}"
    ),
    # 14-17 kind of protection, 18-27 start (after the file's own day), 28-37 blank: 37
    f"004{NO_DATE}00012027-05-01{'':10}",
    # 008: as above: 193
    f"008{NO_DATE}{'Yusuf':50} {'':40} {'Karlskov':40} 000000000000 {'Yusuf Karlskov':34}",
    # 099: as above: 45
    f"099{NO_DATE}202703241230A33{'':17}",
    # 001: as above, with the mark of an uncertain birth date at 50: 106
    f"001{NUUK}          05201406010000 K1980-05-26*{'':56}",
    # 002: as above; no house, 26-27 floor, 28-31 door, 32-35 building: 306
    f"002{NUUK}09560215{'':4}0202043412{'':34}201406010000{'':14}0000000000000000 0000{'':190}",
    # 003: as above: 249
    (
        f"003{NUUK}{'Paninnguaq Lyberth':34}{'':34}{'':34}{'Rypelien B-3412, 2. 204':34}{'':34}3900{'Nuuk':20}"
        f"09560215{'':4}0202043412{'Rypelien':20}"
    ),
    # 008: as above: 193
    f"008{NUUK}{'Paninnguaq':50} {'':40} {'Lyberth':40} 198006010000 {'Paninnguaq Lyberth':34}",
    # 099: as above: 45
    f"099{NUUK}202703241400A01{'':17}",
    # 1-3 type, 4-13 nines, 14-21 records without 000 and 999: 21
    "999999999999900000022",
)

NIGHT_ONE: bytes = "".join(f"{line}\n" for line in _ONE).encode("iso-8859-1")
NIGHT_TWO: bytes = "".join(f"{line}\n" for line in _TWO).encode("iso-8859-1")
NIGHT_THREE: bytes = "".join(_THREE).encode("iso-8859-1")

# -- What they mean ---------------------------------------------------------------------------------------------

_ORDINARY = {"status": "01", "uncertain": False, "protected": EMPTY}
_ORDINARY |= {"current_number": EMPTY, "abroad": SILENT, "contact": EMPTY}
_KASTANJE = {"municipality": "0751", "street_code": "2231", "postcode": "8200", "district": "Aarhus N"}
_KASTANJE |= {"road": "Kastanjeløkken"}

EXPECTED_ONE: list[dict[str, Any]] = [
    _ORDINARY
    | {"number": HELLE, "birth": date(1987, 9, 3), "protected": True}
    | {"name": {"addressing": "Charlotte Bisgaard", "first": "Charlotte", "last": "Bisgaard"}}
    | {
        "address": {"municipality": "0751", "street_code": "6043", "house": "55", "floor": "1", "door": "th"}
        | {"postcode": "8260", "district": "Viby J", "road": "Teglbrændervænget"}
    },
    _ORDINARY
    | {"number": ANNA, "birth": date(1985, 5, 4)}
    | {"name": {"addressing": "Mette Marie Skovgaard", "first": "Mette Marie", "last": "Skovgaard"}}
    | {
        "address": {"municipality": "0751", "street_code": "1104", "house": "16B", "floor": "st", "door": "th"}
        | {"postcode": "8000", "district": "Aarhus C", "road": "Uglesporet"}
    },
    _ORDINARY
    | {"number": BO, "birth": date(1979, 11, 12)}
    | {"name": {"addressing": "Steffen Thygesen", "first": "Steffen", "last": "Thygesen"}}
    | {"address": _KASTANJE | {"house": "3", "floor": "2", "door": "tv", "co": "c/o Vestergaard"}},
    _ORDINARY
    | {"number": OTTO, "birth": date(1984, 12, 18)}
    | {"name": {"addressing": "Jørn Dalsgaard", "first": "Jørn", "last": "Dalsgaard"}}
    | {"address": _KASTANJE | {"house": "47", "floor": "3", "door": "12"}},
]

EXPECTED_TWO: list[dict[str, Any]] = [
    # a replaced number says nothing but its status and its successor, whatever the file carries (decision 1)
    {"number": OLD, "status": "60", "current_number": NEW, "name": SILENT, "birth": SILENT, "uncertain": SILENT}
    | {"address": SILENT, "protected": SILENT, "abroad": SILENT, "contact": SILENT},
    _ORDINARY
    | {"number": NEW, "birth": date(1998, 9, 9)}
    | {"name": {"addressing": "Vanessa Stubkjær", "first": "Vanessa", "last": "Stubkjær"}}
    | {
        "address": {"municipality": "0751", "street_code": "7215", "house": "58", "floor": "1", "door": "tv"}
        | {"postcode": "8000", "district": "Aarhus C", "road": "Frøken Elvers Gade"}
    },
    _ORDINARY
    | {"number": DEAD, "status": "90", "birth": date(1938, 6, 14), "address": SILENT}
    | {"name": {"addressing": "Ejnar Riis Skaarup", "first": "Ejnar", "middle": "Riis", "last": "Skaarup"}}
    | {"contact": ("Boet efter afdøde", "Advokatgården", "", "8000 Aarhus C", "")},
    _ORDINARY
    | {"number": NEWBORN, "birth": date(2027, 3, 15), "uncertain": True, "name": EMPTY}
    | {"address": _KASTANJE | {"house": "88", "floor": "1", "door": "mf"}},
]

EXPECTED_THREE: list[dict[str, Any]] = [
    _ORDINARY
    | {"number": ABROAD, "status": "80", "birth": date(1988, 12, 1), "address": SILENT}
    | {"name": {"addressing": "Camilla Brorholt", "first": "Camilla", "last": "Brorholt"}}
    | {"abroad": {"country": "5120", "lines": ("Ångströmsgatan 18", "212 24 Malmö", "", "Sverige", "")}}
    | {"contact": ("c/o Ladegaard", "Uglesporet 16B, 1. tv", "8000 Aarhus C", "", "")},
    _ORDINARY
    | {"number": EDGES, "birth": date(1978, 4, 2)}
    | {
        "name": {
            "addressing": "Åse Ørum-Lindeskov Bæk Nørremølleå",
            "first": "Åse Ølgerda Æbelone Øllegaards Østrid Ågot Ulrikkæ",
            "middle": "Ørum-Lindeskov Åstrup Søndergård Møllerå",
            "last": "Østergård-Bæk Nørremølle Skovsgård Kærbæ",
        },
        "address": {
            "municipality": "0751",
            "street_code": "1104",
            "house": "21C",
            "floor": "4",
            "door": "D-53",
            "co": "Øster Færgegård v. Åløkkes Strandæ",
            "locality": "Ålykkegårds ved Søndre Mølleåens Ø",
            "town": "Åbyskov Nørremark ved Østerlunds Å",
            "postcode": "8000",
            "district": "Østerby Strandhuse Å",
            "road": "Åløkkestrædes Østerå",
            "supplementary": (
                "Æblehaven under Vestres Ringvejs Ø",
                "",
                "Østre Fløj, opgang C over gården å",
                "",
                "ålekisten, indgang ved bådbroens ø",
            ),
        },
    },
    _ORDINARY
    | {"number": NO_DATE, "birth": SILENT, "uncertain": SILENT, "protected": True}
    | {"name": {"addressing": "Yusuf Karlskov", "first": "Yusuf", "last": "Karlskov"}}
    | {
        "address": {"municipality": "0751", "street_code": "6871", "house": "130"}
        | {"postcode": "8310", "district": "Tranbjerg J", "road": "Hvidtjørnsringen"}
    },
    _ORDINARY
    | {"number": NUUK, "status": "05", "birth": date(1980, 5, 26), "uncertain": True}
    | {"name": {"addressing": "Paninnguaq Lyberth", "first": "Paninnguaq", "last": "Lyberth"}}
    | {
        "address": {"municipality": "0956", "street_code": "0215", "building": "3412", "floor": "2", "door": "204"}
        | {"postcode": "3900", "district": "Nuuk", "road": "Rypelien"}
    },
]
