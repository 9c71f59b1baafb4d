# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A company with an account at every kind of CA, DNS service, mailbox and channel, all of whose secrets are canaries.

Its plays are as talkative as Ansible can be made, and everything that they leave is searched:

    world.play("issue", "--diff")           default callback, -vvvv, log file, junit, all results as events
    world.leaks()                           where a canary is that is not at home

``<name>`` is validated by DNS at CA ``<name>``; ``portal`` is bought at a portal and approved by mail; ``echo-<kind>``
are the same accounts at servers that refuse them with every word that they were sent.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import sys
import threading
import time
import typing as t
from pathlib import Path

from canaries import Canaries, Leak
from echoes import EchoingLines, echoing_http
from lab import channels
from lab.border import HOST, NAME, Border
from lab.inventory import inventory
from plays.play import Play, Plays, RunningPlay

HERE = Path(__file__).resolve().parent
JOURNEYS = HERE.parent / "journeys"
CAS = ("rest", "digicert", "globalsign_atlas", "globalsign_gcc", "acme")
PRODUCTS = {
    "rest": "digicert-dv",
    "digicert": "digicert-dv",
    "globalsign_atlas": "globalsign-atlas",
    "globalsign_gcc": "globalsign-dv",
    "acme": "acme",
}
#: names of files that everybody may read: certificates, requests, tokens, and what is written about them
REFUSED_ZONES = ("echo.example", "pdns.example", "dpf.example")
PUBLIC = ("cert.pem", "chain.pem", "fullchain.pem", "csr.pem")
Data = dict[str, t.Any]


def journeys_world() -> t.Any:
    """tests/journeys/world.py, beside tests/real/world.py."""
    if str(JOURNEYS) not in sys.path:
        sys.path.append(str(JOURNEYS))
    name = "journeys_world"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, JOURNEYS / "world.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


class Observer(threading.Thread):
    """Arguments and environment of every process of a play, again and again, and each key file that appears."""

    def __init__(self, play: RunningPlay, file: Path, keys: t.Callable[[], object]) -> None:
        super().__init__(name="observer", daemon=True)
        self._play, self._file, self._keys = play, file, keys
        self._ended = threading.Event()
        self.seen: set[bytes] = set()

    def run(self) -> None:
        """It rests nine times as long as it looked: on a busy machine, too, looking is not what keeps it busy."""
        looked = 0.0
        while not self._ended.wait(max(0.05, 9 * looked)):
            begin = time.thread_time()
            for pid in self._play.pids():
                for what in ("cmdline", "environ"):
                    with contextlib.suppress(OSError):
                        self.seen.add(Path(f"/proc/{pid}/{what}").read_bytes())
            self._keys()
            looked = time.thread_time() - begin

    def end(self) -> None:
        self._ended.set()
        self.join()
        with self._file.open("ab") as file:
            file.write(b"\n".join(self.seen).replace(b"\0", b"\n") + b"\n")


class TalkativePlays(Plays):
    """callback: as stdout's callback prints; breaks: a call that breaks down in every module."""

    result_format = "json"
    breaks = ""
    umask = 0o000

    @property
    def probe(self) -> Path:
        folder = self.root / "probe"
        folder.mkdir(exist_ok=True)
        return folder

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "PYTHONPATH": str(HERE / "probe"),
            "INKAN_PROBE": str(self.probe),
            "INKAN_PROBE_RAISE": self.breaks,
            "ANSIBLE_LOG_PATH": str(self.root / "ansible.log"),
            "ANSIBLE_LOG_VERBOSITY": "4",
            "ANSIBLE_CALLBACKS_ENABLED": "inkan_counts,inkan_everything,ansible.builtin.junit",
            "JUNIT_OUTPUT_DIR": str(self.root / "junit"),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": self.result_format,
            "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.root / "facts"),
            "ANSIBLE_INJECT_FACT_VARS": "True",
            "INKAN_EVERYTHING": str(self.root / "everything"),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
        }

    def start(self, playbook: str, *arguments: str, variables: t.Any = None) -> RunningPlay:
        old = os.umask(self.umask)
        try:
            return super().start(playbook, *arguments, variables=variables)
        finally:
            os.umask(old)


