"""The service agreements that have a delivery box: invented, and the same in every mock."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: The mock's ids have letters in every group, so that no group looks like a number of ten digits.
SERVICE_AGREEMENT = "7e1f0c4a-3b9d-4c68-a5e2-d94b8f6a1c3e"
USER_SYSTEM = "b25d8e9f-6a1c-4f37-9e4b-c8a3d7f5e61b"
#: The folder in each box where deliveries arrive.
INBOX = "IN"
USER = "c9a4f7d2-e85b-4a16-8d3c-f1b7e6a9d48c"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a client must know to call under this agreement."""

    agency: str
    service_agreement: str
    user_system: str
    user: str
    cvr: str
    #: the user that fetches the deliveries
    sftp_user: str = field(repr=False)
    #: the distance of its task number from the town's
    task_after: int = field(default=0, repr=False)
    #: its user at CULR, in the group of its agency
    culr_user: str = field(default="bibliotek", repr=False)
    culr_password: str = field(default="mock-culr-et", repr=False)
    #: the box: a folder inside the mock's folder
    box: str = field(default=".", repr=False)

    def document(self) -> dict[str, str]:
        own = asdict(self)
        return {name: own[name] for name in ("agency", "service_agreement", "user_system", "user", "cvr")}

    def task(self, town: str) -> str:
        """The number of its task, counted from the town's."""
        return f"{(int(town) + self.task_after) % 1_000_000:06}"

    def keep_culr_password(self, folder: Path) -> Path:
        """Write the password to a file in the mock's folder, as an installation has it."""
        path = folder / "culr" / self.agency
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(f"{self.culr_password}\n", encoding="utf-8")
        path.chmod(0o600)
        return path

    def inbox(self, folder: Path) -> Path:
        """The folder for its deliveries, inside the mock's folder."""
        return folder / self.box / INBOX


#: The CVR number is that of the development client's certificate: no company has it.
DEFAULT = Agreement("710100", SERVICE_AGREEMENT, USER_SYSTEM, USER, "1" * 8, sftp_user="bibliotek")
#: Another library of the same town. It gets its own task and deliveries when it subscribes to someone.
SECOND = Agreement(
    "710200",
    "3d8b6f2e-9a4c-4e17-b8d5-f6c1a7e92b4d",
    "f4a7c2d9-1e6b-4b83-a9c5-d8e3b6f17a2c",
    "a6e1d8b3-7c4f-4d92-8b6e-c5f9a2d73e1b",
    "1" * 8,
    sftp_user="bibliotek-2",
    task_after=1,
    box="710200",
    culr_user="bibliotek-2",
    culr_password="mock-culr-to",  # noqa: S106 -- the mock's, where every password is invented
)
ALL = (DEFAULT, SECOND)


def of_agency(agency: str) -> Agreement:
    """The agreement of a library. Raises KeyError: it has none."""
    return {one.agency: one for one in ALL}[agency]
