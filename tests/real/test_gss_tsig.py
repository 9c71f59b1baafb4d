# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS service rfc2136 with GSS-TSIG against real BIND 9 and a real KDC: who signs is Kerberos' affair.

It runs in the system's Python, with the distribution's gssapi and dnspython: PyPI has gssapi as source only.
"""

from __future__ import annotations

import base64
import json
import os
import pathlib
import re
import subprocess
import typing as t

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._dns import gss_tsig
from servers.absent import skipped_if_absent
from servers.bind import Bind
from servers.kdc import REALM, Kdc
from servers.process import Missing

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst" / "dns_rfc2136.rst"
ZONE = "example.jp"
HOST = f"ns1.{ZONE}"
NAME = f"_validation-contactemail.{ZONE}"
PYTHON = "/usr/bin/python3"
COLLECTIONS = pathlib.Path(gss_tsig.__file__).parents[6]


#: one service, opened once, that plays all acts
CLIENT = """
import json
import sys
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import Change, Question, ServiceConfig
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136Factory

said = json.load(sys.stdin)
zone = said["zone"]
config = ServiceConfig("primary", "rfc2136", said["settings"], said["secrets"], (zone,))
assert Rfc2136Factory().settings_errors(config) == []
service = Rfc2136Factory().open(config)


def act(verb, *words):
    if verb == "look":
        (look,) = service.looks([Question(words[0], "TXT")])
        return look if isinstance(look, InkanError) else sorted(look.rrset.values)
    if verb == "mailbox":
        (soa,) = service.soas([zone])
        return soa if isinstance(soa, InkanError) else service.set_rname(zone, soa, words[0]).rname
    return getattr(service, verb)(zone, [Change(words[0], "TXT", words[1])])[0]