class CanaryWorld:
    """names: which of the certificates are declared; None: those that can be had."""

    plays: TalkativePlays

    def __init__(
        self,
        root: Path,
        collections_path: str | None = None,
        cas: t.Sequence[str] = CAS,
        web: t.Sequence[str] = ("web1", "web2"),
    ) -> None:
        self.root = root
        self.cas = tuple(cas)
        self.canaries = Canaries()
        self._stack = contextlib.ExitStack()
        also = {"globalsign_atlas": "atlas", "globalsign_gcc": "gcc", "acme": "acme_ca"}
        self.world = journeys_world().LabWorld(
            root,
            [certificate(ca) for ca in self.cas],
            vices=(),
            web=web,
            collections_path=collections_path,
            also=(*(also[ca] for ca in self.cas if ca in also), "approvals"),
            zones={zone: [] for zone in REFUSED_ZONES},
        )
        self.plays = self.world.plays = TalkativePlays(root, self.world.inventory, collections_path)
        for folder in ("home", "facts"):
            (root / folder).mkdir()

    def __enter__(self) -> CanaryWorld:
        with contextlib.ExitStack() as stack:
            channels_password = self.secret("password of the mail server")
            stack.callback(setattr, channels, "PASSWORD", channels.PASSWORD)
            channels.PASSWORD = channels_password
            stack.enter_context(self.world)
            facts = self.world.lab.facts()
            tls = Path(facts["api_ca"]).parent
            pair = (tls / "api-cert.pem", tls / "api-key.pem")
            self.echo = stack.enter_context(echoing_http(*pair))
            self.imap = stack.enter_context(EchoingLines("imap", *pair))
            self.smtp = stack.enter_context(EchoingLines("smtp", *pair))
            self.office = stack.enter_context(channels.PostOffice(*pair, implicit=True))
            self._post(stack)
            self.world.variables.update(self._variables(facts))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._stack.close()

    def secret(self, name: str) -> str:
        """Made here: with letters that have to be quoted somewhere, so that their other forms differ."""
        value = f"{secrets.token_hex(12)}/&=+'{secrets.token_hex(12)}"
        self.canaries.add(name, value)
        return value

    def token(self, name: str) -> str:
        """Made here, of letters that stand in any header."""
        value = secrets.token_urlsafe(33)
        self.canaries.add(name, value)
        return value

    def known(self, name: str, value: str) -> str:
        """Made by the lab."""
        self.canaries.add(name, value)
        return value

    # -- what is declared

    def _post(self, stack: contextlib.ExitStack) -> None:
        """The company's mailbox: what the lab sends comes into a Maildir."""
        self.maildir = self.root / "maildir"
        for below in ("new", "cur", "tmp"):
            (self.maildir / below).mkdir(parents=True)

        def keep(name: str, _to: t.Any, raw: bytes) -> None:
            (self.maildir / "new" / name).write_bytes(raw)

        border = stack.enter_context(Border(keep, {HOST: {"jprs.jp", "cpi.ad.jp"}}))
        self.world.lab.mail.relay = (HOST, border.port)

    def _variables(self, facts: Data) -> Data:
        return {
            "inkan_ca_accounts": self._accounts(facts),
            "inkan_dns_services": self._dns(facts),
            "inkan_mailboxes": self._mailboxes(facts),
            "inkan_notifications": self._channels(facts),
        }

    def _accounts(self, facts: Data) -> Data:
        accounts: Data = {"portal": {"adapter": "portal", "settings": {"seller": "cpi"}}}
        accounts["rest"] = inventory(facts)["all"]["vars"]["inkan_ca_accounts"]["labssl"]
        accounts["digicert"] = {
            "adapter": "digicert",
            "settings": {"url": facts["digicert"]["url"], "ca_bundle": facts["digicert"]["ca"]},
            "secrets": {"api_key": facts["digicert"]["key"]},
        }
        if "atlas" in facts:
            accounts["globalsign_atlas"] = _atlas(facts["atlas"])
        if "gcc" in facts:
            accounts["globalsign_gcc"] = _gcc(facts["gcc"])
        if "acme_ca" in facts:
            accounts["acme"] = _acme(facts["acme_ca"])
        for name, account in accounts.items():
            for word, value in account.get("secrets", {}).items():
                if "BEGIN PRIVATE KEY" in value or "BEGIN EC PRIVATE" in value or "BEGIN RSA" in value:
                    self.canaries.add_private_key(f"{word} of {name}", value.encode())
                elif "BEGIN" not in value:
                    self.known(f"{word} of {name}", value)
        echoing = {f"echo-{name}": self._echoing(name, account) for name, account in accounts.items()}
        return {**accounts, **{name: one for name, one in echoing.items() if one}}

    def _echoing(self, name: str, account: Data) -> Data:
        """The same account, with secrets of its own, at a server that refuses with all that it was sent."""
        if name in ("acme", "portal"):
            return {}
        settings = {**account["settings"], "url": self.echo + "/api"}
        made = {
            word: value if "BEGIN" in value else self.token(f"{word} of echo-{name}")
            for word, value in account["secrets"].items()
        }
        settings["ca_bundle"] = str(self.world.lab.facts()["api_ca"])
        if name == "globalsign_gcc":
            made["password"] = self.secret("password of echo-globalsign_gcc, in need of quotes")
        return {**account, "settings": settings, "secrets": made}

    def _dns(self, facts: Data) -> Data:
        lab = inventory(facts)["all"]["vars"]["inkan_dns_services"]["lab"]
        self.known("TSIG key", lab["secrets"]["key_secret"])
        wrong = {"key_secret": base64.b64encode(secrets.token_bytes(32)).decode()}
        self.known("wrong TSIG key", wrong["key_secret"])
        bundle = {"ca_bundle": str(facts["api_ca"])}
        return {
            "lab": lab,
            "wrong": {**lab, "secrets": wrong, "zones": ["echo.example"]},
            "pdns": {
                "service": "powerdns",
                "settings": {"url": self.echo, **bundle},
                "secrets": {"api_key": self.token("API key of PowerDNS")},
                "zones": ["pdns.example"],
            },
            "dpf": {
                "service": "iij_dpf",
                "settings": {"url": self.echo + "/dpf/v1", **bundle},
                "secrets": {"access_token": self.token("token of DPF")},
                "zones": ["dpf.example"],
            },
        }

    def _mailboxes(self, facts: Data) -> Data:
        return {"certs": {"service": "maildir", "settings": {"path": str(self.maildir), "authserv_id": NAME}}}

    def mailboxes_that_echo(self) -> Data:
        """By a password, by a token, and by the client secret that a token is fetched with: all of them are refused."""
        box = {"host": "localhost", "port": self.imap.port, "ca_bundle": str(self.world.lab.facts()["api_ca"])}
        logins = {
            "password": ({}, {"password": self.secret("password of the mailbox")}),
            "token": ({}, {"access_token": self.token("access token of the mailbox")}),
        }
        return {
            name: {
                "service": "imap",
                "settings": {**box, "user": "certs@example.jp", "authserv_id": NAME, **more},
                "secrets": own,
            }
            for name, (more, own) in logins.items()
        }

    def _channels(self, facts: Data) -> Data:
        mail = {"host": "localhost", "tls": "implicit", "ca_bundle": str(facts["api_ca"]), "user": channels.USER}
        ends = {"from": "a@example.jp", "to": ["b@example.jp"]}
        everything = ["trouble", "expiring", "waiting", "refused", "resolved", "issued"]
        mails = {"service": "smtp", "on": everything}
        hook = {"service": "webhook", "on": everything}
        secret_url = f"{self.echo}/services/{self.token('path of the webhook')}"
        return [
            {
                "name": "mail",
                **mails,
                "settings": {**mail, **ends, "port": self.office.port},
                "secrets": {"password": channels.PASSWORD},
            },
            {
                "name": "mail-refused",
                **mails,
                "settings": {**mail, **ends, "port": self.smtp.port},
                "secrets": {"password": self.secret("refused password of the mail server")},
            },
            {
                "name": "hook",
                **hook,
                "settings": {"ca_bundle": str(facts["api_ca"])},
                "secrets": {
                    "url": secret_url,
                    "token": self.token("token of the webhook"),
                    "signing_key": self.token("signing key of the webhook"),
                },
            },
        ]

    def write_inventory(self) -> None:
        """The lab's service has all zones there: not those that are for the services that refuse."""
        self.world.write_inventory()
        path: Path = self.world.inventory
        tree = json.loads(path.read_text("utf-8"))
        mine = tree["all"]["vars"]["inkan_dns_services"]["lab"]
        mine["zones"] = [one for one in mine["zones"] if one not in REFUSED_ZONES]
        path.write_text(json.dumps(tree), "utf-8")

    def declare(self, *certificates: Data) -> None:
        self.world.certificates = list(certificates)

    def failing(self) -> list[Data]:
        """A certificate for each account and each DNS service that refuses, with all the words that it was sent."""
        accounts = [name for name in self.world.variables["inkan_ca_accounts"] if name.startswith("echo-")]
        at_cas = [certificate(name, zone="example.jp") for name in accounts]
        return at_cas + [certificate("rest", f"refused-{n}", zone) for n, zone in enumerate(REFUSED_ZONES)]

    # -- plays

    def play(self, playbook: str, *arguments: str, variables: t.Any = None, seconds: float = 600) -> Play:
        with self.watched(playbook, *arguments, variables=variables) as running:
            return running.wait(seconds)

    @contextlib.contextmanager
    def watched(self, playbook: str, *arguments: str, variables: t.Any = None) -> t.Iterator[RunningPlay]:
        self.write_inventory()
        running = self.plays.start(playbook, "-vvvv", *arguments, variables=variables)
        observer = Observer(running, self.plays.probe / "observed", self.adopt)
        observer.start()
        try:
            yield running
        finally:
            observer.end()
            self.adopt()

    # -- what they leave

    @property
    def key_places(self) -> list[Path]:
        """Where private keys are at home: stores of hosts, and the account keys beside the ledger."""
        return [*(machine.store for machine in self.world.machines.values()), self.world.ledger.parent / "accounts"]

    def adopt(self) -> list[Path]:
        return self.canaries.adopt(place for place in self.key_places if place.exists())

    def places(self) -> list[Path]:
        """Everything that plays write, but for the inventory and variables that hold the secrets."""
        mine = {"lab", "inventory.json", "maildir", "collections", "log"}
        outside = [path for path in self.root.iterdir() if path.name not in mine]
        logs = [path for path in (self.root / "log").glob("*") if not path.name.endswith("-variables.json")]
        hosts = [place for one in self.world.machines.values() for place in (one.store, one.document_root)]
        return [*outside, *logs, *hosts]

    def leaks(self) -> list[Leak]:
        self.adopt()
        return self.canaries.found(self.places())

    def open_keys(self) -> list[str]:
        """Files with a private key, or made where keys are made, that somebody else may read or could have read."""
        found = [
            f"{path} has mode {path.stat().st_mode & 0o777:04o}" for path in self.adopt() if path.stat().st_mode & 0o077
        ]
        places = [str(place.resolve()) for place in [*self.key_places, self.world.ledger.parent]]
        made = self.plays.probe / "creations"
        for line in made.read_text("utf-8").splitlines() if made.exists() else ():
            mode, _blank, path = line.partition(" ")
            is_open = int(mode, 8) & 0o077 and Path(path).name not in PUBLIC
            if is_open and any(path.startswith(place) for place in places):
                found.append(f"{path} was made with mode {mode}")
        return sorted(set(found))


