"""The mock as a program: certificates, ports, the ready document, and one event loop until it is stopped.

What it serves is in `web`. Nothing here may be used beside production.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zlib import crc32

from cprsync.errors import ConfigurationError, port_refused
from cprsync.mock import webhook
from cprsync.mock.certs import develop_certificates
from cprsync.mock.control import PATHS
from cprsync.mock.fbs import service as fbs
from cprsync.mock.fbs.patrons import FbsPatrons
from cprsync.mock.identity import identity_app, load_identity
from cprsync.mock.koha import control as koha_control
from cprsync.mock.koha.access import CLIENT
from cprsync.mock.koha.routes import KOHA_PATH
from cprsync.mock.koha.service import KohaService
from cprsync.mock.koha.state import load_koha
from cprsync.mock.sftp import SftpKeys, ensure_keys, serving_sftp
from cprsync.mock.soap.culr import CULR_PATH, CulrService
from cprsync.mock.soap.services import LOOKUP_PATH, SUBSCRIPTION_PATH, SoapServices
from cprsync.mock.tls import RegisterTls, make_context
from cprsync.mock.town import agreement
from cprsync.mock.town.delivery import FRAMINGS, Framing
from cprsync.mock.town.people import load_town
from cprsync.mock.town.register import PEOPLE_COPY, TownRegister, load_register, new_register
from cprsync.mock.town.state import Memory, lock_folder
from cprsync.mock.web import QuietServer, control_app, culr_app, fbs_app, koha_app, make_server, soap_app, webhook_app
from cprsync.private import replace_private
from cprsync.resources import compile_schemas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from cprsync.mock.certs import DevCertificates
    from cprsync.mock.control import Answering
    from cprsync.mock.koha.state import Koha

_HOST = "127.0.0.1"
#: Where the identity provider keeps its key, and the secret of its clients.
IDENTITY_FOLDER = "oidc"
_BACKLOG = 128
#: Free ports are taken from these. Others are given to outgoing connections: one of those could have the port when the
#: mock is started again, and its clients know it by that port.
_FREE = range(20_000, 32_768)
_TRIES = 50
_TICK_SECONDS = 0.05
#: Making the keys of a new folder takes a few seconds, and longer on a busy machine.
_START_SECONDS = 120
_STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports to listen on. 0: a free port. None: the folder's last port, or else a free one."""

    soap: int | None = 0
    control: int | None = 0
    sftp: int | None = 0
    culr: int | None = 0
    oidc: int | None = 0
    #: only served on request
    fbs: int | None = 0
    koha: int | None = 0
    webhook: int | None = 0


@dataclass(frozen=True, slots=True)
class _Others:
    """The systems beside the register's own, each served only on request."""

    fbs: fbs.FbsService | None
    koha: Koha | None
    hook: webhook.WebhookService | None

    def applications(self) -> dict[str, Any]:
        """What answers on their ports."""
        found = {
            "fbs": self.fbs and fbs_app(self.fbs),
            "koha": self.koha and koha_app(KohaService(self.koha)),
            "webhook": self.hook and webhook_app(self.hook),
        }
        return {name: application for name, application in found.items() if application is not None}

    def follow(self, register: TownRegister) -> None:
        """Begin anew whenever the register does."""
        register.beside += [one.begin_anew for one in (self.fbs, self.koha, self.hook) if one is not None]

    def control_paths(self) -> dict[str, Answering]:
        """What the control takes beside what concerns the register."""
        koha: dict[str, Answering] = koha_control.koha_paths(self.koha, PATHS)
        return koha | webhook.webhook_paths(self.hook) | fbs.fbs_paths(self.fbs)

    def ready(self, folder: Path, taken: Mapping[str, int]) -> dict[str, Any]:
        """Their part of the ready document."""
        return {
            "koha": self.koha and _koha(self.koha, port=taken["koha"]),
            "webhook": self.hook and webhook.ready_document(folder, taken["webhook"]),
        }


