"""A library's counterparts, each as a client that is ready to be called: the settings become the client's own.

The other systems that hear of patrons are in `targets`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cprsync.wire.limits import Patience

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from cprsync.config.settings import FeedSection, LibrarySection, RegisterSection
    from cprsync.config.sign_in import ProviderSection
    from cprsync.identity.provider import Provider
    from cprsync.netmedia.client import SoapNetMedia
    from cprsync.netmedia.settings import NetMediaSettings
    from cprsync.outward.fbs import FbsClient
    from cprsync.register.own_certificate import Identity
    from cprsync.register.pickup.sftp_session import SftpSettings
    from cprsync.register.renewing import NewFiles
    from cprsync.register.settings import RegisterSettings
    from cprsync.register.soap.client import SoapRegister
    from cprsync.services.ports.deliveries import Feed
    from cprsync.wire.calls import CallSurroundings


def real_time() -> datetime:
    """Now. Certificates and tokens are dated by it."""
    return datetime.now(UTC)


def surroundings_of(patience: Patience | None) -> CallSurroundings:
    from cprsync.wire.calls import CallSurroundings

    return CallSurroundings(patience=patience or Patience())


def register_settings(section: RegisterSection, *, production: bool) -> RegisterSettings:
    """The section as the client's settings."""
    from cprsync.register.settings import RegisterSettings

    return RegisterSettings(**section.model_dump(exclude={"shared", "windows_a_day"}), production=production)


def net_media_settings(library: LibrarySection, *, production: bool) -> NetMediaSettings | None:
    """The section as the client's settings. None: there is no section."""
    from cprsync.netmedia.settings import NetMediaSettings

    if library.culr is None:
        return None
    return NetMediaSettings(
        agency=library.agency, production=production, **library.culr.model_dump(exclude={"local_accounts"})
    )


def sftp_settings(section: FeedSection) -> SftpSettings:
    """The section as the settings of the pick-up."""
    from cprsync.register.pickup.sftp_session import SftpSettings

    return SftpSettings(**section.model_dump(exclude={"path", "task", "records", "load_hour", "chain", "count"}))


@dataclass(frozen=True, slots=True)
class Counterparts:
    """Opens the counterparts of one library. Each is called at the first request, and left at the end of its block."""

    section: LibrarySection
    is_production: bool
    #: the day by the library's clock
    today: Callable[[], date]

    def register(self, patience: Patience | None = None) -> AbstractContextManager[SoapRegister]:
        """The register's client, with its connections closed at the end. Starts only with compiled schemas."""
        from cprsync.register.soap.client import SoapRegister
        from cprsync.resources import compile_schemas

        settings = register_settings(self.section.register_, production=self.is_production)
        surroundings = replace(surroundings_of(patience), today=self.today)
        return closing(SoapRegister(settings, schemas=compile_schemas(), surroundings=surroundings))

    def renew_certificate(self, new: NewFiles, *, note: Callable[[Identity], None]) -> dict[str, Any]:
        """Put a new certificate in the place of ours, once it was checked and tried. `note` is called just before."""
        from cprsync.register.renewing import renew
        from cprsync.resources import compile_schemas

        ours = register_settings(self.section.register_, production=self.is_production)
        return renew(ours, new, schemas=compile_schemas(), surroundings=surroundings_of(None), note=note)

    def net_media(self, patience: Patience | None = None) -> AbstractContextManager[SoapNetMedia | None]:
        """CULR as the library, with its connections closed at the end. None: it is not set up."""
        settings = net_media_settings(self.section, production=self.is_production)
        if settings is None:
            return nullcontext()
        from cprsync.netmedia.client import SoapNetMedia
        from cprsync.resources import compile_schemas

        return closing(SoapNetMedia(settings, schemas=compile_schemas(), surroundings=surroundings_of(patience)))

    def fbs(self) -> AbstractContextManager[FbsClient]:
        """Cicero (FBS) as the library, with its connections closed at the end.

        Raises ConfigurationError: it is not set up.
        """
        from cprsync.outward.fbs import FbsClient
        from cprsync.wiring.targets import fbs_settings

        settings = fbs_settings(self.section, production=self.is_production)
        return closing(FbsClient(settings, surroundings=surroundings_of(None)))

    def provider(self, section: ProviderSection, *, back: str, after: str) -> AbstractContextManager[Provider]:
        """Our client of an identity provider. `back`, `after`: our paths after signing in there, and out."""
        from cprsync.identity.calls import ProviderCalls
        from cprsync.identity.provider import Provider
        from cprsync.identity.settings import ProviderSettings

        settings = ProviderSettings(
            issuer=section.issuer,
            client_id=section.client_id,
            secret_file=section.client_secret_file,
            ca=section.ca,
            crl=section.crl,
            redirect_uri=f"{section.address}{back}",
            after_sign_out=f"{section.address}{after}",
            scopes=("openid", *section.scopes),
            acr_values=section.acr_values,
            userinfo=section.userinfo,
            production=self.is_production,
        )
        # tokens are dated by the real day, whatever day the register has
        return closing(Provider(settings, ProviderCalls(settings, now=real_time), now=real_time))

    def feed(self) -> AbstractContextManager[Feed]:
        """The place where deliveries arrive. Connects at the first request, and closes at the end."""
        section = self.section.feed
        if section.path is not None:
            from cprsync.register.pickup.arrivals import FolderFeed

            return nullcontext(FolderFeed(section.path, after=section.after, metadata_minutes=section.metadata_minutes))
        from cprsync.register.pickup.sftp import SftpFeed

        return closing(SftpFeed(sftp_settings(section)))
