"""The words of the night's report, of a failure, and of the nights that were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NIGHT: Final[Mapping[str, tuple[str, str]]] = {
    # the night's report
    "night": ("Natten til {day}", "The night of {day}"),
    "run": ("kørsel {run}", "run {run}"),
    "only_planned": ("kun planlagt", "only planned"),
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
    "night_rights": ("Ret til {product}: {turned}", "Right to {product}: {turned}"),
    "night_opened": ("{count} åbnet", "{count} opened"),
    "night_closed": ("{count} lukket", "{count} closed"),
    "night_undecided": ("{count} uafklaret", "{count} undecided"),
    "night_unchanged": ("{count} uændret", "{count} unchanged"),
    "night_untold": ("; {count} venter på, at CULR får det at vide", "; {count} waiting for CULR to be told"),
    "told": ("Meldt til netmedierne (CULR): {sent}", "Told to the net media (CULR): {sent}"),
    "subscriptions_ended": ("Ophørte abonnementer: {ended}", "Subscriptions ended: {ended}"),
    "waiting": ("Venter til netmedierne (CULR): {waiting}", "Waiting for the net media (CULR): {waiting}"),
    "waiting_unset": (
        "Netmedierne er ikke sat op ([library.culr]), så CULR får intet at vide; ændringer, der venter: {waiting}",
        "The net media are not set up ([library.culr]), so CULR is told nothing; changes that wait: {waiting}",
    ),
    "not_taken": ("Afvist af netmedierne (CULR): {failed}", "Refused by the net media (CULR): {failed}"),
    "reasons": ("Et menneske skal se på", "Someone should look at"),
    "left": ("Uden for leverancen venter på et menneske: {left}", "Outside the delivery, left to a person: {left}"),
    "let_through": ("Gik igennem alligevel", "Went through all the same"),
    "brake": ("BREMSEN STOPPEDE NATTEN", "THE BRAKE STOPPED THE NIGHT"),
    "would_let_through": ("Ville gå igennem alligevel", "Would go through all the same"),
    "would_brake": ("BREMSEN VILLE STOPPE NATTEN", "THE BRAKE WOULD STOP THE NIGHT"),
    "brake_class": ("{what}: {count}, grænsen er {limit}", "{what}: {count}, the limit is {limit}"),
    "brake_look": (
        "Se, hvad der ville være sket: cprsync runs show {run}",
        "See what would have happened: cprsync runs show {run}",
    ),
    "brake_planned": (
        "Se, hvad der ville ske: cprsync sync --dry-run --plan FIL",
        "See what would happen: cprsync sync --dry-run --plan FILE",
    ),
    "brake_wrong": (
        "Er natten forkert, så bed platformen om en ny fil.",
        "If the night is wrong, ask the platform for a new file.",
    ),
    "brake_raise": (
        "Er den rigtig, så hæv i policy.toml for én nat {keys}; kør cprsync sync igen, og sæt det tilbage.",
        "If it is right, raise in policy.toml for one night {keys}; run cprsync sync again, and set it back.",
    ),
    "brake_key": ("guard.{name}.count (mindst {count})", "guard.{name}.count (at least {count})"),
    "brake_ceiling": (
        "guard.{name}.count og guard.{name}.ceiling (mindst {count})",
        "guard.{name}.count and guard.{name}.ceiling (at least {count})",
    ),
    "brake_empty_list": (
        "Er registrets liste over abonnementer tom, hjælper ingen grænse: spørg platformen.",
        "If the register's list of subscriptions is empty, no limit helps: ask the platform.",
    ),
    "stopped": ("STANDSET", "STOPPED"),
    "unheard": ("Natten er levet, men CULR hørte ikke alt", "The night is done, but CULR did not hear all of it"),
    # deliveries, looked at by hand
    "feed_delivery": (
        "opgave {task}, produceret {produced}, den forrige {previous}",
        "task {task}, produced {produced}, previous {previous}",
    ),
    "feed_counts": (
        "{framing}: {records} poster, {persons} personer",
        "{framing}: {records} records, {persons} persons",
    ),
    "feed_lines": ("linjer", "lines"),
    "feed_stream": ("uden linjer", "stream"),
    "feed_by_record": ("efter posttype", "by record"),
    "feed_by_status": ("efter status", "by status"),
    "feed_by_event": ("efter hændelse", "by event"),
    "feed_protected": ("beskyttede: {protected}, hændelser: {events}", "protected: {protected}, events: {events}"),
    "feed_unknown": ("ukendte poster", "unknown records"),
    "feed_whole": ("hel og ubeskadiget", "whole and undamaged"),
    "feed_fetched": (
        "{new} forseglet i indbakken, {known} var der allerede",
        "{new} sealed in the inbox, {known} were there already",
    ),
    "feed_accepted": (
        "produceret {produced}, efter {previous}: næste `cprsync sync` bruger den",
        "produced {produced}, after {previous}: the next `cprsync sync` applies it",
    ),
    "feed_accepted_behind": (
        "produceret {produced}, efter {previous}: den bruges, når intet standser natten før den",
        "produced {produced}, after {previous}: it is applied once nothing stops the night before it",
    ),
    "feed_behind": (
        (
            "{file} kunne ikke bruges og standser natten, så længe den ligger, hvor den blev leveret "
            "(se `cprsync feed discard`)"
        ),
        (
            "{file} could not be used, and stops the night for as long as it lies where it was delivered "
            "(see `cprsync feed discard`)"
        ),
    ),
    "feed_discarded": (
        "lagt til side for altid: ingen nat ser på den igen, og ingen lånere er ændret",
        "set aside for good: no night looks at it again, and no record was changed",
    ),
    "feed_left_gap": (
        (
            "Dens dag mangler nu: den næste leverance standser ved hullet, og `cprsync feed accept` går over det. "
            "Kommer den rigtige fil, bruges den af sig selv."
        ),
        (
            "Its day is missing now: the next delivery stops at the gap, and `cprsync feed accept` goes over it. "
            "If the right file comes, it is taken by itself."
        ),
    ),
    "feed_left_wider_gap": (
        (
            "Dagene før den mangler også: bed platformen om dem. Den næste leverance standser ved hullet, og "
            "`cprsync feed accept` går over det hele."
        ),
        (
            "The days before it are missing as well: ask the platform for them. The next delivery stops at the gap, "
            "and `cprsync feed accept` goes over all of it."
        ),
    ),
    "feed_left_expected": (
        "Dens dag er ikke kommet endnu, så der er intet hul: den dags rigtige leverance bruges, når den kommer.",
        "Its day has not come yet, so there is no gap: that day's true delivery is taken when it comes.",
    ),
    "feed_left_nothing": (
        "En leverance af den dag eller en senere er brugt, så der er intet hul.",
        "A delivery of that day or a later one was taken, so there is no gap.",
    ),
    "feed_left_beginning": (
        "Ingen leverance er brugt endnu, så intet hul vil vise sig: den første hele leverance begynder kæden.",
        "No delivery was taken yet, so no gap will show: the first whole delivery begins the chain.",
    ),
    "feed_other_copy": (
        "En anden fil af samme navn er ikke rørt: sha256 {sha256}…, {size} byte, {state}",
        "Another file of the same name is left as it is: sha256 {sha256}…, {size} bytes, {state}",
    ),
    "feed_copy_taken": ("brugt af en nat", "taken by a night"),
    "feed_copy_discarded": ("lagt til side", "set aside"),
    "feed_copy_refused": ("afvist af en nat", "refused by a night"),
    "feed_copy_waiting": ("venter i indbakken", "waits in the inbox"),
    "init_there": ("alt var der allerede", "everything was there already"),
    "guide_next": ("Læs en side: cprsync guide SIDE", "Read one: cprsync guide TOPIC"),
    "init_next": ("Nu: {command}", "Next: {command}"),
    # the store
    "db_upgraded": ("Databasen er klar, i version {version}.", "The store is ready, at version {version}."),
    "db_current": (
        "Databasen er i version {version}, som den skal være.",
        "The store is at version {version}, as needed.",
    ),
    "db_other": (
        "Databasen er i version {version}, og dette program kræver {wanted}: cprsync db upgrade",
        "The store is at version {version}, and this program needs {wanted}: cprsync db upgrade",
    ),
    "db_newer": (
        "Databasen er på trin {version}, dette program ikke kender (dets sidste er {wanted}): brug et nyere cprsync.",
        "The store is at step {version}, which this program does not know (its last is {wanted}): use a newer cprsync.",
    ),
    "db_lacks": (
        "Databasen er på trin {version}, men er ændret udefra og mangler dette. Gendan den fra en kopi:",
        "The store is at step {version}, but was changed from outside and lacks this. Restore it from a backup:",
    ),
    "db_none": (
        "Databasen er ikke stillet op endnu: cprsync db upgrade",
        "The store is not set up yet: cprsync db upgrade",
    ),
    # subscriptions, ours and theirs
    "subscribed_patron": ("låner", "patron"),
    "subscribed_responsible": ("økonomisk ansvarlig", "responsible"),
    "subscribed_old_number": ("gammelt nummer", "old number"),
    "subscribed_dead": ("død", "dead"),
    "subscribed_left": ("udmeldt", "left"),
    "reconcile_kept": ("hos begge", "kept"),
    "reconcile_missing": ("mangler hos registret", "missing"),
    "reconcile_surplus": ("kun hos registret", "surplus"),
    "reconcile_added": ("oprettet", "added"),
    "reconcile_removed": ("afmeldt", "removed"),
    "reconcile_brake": (
        "Standset: {count} skulle afmeldes eller mangler, højst {limit} må; intet er afmeldt.",
        "Stopped: {count} to be removed or missing, at most {limit} may be; nothing was removed.",
    ),
    "reconcile_dry": ("Intet er ændret: --apply gør det.", "Nothing was changed: --apply does it."),
    # a failure
    "failure_changed": ("ændret", "changed"),
    "failure_next": ("gør nu", "next"),
    "failure_reference": ("reference", "reference"),
    "changed_nothing": ("intet", "nothing"),
    "changed_part": ("en del", "part"),
    "applied_delivery": ("taget", "taken"),
    "would_take": ("ville blive taget", "would be taken"),
    "would_hold": ("ville blive holdt tilbage", "would be held back"),
    "repeat": ("allerede taget, intet at gøre", "already taken, nothing to do"),
    "older_delivery": ("ældre end den sidste, ikke brugt", "older than the last one, not used"),
    "refused": ("afvist", "refused"),
    # the nights that were
    "state_done": ("færdig", "done"),
    "state_nothing": ("intet at gøre", "nothing to do"),
    "state_held": ("holdt tilbage", "held back"),
    "state_stopped": ("standset", "stopped"),
    "state_open": ("ikke færdig", "not finished"),
    "left_by_run": ("til et menneske", "left to a person"),
    # classes of harm
    "address_lost": ("adresser forsvinder", "addresses lost"),
    "protection_lifted": ("beskyttelser ophører", "protections lifted"),
    "entitlement_lost": ("mister netmedier", "rights to net media lost"),
    "gone": ("døde, udrejste, forsvundne", "dead, emigrated, disappeared"),
    "merged": ("poster lægges sammen", "records merged"),
    "name_replaced": ("nye navne", "names replaced"),
    "changed": ("ændringer i alt", "changes in all"),
    "unsubscribed": ("abonnementer mangler eller ophører", "subscriptions missing or ending"),
    # the calendar part of a night, and the forecast
    "calendar": ("Kalenderen", "The calendar"),
    "override_ended": ("rettelse ophørt", "correction ended"),
    "override_warned": ("rettelse ophører snart", "correction ends soon"),
    "age_step": ("ny lånergruppe", "another patron group"),
    "absence_ended": ("fravær ophørt", "absence over"),
    "responsibility_ended": ("ansvarlig ophørt: 18 år", "responsibility over: of age"),
    "responsibility_asked": (
        "18 år efter en anden fødselsdato: skal ansvaret ophøre?",
        "of age by another birth date: is the responsibility to end?",
    ),
    "responsibility_kept": ("mindreårig igen: ansvaret består", "a minor again: the responsibility stays"),
    "subscription_ended": ("død låners abonnement ophørt", "dead patron's subscription ended"),
    "policy": ("nye aldersgrupper i policy.toml", "other age groups in policy.toml"),
    "products": ("nye vilkår for netmedier i policy.toml", "other terms of net media in policy.toml"),
    "right_opened": ("ret til netmedie åbnes", "right to a net medium opened"),
    "right_closed": ("ret til netmedie lukkes", "right to a net medium closed"),
    "right_undecided": ("ret til netmedie bliver uafklaret", "right to a net medium undecided"),
    "forecast": (
        "Det sker fra {first} til {last}, hvis intet ændres i CPR",
        "From {first} to {last}, if CPR changes nothing",
    ),
    "forecast_nothing": ("Der sker intet.", "Nothing happens."),
    "forecast_withheld": (
        "Fødselsdage er ikke med for lånere, hvis fødselsdato er beskyttet.",
        "Birthdays of patrons whose birth date is protected are left out.",
    ),
    "forecast_sum": ("I alt", "In all"),
    "forecast_more": ("… og {count} til: se dem alle med --json", "… and {count} more: --json shows all"),
    "field.name": ("navn", "name"),
    "field.birth_date": ("fødselsdato", "birth date"),
    "field.address": ("adresse", "address"),
    "field.municipality": ("kommune", "municipality"),
    "field.group": ("lånergruppe", "patron group"),
    "field.responsible": ("", ""),
    "field.absence": ("", ""),
    "field.dead": ("", ""),
    # what is over and forgotten
    "forgotten": ("Glemt efter bibliotekets frister", "Forgotten by the library's policy"),
    "forgotten.loans": ("udlån", "loans"),
    "forgotten.reservations": ("reserveringer", "reservations"),
    "forgotten.fees": ("gebyrer", "fees"),
    "forgotten.compensations": ("erstatninger", "compensations"),
    "forgotten.messages": ("beskeders indhold", "contents of messages"),
    "forgotten.blocks": ("ophævede blokeringer", "lifted blocks"),
    "forgotten.kept_blocks": ("udmeldtes blokeringer", "blocks of patrons who left"),
    "forgotten.before_images": ("posters tidligere indhold", "records as they were"),
    "forgotten.deliveries": ("leverancers indhold", "contents of deliveries"),
    "forgotten.refused_deliveries": ("afviste leverancers indhold", "contents of refused deliveries"),
    "forgotten.corrections": ("ophørte rettelser", "corrections that ended"),
    "forgotten.reviews": ("detaljer i besvarede sager", "details of answered items"),
    "forgotten.nights": ("linjer fra gamle nætter", "lines of old nights"),
    "lines_forgotten": (
        "Linjerne for de enkelte numre er glemt efter bibliotekets frister.",
        "The lines of the single numbers are forgotten by the library's policy.",
    ),
    "forgotten.calendar": ("gamle alderstrin og udløb", "old birthdays and ends"),
    "forgotten.log": ("loggens ældste linjer", "oldest lines of the log"),
    "forget_planned": ("Dette ville blive glemt", "This would be forgotten"),
    "clock_behind": (
        "URET: en tidligere nat var den {day}, efter denne nats dag. Kontrollér maskinens dato.",
        "THE CLOCK: an earlier night was of {day}, after this one's day. Check this machine's date.",
    ),
    "forget_no_log": (
        "Af revisionssporet er intet glemt, for det er ikke helt:",
        "Nothing of the audit was forgotten, since it is not whole:",
    ),
    "forget_nothing": ("Der er intet at glemme.", "There is nothing to forget."),
}
