# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole lab: DNS, mail, web hosts, the registrar, the seller and CertCentral, with one clock and one history.

    with Lab(folder) as lab:  # also=("atlas",): with simulators that are not in every lab
        lab.facts()["api_url"]
        lab.clock.advance(hours=6)
        lab.history.events("fetch", found=True)

Everything listens on loopback at free high ports and lies below one private folder. Linux: all of 127.0.0.0/8 is there.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import threading
import traceback
import typing as t
from datetime import datetime
from pathlib import Path

from .also import ALSO
from .api_tls import ApiTls, make_api_tls
from .clock import LabClock, iso_utc
from .control import Control
from .digicert import DigiCert
from .dns_server import DnsServers
from .history import History
from .http_server import HttpServer, Routes
from .mail import MailSink
from .registrar import Registrar
from .seller import Seller
from .vices import Switches
from .web_host import WebHost
from .world import Extra, first_zones, web_address

TICK_SECONDS = 0.2
PORT_TRIES = 20
FACTS_FILE = "lab.json"
#: the roots of all who issue here
ROOTS_FILE = "issuing-cas.pem"
PID_FILE = "lab.pid"


class Lab:
    """Context manager; everything is there from the start of the block."""

    dns: DnsServers
    mail: MailSink
    web: dict[str, WebHost]
    registrar: Registrar
    seller: Seller
    digicert: DigiCert
    also: dict[str, t.Any]
    server: HttpServer

    def __init__(
        self,
        folder: Path | str,
        *,
        now: datetime | None = None,
        web: t.Sequence[str] = ("web1", "web2"),
        vices: t.Iterable[str] | None = None,
        zones: Extra | None = None,
        also: t.Iterable[str] = (),
    ) -> None:
        self.folder = Path(folder).resolve()
        self.clock = LabClock(now)
        self.switches = Switches(vices)
        self._names = tuple(web)
        self._extra = zones
        self._also = tuple(also)
        self._stack = contextlib.ExitStack()
        self._ended = threading.Event()
        #: tracebacks of what broke in the lab itself: a test wants none
        self._failures: list[str] = []

    def __enter__(self) -> Lab:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        try:
            self._write_pid()
            self.history = History(self.clock, self.folder / "history.jsonl")
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    @property
    def failures(self) -> list[str]:
        others = (failure for simulator in self.also.values() for failure in getattr(simulator, "failures", ()))
        return [*self._failures, *self.server.failures, *others]

    def facts(self) -> dict[str, t.Any]:
        """All that an inventory or another process has to know."""
        web = self.web.values()
        return {
            "folder": str(self.folder),
            "now": iso_utc(self.clock.now()),
            "api_url": f"{self.server.url}/api/v1",
            "api_key": self.seller.api_key,
            "api_ca": str(self._tls.ca),
            "control_url": f"{self.server.url}/_lab/",
            "dns": {
                "servers": list(self.dns.addresses),
                "port": self.dns.port,
                "key_name": self.dns.key_name,
                "key_secret": self.dns.key_secret,
                "zones": self.dns.zones(),
            },
            "smtp": {"host": self.mail.host, "port": self.mail.port},
            "maildirs": str(self.mail.folder),
            "http_port": self._http_port,
            "https_port": self._https_port,
            "web": {
                host.name: {
                    "address": host.address,
                    "document_root": str(host.document_root),
                    "store": str(host.store),
                    "pid_file": str(host.pid_file),
                    "folder": str(host.folder),
                }
                for host in web
            },
            "issuing_ca": str(self.folder / ROOTS_FILE),
            "digicert": {**self.digicert.facts(), "ca": str(self._tls.ca)},
            **{name: {"ca": str(self._tls.ca), **simulator.facts()} for name, simulator in self.also.items()},
        }

    # --- start -----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        addresses = [web_address(number) for number in range(len(self._names))]
        zones = first_zones(addresses, self._extra)
        self.dns = self._enter(DnsServers(zones, history=self.history, switches=self.switches))
        self.registrar = Registrar(self.dns.zones())
        self.mail = self._enter(MailSink(self.folder / "maildirs", self.clock, self.history, self.switches))
        self.web = self._start_web(addresses)
        self._tls = make_api_tls(self.folder)
        self._start_sellers(self._tls)
        roots = [self.seller.root_path, self.digicert.root_path]
        roots += [path for simulator in self.also.values() for path in simulator.roots()]
        (self.folder / ROOTS_FILE).write_text("".join(path.read_text("ascii") for path in roots), "ascii")
        self._write_facts()

    def _start_web(self, addresses: t.Sequence[str]) -> dict[str, WebHost]:
        """All at the same two ports, which they bind in processes of their own: if somebody else is quicker, others
        are tried."""
        for left in reversed(range(PORT_TRIES)):
            self._http_port, self._https_port = _free_ports(addresses or ["127.0.0.1"], 2)
            with contextlib.ExitStack() as stack:
                try:
                    web = {
                        name: stack.enter_context(self._web_host(name, address))
                        for name, address in zip(self._names, addresses, strict=True)
                    }
                except RuntimeError as failure:
                    if not left or os.strerror(errno.EADDRINUSE) not in str(failure):
                        raise
                    continue
                self._stack.enter_context(stack.pop_all())
                return web
        raise AssertionError("every try ends the loop or goes on")

    def _web_host(self, name: str, address: str) -> WebHost:
        folder = self.folder / name
        return WebHost(name, address, self._http_port, self._https_port, folder, self.history, self.switches)

    def _start_sellers(self, tls: ApiTls) -> None:
        routes = Routes()
        self.server = HttpServer(routes, clock=self.clock, certificate=tls.certificate, private_key=tls.private_key)
        world: dict[str, t.Any] = {
            "clock": self.clock,
            "history": self.history,
            "switches": self.switches,
            "dns": self.dns,
            "mail": self.mail,
            "registrar": self.registrar,
            "http_port": self._http_port,
            "https_port": self._https_port,
            "url": self.server.url,
        }
        self.seller = Seller(self.folder / "seller", **world)
        self.digicert = DigiCert(self.folder / "digicert", **world)
        self.seller.routes(routes)
        self.digicert.routes(routes)
        self.also = {name: ALSO[name](self.folder / name, **world) for name in self._also}
        for simulator in self.also.values():
            simulator.routes(routes)
        Control(self).routes(routes)
        self._enter(self.server)
        for simulator in self.also.values():
            simulator.start(self._stack)
        ticks = threading.Thread(target=self._tick, name="lab-ticks", daemon=True)
        ticks.start()
        self._stack.callback(ticks.join)
        self._stack.callback(self._ended.set)

    def _enter(self, part: t.Any) -> t.Any:
        return self._stack.enter_context(part)

    def _tick(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            for seller in (self.seller, self.digicert, *self.also.values()):
                try:
                    seller.tick()
                except Exception:  # noqa: BLE001 - the lab goes on, and tells
                    self._failures.append(traceback.format_exc())

    def _write_pid(self) -> None:
        """The file is locked for as long as the lab lives: a number that a killed lab left belongs to nobody."""
        path = self.folder / PID_FILE
        file = self._stack.enter_context(path.open("a", encoding="ascii"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileExistsError(f"the lab of {self.folder} still runs; its process id is in {path}") from None
        self._stack.callback(path.unlink, missing_ok=True)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()

    def _write_facts(self) -> None:
        """All at once, and last of all: whoever finds this file finds the lab open."""
        path = self.folder / FACTS_FILE
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.facts(), file, indent=2, ensure_ascii=False)
            file.write("\n")
        new.replace(path)


def is_running(folder: Path) -> bool:
    """Whether a lab lives in the folder, of this process or of another."""
    with contextlib.suppress(FileNotFoundError), (folder / PID_FILE).open(encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _free_ports(addresses: t.Sequence[str], number: int) -> list[int]:
    """Each free on all addresses, but nobody keeps it."""
    ports: list[int] = []
    for _try in range(PORT_TRIES):
        with contextlib.ExitStack() as stack:
            port = 0
            try:
                for address in addresses:
                    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                    sock.bind((address, port))
                    port = sock.getsockname()[1]
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
        if len(ports) == number:
            return ports
    raise OSError("no ports are free on all addresses of the web hosts")
