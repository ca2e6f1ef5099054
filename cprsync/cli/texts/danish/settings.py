"""What is wrong in a file of settings, in Danish: what we say of it, and what the libraries that read it do.

The libraries' own sentences stay as they are in English: they are the detail that can be looked up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS: Final[Mapping[str, str]] = {
    "{path}, line {line}: {why}": "{path}, linje {line}: {why}",
    "{place}: {told}": "{place}: {told}",
    "{one}; {then}": "{one}; {then}",
    "line {line}: {why}": "linje {line}: {why}",
    "and {more} more": "og {more} fejl til",
    'remove [test], or set environment = "test": production takes its day from no mock': (
        'fjern [test], eller sæt environment = "test": produktion tager ikke sin dag fra et falsk register'
    ),
    "the whole": "det hele",
    # the file is no TOML
    "{what} (at line {line}, column {column})": "linje {line}, tegn {column}: {what}",
    "{what} (at end of document)": "sidst i filen: {what}",
    "Invalid statement": 'linjen er hverken navn = værdi eller en [overskrift]: mangler der et # eller et "?',
    "Expected newline or end of document after a statement": (
        'der står mere på linjen, end der må: skriv tal som 20.50, dage som 2027-03-01 og tekst i "anførselstegn"'
    ),
    "Cannot overwrite a value": "navnet står der allerede: slet det ene",
    "Expected ']' at the end of a table declaration": "overskriften mangler sin ]",
    "Expected ']]' at the end of an array declaration": "overskriften mangler sine ]]",
    "Expected '=' after a key in a key/value pair": "der mangler et = efter navnet",
    "Invalid initial character for a key part": 'der mangler et navn, eller det skal stå i "anførselstegn"',
    "Unclosed array": "listen er ikke lukket: der mangler et komma eller en ]",
    "Unclosed inline table": "der mangler et komma eller en } på linjen",
    "Invalid hex value": "tegnet efter \\ kan ikke læses",
    "Escaped character is not a Unicode scalar value": "tegnet efter \\ findes ikke",
    "Unterminated string": 'teksten mangler sit sidste "',
    "Invalid value": 'værdien kan ikke læses: skriv tekst i "anførselstegn", ja som true og nej som false',
    "Invalid date or datetime": "datoen findes ikke: den skrives 2027-03-01",
    # a setting
    "there is no such setting": "der er ingen sådan indstilling: er navnet stavet rigtigt?",
    "this setting is missing": "indstillingen mangler",
    "no value of the program has this name": "programmet har ingen værdi med det navn",
    "the program has another rule": "programmet har en anden regel",
    "Input should be {some} or {last}": "der skal stå {some} eller {last}",
    "Input should be a valid integer": "der skal stå et helt tal uden anførselstegn",
    "Input should be a valid integer, got a number with a fractional part": "der skal stå et helt tal",
    "Input should be a valid number": "der skal stå et tal uden anførselstegn",
    "Input should be a valid boolean": "der skal stå true eller false",
    "Input should be a valid string": 'der skal stå en tekst i "anførselstegn"',
    "Input should be a valid list": "der skal stå en liste i [ ]",
    "Input should be a valid tuple": "der skal stå en liste i [ ]",
    "Input should be a valid dictionary": "der skal stå en tabel",
    "Input should be greater than or equal to {}": "tallet skal være mindst {}",
    "Input should be greater than or equal to {}.{}": "tallet skal være mindst {},{}",
    "Input should be greater than {}": "tallet skal være over {}",
    "Input should be less than or equal to {}": "tallet må højst være {}",
    "Input should be less than or equal to {}.{}": "tallet må højst være {},{}",
    "String should have at least {} character": "teksten skal have mindst {} tegn",
    "String should have at least {} characters": "teksten skal have mindst {} tegn",
    "String should have at most {} characters": "teksten må højst have {} tegn",
    # pages of fees
    "expected an amount in kroner, {} to {}, as {} or {}.{}": (
        "der skal stå et beløb i kroner fra {} til {}, som {} eller {}.{}"
    ),
    "an amount has at most two decimals": "et beløb har højst to decimaler",
    'expected days as "8-14", and "31-" in the last band': (
        'der skal stå dage som "8-14", og "31-" i den sidste linje'
    ),
    "the numbers have to rise": "tallene skal stige",
    "a branch stands there twice": "en filial står der to gange",
    "expected a text on one line": "der skal stå en tekst på én linje",
    '"due" has to be one of them: loans of different due dates are never one fee': (
        '"due" skal være med: lån med hver sin frist er aldrig ét gebyr'
    ),
    "expected 0 (never), or at least a year": "der skal stå 0 (aldrig) eller mindst et år",
    "expected the first age that pays as adults do, as a number: child_below = {}": (
        "der skal stå den første alder, der betaler som voksen, som et tal: child_below = {}"
    ),
    "this band has no amount for children, and another one has": (
        "linjen har intet beløb for børn, og en anden har: skriv child = 10 i hver linje eller i ingen"
    ),
    "say from which age children pay as adults do: child_below = 18": (
        "sig, fra hvilken alder børn betaler som voksne: child_below = 18"
    ),
    "a column for children is missing: child = 10 in each band": "børnetaksten mangler: skriv child = 10 i hver linje",
    "a column for children and the age that ends it go together": (
        "en børnetakst og alderen, hvor den hører op, følges ad"
    ),
    "the first band has to begin on day 1: otherwise there is a hole before it": (
        "den første linje skal begynde med dag 1: ellers er der et hul før den"
    ),
    "each band has to begin on a later day than the one before": (
        "hver linje skal begynde med en senere dag end den foregående"
    ),
    "a later day may not cost less than an earlier one": "en senere dag må ikke koste mindre end en tidligere",
    "this band has no end, and one follows: write it as {}-{}": "linjen er åben, og der følger en: skriv den som {}-{}",
    "this band has no end, so that none may follow it": "linjen er åben: der må ikke følge en efter den",
    "there is a hole before this band: day {} is missing": "der er et hul før denne linje: dag {} mangler",
    "this band overlaps the one before, which goes to day {}": ("linjen overlapper den foregående, som går til dag {}"),
    "this band ends before it begins": "linjen slutter, før den begynder",
    "the last band may not end: write it as 31-": "den sidste linje skal være åben: skriv den som 31-",
    "not an age: expected {} to {}": "ikke en alder: der skal stå {} til {}",
    "the tariffs have to stand in the order of their days, each day once": (
        "taksterne skal stå i dagenes rækkefølge, hver dag én gang"
    ),
    # groups
    "the first group has to count from age 0: otherwise there is a hole below it": (
        "den første gruppe skal gælde fra 0 år: ellers er der et hul under den"
    ),
    "each group has to begin at a higher age than the one before": (
        "hver gruppe skal begynde ved en højere alder end den foregående"
    ),
    "two groups have the same name": "to grupper hedder det samme",
    "the age groups have to stand in the order of their days, each day once": (
        "aldersgrupperne skal stå i dagenes rækkefølge, hver dag én gang"
    ),
    # products
    "it ends before it begins": "perioden slutter, før den begynder",
    "no age is left: below_age has to be higher than from_age": (
        "der er ingen alder tilbage: below_age skal være højere end from_age"
    ),
    "a municipality stands in both lists, with a licence and without": (
        "en kommune står på begge lister, både med og uden licens"
    ),
    "the licence is the library's own, and no municipality has a say in it": (
        "licensen er bibliotekets egen: ingen kommune spiller ind"
    ),
    "the period of this product before it has no end: give that one an until": (
        "produktets forrige periode er åben: giv den en until"
    ),
    "it overlaps the period before it, which goes to {}-{}-{}": (
        "den overlapper den forrige periode, som går til {2}.{1}.{0}"
    ),
    "there is a hole: the period before it goes to {}-{}-{}": "der er et hul: den forrige periode går til {2}.{1}.{0}",
    'say which municipalities hold the licence: municipalities = "own", "all", or a list of codes': (
        'skriv, hvilke kommuner der har licens: municipalities = "own", "all" eller en liste af koder'
    ),
    'expected the name in both languages, as { da = "Aviser", en = "Newspapers" }': (
        'der skal stå navnet på begge sprog: { da = "Aviser", en = "Newspapers" }'
    ),
    'expected "all", "own", or a list of codes, as ["0751", "0101"]': (
        'der skal stå "all", "own" eller en liste af koder som ["0751", "0101"]'
    ),
    'expected a list of codes, as ["0751", "0101"]': 'der skal stå en liste af koder som ["0751", "0101"]',
    'expected "all", or a list of reasons as they stand on the records': (
        'der skal stå "all" eller en liste af årsager, som de står i posterne'
    ),
    # the configuration
    "expected an address that begins with https:// and names a host": (
        "der skal stå en adresse, som begynder med https:// og nævner en vært"
    ),
    "give either client_cert (with client_key) or p12": "giv enten client_cert (med client_key) eller p12",
    "give either path or host": "giv enten path eller host",
    "host needs user, key and known_hosts": "host kræver user, key og known_hosts",
    "user, key and known_hosts belong to host, not to path": "user, key og known_hosts hører til host, ikke til path",
}
#: Sentences with words of the file in them, which are left out or put where `{}` stands.
PATTERNS: Final = tuple(
    (re.compile(pattern, re.DOTALL), danish)
    for pattern, danish in (
        (r"Found invalid character .*|Illegal character .*", "der står et tegn, som ikke hører til i filen"),
        (r"Expected ['\"].*['\"]", "der mangler et tegn: er alle parenteser og anførselstegn lukket?"),
        (r"Cannot declare .* twice", "overskriften står der to gange: saml det under den ene"),
        (r"Cannot (?:mutate immutable|redefine) namespace .*", "det står der allerede på én linje: skriv det samlet"),
        (r"String should match pattern .*", "teksten har ikke den rette form"),
        (r"Unescaped .* in a string", "en \\ i en tekst skal skrives to gange"),
        (r"Duplicate inline table key .*", "det samme navn står to gange på linjen"),
        (r"(?:Input should be a valid date|Datetimes provided to dates).*", "der skal stå en dag som 2027-03-01"),
        (r"Input should be a valid dictionary or instance of .*", "der skal stå en tabel, som { count = 20 }"),
        (r"(?:List|Tuple|Dictionary) should have at least .*", "listen må ikke være tom"),
        (r"(?:List|Tuple|Dictionary) should have at most .*", "listen er for lang"),
        (r"(?:the code|code \d+ of the list) is none of a municipality", "koden er ingen kommunes"),
        (
            r"(?:the code|code \d+ of the list) is (.*)'s, .*",
            "koden tæller ikke som bopæl ({}): den er nedlagt, i Grønland eller ingens",
        ),
        (
            r"no group is called that: age_groups and \[groups\] have (.*)",
            "ingen gruppe hedder sådan: age_groups og [groups] har {}",
        ),
        (
            r"if one group is described, all of age_groups have to be: add (.*)",
            "beskrives én gruppe, skal alle fra age_groups beskrives: tilføj {}",
        ),
    )
)
