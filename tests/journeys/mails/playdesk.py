# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk from which a person runs playbooks, with a Maildir behind the border and a ledger of orders at portals."""

from __future__ import annotations

import contextlib
import json
import sys
import typing as t
from pathlib import Path

from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.office import Office
from lab.border import HOST, NAME, Border
from lab.lab import Lab
from plays.play import Play, Plays

CAS = {"jprs.jp", "cpi.ad.jp"}


class Desk:
    def __init__(self, folder: Path, lab: Lab, maildir: Path) -> None:
        self.lab, self.folder = lab, folder
        mailbox = {"service": "maildir", "settings": {"path": str(maildir), "authserv_id": NAME}}
        self.office = Office(lab, folder, mailbox, {})
        inventory = folder / "inventory"
        inventory.write_text("localhost\n", encoding="utf-8")
        self._plays = Plays(folder, inventory)

    def play(self, book: str = "approve", *, check: bool = False, **variables: t.Any) -> Play:
        accounts = {
            name: {**one, "secrets": self.office.secrets.get(name, {})} for name, one in self.office.accounts.items()
        }
        said = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "inkan_ledger_path": str(self.office.ledger),
            "inkan_ledger_python": sys.executable,
            "inkan_ledger_durable": True,
            "inkan_store_path": str(self.folder / "store"),
            "inkan_ca_accounts": accounts,
            "inkan_mailboxes": {"certs": {**self.office.mailbox, "secrets": {}}},
            "inkan_sight": {"ca_bundle": self.office.ca_bundle},
            **variables,
        }
        return self._plays.play(book, *(["--check"] if check else []), variables=said, seconds=120)

    def report(self) -> dict[str, dict[str, t.Any]]:
        """Rows of the report that was written last, by name."""
        data = json.loads((self.folder / "report" / "report.json").read_text(encoding="utf-8"))
        return {one["name"]: one for one in data["certificates"]}


@contextlib.contextmanager
def open_desk(folder: Path) -> t.Iterator[Desk]:
    maildir = folder / "Maildir"
    for below in ("new", "cur", "tmp"):
        (maildir / below).mkdir(parents=True)
    with (
        Border(lambda name, _to, raw: (maildir / "new" / name).write_bytes(raw), {HOST: CAS}) as border,
        Lab(folder / "lab", web=(), vices=[], also=("approvals",)) as lab,
    ):
        lab.mail.relay = (HOST, border.port)
        yield Desk(folder, lab, maildir)
        assert lab.failures == []
