"""The register's two SOAP services, for sending with zeep. Importing this module loads zeep (0.3 s)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.errors import ConfigurationError
from cprsync.wire.service import Service

if TYPE_CHECKING:
    from cprsync.wire.parsing import Contract
    from cprsync.wire.tls import Channel

__all__ = ["Service", "lookup_service", "subscription_service"]

_LOOKUP_WSDL, _LOOKUP_BINDING = (
    "PersonBaseDataExtended5.wsdl",
    "{http://serviceplatformen.dk/xml/wsdl/soap11/CPR/PersonBaseDataExtended/5/}PersonBaseDataExtendedBinding",
)
_SUBSCRIPTION_WSDL, _SUBSCRIPTION_BINDING = (
    "CprSubscription1.wsdl",
    "{http://serviceplatformen.dk/xml/wsdl/soap11/CprSubscriptionService/1/}CprSubscriptionWebServiceBinding",
)


def lookup_service(url: str, channel: Channel, contract: Contract) -> Service:
    """Return PersonBaseDataExtended 5 at an address."""
    return Service(_LOOKUP_WSDL, _LOOKUP_BINDING, url=url, channel=channel, contract=contract, breach=_breach)


def subscription_service(url: str, channel: Channel, contract: Contract) -> Service:
    """Return CPRSubscription 1.1 at an address."""
    return Service(
        _SUBSCRIPTION_WSDL, _SUBSCRIPTION_BINDING, url=url, channel=channel, contract=contract, breach=_breach
    )


def _breach(what: str) -> ConfigurationError:
    return ConfigurationError(
        "a request of ours breaks the register's schema ({what}): check service_agreement, user_system, user and cvr",
        what=what,
        kind="register.request",
    )
