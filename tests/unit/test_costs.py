# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module costs before and beside its work, counted: files sent along, libraries loaded, files opened.

Seconds differ from machine to machine; these do not. A bound may be raised for a reason, and should be lowered when it
can be. What whole playbooks cost is counted in tests/real/test_counts.py.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._io.executor import SerialExecutor
from ansible_collections.inkan.tls.plugins.module_utils._io.store import Store
from ansible_collections.inkan.tls.plugins.modules import certificate_requests
from ansible_collections.inkan.tls.plugins.modules.certificates_info import Ports, run
from ansible_collections.inkan.tls.tests.unit.fresh_python import python_path
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.host import Host, item, leaf
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._x509 import forge

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
PREFIX = "ansible_collections.inkan.tls.plugins.module_utils."

#: Module -> the most files of module_utils that may travel with it: each is read, packed, sent and unpacked.
MOST_FILES = {
    "approval_mails": 190,
    "ca_accounts": 140,
    "certificate_deployments": 31,
    "certificate_orders": 170,
    "certificate_orders_info": 84,
    "certificate_reports": 32,
    "certificate_requests": 20,
    "certificates_info": 22,
    "dcv_check": 63,
    "dcv_contacts": 54,
    "dcv_plan": 75,
    "dns_tokens": 51,
    "file_tokens": 11,
    "notifications": 66,
    "run_guard": 15,
    "seller_requests_info": 33,
    "soa_rname": 51,
}
#: Module -> what its process does not load before it knows that it is needed.
NOT_LOADED = {
    "certificate_orders": {"acme", "josepy", "requests", "dns", "jmespath", "yaml", "imaplib", "http.client"},
    "certificate_orders_info": {"cryptography", "requests", "dns"},
    "certificate_requests": {"http.client", "ssl", "sqlite3", "dns", "requests"},
    "certificates_info": {"sqlite3", "dns", "requests"},
    "certificate_deployments": {"sqlite3", "dns", "requests"},
    "dns_tokens": {"lexicon", "requests", "gssapi", "sqlite3", "yaml"},
    "dcv_contacts": {"lexicon", "requests", "gssapi", "sqlite3", "yaml"},
    "soa_rname": {"lexicon", "requests", "gssapi", "sqlite3", "yaml"},
    "file_tokens": {"cryptography", "ssl", "http.client", "sqlite3", "dns", "requests"},
}
#: Files and folders that looking at one more live certificate may open.
MOST_OPENS = 10


# What travels


def sent_along(path: Path) -> set[Path]:
    """As Ansible packs a module: every import that its text holds, also those inside functions, and theirs."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        for found in _imported(waiting.pop()) - seen:
            seen.add(found)
            waiting.append(found)
    return seen


def _imported(path: Path) -> set[Path]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(PREFIX):
            own = f"{node.module}.".removeprefix(PREFIX).rstrip(".")
            names = [own, *(f"{own}.{alias.name}" for alias in node.names)]
            found |= {ROOT / "plugins/module_utils" / f"{name.replace('.', '/')}.py" for name in names}
    return {one for one in found if one.is_file()}


def test_each_module_has_a_bound() -> None:
    assert sorted(MOST_FILES) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_few_files_travel_with_a_module(module: str) -> None:
    files = sent_along(ROOT / "plugins/modules" / f"{module}.py")
    assert 0 < len(files) <= MOST_FILES[module], "\n".join(sorted(map(str, files)))


def test_a_file_that_is_imported_by_a_function_is_counted() -> None:
    acme = ROOT / "plugins/module_utils/_ca/acme/adapter.py"
    assert acme in sent_along(ROOT / "plugins/modules/certificate_orders.py")


# What is loaded


@pytest.mark.parametrize("module", sorted(NOT_LOADED))
def test_a_module_loads_no_library_before_it_needs_it(module: str) -> None:
    base = "ansible.module_utils.basic, ansible.module_utils.common.json"  # what Ansible itself brings is not ours
    code = (
        f"import sys, json, {base}; before = set(sys.modules)\n"
        f"import ansible_collections.inkan.tls.plugins.modules.{module}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": python_path(_collections()), "PATH": "/usr/bin:/bin"},
    )
    loaded = set(json.loads(done.stdout))
    assert f"ansible_collections.inkan.tls.plugins.modules.{module}" in loaded
    assert loaded & NOT_LOADED[module] == set()


def _collections() -> str:
    import ansible_collections.inkan.tls.plugins.modules.file_tokens as one

    return str(Path(t.cast(str, one.__file__)).parents[5])


# What is opened


class Opened:
    """Counts what this process opens, while it is asked to; an audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.paths: list[str] | None = None
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[t.Any, ...]) -> None:
        if event == "open" and self.paths is not None:
            self.paths.append(str(arguments[0]))

    def by(self, work: t.Callable[[], t.Any]) -> list[str]:
        self.paths = []
        try:
            work()
            return self.paths
        finally:
            self.paths = None


