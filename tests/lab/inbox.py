# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox that a company reads: a copy of every mail of the lab, as its own mail server lets it in (``border``).

A Maildir below the lab's folder. Its facts are what a playbook has to know to read approval mails:

    inkan_mailboxes:
      certs: {service: maildir, settings: {path: "{{ lab.inbox.path }}", authserv_id: "{{ lab.inbox.authserv_id }}"}}

Each sender of the lab may send for its own domain, from this machine's first loopback address.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from .approvals.houses import HOUSES
from .border import HOST, NAME, Border
from .digicert.mailer import SENDER as DIGICERT
from .gcc.mailer import SENDER as GLOBALSIGN
from .http_server import Routes
from .mail import MailSink
from .seller.mailer import SENDER as SELLER

SENDERS = {SELLER, DIGICERT[1], GLOBALSIGN[1], *(house.sender for house in HOUSES.values())}


class Inbox:
    def __init__(self, folder: Path, *, mail: MailSink, **_world: t.Any) -> None:
        self.path, self._mail = folder, mail
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True, mode=0o700)

    def facts(self) -> dict[str, t.Any]:
        return {"path": str(self.path), "authserv_id": NAME, "url": self.path.as_uri()}

    def roots(self) -> t.Sequence[Path]:
        return []

    def routes(self, routes: Routes) -> None:
        """It has no page."""

    def start(self, stack: t.Any) -> None:
        trusted = {sender.rpartition("@")[2] for sender in SENDERS}
        self._mail.relay = (HOST, stack.enter_context(Border(self._deliver, {HOST: trusted})).port)

    def tick(self) -> None:
        """Nothing happens by itself."""

    def poll(self) -> None:
        """It looks at nothing."""

    def orders(self) -> list[dict[str, t.Any]]:
        return []

    def _deliver(self, name: str, _address: str, raw: bytes) -> None:
        """Complete in tmp first, then a rename, as Maildir has it."""
        half = self.path / "tmp" / name
        half.write_bytes(raw)
        half.rename(self.path / "new" / name)
