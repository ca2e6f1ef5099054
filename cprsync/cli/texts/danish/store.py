"""What errors of the configuration, of the store and of its keys say, in Danish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

STORE: Final[Mapping[str, str]] = {
    # configuration
    "{path}: {why}": "{path}: {why}",
    '--today is for environment = "test" only': '--today er kun til environment = "test"',
    "{path}: larger than {most} bytes": "{path}: større end {most} byte",
    "{path}: the {what} file is not there": "{path}: filen med {what} er der ikke",
    "{path}: cannot be read ({strerror})": "{path}: kan ikke læses ({strerror})",
    "{path}: cannot be read": "{path}: kan ikke læses",
    "{path}: not TOML: {why}": "{path}: ikke TOML: {why}",
    "{path}: not TOML: nested too deep": "{path}: ikke TOML: indlejret for dybt",
    "{path}: not UTF-8": "{path}: ikke UTF-8",
    "{path}: the two markers of the rules do not stand there once, in their order": (
        "{path}: de to mærker om reglerne står der ikke én gang, i deres orden"
    ),
    "say which library with --library AGENCY": "sig, hvilket bibliotek, med --library NUMMER",
    "no [[library]] has that agency": "intet [[library]] har det nummer (agency)",
    "{mock}: of an older mock: start it again": "{mock}: af en ældre mock: start den igen",
    "{mock}: not the mock's ready.json": "{mock}: ikke mockens ready.json",
    "the packaged list {file} cannot be read: install cprsync again": (
        "den medfølgende liste {file} kan ikke læses: installér cprsync igen"
    ),
    "the packaged file {folder}/{name} is missing: install cprsync again": (
        "den medfølgende fil {folder}/{name} mangler: installér cprsync igen"
    ),
    "the packaged schema {name} does not compile: install cprsync again": (
        "det medfølgende skema {name} kan ikke bruges: installér cprsync igen"
    ),
    "{name} is not a table of record fields": "{name} er ikke en tabel over felter i poster",
    "{table} lacks field {field} of record {record}": "{table} mangler feltet {field} i post {record}",
    # the store and its keys
    "the store's url is neither sqlite nor postgresql": "databasens url er hverken sqlite eller postgresql",
    "the store's url names no file": "databasens url nævner ingen fil",
    "the store's url is not one of a database": "databasens url er ikke en databases",
    "the store's driver is missing: install cprsync[postgres]": (
        "databasens driver mangler: installér cprsync[postgres]"
    ),
    "the store's file cannot be opened": "databasens fil kan ikke åbnes",
    "the store's file is not a database, or is damaged": "databasens fil er ikke en database, eller den er beskadiget",
    "the store is not set up yet": "databasen er ikke stillet op endnu",
    "the store is of version {version}, and this program needs {wanted}": (
        "databasen er af version {version}, og dette program kræver {wanted}"
    ),
    "the database lacks a table or a column that this program needs": (
        "databasen mangler en tabel eller en kolonne, som dette program skal bruge"
    ),
    "the store is at step {wanted}, and lacks what that step has: {missing}": (
        "databasen er på trin {wanted}, men mangler noget, som det trin har: {missing}"
    ),
    "the store is at step {current}, which this program does not know: its last one is {wanted}": (
        "databasen er på trin {current}, som dette program ikke kender: dets sidste er {wanted}"
    ),
    "the disk of the database is full, or takes nothing more": (
        "disken, databasen ligger på, er fuld eller tager ikke imod mere"
    ),
    "the database does not answer, or another writer holds it": ("databasen svarer ikke, eller en anden holder den"),
    "the store is only read here, and a write was tried: nothing was written": (
        "her læses der kun, og noget forsøgte at skrive: intet er skrevet"
    ),
    "the database refused a statement ({name})": "databasen afviste en sætning ({name})",
    "an agency's or agreement's name holds a |": "et biblioteks nummer (agency) eller en aftales navn rummer en |",
    "no free patron numbers were found: they are nearly used up": (
        "der blev ikke fundet ledige lånernumre: de er næsten brugt op"
    ),
    "a record changed between the decision and the write": "en post blev ændret mellem afgørelsen og skrivningen",
    "the patron has left between the decision and the write": (
        "låneren meldte sig ud mellem afgørelsen og skrivningen"
    ),
    "the patron was created between the decision and the write": (
        "låneren blev oprettet mellem afgørelsen og skrivningen"
    ),
    "the record's local part changed since it was read": "postens lokale del er ændret, siden den blev læst",
    "another patron has got the number since the decision": "en anden låner har fået nummeret siden afgørelsen",
    "a record is written by another version of the program": "en post er skrevet af en anden version af programmet",
    "a record says that there is none of what is never none": "en post siger, at der mangler noget, der aldrig mangler",
    "a sealed delivery misses a part": "en forseglet leverance mangler en del",
    "a sealed delivery is shorter than it was": "en forseglet leverance er kortere, end den var",
    "a sealed value needs a key that is not in the key folder": (
        "en forseglet værdi kræver en nøgle, der ikke er i nøglemappen"
    ),
    "a sealed value ({owner}) was altered or does not belong where it stands": (
        "en forseglet værdi ({owner}) er ændret eller hører ikke til, hvor den står"
    ),
    "a sealed record is not the one that was written last: an older one stands in its place": (
        "en forseglet post er ikke den, der sidst blev skrevet: en ældre står i dens sted"
    ),
    "the audit chain is broken in {stream} at entry {seq}: {why}": (
        "revisionssporet er brudt i {stream} ved indførsel {seq}: {why}"
    ),
    "the sealed record of patron {patron} was altered: {why}": "den forseglede post om låner {patron} er ændret: {why}",
    "what the register told of them is not what was written": "det, registret fortalte, er ikke det, der blev skrevet",
    "what patron and staff own is not what was written": (
        "det, låneren og personalet ejer, er ikke det, der blev skrevet"
    ),
    "the records are not those that were written last: {why}": "posterne er ikke dem, der sidst blev skrevet: {why}",
    "entries at the end are missing, or more than the head knows": (
        "indførsler til sidst mangler, eller der er flere, end hovedet kender"
    ),
    "entries at the end are missing that were there at a checkpoint": (
        "indførsler til sidst mangler, som var der ved et kontrolpunkt"
    ),
    "the entry is missing": "indførslen mangler",
    "its key is not in the key folder": "dens nøgle er ikke i nøglemappen",
    "the entry was altered or moved": "indførslen er ændret eller flyttet",
    "the reason was altered, moved or taken away": "grunden er ændret, flyttet eller fjernet",
    "the entry is not the one of the checkpoint": "indførslen er ikke kontrolpunktets",
    "the line is not signed by us": "linjen er ikke underskrevet af os",
    "a line before it is missing": "en linje før den mangler",
    "lines at the end are missing that were there before": "linjer til sidst mangler, som var der før",
    "the witness to the audit's heads is missing": "vidnet om revisionssporets hoveder mangler",
    "the witness cannot be read": "vidnet kan ikke læses",
    "the head was altered": "hovedet er ændret",
    "a reason stands beside no entry": "en begrundelse står ved ingen indførsel",
    "an entry is there again that was forgotten": "en indførsel, der var glemt, er der igen",
    "the records are those of an earlier time": "posterne er fra en tidligere tid",
    "a record was put back, taken away or added past the program": (
        "en post er lagt tilbage, fjernet eller tilføjet uden om programmet"
    ),
    "this is not the audit that the code belongs to": "koden hører ikke til dette revisionsspor",
    "the audit is whole: there is nothing to accept": "revisionssporet er helt: der er intet at acceptere",
    "say why you accept an audit that is not whole: --reason TEXT": (
        "skriv, hvorfor du fortsætter med et revisionsspor, der ikke er helt: --reason TEKST"
    ),
    "{file} in the key folder, or the witness to it, cannot be written ({why})": (
        "{file} i nøglemappen, eller vidnet om den, kan ikke skrives ({why})"
    ),
    "this account may not say who acts: [audit] may_name does not list it": (
        "denne konto må ikke sige, hvem der handler: den står ikke i [audit] may_name"
    ),
    "who acts: {why}": "hvem der handler: {why}",
    "expected a name of at most 40 letters": "forventede et navn på højst 40 bogstaver",
    "the key folder holds keys already: they are never overwritten": (
        "nøglemappen rummer allerede nøgler: de overskrives aldrig"
    ),
    "the key file {name} is damaged, not of a key's form: it {serves}": (
        "nøglefilen {name} er beskadiget og har ikke en nøgles form: den {serves}"
    ),
    "seals and opens records": "forsegler og åbner poster",
    "finds patrons by number, card, telephone and address": "finder lånere efter nummer, kort, telefon og adresse",
    "tells whether a record is the same": "fortæller, om en post er den samme",
    "chains the audit": "kæder revisionssporet",
    "signs the audit's heads and the erase journal": "underskriver revisionssporets hoveder og slettejournalen",
    "holds a PIN against what is kept of it": "holder en pinkode op mod det, der er gemt af den",
    "{name} must be this user's alone: mode 0600, a folder 0700": (
        "{name} må kun være denne brugers: tilstand 0600, en mappe 0700"
    ),
    "the database holds patrons, and the keys that they were sealed with are not there": (
        "databasen rummer lånere, og de nøgler, de er forseglet med, er der ikke"
    ),
    "the {purpose} key {id} is not in the key folder, and records were written with it": (
        "nøglen {id} ({purpose}) er ikke i nøglemappen, og poster er skrevet med den"
    ),
    "the {purpose} key {id} in the key folder is another one than the records were written with": (
        "nøglen {id} ({purpose}) i nøglemappen er en anden end den, posterne er skrevet med"
    ),
    "the key folder cannot be made": "nøglemappen kan ikke laves",
    "the key folder or file {name} is missing": "nøglemappen eller filen {name} mangler",
    "the file {name} in the key folder is no key": "filen {name} i nøglemappen er ingen nøgle",
    "{path} is a link: name the file itself": "{path} er en henvisning: angiv selve filen",
    "{path} is no ordinary file": "{path} er ingen almindelig fil",
    "{path} belongs to another user": "{path} tilhører en anden bruger",
    "{path}: others may read it: {mend}": "{path}: andre kan læse den: {mend}",
    "{path}: others may change it: {mend}": "{path}: andre kan ændre den: {mend}",
    "the key folder holds no {purpose} key ({purpose}-1.key): it {serves}": (
        "nøglemappen mangler {purpose}-nøglen ({purpose}-1.key): den {serves}"
    ),
    # files, as they stand inside a sentence
    "configuration": "konfigurationen",
    "policy": "policyen",
}
