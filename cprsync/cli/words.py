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
    "older": ("ældre end den sidste, ikke brugt", "older than the last one, not used"),
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
}


def word(key: str, language: Language, **values: object) -> str:
    """The word in one language; an unknown key is shown as it is."""
    danish, english = WORDS.get(key, (key, key))
    return (danish if language == "da" else english).format(**values)
