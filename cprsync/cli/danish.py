"""What errors say, in Danish: by the English sentence that stands where they are raised.

The values in braces are the same in both. A test reads the sentences from where they stand, so that none is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBERS: Final = re.compile(r"[0-9]+")
DANISH: Final[dict[str, str]] = {
    # the night
    "received {received} persons, accounted for {accounted}": (
        "modtaget {received} personer, gjort rede for {accounted}"
    ),
    "the night would change more than policy.toml allows: {over}": (
        "natten ville ændre mere, end policy.toml tillader: {over}"
    ),
    "the night held its changes back before it was killed, and goes on so": (
        "natten holdt sine ændringer tilbage, før den blev afbrudt, og fortsætter sådan"
    ),
    "the night was asked to stop, and has ended after a whole batch": (
        "natten blev bedt om at standse og er endt efter en hel portion"
    ),
    "another run of this agreement is at work": "en anden kørsel af denne aftale er i gang",
    "a newer run has taken over: this one writes nothing more": (
        "en nyere kørsel har taget over: denne skriver ikke mere"
    ),
    "another program has removed what was sealed so far of a delivery": (
        "et andet program har fjernet det, der var forseglet af en leverance"
    ),
    "stopped from outside": "standset udefra",
    "unexpected {error} at {place}": "uventet {error} ved {place}",
    "unexpected {error} ({strerror}) at {place}": "uventet {error} ({strerror}) ved {place}",
    "there is no run {run}": "der er ingen kørsel {run}",
    "the plan's file cannot be written ({strerror})": "planens fil kan ikke skrives ({strerror})",
    "the answer cannot be written to standard output ({strerror})": (
        "svaret kan ikke skrives til standard output ({strerror})"
    ),
    # deliveries
    "{file}: {why}": "{file}: {why}",
    "{file}: it follows the delivery of {previous}, but the last one taken is of {last}": (
        "{file}: den følger efter leverancen af {previous}, men den sidst tagne er af {last}"
    ),
    "{file}: another delivery of {produced} was taken before (taken sha256 {taken}…, this one {sha256}…)": (
        "{file}: en anden leverance af {produced} er taget før (taget: sha256 {taken}…, denne: {sha256}…)"
    ),
    "{file}: it is of {produced}, a day that has not come yet": (
        "{file}: den er af {produced}, en dag, der ikke er kommet endnu"
    ),
    "{file} is still being written": "{file} er stadig ved at blive skrevet",
    "the delivery of {due} has not arrived; the last one taken is of {last}": (
        "leverancen af {due} er ikke kommet; den sidst tagne er af {last}"
    ),
    "the delivery of {produced} stops no night ({place})": "leverancen af {produced} standser ingen nat ({place})",
    "no delivery of that name waits in the inbox, and no such file can be read": (
        "ingen leverance af det navn venter i indbakken, og der er ingen sådan fil, der kan læses"
    ),
    "a delivery was changed while it was read": "en leverance blev ændret, mens den blev læst",
    "the delivery cannot be read from its folder": "leverancen kan ikke læses fra sin mappe",
    "a delivery cannot be deleted from its folder": "en leverance kan ikke slettes fra sin mappe",
    "the folder of deliveries cannot be read": "mappen med leverancer kan ikke læses",
    "the delivery is larger than one may be": "leverancen er større, end en må være",
    "the delivery has no record 000": "leverancen har ingen post 000",
    "the delivery became shorter while it was read": "leverancen blev kortere, mens den blev læst",
    "the delivery is not ISO-8859-1: {what}": "leverancen er ikke ISO-8859-1: {what}",
    "{named} at byte offset {offset}; in a stream the records after it cannot be found": (
        "{named} ved byte {offset}; uden linjer kan posterne efter den ikke findes"
    ),
    "{named} at byte offset {offset} is too short": "{named} ved byte {offset} er for kort",
    "the delivery is empty: not even record 000 is there": "leverancen er tom: end ikke post 000 er der",
    "the delivery does not begin with record 000": "leverancen begynder ikke med post 000",
    "something follows record 999, at byte offset {offset} or later": (
        "noget følger efter post 999, ved byte {offset} eller senere"
    ),
    "the line at byte offset {offset} has no end": "linjen ved byte {offset} har ingen slutning",
    "the delivery changed while it was read": "leverancen ændrede sig, mens den blev læst",
    "a large delivery needs room for its index in the folder of temporary files, and there is none": (
        "en stor leverance kræver plads til sit register i mappen til midlertidige filer, og der er ingen"
    ),
    "the records 001 are not those of U12170-P: this is another product": (
        "posterne 001 er ikke dem fra U12170-P: det er et andet produkt"
    ),
    "record 999 is missing: the delivery is cut short": "post 999 mangler: leverancen er skåret af",
    "record 000 holds no task number": "post 000 har intet opgavenummer",
    "the delivery is for task {number}, and ours is {task}": (
        "leverancen hører til opgave {number}, og vores er {task}"
    ),
    "record 000: the previous production is not before this one": (
        "post 000: den forrige produktion ligger ikke før denne"
    ),
    "something follows record 999": "noget følger efter post 999",
    "record 000 at byte offset {offset}: another delivery begins before 999": (
        "post 000 ved byte {offset}: en anden leverance begynder før 999"
    ),
    "no record type at byte offset {offset}": "ingen posttype ved byte {offset}",
    "record 999 at byte offset {offset} holds no count": "post 999 ved byte {offset} har intet antal",
    "record 999 counts {says} records, and {found} are there": "post 999 tæller {says} poster, og der er {found}",
    "record 000 holds a production date that is no date": "post 000 har en produktionsdato, der ikke er en dato",
    "the index key is shorter than {least} bytes": "indeksnøglen er kortere end {least} byte",
    # the register
    "not asked: {ceiling} calls in a row got no answer": "ikke spurgt: {ceiling} kald i træk fik intet svar",
    "{host} cannot be reached": "{host} kan ikke nås",
    "{host} refuses our certificate: {why}": "{host} afviser vores certifikat: {why}",
    "the certificate of {host} {problem}": "certifikatet for {host} {problem}",
    "the register answers HTTP {status} and no SOAP": "registret svarer HTTP {status} og ingen SOAP",
    "the register answers HTTP {status}: {why}": "registret svarer HTTP {status}: {why}",
    "the register's answer is no HTTP": "registrets svar er ikke HTTP",
    "the register does not know the number": "registret kender ikke nummeret",
    "the register answers with an unknown result": "registret giver et ukendt resultat",
    "the answer belongs to another operation": "svaret hører til et andet kald",
    "the answer breaks the register's schema ({breach})": "svaret bryder registrets skema ({breach})",
    "the answer is too large: {what}": "svaret er for stort: {what}",
    "the answer is not well-formed XML, or is cut short": "svaret er ikke velformet XML, eller det er skåret af",
    "the answer is no SOAP envelope": "svaret er ingen SOAP-kuvert",
    "the answer is packed in a way that was not asked for": "svaret er pakket på en måde, der ikke blev bedt om",
    "the answer's body does not hold one element": "svarets krop rummer ikke ét element",
    "the answer demands what we do not know of": "svaret kræver noget, vi ikke kender",
    "the answer's packing is damaged": "svarets pakning er beskadiget",
    "the answer declares a document type": "svaret erklærer en dokumenttype",
    "the answer is empty": "svaret er tomt",
    "the answer is in a charset that is not taken": "svaret er i et tegnsæt, der ikke tages imod",
    "the answer holds no person": "svaret rummer ingen person",
    "the answer is not about the number asked for": "svaret handler ikke om det nummer, der blev spurgt om",
    "the answer holds an impossible value": "svaret rummer en umulig værdi",
    "the list of subscriptions breaks the register's schema": "listen over abonnementer bryder registrets skema",
    "the answer's fault or header is too large": "svarets fejl eller hoved er for stort",
    "the list of subscriptions holds what is no number": "listen over abonnementer rummer noget, der ikke er et nummer",
    "the answer is not the list of subscriptions": "svaret er ikke listen over abonnementer",
    "a request of ours breaks the register's schema ({what}): check service_agreement, user_system, user and cvr": (
        "et kald fra os bryder registrets skema ({what}): kontrollér service_agreement, user_system, user og cvr"
    ),
    "one replaced number leads to the next, and to no end": "ét afløst nummer fører til det næste, uden ende",
    "{why} (CallUUID {call})": "{why} (CallUUID {call})",
    "the register does not take the context model that we sent": ("registret tager ikke den kontekstmodel, vi sendte"),
    "the register does not accept our service agreement for this call": (
        "registret godtager ikke vores serviceaftale til dette kald"
    ),
    "the register does not accept our certificate for this call": (
        "registret godtager ikke vores certifikat til dette kald"
    ),
    "the register finds our request malformed": "registret finder vores kald forkert opbygget",
    "the register refuses the call as our mistake": "registret afviser kaldet som vores fejl",
    "the register reports a fault of its own": "registret melder en fejl hos sig selv",
    "the register's address is no https address": "registrets adresse er ingen https-adresse",
    "the register needs at least one worker": "registret kræver mindst én arbejder",
    # SFTP
    "the SFTP folder cannot be listed": "SFTP-mappen kan ikke vises",
    "the SFTP folder holds more than {most} files": "SFTP-mappen rummer flere end {most} filer",
    "a sealed delivery cannot be deleted there": "en forseglet leverance kan ikke slettes dér",
    "{path}: others may read the SFTP key: chmod 600": "{path}: andre kan læse SFTP-nøglen: chmod 600",
    "{path}: the SFTP key cannot be read": "{path}: SFTP-nøglen kan ikke læses",
    "{path}: not a private SSH key, or one with a passphrase": (
        "{path}: ikke en privat SSH-nøgle, eller en med adgangskode"
    ),
    "{path}: the known_hosts file cannot be read": "{path}: filen known_hosts kan ikke læses",
    "{path}: not a known_hosts file": "{path}: ikke en known_hosts-fil",
    "the connection to the SFTP server broke": "forbindelsen til SFTP-serveren blev brudt",
    "the SFTP server's host key is none of those in known_hosts": (
        "SFTP-serverens værtsnøgle er ingen af dem i known_hosts"
    ),
    "the SFTP server does not accept our user and key": "SFTP-serveren godtager ikke vores bruger og nøgle",
    "the SFTP server does not answer": "SFTP-serveren svarer ikke",
    # certificates
    "{which} {problem}": "{which} {problem}",
    "{which} is not valid before {moment}": "{which} er ikke gyldigt før {moment}",
    "{which} has expired: {moment}": "{which} er udløbet: {moment}",
    "{host} {problem}": "{host} {problem}",
    "{why}, each time: it does so at the certificate step when it does not know our certificate; "
    "ours is in date and belongs to its key": (
        "{why}, hver gang: det gør den ved certifikatet, når den ikke kender vores; "
        "vores er gyldigt og hører til sin nøgle"
    ),
    "{path} holds no certificate in PEM form": "{path} rummer intet certifikat i PEM-form",
    "{path} is missing": "{path} mangler",
    "{path} cannot be read": "{path} kan ikke læses",
    "the counterpart's issuers are missing: {ca}": "modpartens udstedere mangler: {ca}",
    "the counterpart's issuers are unreadable: {ca}": "modpartens udstedere kan ikke læses: {ca}",
    # configuration
    "{path}: {why}": "{path}: {why}",
    '{path}: test.control_url belongs to environment = "test"': (
        '{path}: test.control_url hører til environment = "test"'
    ),
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
    "the store is of version {current}, newer than this program": (
        "databasen er af version {current}, nyere end dette program"
    ),
    "the database does not answer, or another writer holds it": ("databasen svarer ikke, eller en anden holder den"),
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
    "the audit chain is broken in {stream} at entry {seq}: {why}": (
        "revisionssporet er brudt i {stream} ved indførsel {seq}: {why}"
    ),
    "entries at the end are missing, or more than the head knows": (
        "indførsler til sidst mangler, eller der er flere, end hovedet kender"
    ),
    "entries at the end are missing that were there at a checkpoint": (
        "indførsler til sidst mangler, som var der ved et kontrolpunkt"
    ),
    "the entry is missing": "indførslen mangler",
    "its key is not in the key folder": "dens nøgle er ikke i nøglemappen",
    "the entry was altered or moved": "indførslen er ændret eller flyttet",
    "the entry is not the one of the checkpoint": "indførslen er ikke kontrolpunktets",
    "the line is not signed by us": "linjen er ikke underskrevet af os",
    "{file} in the key folder cannot be written": "{file} i nøglemappen kan ikke skrives",
    "the key folder holds keys already: they are never overwritten": (
        "nøglemappen rummer allerede nøgler: de overskrives aldrig"
    ),
    "the key file {name} is not of the right form": "nøglefilen {name} har ikke den rette form",
    "{name} must be this user's alone: mode 0600, a folder 0700": (
        "{name} må kun være denne brugers: tilstand 0600, en mappe 0700"
    ),
    "the key folder cannot be made": "nøglemappen kan ikke laves",
    "the key folder or file {name} is missing": "nøglemappen eller filen {name} mangler",
    "the file {name} in the key folder is no key": "filen {name} i nøglemappen er ingen nøgle",
    "the key folder holds no {purpose} key": "nøglemappen rummer ingen nøgle til {purpose}",
    # patrons
    "the patron has no card that a PIN could belong to: import one first": (
        "låneren har intet kort, som en PIN kan høre til: importér et først"
    ),
    "there is no such patron": "der er ingen sådan låner",
    "the patron was merged into {merged_into}: ask for hers": "låneren er lagt sammen med {merged_into}: bed om hendes",
    "the patron has left: nothing is kept of her": "låneren har meldt sig ud: der er intet gemt om hende",
    "still open: {loans} loans, {balance} balances, {responsible} minors she answers for": (
        "endnu åbent: {loans} lån, {balance} mellemværender, {responsible} mindreårige, hun svarer for"
    ),
    "nobody is there to confirm: nothing was erased": "ingen er der til at bekræfte: intet er slettet",
    "the two patron numbers differ: nothing was erased": "de to lånernumre er forskellige: intet er slettet",
    "the erase journal is broken at line {line}: {why}": "slettejournalen er brudt på linje {line}: {why}",
    "the line was altered, or one before it was taken out": "linjen er ændret, eller en før den er taget ud",
    "the line is none of ours": "linjen er ikke vores",
    "not the erase journal that the database has seen: {lines} lines of this library's, and {remembered} seen": (
        "ikke den slettejournal, som databasen har set: bibliotekets linjer er {lines}, og den har set {remembered}"
    ),
    "the erase journal cannot be used ({why})": "slettejournalen kan ikke bruges ({why})",
    "the patron was merged into {merged_into}: set it there": "låneren er lagt sammen med {merged_into}: ret det dér",
    # who answers for a minor
    "a patron does not answer for herself: that is her own number": (
        "en låner er ikke ansvarlig for sig selv: det er hendes eget nummer"
    ),
    "the patron is of age: nobody answers for her new debts": (
        "låneren er myndig: ingen er ansvarlig for hendes nye gæld"
    ),
    "whoever is to answer is a minor herself": "den, der skal være ansvarlig, er selv umyndig",
    "whoever is to answer is dead, abroad or disappeared, or her number is annulled": (
        "den, der skal være ansvarlig, er død, udrejst eller forsvundet, eller nummeret er annulleret"
    ),
    "four answer for the patron already": "fire er allerede ansvarlige for låneren",
    "the patron answers for her, or for someone who does": (
        "låneren er selv ansvarlig for hende, eller for en, der er det"
    ),
    "the patron only answers for someone herself: she owes nothing": (
        "låneren er kun ansvarlig for en anden: hun skylder intet selv"
    ),
    "the patron is no person: nobody answers for an institution": (
        "låneren er ikke en person: ingen er ansvarlig for en institution"
    ),
    "who answered for the patron has no record any more: add her again": (
        "den ansvarlige har ikke længere en post: opret ansvaret igen"
    ),
    "that person does not answer for the patron": "den person er ikke ansvarlig for låneren",
    "not a number of the register's: enter her as a patron first": (
        "ikke et af registrets numre: opret hende først som låner"
    ),
    "the register has replaced that number: ask for the new one": (
        "registret har udskiftet det nummer: spørg efter det nye"
    ),
    "another patron has that number: both now wait for a person": (
        "en anden låner har det nummer: begge venter nu på et menneske"
    ),
    "her number is real already: only the register replaces it": (
        "hendes nummer er allerede et rigtigt: kun registret afløser det"
    ),
    "the register has replaced that number itself: ask for the new one": (
        "registret har selv afløst det nummer: bed om det nye"
    ),
    "a replacement number: the register does not know it, and it is never sent": (
        "et erstatningsnummer: registret kender det ikke, og det sendes aldrig"
    ),
    "a replacement number: only one of the register's takes the place of another": (
        "et erstatningsnummer: kun et af registrets numre kan afløse et andet"
    ),
    "{name} is not set here: {why}": "{name} sættes ikke her: {why}",
    "no such field: these may be set: {fields}": "der er intet sådant felt; disse kan sættes: {fields}",
    "{name} is set for good: it takes no --reason and no --until": (
        "{name} sættes uden slutdag: det tager hverken --reason eller --until"
    ),
    "{name} is the register's: say why with --reason TEXT": '{name} er registrets: sig hvorfor med --reason "…"',
    "{name} is the register's: say --until YYYY-MM-DD": "{name} er registrets: sig --until ÅÅÅÅ-MM-DD",
    "{field}: {why}": "{field}: {why}",
    "{why}": "{why}",
    "the reason is longer than {most} characters, or no plain text": (
        "grunden er længere end {most} tegn eller ikke almindelig tekst"
    ),
    "the reason is empty, longer than {most} characters, or not on one line": (
        "grunden er tom, længere end {most} tegn eller ikke på én linje"
    ),
    "the reason holds what looks like a CPR number: it is kept in clear": (
        "grunden rummer noget, der ligner et personnummer: den gemmes i klar tekst"
    ),
    "a reason is for --reveal: without it nothing is opened": "en grund hører til --reveal: uden den åbnes intet",
    "what is sealed opens for a reason only: --reason TEXT": ('det forseglede åbnes kun med en grund: --reason "…"'),
    "longer than {most} characters": "længere end {most} tegn",
    "not readable as text in UTF-8": "kan ikke læses som tekst i UTF-8",
    # import
    "the file cannot be read": "filen kan ikke læses",
    "the file cannot be read ({strerror})": "filen kan ikke læses ({strerror})",
    "the file is empty: expected a header line": "filen er tom: der skulle være en overskriftslinje",
    "after line {line}: not readable as CSV": "efter linje {line}: kan ikke læses som CSV",
    "at line {line}: not readable as JSON: expected a list of objects, or one object a line": (
        "ved linje {line}: kan ikke læses som JSON: der skulle være en liste af objekter eller ét objekt pr. linje"
    ),
    "the file is text neither in UTF-8 nor in Windows-1252": "filen er tekst i hverken UTF-8 eller Windows-1252",
    "the file is read twice: a pipe can be read once only": "filen læses to gange: et rør kan kun læses én gang",
    "the list of refused rows cannot be written ({strerror})": (
        "listen over afviste rækker kan ikke skrives ({strerror})"
    ),
    "line {line}: column {position} is not known: the columns are {columns}": (
        "linje {line}: kolonne {position} er ukendt: kolonnerne er {columns}"
    ),
    "line {line}: column {position} stands there twice": "linje {line}: kolonne {position} står der to gange",
    # what waits for a person
    "there is no review item {number}": "der er intet punkt {number}",
    "review item {number} ({state}) holds nothing that can be taken back": (
        "punkt {number} ({state}) rummer intet, der kan tages tilbage"
    ),
    "review item {number} ({state}) was neither rejected nor taken back": (
        "punkt {number} ({state}) er hverken afvist eller taget tilbage"
    ),
    "review item {number} no longer waits: it is {state}": "punkt {number} venter ikke længere: det er {state}",
    "review item {id} was answered or settled in the meantime": (
        "punkt {id} er besvaret eller faldet væk i mellemtiden"
    ),
    "review item {id} was answered too long ago: what taking it back needs is forgotten": (
        "punkt {id} blev besvaret for længe siden: det, der skal til for at tage det tilbage, er glemt"
    ),
    "review item {id} does not say which other patron it is about: reject it": (
        "punkt {id} siger ikke, hvilken anden låner det handler om: afvis det"
    ),
    "review item {id}: of nobody who answers for the patron it is true any more": (
        "punkt {id}: det gælder ikke længere nogen, der er ansvarlig for låneren"
    ),
    "review item {id}: a patron it is about has been merged into another since": (
        "punkt {id}: en låner, det handler om, er siden lagt sammen med en anden"
    ),
    "review item {id}: item {waiting} asks the same and waits; answer that one": (
        "punkt {id}: punkt {waiting} spørger om det samme og venter; besvar det"
    ),
    "review item {id}: the register no longer says what it asks about": (
        "punkt {id}: registret siger ikke længere det, som punktet spørger om"
    ),
    "review item {id}: there is no block to lift any more": "punkt {id}: der er ingen blokering at ophæve længere",
    "review item {id}: the register has spoken of the patron since": (
        "punkt {id}: registret har siden udtalt sig om låneren"
    ),
    "the patron who kept has herself been merged since: take that back first": (
        "låneren, der blev, er siden selv lagt sammen med en anden: tag det tilbage først"
    ),
    "another patron has the number by now: nothing was taken back": (
        "en anden låner har nummeret nu: intet er taget tilbage"
    ),
    "{count} records merged today are more than the limit of {limit}": (
        "{count} poster lagt sammen i dag er over grænsen på {limit}"
    ),
    "{path}: the demo needs a folder of its own, and this one is not empty": (
        "{path}: demoen kræver en mappe for sig selv, og denne er ikke tom"
    ),
    "--privacy and --article30 are two pages: ask for one": "--privacy og --article30 er to sider: bed om én",
    "{path}: nothing can be written there ({strerror})": "{path}: der kan ikke skrives noget dér ({strerror})",
    "what is taken back has no last day: leave --until out": (
        "det, der tages tilbage, har ingen slutdag: udelad --until"
    ),
    "{field}: the value is empty": "{field}: værdien er tom",
    # files, as they stand inside a sentence
    "configuration": "konfigurationen",
    "policy": "policyen",
    # parts of a sentence: what is said of a certificate, a host, an answer or a value
    "our own certificate": "vores eget certifikat",
    "the issuer of our own certificate": "udstederen af vores eget certifikat",
    "it got none": "den fik intet",
    "it got none, or agreed on no way to encrypt": "den fik intet eller blev ikke enig om en kryptering",
    "it does not know the issuer": "den kender ikke udstederen",
    "it finds it expired or not yet valid": "den finder det udløbet eller ikke gyldigt endnu",
    "it finds it revoked": "den finder det tilbagekaldt",
    "it does not accept it": "den godtager det ikke",
    "it finds it damaged or wrong": "den finder det beskadiget eller forkert",
    "it does not take this kind": "den tager ikke denne slags",
    "it cannot verify its signature": "den kan ikke efterprøve dets underskrift",
    "it gives it no access": "den giver det ingen adgang",
    "is not yet valid": "er ikke gyldigt endnu",
    "has expired": "er udløbet",
    "is for another host name": "gælder et andet værtsnavn",
    "is for another address": "gælder en anden adresse",
    "does not come from an issuer that we trust": "kommer ikke fra en udsteder, vi har tillid til",
    "takes no connections": "tager ikke imod forbindelser",
    "did not answer in time": "svarede ikke i tide",
    "closed the connection before it answered": "lukkede forbindelsen, før den svarede",
    "broke its answer off": "afbrød sit svar",
    "it points to another address, which is not followed": "det peger på en anden adresse, som ikke følges",
    "it wants another kind of access": "det vil have en anden slags adgang",
    "our certificate or agreement has no access": "vores certifikat eller aftale har ingen adgang",
    "there is no such service: check the address": "der er ingen sådan tjeneste: kontrollér adressen",
    "our request is too large": "vores kald er for stort",
    "is not set: give client_cert and client_key, or p12": "er ikke sat: giv client_cert og client_key, eller p12",
    "does not belong to the key": "hører ikke til nøglen",
    "or its key is unreadable: not in PEM form, or locked with a password": (
        "eller dets nøgle kan ikke læses: ikke i PEM-form, eller låst med en adgangskode"
    ),
    "is unreadable: no .p12, or its password is missing or wrong": (
        "kan ikke læses: ingen .p12, eller dens adgangskode mangler eller er forkert"
    ),
    "is unreadable: the .p12 lacks the key or the certificate": (
        "kan ikke læses: .p12-filen mangler nøglen eller certifikatet"
    ),
    "was not issued by the certificate that follows it in the file": (
        "er ikke udstedt af det certifikat, der følger efter det i filen"
    ),
    "only the register protects, and only its word ends it": "kun registret beskytter, og kun dets ord ophæver det",
    "only the register says it": "kun registret siger det",
    "`cprsync patron set-cpr` makes a replacement number real": (
        "`cprsync patron set-cpr` gør et erstatningsnummer til et rigtigt"
    ),
    "a correction needs its last day: only a patron group may stay": (
        "en rettelse skal have en slutdag: kun en lånergruppe må blive"
    ),
    "it may hold for {} days: policy.toml, overrides.max_days": (
        "den må gælde i {} dage: policy.toml, overrides.max_days"
    ),
    "expected one line, or up to {} for an address": "der skulle stå én linje, eller op til {} for en adresse",
    "a line is longer than {} characters": "en linje er længere end {} tegn",
    "expected one line of at most {} characters": "der skulle stå én linje på højst {} tegn",
    "expected a line c/o and up to {} more, of at most {} characters": (
        "der skulle stå en linje c/o og op til {} mere, på højst {} tegn"
    ),
    "expected up to {}, one a line, and a * before one of them at most": (
        "der skulle stå op til {}, én på hver linje, og en * foran højst én af dem"
    ),
    "longer than {} characters": "længere end {} tegn",
    "expected up to {} blocks, one a line of at most {} characters": (
        "der skulle stå op til {} blokeringer, én på hver linje på højst {} tegn"
    ),
    "its last day has passed": "dens slutdag er overstået",
    "not a day: expected YYYY-MM-DD": "ikke en dag: der skulle stå ÅÅÅÅ-MM-DD",
    "nobody who lives today is born on that day": "ingen, der lever i dag, er født den dag",
    "no Danish municipality of today has that code: it has four digits, as 0751": (
        "ingen dansk kommune i dag har den kode: den har fire cifre, som 0751"
    ),
    "expected a language code such as da or en": "der skulle stå en sprogkode som da eller en",
    "expected telephone numbers: digits, with a + before a foreign one": (
        "der skulle stå telefonnumre: cifre, med + foran et udenlandsk"
    ),
    "expected e-mail addresses: name@place": "der skulle stå e-mailadresser: navn@sted",
    "expected one day or two, the first and the last, as YYYY-MM-DD": (
        "der skulle stå én dag eller to, den første og den sidste, som ÅÅÅÅ-MM-DD"
    ),
    "expected a PIN of 4 to 12 digits": "der skulle stå en PIN på 4 til 12 cifre",
    "expected on each line the day it began, as YYYY-MM-DD, and why": (
        "der skulle på hver linje stå dagen, den begyndte, som ÅÅÅÅ-MM-DD, og hvorfor"
    ),
    "there is no such day": "der er ingen sådan dag",
    "the last day comes before the first": "den sidste dag ligger før den første",
    "not a CPR number: expected ten digits, with at most one hyphen after the sixth": (
        "ikke et personnummer: der skulle stå ti cifre, med højst én bindestreg efter det sjette"
    ),
    # states of an item
    "waiting": "venter",
    "accepted": "godkendt",
    "rejected": "afvist",
    "settled": "faldet væk",
    "undone": "taget tilbage",
}


def in_danish(told: Mapping[str, Any]) -> str:
    """The sentence of an error as `told()` keeps it, with its values; one that has no words here stays English."""
    sentence: str = told["sentence"]
    values = {name: _value(value) for name, value in told["values"].items()}
    return DANISH.get(sentence, sentence).format(**values) if values else DANISH.get(sentence, sentence)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return in_danish(value)
    if value in DANISH:
        return DANISH[value]
    # what the domain says of a typed value has its limits in it
    unnumbered = _NUMBERS.sub("{}", value)
    return DANISH[unnumbered].format(*_NUMBERS.findall(value)) if unnumbered in DANISH else str(value)
