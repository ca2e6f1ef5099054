"""The one service agreement that has a delivery folder: invented, and the same in every mock."""

from dataclasses import asdict, dataclass

#: The mock's ids have letters in every group, so that none reads as a number of ten digits.
SERVICE_AGREEMENT = "7e1f0c4a-3b9d-4c68-a5e2-d94b8f6a1c3e"
USER_SYSTEM = "b25d8e9f-6a1c-4f37-9e4b-c8a3d7f5e61b"
#: Who fetches this agreement's deliveries.
SFTP_USER = "bibliotek"
USER = "c9a4f7d2-e85b-4a16-8d3c-f1b7e6a9d48c"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a client must know to call under this agreement."""

    agency: str
    service_agreement: str
    user_system: str
    user: str
    cvr: str

    def document(self) -> dict[str, str]:
        return asdict(self)


#: The CVR number is that of the development client's certificate: no company has it.
DEFAULT = Agreement("710100", SERVICE_AGREEMENT, USER_SYSTEM, USER, "1" * 8)