@pytest.fixture(scope="module")
def opened() -> Opened:
    return Opened()


def _store(path: Path, number: int) -> Store:
    """All with one certificate: what is read is the same as of others."""
    ca = forge.ca("CA")
    leaf = forge.make("shop.example.jp", by=ca, names=["shop.example.jp"])
    store = Store(str(path))
    for count in range(number):
        files = {"privkey.pem": leaf.key_pem, "cert.pem": leaf.pem.encode(), "chain.pem": ca.pem.encode()}
        files["fullchain.pem"] = files["cert.pem"] + files["chain.pem"]
        store.switch(f"c{count}", store.new_generation(f"c{count}", files))
    return store


@pytest.mark.parametrize(
    "params",
    [pytest.param({}, id="all are told"), pytest.param({"expiring_before": "2000-01-01T00:00:00Z"}, id="none is due")],
)
def test_the_look_at_a_certificate_opens_a_handful_of_files(
    opened: Opened, tmp_path: Path, params: dict[str, t.Any]
) -> None:
    few, more = (_looked(opened, _store(tmp_path / str(number), number), params, number) for number in (1, 11))
    assert 1 <= (len(more) - len(few)) / 10 <= MOST_OPENS, " ".join(few)


def _looked(opened: Opened, store: Store, params: dict[str, t.Any], number: int) -> list[str]:
    def look() -> None:
        assert run(params, False, Ports(store, _nobody, SerialExecutor())).extra["examined"] == number

    look()  # whatever Python itself loads late
    return opened.by(look)


def _nobody(address: str, port: int, server_name: str | None, timeout: float) -> bytes:
    raise AssertionError("no handshake was asked for")


#: State -> the most files and folders that it opens, and the most syncs that it waits for, for one certificate.
MOST_OF_DEPLOYMENT = {"verify": (15, 4), "switch": (35, 5)}


@pytest.mark.parametrize("state", MOST_OF_DEPLOYMENT)
def test_the_deployment_of_a_certificate_waits_for_few_syncs(opened: Opened, tmp_path: Path, state: str) -> None:
    (few_opens, few_syncs), (more_opens, more_syncs) = (
        _deployed(opened, Host(tmp_path / str(number)), state, number) for number in (2, 12)
    )
    most_opens, most_syncs = MOST_OF_DEPLOYMENT[state]
    assert 1 <= (more_opens - few_opens) / 10 <= most_opens
    assert 1 <= (more_syncs - few_syncs) / 10 <= most_syncs


def _deployed(opened: Opened, host: Host, state: str, number: int) -> tuple[int, int]:
    """What the state opens and syncs for so many new certificates."""
    items = []
    for count in range(number):
        certificate = leaf(f"c{count}.example.jp", 0xC0 + count)
        host.stage(f"c{count}", certificate)
        items.append(item(f"c{count}", certificate, handshake=None, reload=None))
    if state == "switch":
        host.run("verify", *items)
    host.system.log.clear()
    answers = []
    paths = opened.by(lambda: answers.append(host.run(state, *items)))
    assert all(one.error is None and one.changed for one in answers[0].items)
    return len(paths), host.system.log.count("fsync")


#: Files and folders that are opened for one new key with its request.
MOST_OPENS_OF_KEY = 13


def test_a_new_key_and_its_request_open_few_files(opened: Opened, tmp_path: Path) -> None:
    few, more = (_keys_made(opened, Store(str(tmp_path / str(number))), number) for number in (2, 12))
    assert 1 <= (len(more) - len(few)) / 10 <= MOST_OPENS_OF_KEY, " ".join(few)


def _keys_made(opened: Opened, store: Store, number: int) -> list[str]:
    key = {"type": "ecdsa-p256"}
    items = [{"name": f"c{count}", "common_name": f"c{count}.example.jp", "key": key} for count in range(number)]
    answers = []

    def make() -> None:
        answers.append(certificate_requests.run({"certificates": items}, False, store, SerialExecutor()))

    paths = opened.by(make)
    assert all(one.error is None and one.changed for one in answers[0].items)
    return paths