def serve(  # noqa: PLR0913 -- a program's options
    *,
    folder: Path,
    people: Path,
    ports: Ports,
    now: Callable[[], datetime],
    announce: Callable[[dict[str, Any]], None],
    stop: threading.Event | None,
    framing: Framing | str = "lines",
    omit_false: bool = False,
    with_fbs: bool = False,
    with_koha: bool = False,
    with_webhook: bool = False,
) -> None:
    """Serve until stopped by `stop`, or by SIGINT or SIGTERM in the main thread. Announce the ready document once.

    The people file is read only the first time: a used folder continues with its own state.

    Raises:
        ConfigurationError: the people file, the folder or its state is not valid, or a port is taken.
    """
    if framing not in FRAMINGS:
        raise ConfigurationError("the framing is lines or stream", kind="mock.framing")
    schemas = compile_schemas()
    folder = folder.resolve()
    with ExitStack() as stack:
        stack.enter_context(lock_folder(folder))
        _make_boxes(folder)
        memory = Memory(folder)
        stack.callback(memory.close)
        register = _register(folder, memory, people, framing="stream" if framing == "stream" else "lines")
        certificates = develop_certificates(folder / "certs", now=now())
        left_out = {"fbs": not with_fbs, "koha": not with_koha, "webhook": not with_webhook}
        wanted = {name: asked for name, asked in asdict(ports).items() if not left_out.get(name)}
        listeners = _listen(stack, folder, wanted)
        taken = {name: _port(listener) for name, listener in listeners.items()}
        users = [one.sftp_user for one in agreement.ALL]
        keys = ensure_keys(folder / "sftp", users=users, host=_HOST, port=taken["sftp"])
        identity = load_identity(
            folder / IDENTITY_FOLDER, register, issuer=f"https://localhost:{taken['oidc']}", now=now
        )
        others = _Others(
            fbs.FbsService(register, FbsPatrons(register), now) if with_fbs else None,
            load_koha(folder, memory, day=lambda: register.day, now=now) if with_koha else None,
            webhook.WebhookService(register, now) if with_webhook else None,
        )
        others.follow(register)
        ready = _ready(register, certificates, keys, taken) | others.ready(folder, taken)
        _write(folder / "ready.json", ready)
        applications: dict[str, Any] = {
            "soap": soap_app(SoapServices(register, schemas, now, omit_false)),
            "culr": culr_app(CulrService(register, schemas.net_media, now)),
            "oidc": identity_app(identity),
            **others.applications(),
            "control": control_app(register, others.control_paths()),
        }
        tls = RegisterTls(register, certificates, now)
        servers = {listeners[name]: _server(name, app, tls) for name, app in applications.items()}
        boxes = serving_sftp(listeners["sftp"], register, keys, now)
        asyncio.run(_run(servers, boxes, stop, lambda: announce(ready)))


def _listen(stack: ExitStack, folder: Path, wanted: Mapping[str, int | None]) -> dict[str, socket.socket]:
    """Listen on each port that is wanted, and remember which were taken, for the next time."""
    last = _last_ports(folder)
    listeners = {
        name: stack.enter_context(_listen_on(_candidates(folder / name, asked, last.get(name))))
        for name, asked in wanted.items()
    }
    _write(folder / "ports.json", {**last, **{name: _port(listener) for name, listener in listeners.items()}})
    return listeners


@contextmanager
def running(  # noqa: PLR0913 -- a program's options
    folder: Path,
    people: Path,
    *,
    now: Callable[[], datetime] | None = None,
    ports: Ports | None = None,
    framing: Framing = "lines",
    omit_false: bool = False,
    with_fbs: bool = False,
    with_koha: bool = False,
    with_webhook: bool = False,
) -> Iterator[dict[str, Any]]:
    """Run the mock in a thread during the block, and yield its ready document.

    Raises:
        ConfigurationError: as `serve`.
    """
    stop, ready = threading.Event(), Future[dict[str, Any]]()
    options: dict[str, Any] = {
        "folder": folder,
        "people": people,
        "ports": ports or Ports(*[None] * len(fields(Ports))),
        "now": now or (lambda: datetime.now(UTC)),
        "framing": framing,
        "omit_false": omit_false,
        "with_fbs": with_fbs,
        "with_koha": with_koha,
        "with_webhook": with_webhook,
    }

    def serve_until_stopped() -> None:
        try:
            serve(**options, announce=ready.set_result, stop=stop)
        except BaseException as error:  # noqa: BLE001 -- raised again in the thread that waits
            if not ready.done():
                ready.set_exception(error)

    thread = threading.Thread(target=serve_until_stopped, name="mock", daemon=True)
    thread.start()
    try:
        yield _wait_for(ready)
    finally:
        stop.set()
        thread.join(_STOP_SECONDS)


def _wait_for(ready: Future[dict[str, Any]]) -> dict[str, Any]:
    try:
        return ready.result(_START_SECONDS)
    except TimeoutError as error:
        raise ConfigurationError("the mock did not start in two minutes", kind="mock.start") from error


def _server(name: str, app: Any, tls: RegisterTls) -> QuietServer:
    """The server of an application. Only the register asks for a certificate, and only the control has no TLS."""
    if name == "control":
        return make_server(app)
    if name == "soap":
        return make_server(app, tls.make_context)
    return make_server(app, lambda: make_context(tls.certificates, mutual=False))


async def _run(
    servers: dict[socket.socket, QuietServer],
    box: AbstractAsyncContextManager[None],
    stop: threading.Event | None,
    started: Callable[[], None],
) -> None:
    asked = asyncio.Event()
    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked.set)
    tasks = [asyncio.create_task(server.serve(sockets=[listener])) for listener, server in servers.items()]
    await _until(lambda: all(server.started for server in servers.values()) or any(task.done() for task in tasks))
    async with box:
        started()
        await _until(
            lambda: asked.is_set() or (stop is not None and stop.is_set()) or any(task.done() for task in tasks)
        )
    for server in servers.values():
        server.should_exit = True
    await asyncio.gather(*tasks)


