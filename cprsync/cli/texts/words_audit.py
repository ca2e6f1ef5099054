"""The words of the audit and of the status: what was done, why, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

AUDIT: Final[Mapping[str, tuple[str, str]]] = {
    "audit_whole": (
        "Revisionssporet er helt: {entries} indførsler. Kode: {code}",
        "The audit is whole: {entries} entries. Code: {code}",
    ),
    "audit_broken": (
        "REVISIONSSPORET ER IKKE HELT ({entries} indførsler passer):",
        "THE AUDIT IS NOT WHOLE ({entries} entries fit):",
    ),
    "audit_accepted": (
        "Revisionssporet fortsætter, som det er nu; dette var i vejen:",
        "The audit goes on as it is now; this was wrong with it:",
    ),
    "audit_nobody": ("tjenesten", "the service"),
    "audit_why": ("formål: {why}", "purpose: {why}"),
    "audit_reason": ("med en begrundelse", "with a reason"),
    # what an entry says was done
    "did_accept": ("brugte en leverance", "took a delivery"),
    "did_account_drift": ("netmediekonto afveg", "net media account differed"),
    "did_audit_accepted": ("fortsatte med revisionssporet", "went on with the audit"),
    "did_audit_read": ("læste begrundelser", "read reasons"),
    "did_calendar": ("dagen kom", "a day came"),
    "did_change": ("ændret", "changed"),
    "did_circulation": ("hentede udlånsdata", "imported circulation"),
    "did_close": ("lukket", "closed"),
    "did_erase": ("slettet", "erased"),
    "did_forget": ("glemt", "forgotten"),
    "did_gone": ("fjernet", "removed"),
    "did_import": ("importeret", "imported"),
    "did_journal_accepted": ("fortsatte med slettejournalen", "went on with the erase journal"),
    "did_leave": ("meldt ud", "left"),
    "did_lookup": ("opslag", "look-up"),
    "did_override": ("rettet", "corrected"),
    "did_override_withdrawn": ("rettelse taget tilbage", "correction withdrawn"),
    "did_register": ("oprettet", "registered"),
    "did_responsible": ("økonomisk ansvarlig", "responsible"),
    "did_return": ("kommet igen", "returned"),
    "did_reveal": ("åbnet", "revealed"),
    "did_review": ("gennemgået", "reviewed"),
    "did_rights": ("ret til netmedier", "rights to net media"),
    "did_run": ("nat", "night"),
    "did_set": ("skrevet", "set"),
    "did_subscribe": ("abonneret", "subscribed"),
    "did_told": ("meldt", "told"),
    # why
    "why_registration": ("oprettelse", "registration"),
    "why_renewal": ("fornyelse", "renewal"),
    "why_correction": ("rettelse", "correction"),
    "why_debt": ("gæld", "debt"),
    "why_guardian": ("værge", "guardian"),
    "why_first_copy": ("oprettet og tilmeldt ændringer fra CPR", "first copy"),
    # how it stands
    "status_ok": ("{name} ({agency}): alt står, som det skal", "{name} ({agency}): all is well"),
    "status_wrong": ("{name} ({agency}): se efter", "{name} ({agency}): look after this"),
    "status_no_run": ("Seneste nat: ingen endnu", "Last night: none yet"),
    "status_run": (
        "Seneste nat: nr. {run}, {day}, exit {exit}",
        "Last night: no. {run}, {day}, exit {exit}",
    ),
    "status_delivery": (
        "Leverancer: til og med {last}; ventet til og med {due}",
        "Deliveries: up to {last}; expected up to {due}",
    ),
    "status_waits": (
        "Venter: {reviews} på et menneske, {net_media} til netmedierne ({failed} afvist)",
        "Waiting: {reviews} for a person, {net_media} for the net media ({failed} refused)",
    ),
    "certificate_ours": ("vores", "ours"),
    "certificate_chain": ("vores udsteder", "our issuer"),
    "certificate_trusted": ("en udsteder, vi har tillid til", "an issuer that we trust"),
    "certificate_theirs": ("modpartens", "theirs"),
    "status_certificate": ("Certifikat ({whose}): {days} dage igen", "Certificate ({whose}): {days} days left"),
    "status_certificate_bad": ("Certifikat ({whose}): {problem}", "Certificate ({whose}): {problem}"),
    "status_keys": ("Nøgler i brug: {keys}", "Keys in use: {keys}"),
    # what is to be looked after
    "wrong_no_run": ("der har ikke været nogen nat", "there has been no night"),
    "wrong_run": ("den seneste nat endte med {exit}", "the last night ended with {exit}"),
    "wrong_open_run": ("en nat blev ikke gjort færdig", "a night was not finished"),
    "wrong_late": ("leverancen for {due} er ikke taget", "the delivery of {due} has not been taken"),
    "wrong_failed": ("netmedierne har afvist {failed}", "the net media have refused {failed}"),
    "wrong_old": ("netmedierne har ventet siden {oldest}", "the net media have waited since {oldest}"),
    "wrong_audit": ("revisionssporet er ikke helt", "the audit is not whole"),
    "wrong_certificate": ("et certifikat udløber eller duer ikke", "a certificate runs out, or cannot be used"),
}