print(json.dumps([act(*words) for words in said["acts"]], default=lambda error: [error.code, error.sentence()]))
"""


@pytest.fixture(scope="module")
def kdc(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Kdc]:
    server = Kdc(tmp_path_factory.mktemp("kdc"), {HOST, f"ns9.{ZONE}"})
    with skipped_if_absent():
        for module, package in (("gssapi", "python3-gssapi"), ("dns", "python3-dnspython")):
            if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode:
                raise Missing(f"{module} for {PYTHON}", package)
        server.start()
    with server:
        yield server


def documented_policy() -> str:
    found = re.search(r"# named.conf: .*?update-policy \{(.*?)\};", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None and f"@{REALM} " in found.group(1)
    return found.group(1)


@pytest.fixture(scope="module")
def bind(kdc: Kdc, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Bind]:
    with Bind(
        tmp_path_factory.mktemp("bind"),
        zones={ZONE: {"_validation-contactemail": [("TXT", '"theirs@example.jp"')]}},
        policy={ZONE: documented_policy()},
        gssapi_keytab=kdc.keytab(f"DNS/{HOST}"),
        environment=kdc.environment,
    ) as server:
        yield server


class Client:
    """cache: where tickets would be, if anything put them into a file."""

    def __init__(self, bind: Bind, kdc: Kdc, folder: pathlib.Path) -> None:
        self.settings = {
            "server": bind.address,
            "port": bind.port,
            "timeout": 3,
            "gss_tsig": True,
            "server_name": HOST,
            "keytab": str(kdc.keytab("inkan")),
        }
        self.cache = folder / "tickets"
        self.environment = {**os.environ, **kdc.environment, "KRB5CCNAME": f"FILE:{self.cache}"}

    def plays(
        self, *acts: tuple[str, ...], secrets: t.Mapping[str, str] | None = None, **changes: t.Any
    ) -> list[t.Any]:
        settings = {name: one for name, one in {**self.settings, **changes}.items() if one is not None}
        done = subprocess.run(
            [PYTHON, "-c", CLIENT],
            input=json.dumps({"settings": settings, "secrets": secrets or {}, "zone": ZONE, "acts": acts}),
            env={**self.environment, "PYTHONPATH": str(COLLECTIONS), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return t.cast("list[t.Any]", json.loads(done.stdout))


@pytest.fixture
def client(bind: Bind, kdc: Kdc, tmp_path: pathlib.Path) -> Client:
    return Client(bind, kdc, tmp_path)


def test_looks_and_updates_are_signed_by_the_principal_and_neighbours_stay(bind: Bind, client: Client) -> None:
    both = ["certs@example.jp", "theirs@example.jp"]
    added, seen = client.plays(("add", NAME, both[0]), ("look", NAME))
    assert (added, seen, bind.records(NAME)) == (None, both, both)
    assert client.plays(("remove", NAME, both[0]), ("look", NAME)) == [None, both[1:]]
    assert bind.records(NAME) == both[1:]
    assert {update.key for update in bind.updates()} == {f"inkan\\@{REALM}"}
    assert not client.cache.exists(), "no ticket is left in a file"
    log = (bind.directory / "primary" / "query.log").read_text()
    signed = [line for line in log.splitlines() if "/key inkan" in line]
    assert signed and all(re.search(r" IN TXT \S*T\S* \(", line) for line in signed), "a repeated datagram is a replay"


def test_the_mailbox_of_a_zone_is_set_by_the_same_right(bind: Bind, client: Client) -> None:
    rname = "dns\\.admin.example.jp."
    assert client.plays(("mailbox", rname), principal=f"inkan@{REALM}") == [rname]
    assert bind.serial(ZONE) > 1


def test_a_keytab_that_is_a_secret_is_held_in_memory(kdc: Kdc, client: Client) -> None:
    keytab = base64.encodebytes(kdc.keytab("inkan").read_bytes()).decode()
    assert client.plays(("look", NAME), keytab=None, secrets={"keytab": keytab}) == [["theirs@example.jp"]]
    assert not client.cache.exists(), "no ticket is left in a file"
    stranger = base64.encodebytes(kdc.keytab("stranger").read_bytes()).decode()
    (error,) = client.plays(("add", NAME, "stranger@example.jp"), keytab=None, secrets={"keytab": stranger})
    assert error is not None, "another keytab is another principal"


def test_tickets_that_are_at_hand_do(kdc: Kdc, client: Client) -> None:
    argv = ["kinit", "-k", "-t", str(kdc.keytab("inkan")), f"inkan@{REALM}"]
    subprocess.run(argv, env=client.environment, check=True, capture_output=True)
    assert client.plays(("look", NAME), keytab=None) == [["theirs@example.jp"]]


def test_what_the_policy_does_not_grant_to_the_principal_is_refused(bind: Bind, kdc: Kdc, client: Client) -> None:
    (error,) = client.plays(("add", NAME, "stranger@example.jp"), keytab=str(kdc.keytab("stranger")))
    assert error[0] == "dns_refused"
    assert bind.records(NAME) == ["theirs@example.jp"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"keytab": None}, "tsig_gss_credentials"),
        ({"principal": f"nobody@{REALM}"}, "tsig_gss_credentials"),
        ({"keytab": "/nonexistent/inkan.keytab"}, "tsig_gss_credentials"),
        ({"server_name": "ns8.example.jp"}, "tsig_gss_credentials"),
        ({"server_name": "ns9.example.jp"}, "tsig_gss_refused"),
    ],
)
def test_why_no_key_came_about_is_told(
    bind: Bind, kdc: Kdc, client: Client, changes: dict[str, t.Any], code: str
) -> None:
    kdc.keytab("DNS/ns9.example.jp")  # the KDC knows it, this server does not have its key
    before = len(bind.queries())
    for found, sentence in client.plays(("look", NAME), ("look", ZONE), **changes):
        assert found == code
        assert f"DNS/{changes.get('server_name', HOST)}" in sentence
    assert len(bind.queries()) == before, "nothing was asked that could not be signed"
