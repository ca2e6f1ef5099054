"""Builds the identification of the caller that the platform requires in each request's body, in one of two models.

Leaves out the token model (OIO-IDWS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cprsync.register.settings import RegisterSettings

#: PersonBaseDataExtended 5 in the platform's catalogue
LOOKUP_SERVICE = "4925d7a0-1b5b-11ec-bdc6-b312b83236d4"
#: CPRSubscription 1
SUBSCRIPTION_SERVICE = "9cdccc2f-3243-11e2-8fef-d4bed98c5934"
#: Names the caller in the platform's own log; never a person.
CALLER = "cprsync"


def build_lookup_context(settings: RegisterSettings) -> dict[str, Any]:
    """Return the context elements of a look-up: InvocationContext, or AuthorityContext with CallContext."""
    if settings.context == "authority":
        return {
            "CallContext": {"CallersServiceCallIdentifier": CALLER},
            "AuthorityContext": {"MunicipalityCVR": settings.cvr},
        }
    return {"InvocationContext": _invocation(settings, LOOKUP_SERVICE)}


def build_subscription_context(settings: RegisterSettings) -> dict[str, Any]:
    """Return the context of a subscription call, which allows only the InvocationContext."""
    return {"InvocationContext": _invocation(settings, SUBSCRIPTION_SERVICE)}


def _invocation(settings: RegisterSettings, service: str) -> dict[str, str]:
    return {
        "ServiceAgreementUUID": settings.service_agreement,
        "UserSystemUUID": settings.user_system,
        "UserUUID": settings.user,
        "ServiceUUID": service,
    }
