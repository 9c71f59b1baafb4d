# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that plays what role issue does for one certificate, and dies at a door if it is told to.

Started as a program of its own, it takes one JSON object a line: a play, and where to die. Each is played by a child
that it forks, so that a kill costs nobody a start. The doors are those of the collection: every request to a CA, every
update of DNS, every transaction of the ledger, every change of a file. The child dies by SIGKILL before it goes through
the n-th of them, or when it has come back from it.

    {"play": {…}, "kill": {"at": 7, "side": "after"}, "defect": "", "ahead": 0, "result": FILE}
    {"status": -9, "pid": 4711}
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import ssl
import sys
import typing as t
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # lab

import dns.flags
import dns.opcode
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import WireExchange
from ansible_collections.inkan.tls.plugins.module_utils._io.files import System
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import LedgerStore
from ansible_collections.inkan.tls.plugins.modules import certificate_orders, dns_tokens, file_tokens
from crash_defects import DEFECTS
from lab.human import NoButton, press

Data = dict[str, t.Any]
_CHANGES = ("write", "fsync", "fchmod", "mkdir", "rename", "unlink", "rmdir")


class Doors:
    """Counts who goes through; at the n-th the process dies. n = 0: nobody dies."""

    def __init__(self, at: int = 0, side: str = "", kind: str = "") -> None:
        """side: before, after, or pause: it stops before the door, as a machine that sleeps. kind: how the names of
        those begin that count."""
        self._at = at
        self._side = side
        self._kind = kind
        self._counted = 0
        self.passed: list[str] = []

    @contextlib.contextmanager
    def through(self, door: str) -> t.Iterator[None]:
        self.passed.append(door)
        counts = door.startswith(self._kind)
        self._counted += counts
        here = counts and self._counted == self._at
        if here and self._side == "before":
            _die()
        if here and self._side == "pause":
            os.kill(os.getpid(), signal.SIGSTOP)
        yield
        if here and self._side == "after":
            _die()

    def watch(self) -> None:
        """All doors of this process from now on."""
        _wrap(DirectHttp, "request", lambda _self, method, url, **_more: self.through(f"http {method} {_path(url)}"))
        _wrap(WireExchange, "send", self._dns)
        _wrap(System, "open", lambda _self, name, flags, *_more: self._opening(name, flags))
        for call in _CHANGES:
            _wrap(System, call, functools.partial(lambda call, *_more: self.through(f"file {call}"), call))
        LedgerStore._transaction = self._transactions(LedgerStore._transaction)

    def _dns(self, _self: object, message: t.Any) -> t.ContextManager[None]:
        is_update = dns.opcode.from_flags(message.flags) == dns.opcode.UPDATE
        return self.through("dns update") if is_update else contextlib.nullcontext()

    def _opening(self, name: str, flags: int) -> t.ContextManager[None]:
        return self.through("file create") if flags & os.O_CREAT else contextlib.nullcontext()

    def _transactions(self, original: t.Any) -> t.Any:
        """Before the first byte is written, before COMMIT, and after it."""

        @contextlib.contextmanager
        def transaction(store: LedgerStore) -> t.Iterator[t.Any]:
            with self.through("ledger end"), original(store) as connection:
                yield connection
                with self.through("ledger commit"):
                    pass

        return transaction