async def _until(holds: Callable[[], bool]) -> None:
    # A threading.Event and uvicorn's own flags can only be polled.
    while not holds():  # noqa: ASYNC110 -- none of them wakes an event loop
        await asyncio.sleep(_TICK_SECONDS)


# -- setting up --------------------------------------------------------------------------------------------


def _make_boxes(folder: Path) -> None:
    for one in agreement.ALL:
        for made in (one.inbox(folder).parent, one.inbox(folder)):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)


def _register(folder: Path, memory: Memory, people: Path, *, framing: Framing) -> TownRegister:
    document = memory.load()
    if document is None:
        town = load_town(people)
        replace_private(folder / PEOPLE_COPY, people.read_bytes())
        return new_register(folder, memory, town, framing=framing)
    return load_register(folder, memory, document, framing=framing)


def _last_ports(folder: Path) -> dict[str, int]:
    try:
        ports = json.loads((folder / "ports.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: int(port) for name, port in ports.items()} if isinstance(ports, dict) else {}


def _candidates(place: Path, asked: int | None, last: int | None) -> Sequence[int]:
    """The ports to try, for a server that is named by its place. More than one: any of them will do."""
    port = last or 0 if asked is None else asked
    if port:
        return [port]
    first = crc32(bytes(place))
    return [*(_FREE[(first + step) % len(_FREE)] for step in range(_TRIES)), 0]


def _listen_on(candidates: Sequence[int]) -> socket.socket:
    """Listen on the first port that can be used. Raises ConfigurationError: none can."""
    *others, last = candidates
    for port in others:
        with suppress(OSError):
            return _open(port)
    try:
        return _open(last)
    except (OSError, OverflowError) as error:
        raise port_refused(last, error) from error


def _open(port: int) -> socket.socket:
    # asyncio sends small answers at once only on sockets that are marked as TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _ready(
    register: TownRegister, certificates: DevCertificates, keys: SftpKeys, ports: Mapping[str, int]
) -> dict[str, Any]:
    """The ready document. What the first agreement has also stands at its top."""
    agreements = [_agreement(one, register, keys, port=ports["sftp"]) for one in agreement.ALL]
    first = agreements[0]
    return {
        "ready": True,
        "day": register.day.isoformat(),
        "lookup_url": f"https://localhost:{ports['soap']}{LOOKUP_PATH}",
        "subscription_url": f"https://localhost:{ports['soap']}{SUBSCRIPTION_PATH}",
        "culr_url": f"https://localhost:{ports['culr']}{CULR_PATH}",
        "culr": first["culr"],
        "oidc": {
            "issuer": f"https://localhost:{ports['oidc']}",
            "client_secret_file": str(register.folder / IDENTITY_FOLDER / "secret"),
        },
        "fbs": _fbs(register, ports["fbs"]) if "fbs" in ports else None,
        "control_url": f"http://{_HOST}:{ports['control']}",
        "ca": str(certificates.ca),
        "client_cert": str(certificates.client),
        "client_key": str(certificates.client_key),
        "task": register.town.task,
        "agreement": agreement.DEFAULT.document(),
        "people": register.in_file,
        "sftp": first["sftp"],
        "agreements": agreements,
    }


def _fbs(register: TownRegister, port: int) -> dict[str, Any]:
    return {
        "url": f"https://localhost:{port}",
        "agency": f"DK-{agreement.DEFAULT.agency}",
        "user": fbs.USER,
        "password_file": str(fbs.keep_password(register.folder)),
    }


def _koha(koha: Koha, *, port: int) -> dict[str, Any]:
    """Where Koha is, and the client that a library begins with. Its name and secret are those of Basic too."""
    return {
        "url": f"https://localhost:{port}{KOHA_PATH}",
        "client_id": CLIENT,
        "secret_file": str(koha.access.secret_file(CLIENT)),
        "number_attribute": koha.setup.number_attribute,
    }


def _agreement(one: agreement.CallingAgreement, register: TownRegister, keys: SftpKeys, *, port: int) -> dict[str, Any]:
    password = one.keep_culr_password(register.folder)
    return {
        **one.document(),
        "task": one.task(register.town.task),
        "culr": {"user": one.culr_user, "group": one.agency, "password_file": str(password)},
        "sftp": {
            "host": _HOST,
            "port": port,
            "user": one.sftp_user,
            "key": str(keys.logins[one.sftp_user].key),
            "known_hosts": str(keys.known_hosts),
            "folder": agreement.INBOX,
        },
    }


def _write(path: Path, document: dict[str, Any]) -> None:
    replace_private(path, (json.dumps(document, ensure_ascii=False) + "\n").encode())
