"""The words of the reports, Danish first and English second. Holds no numbers and no names of people."""

from __future__ import annotations

from typing import Literal

Language = Literal["da", "en"]

WORDS: dict[str, tuple[str, str]] = {
    # the night's report
    "night": ("Natten til {day}", "The night of {day}"),
    "run": ("kørsel {run}", "run {run}"),
    "resumed": ("genoptaget", "resumed"),
    "nothing": ("Intet at gøre.", "Nothing to do."),
    "received": ("modtaget", "received"),
    "applied": ("ændret", "applied"),
    "unchanged": ("uændret", "unchanged"),
    "parked": ("venter på et menneske", "parked for a person"),
    "not_ours": ("ikke vores", "not ours"),
    "held": ("holdt tilbage", "held back"),
    "adds_up": ("går op", "adds up"),
    "does_not_add_up": ("GÅR IKKE OP", "DOES NOT ADD UP"),
    "delivery": ("Leverance", "Delivery"),
    "changes": ("Ændringer", "Changes"),
    "subscribed": ("Nye abonnementer: {added} (i alt {total})", "New subscriptions: {added} ({total} in all)"),
    "waiting": ("Venter til netmedierne (CULR): {waiting}", "Waiting for the net media (CULR): {waiting}"),
    "reasons": ("Et menneske skal se på", "Someone should look at"),
    "left": ("Uden for leverancen venter på et menneske: {left}", "Outside the delivery, left to a person: {left}"),
    "let_through": ("Gik igennem alligevel", "Went through all the same"),
    "brake": ("BREMSEN STOPPEDE NATTEN", "THE BRAKE STOPPED THE NIGHT"),
    "brake_class": ("{what}: {count}, grænsen er {limit}", "{what}: {count}, the limit is {limit}"),
    "stopped": ("STANDSET", "STOPPED"),
    "applied_delivery": ("taget", "taken"),
    "repeat": ("allerede taget, intet at gøre", "already taken, nothing to do"),
    "older_delivery": ("ældre end den sidste, ikke brugt", "older than the last one, not used"),
    "refused": ("afvist", "refused"),
    # what happens to a record
    "first_copy": ("første kopi", "first copy"),
    "protect": ("beskyttelse begynder", "protection begins"),
    "unprotect": ("beskyttelse ophører", "protection ends"),
    "protection_settled": ("beskyttelse afklaret", "protection settled"),
    "named": ("navngivet", "named"),
    "rename": ("nyt navn", "renamed"),
    "birth_corrected": ("fødselsdato rettet", "birth date corrected"),
    "move": ("flyttet", "moved"),
    "address_corrected": ("adresse rettet", "address corrected"),
    "municipality": ("ny kommune", "new municipality"),
    "emigrate": ("udrejst", "emigrated"),
    "abroad_corrected": ("udlandsadresse rettet", "address abroad corrected"),
    "contact": ("kontaktadresse", "contact address"),
    "die": ("død", "died"),
    "status": ("anden status", "another status"),
    "stop_letters": ("breve standset", "letters stopped"),
    "vanish": ("forsvundet", "disappeared"),
    "found": ("genfundet", "found again"),
    "return": ("genindrejst", "returned from abroad"),
    "death_annulled": ("dødsfald annulleret", "death annulled"),
    "number_annulled": ("personnummer annulleret", "number annulled"),
    "number_restored": ("personnummer gyldigt igen", "number valid again"),
    "renumber": ("nyt personnummer", "another number"),
    # why nothing is written, or a person should look
    "older": ("en nyere kilde har talt", "a newer source has spoken"),
    "old_number": ("nummeret er skiftet ud", "the number was replaced"),
    "block.dead": ("død: blokering foreslås", "dead: a block is proposed"),
    "block.disappeared": ("forsvundet: blokering foreslås", "disappeared: a block is proposed"),
    "block.annulled": ("annulleret nummer: blokering foreslås", "annulled number: a block is proposed"),
    "death.annulled": ("dødsfald annulleret: blokeringen kan ophæves", "death annulled: the block can be lifted"),
    "person.found": ("genfundet: blokeringen kan ophæves", "found again: the block can be lifted"),
    "number.restored": ("gyldigt nummer igen: blokeringen kan ophæves", "number valid again: the block can be lifted"),
    "card.taken": ("kortet er en andens", "the card is someone else's"),
    "abroad.country": ("landekoden kan ikke læses", "the country code cannot be read"),
    "address.missing": ("registret har ingen adresse", "the register has no address"),
    "address.code": ("adressens koder kan ikke læses", "the address's codes cannot be read"),
    "address.municipality": ("kommunekoden kan ikke læses", "the municipality code cannot be read"),
    "address.street": ("vejkoden kan ikke læses", "the street code cannot be read"),
    "address.contradiction": ("to adresser modsiger hinanden", "two addresses contradict each other"),
    "name.lost": ("navnet er væk", "the name is gone"),
    "number.annulled": ("nummeret er annulleret", "the number is annulled"),
    "number.old": ("et gammelt nummer", "an old number"),
    "number.old_active": ("et gammelt nummer lever igen", "an old number lives again"),
    "number.replaced": ("et nummer på vejen til det nuværende", "a number on the way to the present one"),
    "number.both_patrons": ("begge numre er låneres", "both numbers are patrons'"),
    "number.circle": ("numrene afløser hinanden i ring", "the numbers replace each other in a circle"),
    "number.unresolved": (
        "nummeret er skiftet ud, men ikke med hvad",
        "the number was replaced, and not said by which",
    ),
    "person.current_number": ("det nye nummer kan ikke læses", "the new number cannot be read"),
    "person.duplicate_": ("en posttype står to gange", "a record type stands twice"),
    "person.no_001": ("stamposten (001) mangler", "the main record (001) is missing"),
    "person.number": ("nummeret kan ikke læses", "the number cannot be read"),
    "person.status": ("ukendt status", "an unknown status"),
    "person.too_large": ("for mange poster om én", "too many records about one"),
    "protection.contradicted": (
        "filen siger beskyttelsen er ophørt, registret siger nej",
        "the file says that protection has ended, the register says no",
    ),
    "protection.type": ("beskyttelsens art kan ikke læses", "the kind of protection cannot be read"),
    "status.missing": ("registret siger ingen status", "the register gives no status"),
    # why the register brought no answer about someone
    "register.agreement": ("aftalen godtages ikke", "our agreement is not accepted"),
    "register.bad_answer": ("svaret kan ikke bruges", "the answer cannot be used"),
    "register.certificate": ("certifikatet godtages ikke", "our certificate is not accepted"),
    "register.charset": ("svaret er i et fremmed tegnsæt", "the answer is in a foreign charset"),
    "register.closed": ("forbindelsen blev lukket", "the connection was closed"),
    "register.context": ("konteksten godtages ikke", "our context is not accepted"),
    "register.cut": ("svaret blev afbrudt", "the answer was cut short"),
    "register.doctype": ("svaret erklærer en dokumenttype", "the answer declares a document type"),
    "register.empty_answer": ("svaret er uden person", "the answer holds no person"),
    "register.empty_body": ("svaret er tomt", "the answer is empty"),
    "register.encoding": ("svaret er pakket forkert", "the answer is packed wrongly"),
    "register.fault": ("registret melder en fejl hos sig selv", "the register reports a fault of its own"),
    "register.given_up": ("ikke spurgt: registret svarer ikke", "not asked: the register does not answer"),
    "register.http": ("registret svarer uden SOAP", "the register answers without SOAP"),
    "register.impossible_value": ("svaret har en umulig værdi", "the answer holds an impossible value"),
    "register.must_understand": ("svaret kræver noget ukendt", "the answer demands what we do not know"),
    "register.no_such_person": ("registret kender ikke nummeret", "the register does not know the number"),
    "register.not_soap": ("svaret er ikke SOAP", "the answer is no SOAP"),
    "register.not_xml": ("svaret er ikke XML", "the answer is no XML"),
    "register.other_person": ("svaret er om en anden", "the answer is about someone else"),
    "register.oversized": ("svaret er for stort", "the answer is too large"),
    "register.refused": ("registret afviser kaldet", "the register refuses the call"),
    "register.request": ("registret finder kaldet forkert", "the register finds the call malformed"),
    "register.schema": ("svaret bryder registrets skema", "the answer breaks the register's schema"),
    "register.timeout": ("registret svarede ikke i tide", "the register did not answer in time"),
    "register.unavailable": ("registret svarer ikke", "the register does not answer"),
    "register.unknown_result": ("registret giver et ukendt resultat", "the register gives an unknown result"),
    "register.unreachable": ("registret kan ikke nås", "the register cannot be reached"),
    "register.wrong_root": ("svaret hører til et andet kald", "the answer belongs to another call"),
    # questions that stay open until the register has answered
    "protection_end": ("er beskyttelsen ophørt?", "has the protection ended?"),
    "number_change": ("hvem er det under det nye nummer?", "who is it under the new number?"),
    # classes of harm
    "address_lost": ("adresser forsvinder", "addresses lost"),
    "protection_lifted": ("beskyttelser ophører", "protections lifted"),
    "entitlement_lost": ("mister netmedier", "rights to net media lost"),
    "gone": ("døde, udrejste, forsvundne", "dead, emigrated, disappeared"),
    "merged": ("poster lægges sammen", "records merged"),
    "name_replaced": ("nye navne", "names replaced"),
    "changed": ("ændringer i alt", "changes in all"),
    "unsubscribed": ("abonnementer mangler eller ophører", "subscriptions missing or ending"),
    # the demo
    "demo_title": ("En uge på biblioteket", "A week at the library"),
    "demo_set_up": (
        "Opstilling: certifikater, et falsk register, en tom database og {patrons} lånere",
        "Set-up: certificates, a mock register, an empty store and {patrons} patrons",
    ),
    "demo_first": ("Dagen før: lånerne får abonnement og første kopi", "Beforehand: subscriptions and first copies"),
    "demo_happens": ("I registret sker der", "In the register"),
    "demo_quiet": ("ingen leverance: weekend eller helligdag", "no delivery: weekend or holiday"),
    "demo_compare": ("Sammenligning med registret", "Compared with the register"),
    "demo_equal": (
        "{equal} af {patrons} poster er lig registrets egen tilstand",
        "{equal} of {patrons} records equal the register's own state",
    ),
    "demo_intended": ("Med vilje anderledes", "Different on purpose"),
    "demo_differs": ("AFVIGER", "DIFFERS"),
    "demo_kept": ("Alt ligger i {folder}", "Everything is in {folder}"),
    "event_move": ("flytter", "moves"),
    "event_rename": ("skifter navn", "changes name"),
    "event_protect": ("får navne- og adressebeskyttelse", "gains name and address protection"),
    "event_unprotect": ("har ikke længere beskyttelse", "is no longer protected"),
    "event_emigrate": ("udrejser", "emigrates"),
    "event_die": ("dør", "dies"),
    "event_birthdate": ("får rettet sin fødselsdato", "has the birth date corrected"),
    "event_resend": ("sendes igen", "is sent again"),
    "not_patron": ("ikke låner", "no patron"),
    "decisions": ("Beslutninger", "Decisions"),
}


def word(key: str, language: Language, **values: object) -> str:
    """The word in one language; an unknown key is shown as it is."""
    danish, english = WORDS.get(key, (key, key))
    return (danish if language == "da" else english).format(**values)


def reason_words(reason: str, language: Language) -> str:
    """Why nothing is written, or someone should look; a patron named after a colon is named here too."""
    kind, _, patron = reason.partition(":")
    if kind not in WORDS and (head := f"{kind.rpartition('_')[0]}_") in WORDS:
        # the record type stands at the end
        return f"{word(head, language)} ({kind.removeprefix(head)})"
    return f"{word(kind, language)} ({patron})" if patron else word(kind, language)
