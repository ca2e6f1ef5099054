"""cprsync keeps a library's patron records true to the civil register.

Other programs import from here what `__all__` names. It stays, by the promise in the guide's page for integrators; the
rest of the package may change at any time. A name is loaded when it is first asked for, so that a command that needs
none of them starts as fast as without. The types are in `__init__.pyi`.
"""

from importlib import import_module

#: Where each public name lives.
_HOME = {
    "cprsync.public": ("Register", "RegisterAccess", "inspect_delivery", "read_delivery"),
    "cprsync.domain.person.number": ("CprNumber",),
    "cprsync.domain.person.person": (
        *("EMPTY", "SILENT", "Abroad", "Birth", "Contact", "Gap", "Person", "Protection", "Status"),
    ),
    "cprsync.domain.person.sealed": ("Address", "Name", "Opening", "Sealed", "SealedAddress", "label_lines"),
    "cprsync.errors": (
        *("BadAnswer", "CertificateRefused", "ConfigurationError", "CprsyncError", "DeliveryRefused"),
        *("NoSuchPerson", "PeerCertificateError", "RegisterRefused", "RegisterUnavailable"),
    ),
    "cprsync.services.ports.deliveries": ("Unreadable",),
    "cprsync.services.ports.register": ("Found", "NotFound"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605 -- made of the table above, and a test compares it with the types


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