def certificate(ca: str, name: str = "", zone: str = "example.jp", **more: t.Any) -> Data:
    story = sys.modules["story"]
    name = name or ca.replace("_", "-")
    return {
        "name": name,
        "common_name": f"{name}.{zone}",
        "ca_account": ca,
        "product": PRODUCTS.get(ca.removeprefix("echo-"), "acme"),
        "validation": {"method": "dns-01" if ca == "acme" else "dns"},
        "key": {"type": "ecdsa-p256"},
        "hosts": "webservers",
        "deploy": {"reload": story.DEPLOY["reload"], "handshake": False},
        **more,
    }


def _atlas(facts: Data) -> Data:
    pems = {name: Path(facts[name]).read_text() for name in ("client_certificate", "client_key")}
    limits = {"requests_per_second": 1000, "requests_per_minute": 60_000}
    own = {name: facts[name] for name in ("api_key", "api_secret")}
    settings = {"url": facts["url"], "ca_bundle": facts["ca"], **limits}
    return {"adapter": "globalsign_atlas", "settings": settings, "secrets": {**own, **pems}}


def _gcc(facts: Data) -> Data:
    contact = {"first_name": "Hana", "last_name": "Yamada", "phone": "+81-3-0000-0000", "email": "hana@example.jp"}
    common = {"url": facts["url"], "ca_bundle": facts["ca"], "user_name": facts["username"], "contact": contact}
    return {"adapter": "globalsign_gcc", "settings": common, "secrets": {"password": facts["password"]}}


def _acme(facts: Data) -> Data:
    name, key = sorted(facts["bindings"].items())[0]
    common = {"directory": facts["url"], "ca_bundle": facts["ca"], "accept_terms": True, "contact": ["a@example.jp"]}
    return {"adapter": "acme", "settings": {**common, "eab_kid": name}, "secrets": {"eab_hmac_key": key}}


def defective_collection(folder: Path, defects: t.Mapping[str, t.Mapping[str, str]]) -> str:
    """A copy of the collection with these texts in place of others, file by file; where Ansible finds it."""
    product = HERE.parents[1]
    place = folder / "ansible_collections" / "inkan" / "tls"
    place.mkdir(parents=True)
    for name in ("plugins", "roles", "playbooks", "meta"):
        shutil.copytree(product / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(product / "galaxy.yml", place)
    for file, changes in defects.items():
        text = (place / file).read_text("utf-8")
        for old, new in changes.items():
            assert text.count(old) == 1, f"{file} has no longer, or not once: {old}"
            text = text.replace(old, new)
        (place / file).write_text(text, "utf-8")
    return str(folder)