def _wrap(owner: type, name: str, door: t.Callable[..., t.ContextManager[None]]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with door(*args, **kwargs):
            return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def _path(url: str) -> str:
    """Without what differs between two plays."""
    path = "/" + url.split("://", 1)[-1].partition("/")[2].partition("?")[0]
    return re.sub(r"[0-9A-Za-z_-]{10,}|[0-9]+", "*", path)


def _die() -> t.NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


# -- one run ----------------------------------------------------------------------------------------------------------


class Run:
    """What role issue does: order, publish, ask, clean up, record."""

    def __init__(self, play: Data) -> None:
        self._play = play
        self._told: Data = {}

    def play(self) -> Data:
        if self._play["account"]["adapter"] == "portal":
            return self._with_clerk()
        said = self._orders({"until": "wanted"}, csr=self._play["csr"])
        if said["error"] is None and said["state"] not in ("issued", "none", "needs_person"):
            there = self._publish(said["wanted"], "present")
            self._others_act(said)
            said = self._orders({}, visible=True, observed={"published": there})
        return self._cleaned(said)

    def _orders(self, module: Data, **item: t.Any) -> Data:
        play = self._play
        account = play["account"]
        return self._module(
            certificate_orders,
            ledger_path=play["ledger"],
            ledger_durable=True,
            ca_accounts={"ca": {"adapter": account["adapter"], "settings": account["settings"]}},
            secrets={"ca": account["secrets"]} if account["secrets"] else {},
            deadline=play["deadline"],
            certificates=[{**play["item"], **item}],
            **module,
        )[0]

    def _publish(self, tokens: Data, state: str) -> list[str]:
        """The ids of those that are as wished now."""
        lab = self._play["lab"]
        records = [
            {"name": one["id"], "record": one["name"], "type": one["type"], "value": one["value"], "ttl": one["ttl"]}
            for one in tokens["records"]
        ]
        files = [
            {
                "name": one["id"],
                "document_root": f"{self._play['web']}/{one['dns_name']}",
                "path": one["path"],
                "content": one["content"],
            }
            for one in tokens["files"]
        ]
        results = []
        if records:
            service = {"service": "rfc2136", "settings": lab["dns_settings"], "zones": lab["zones"]}
            secrets = {"lab": {"key_secret": lab["dns_secret"]}}
            results += self._module(
                dns_tokens,
                state=state,
                dns_services={"lab": service},
                secrets=secrets,
                sight=lab["sight"],
                tokens=records,
            )
        if files:
            results += self._module(file_tokens, state=state, tokens=files)
        broken = [one["error"] for one in results if one["error"] is not None]
        if broken:
            raise RuntimeError(f"not {state}: {broken}")
        return [one["name"] for one in results]

    def _others_act(self, said: Data) -> None:
        """A person approves; the seller's crawler comes round."""
        lab = self._play["lab"]
        for mail in said["wanted"]["mails"]:
            with contextlib.suppress(NoButton):  # pressed before
                press(lab["facts"], mail, order=self._play["item"]["dns_names"][0])
        if self._play["crawler"]:
            context = ssl.create_default_context(cafile=lab["facts"]["api_ca"])
            asked = urllib.request.Request(lab["facts"]["control_url"] + "crawler", data=b"{}", method="POST")
            asked.add_header("Content-Type", "application/json")
            urllib.request.urlopen(asked, timeout=20, context=context).read()

    def _cleaned(self, said: Data) -> Data:
        left = said["leftovers"]
        if said["state"] != "needs_person" and (left["records"] or left["files"]):
            gone = self._publish(left, "absent")
            name = {"name": self._play["item"]["name"]}
            self._module(
                certificate_orders,
                ledger_path=self._play["ledger"],
                ledger_durable=True,
                record_only=True,
                certificates=[{**name, "observed": {"removed": gone}}],
            )
        return said

    def _with_clerk(self) -> Data:
        """A person does what the order's tasks say, and tells it with the next run; he remembers what he did."""
        said: Data = {}
        for _call in range(5):
            said = self._orders({"until": "wanted"}, csr=self._play["csr"], intake=self._clerk.told() or None)
            if said["error"] is not None or said["state"] in ("issued", "deploy_pending", "needs_person"):
                break
            if not self._clerk.act(said):
                break
            if said["wanted"]["files"]:
                self._publish(said["wanted"], "present")
        return self._cleaned(said)

    @property
    def _clerk(self) -> Clerk:
        return Clerk(Path(self._play["clerk"]), self._play["bundle"])

    @staticmethod
    def _module(module: t.Any, **given: t.Any) -> list[Data]:
        read = ArgumentSpecValidator(module.argument_spec()).validate(given)
        if read.error_messages:
            raise RuntimeError(str(read.error_messages))
        return [one.as_data() for one in module.run(read.validated_parameters, False).items]


class Clerk:
    """Applies at the seller for each reference that he is asked to, and notes it: that is the CA's history."""

    def __init__(self, notes: Path, bundle: str) -> None:
        self._notes = notes
        self._bundle = bundle

    def told(self) -> Data:
        return self._read()["told"]

    def act(self, said: Data) -> bool:
        """Whether there was anything to do."""
        notes = self._read()
        if said["state"] == "awaiting_approval":
            notes["told"]["approved"] = True
        else:
            tells = [task["tell"] for task in said["wanted"]["tasks"] if task["tell"]]
            if not tells:
                return False
            if tells[0] == "order_number" and said["reference"] not in notes["applied"]:
                notes["applied"].append(said["reference"])
            values = {
                "order_number": f"SSL-{said['name']}",
                "approved": True,
                "certificate": self._bundle,
                "cancelled": True,
            }
            uri = f"http://{said['common_name']}/.well-known/pki-validation/0042.txt"
            values["file_token"] = {"uri": uri, "content": "proof-0042"}
            notes["told"][tells[0]] = values[tells[0]]
        self._notes.write_text(json.dumps(notes))
        return True

    def _read(self) -> Data:
        if self._notes.exists():
            return json.loads(self._notes.read_text())
        return {"applied": [], "told": {}}


# -- the process ------------------------------------------------------------------------------------------------------


def _child(asked: Data) -> None:
    doors = Doors(**asked["kill"])
    if asked["defect"]:
        DEFECTS[asked["defect"]]()
    if asked["ahead"]:
        _hurry(asked["ahead"])
    doors.watch()
    try:
        said: Data = {"said": Run(asked["play"]).play()}
    except Exception as exc:  # noqa: BLE001 (told to who asked)
        said = {"failed": f"{type(exc).__name__}: {exc}"}
    Path(asked["result"]).write_text(json.dumps({**said, "doors": doors.passed}))


def _hurry(seconds: float) -> None:
    """The ledger's clock is ahead: leases of the others have expired."""
    original = LedgerStore.__init__

    def later(self: LedgerStore, path: str, connection: t.Any, process: t.Any, now: t.Callable[[], float]) -> None:
        original(self, path, connection, process, lambda: now() + seconds)

    LedgerStore.__init__ = later


def _forked(asked: Data) -> t.Iterator[Data]:
    """A child that stops itself is told of, and goes on when a line comes."""
    pid = os.fork()
    if pid == 0:
        try:
            _child(asked)
        finally:
            os._exit(0)
    while True:
        _pid, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        yield {"status": None, "pid": pid}
        sys.stdin.readline()
        os.kill(pid, signal.SIGCONT)
    yield {"status": os.waitstatus_to_exitcode(status), "pid": pid}


def main() -> None:
    for line in iter(sys.stdin.readline, ""):
        for answer in _forked(json.loads(line)):
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
