"""Renew our certificate: the new one is checked and tried before it is used, and the old one is kept beside it.

The configured paths stay. A running desk or night takes the new files with its next connection. If it is killed between
the moves of the two files, the new certificate is used all the same, and the next renewal moves the second file.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.trust.lifetime import LONGEST_RUN, days_left
from cprsync.errors import CertificateError, ConfigurationError
from cprsync.private import open_unfollowed, sync_folder
from cprsync.register.kept_certificate import check_identity, check_outlives
from cprsync.register.own_certificate import (
    MOMENT,
    NEW,
    OWN,
    OWN_ISSUER,
    half_renewed,
    load_identity,
    read_fitting,
    subject_of,
)
from cprsync.register.soap.client import SoapRegister
from cprsync.wire.certificates import company_in, system_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from cprsync.register.own_certificate import Identity
    from cprsync.register.settings import RegisterSettings
    from cprsync.resources import Schemas
    from cprsync.wire.calls import CallSurroundings

#: How the name of the old file ends, which is kept beside the new one.
PREVIOUS: Final = ".previous"
_OURS: Final = "certificate.ours"
#: What a certificate is called while it is not in use yet.
_AS_NEW: Final = {OWN: "the new certificate", OWN_ISSUER: "the issuer of the new certificate"}


class NewFiles(NamedTuple):
    """Where the new certificate is. A .p12 takes the place of a .p12, and PEM files take that of PEM files."""

    certificate: Path
    #: None: the certificate's own file has the key
    key: Path | None = None
    password: Path | None = None
    #: it may end earlier than the one in use
    may_end_earlier: bool = False


def renew(
    settings: RegisterSettings,
    new: NewFiles,
    *,
    schemas: Schemas,
    surroundings: CallSurroundings,
    note: Callable[[Identity], None],
) -> dict[str, Any]:
    """Check the new certificate, try it at each service, and put it in the place of the old one.

    `note` is called with the new one before the first file is moved.

    Returns what is shown: subject, days left and the files that were written.

    Raises:
        CertificateError: it does not fit. Nothing has changed.
        CertificateRefused: a counterpart does not take it. Nothing has changed; and all other errors of a call.
    """
    wanted, now = _settings_with(settings, new), surroundings.now()
    _make_sure_that_readable(new)
    with _told_of_new():
        fresh = load_identity(wanted)
        check_identity(fresh, settings, now)
        check_outlives(fresh, now, LONGEST_RUN)
    is_finished = _finish(settings)
    old = _present(settings)
    if is_finished and old is not None and old.certificate == fresh.certificate:
        return _document(settings, new, fresh, now) | {"days_left_before": None}
    if old is not None:
        _make_sure_that_same_holder(old, fresh)
        if not new.may_end_earlier:
            _make_sure_that_not_earlier(old, fresh)
    with closing(SoapRegister(wanted, schemas=schemas, surroundings=surroundings)) as register:
        register.prove()
    _write_beside(settings, new)
    note(fresh)
    _put_in_place(settings, new)
    before = None if old is None else days_left(old.certificate.not_valid_after_utc, now)
    return _document(settings, new, fresh, now) | {"days_left_before": before}


def _make_sure_that_readable(new: NewFiles) -> None:
    """Raises ConfigurationError: this user may not read one of the new files."""
    for path in (new.certificate, new.key, new.password):
        try:
            if path is not None:
                path.open("rb").close()
        except PermissionError:
            raise ConfigurationError("{path}: this user may not read it", path=path, kind="file.owner") from None
        except OSError:
            # told where it is read
            continue


@contextmanager
def _told_of_new() -> Iterator[None]:
    """Say what is wrong with a certificate of ours of the new one: the one in use stays."""
    try:
        yield
    except CertificateError as error:
        kind = str(error.kind)
        if not kind.startswith(_OURS):
            raise
        named = {"which": _AS_NEW.get(str(error.values.get("which")), "")} if "which" in error.values else {}
        told = CertificateError(
            error.sentence, kind=kind.replace(_OURS, "certificate.renewal", 1), **{**error.values, **named}
        )
        raise told from error


def _document(settings: RegisterSettings, new: NewFiles, fresh: Identity, now: datetime) -> dict[str, Any]:
    ends = fresh.certificate.not_valid_after_utc
    return {
        "subject": subject_of(fresh.certificate),
        "not_after": ends.isoformat(),
        "days_left": days_left(ends, now),
        "tried": [settings.lookup_url, settings.subscription_url],
        "written": [str(place) for _, place in _places(settings, new)],
    }


def _finish(settings: RegisterSettings) -> bool:
    """Move the second file of a renewal that was killed before it did. Returns whether there was one."""
    place, beside = (one.p12 or one.client_cert for one in (settings, half_renewed(settings)))
    if place is None or beside is None or place == beside or _fits(settings) or not _fits(half_renewed(settings)):
        return False
    beside.replace(place)
    sync_folder(place.parent)
    return True


def _fits(settings: RegisterSettings) -> bool:
    with suppress(CertificateError):
        read_fitting(settings)
        return True
    return False


def _settings_with(settings: RegisterSettings, new: NewFiles) -> RegisterSettings:
    if settings.p12 is not None:
        return replace(settings, p12=new.certificate, p12_password_file=new.password or settings.p12_password_file)
    return replace(settings, client_cert=new.certificate, client_key=new.key or new.certificate)


def _present(settings: RegisterSettings) -> Identity | None:
    """Return the certificate in use. None: it cannot be read, which must not stop its renewal."""
    with suppress(CertificateError):
        return load_identity(settings)
    return None


def _make_sure_that_same_holder(old: Identity, fresh: Identity) -> None:
    """The platform knows us by the certificate's company number and UUID: another one is another agreement's."""
    if fresh.certificate == old.certificate:
        raise CertificateError("the new certificate is the one in use", kind="certificate.renewal.same")
    if company_in(fresh.certificate) != company_in(old.certificate):
        raise CertificateError(
            "the new certificate belongs to company {found}, and the one in use to {company}",
            found=company_in(fresh.certificate) or "?",
            company=company_in(old.certificate) or "?",
            kind="certificate.renewal.company",
        )
    if system_in(fresh.certificate) != system_in(old.certificate):
        raise CertificateError(
            "the new certificate has another UUID than the one in use: the agreement does not know it",
            kind="certificate.renewal.system",
        )


def _make_sure_that_not_earlier(old: Identity, fresh: Identity) -> None:
    """The wrong file of two is easily named, and the library would have fewer days than before."""
    ends = {"before": old.certificate.not_valid_after_utc, "after": fresh.certificate.not_valid_after_utc}
    if ends["after"] < ends["before"]:
        raise CertificateError(
            "the new certificate ends {after}, earlier than the one in use, which ends {before}",
            **{name: f"{moment.astimezone(COPENHAGEN):{MOMENT}}" for name, moment in ends.items()},
            kind="certificate.renewal.earlier",
        )


def _write_beside(settings: RegisterSettings, new: NewFiles) -> None:
    """Write each new file, and each old one, beside its place."""
    places = list(_places(settings, new))
    for source, place in places:
        _write(place.with_name(f"{place.name}{NEW}"), source.read_bytes(), place=place)
    for _, place in places:
        with suppress(FileNotFoundError):
            _write(place.with_name(f"{place.name}{PREVIOUS}"), place.read_bytes(), place=place)


def _put_in_place(settings: RegisterSettings, new: NewFiles) -> None:
    """Move the new files to their places one right after the other, the certificate last.

    Between the two moves certificate and key do not fit. `load_identity` then reads the certificate beside its place.
    """
    for _, place in _places(settings, new):
        place.with_name(f"{place.name}{NEW}").replace(place)
        sync_folder(place.parent)


def _places(settings: RegisterSettings, new: NewFiles) -> Iterator[tuple[Path, Path]]:
    """Yield each new file and the configured path that it takes."""
    if settings.p12 is not None:
        if new.password is not None and settings.p12_password_file is not None:
            yield new.password, settings.p12_password_file
        yield new.certificate, settings.p12
        return
    certificate = settings.client_cert
    if certificate is None:
        raise CertificateError("client_cert is not set", kind="certificate.ours.missing")
    if settings.client_key is not None and settings.client_key != certificate:
        yield new.key or new.certificate, settings.client_key
    yield new.certificate, certificate


def _write(path: Path, content: bytes, *, place: Path) -> None:
    """Write a file with the owner and the mode of the one in use: the service reads it, and nobody else."""
    handle = open_unfollowed(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(handle, "wb") as file:
        with suppress(FileNotFoundError, PermissionError):
            as_now = place.stat()
            os.fchmod(handle, stat.S_IMODE(as_now.st_mode))
            os.fchown(handle, as_now.st_uid, as_now.st_gid)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
