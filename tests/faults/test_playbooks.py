# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks in the lab: shards side by side, a host that is lost while others renew, several certificates that
share one reload, and a CA whose every word is a template.
"""

from __future__ import annotations

import contextlib
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.shard import Shard
from canary_world import defective_collection, journeys_world
from lab.clock import LabClock
from lab.http_server import HttpServer, Request, Response, Routes
from plays.play import Play
from servers.process import free_port
from tally import Invariant, Tally

SHARDS, FLEET, TEMPLATES = "shards of real runs", "fleet with a lost host", "templates of a CA, whole playbook"
NAMES = ("a1", "b2", "c3", "d4")
ZONE = "example.jp"


def by_dns(name: str, account: str = "ca") -> dict[str, t.Any]:
    import story

    plain = story.by_file(name, f"{name}.{ZONE}", product="digicert-dv")
    return {**plain, "ca_account": account, "validation": {"method": "dns"}}


@contextlib.contextmanager
def company(
    folder: Path, names: t.Sequence[str], defects: dict[str, dict[str, str]] | None = None
) -> t.Iterator[t.Any]:
    """defects: of the product, file -> text -> other text."""
    product = defective_collection(folder / "product", defects) if defects else None
    worlds = journeys_world()
    certificates = [by_dns(name) for name in names]
    with worlds.LabWorld(folder / "world", certificates, vices=(), collections_path=product) as world:
        facts = world.lab.facts()["digicert"]
        settings = {"url": facts["url"], "ca_bundle": facts["ca"], "skip_approval": True}
        world.variables["inkan_ca_accounts"] = {
            "ca": {"adapter": "digicert", "settings": settings, "secrets": {"api_key": facts["key"]}}
        }
        yield world
        assert world.lab.failures == []


def well(play: Play) -> Play:
    assert play.rc == 0, play.why()
    return play


def orders(world: t.Any, name: str) -> int:
    accepted = world.lab.history.events("order")
    return sum(f"{name}.{ZONE}" in (one.get("names") or [one.get("common_name")]) for one in accepted)


def served(world: t.Any, host: str) -> dict[str, str]:
    roots = Path(world.lab.facts()["issuing_ca"]).read_text("ascii")
    return {name: world.lab.web[host].verified(f"{name}.{ZONE}", roots).serial for name in NAMES}


# -- shards -----------------------------------------------------------------------------------------------------------


def sharded(world: t.Any) -> None:
    """Two controllers at once, each with its shard; then one run for all has nothing to order."""
    shares = [{name for name in NAMES if Shard(number, 2).has(name)} for number in (1, 2)]
    assert all(shares)
    running = [world.start("issue", "-e", f"inkan_shard={number}/2") for number in (1, 2)]
    for play, share in zip([one.wait(600) for one in running], shares, strict=True):
        assert {item["name"] for item in well(play).results("certificate_orders")} == share
    assert {name: orders(world, name) for name in NAMES} == dict.fromkeys(NAMES, 1)
    well(world.play("issue", seconds=600))
    assert {name: orders(world, name) for name in NAMES} == dict.fromkeys(NAMES, 1)
    assert served(world, "web1") == served(world, "web2")
    assert world.tokens_in_dns() == []


# -- a lost host, and one reload for all ------------------------------------------------------------------------------


def renewed_without_a_host(world: t.Any) -> None:
    before = {host: (served(world, host), len(world.lab.web[host].reloads())) for host in world.lab.web}
    issued = len(world.lab.history.events("issued"))
    lost = world.machines["web2"]
    world.machines["web2"] = _Lost(lost)
    play = world.play("renew", variables={"inkan_renewal": {"force": list(NAMES)}}, seconds=600)
    world.machines["web2"] = lost
    assert play.rc != 0 and "web2" in play.stdout, "a lost host must be told"
    new = served(world, "web1")
    assert all(new[name] != before["web1"][0][name] for name in NAMES), play.why()
    assert len(world.lab.web["web1"].reloads()) - before["web1"][1] == 1, "several certificates share one reload"
    assert served(world, "web2") == before["web2"][0]
    later = well(world.play("renew", seconds=600))
    assert served(world, "web2") == new, later.why()
    assert len(world.lab.web["web2"].reloads()) - before["web2"][1] == 1
    assert len(world.lab.history.events("issued")) - issued == len(NAMES), "the lost host gets what the other has"


class _Lost:
    """A machine whose variables lead to where nobody answers."""

    def __init__(self, machine: t.Any) -> None:
        self._machine = machine
        self._port = free_port((machine.address,))

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._machine, name)

    def variables(self) -> dict[str, t.Any]:
        return {**self._machine.variables(), **self._machine.unreachable(self._port)}


@pytest.mark.long
def test_shards_side_by_side_then_a_renewal_without_one_host(tmp_path: Path, tally: Tally) -> None:
    with company(tmp_path, NAMES) as world:
        with tally.attack(Invariant.ONE_ORDER, SHARDS):
            sharded(world)
        with tally.attack(Invariant.LIVE_PAIR, FLEET):
            renewed_without_a_host(world)


_CUT = 'return int.from_bytes(digest[:8], "big") % self.of == self.number - 1'
_ONE = {"hosts: \"{{ inkan_hosts | default('all') }}\"": "hosts: web2"}
_SHARD = {"plugins/module_utils/_core/shard.py": {_CUT: "return True or bool(digest)"}}


@pytest.mark.long
def test_the_attacks_find_shards_that_are_none_and_a_host_that_is_left_out(tmp_path: Path, tally: Tally) -> None:
    with company(tmp_path, NAMES, {**_SHARD, "playbooks/renew.yml": _ONE}) as world:
        with tally.seeded(SHARDS, "every certificate is in every shard"):
            sharded(world)
        well(world.play("issue", seconds=600))
        with tally.seeded(FLEET, "a host that is there is left out"):
            renewed_without_a_host(world)


# -- a CA whose every word is a template ------------------------------------------------------------------------------


class Talker:
    """Refuses at /no, and at /yes takes an order whose every text is hostile; at /hook it hears what is told."""

    def __init__(self, marker: Path) -> None:
        touch = f"lookup('ansible.builtin.pipe', 'touch {marker}')"
        self.words = "{{ 'conju' ~ 'red-up' }} {% if true %}{{ 'conju' ~ 'red-up' }}{% endif %} {{ " + touch + " }}"
        self.heard: list[str] = []

    def answer(self, request: Request) -> Response:
        body = request.body.decode("utf-8", "replace")
        if request.path.startswith("/hook"):
            self.heard.append(body)
            return Response(200, {}, b"ok")
        if request.path.startswith("/no"):
            error = {"code": "access_denied", "message": self.words}
            return self._json(403, {"errors": [error, {"code": self.words, "message": self.words}]})
        if request.method == "POST":
            return self._json(201, {"id": 4711, "requests": [{"id": 1, "status": self.words}]})
        order = {"id": 4711, "status": self.words, "certificate": {"common_name": f"yes.{ZONE}"}}
        return self._json(200, {**order, "note": self.words, "requests": [{"id": 1, "status": self.words}]})

    @staticmethod
    def _json(status: int, answer: t.Any) -> Response:
        return Response(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())


@contextlib.contextmanager
def talking(world: t.Any, talker: Talker) -> t.Iterator[None]:
    facts = world.lab.facts()
    bundle = str(facts["api_ca"])
    tls = Path(bundle).parent
    routes = Routes()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        routes.add(method, "/.*", talker.answer)
    with HttpServer(
        routes, clock=LabClock(), certificate=tls / "api-cert.pem", private_key=tls / "api-key.pem"
    ) as server:
        url = f"https://localhost:{server.port}"
        for name in ("no", "yes"):
            world.variables["inkan_ca_accounts"][name] = {
                "adapter": "digicert",
                "settings": {"url": f"{url}/{name}", "ca_bundle": bundle, "skip_approval": True},
                "secrets": {"api_key": "key-of-the-talker"},
            }
        on = ["trouble", "waiting", "refused", "issued"]
        hook = {"service": "webhook", "on": on, "settings": {"ca_bundle": bundle}, "secrets": {"url": f"{url}/hook"}}
        world.variables["inkan_notifications"] = [{"name": "hook", **hook}]
        world.certificates = [by_dns("no", "no"), by_dns("yes", "yes")]
        yield
        assert server.failures == []


def never_evaluated(folder: Path, defects: dict[str, dict[str, str]] | None = None) -> None:
    marker = folder / "touched"
    with company(folder, (), defects) as world:
        talker = Talker(marker)
        with talking(world, talker):
            play = world.play("issue", "--diff", "-v", seconds=600)
            again = world.play("report", "-v", seconds=600)
        said = {item["name"]: item for item in play.results("certificate_orders")}
        assert {"no", "yes"} <= said.keys(), play.why()
        report = {path.name: path.read_text("utf-8") for path in world.report.iterdir() if path.is_file()}
        told = {
            "play": play.stdout + play.stderr,
            "report of it": again.stdout,
            "hook": "".join(talker.heard),
            **report,
        }
        assert not marker.exists(), "a template of the CA was run"
        assert [name for name, text in told.items() if "conjured-up" in text] == []
        raw = json.dumps("{{ 'conju' ~ 'red-up' }}")[1:-1]
        for name in ("play", "hook", "report.json"):
            assert raw in told[name], f"{name} does not show what the CA said: {told[name][-3000:]}"
        assert raw in json.dumps(said["no"]["error"]) and raw in json.dumps(said["yes"], ensure_ascii=False)


def test_no_template_in_the_words_of_a_ca_is_evaluated(tmp_path: Path, tally: Tally) -> None:
    with tally.attack(Invariant.HOSTILE_BYTES, TEMPLATES):
        never_evaluated(tmp_path)


_ANSWERED = "        return _answer(run(params, check_mode))\n"
_RENDERED = (
    "        import jinja2\n"
    "        text = __import__('json').dumps(_answer(run(params, check_mode)), default=str)\n"
    "        return __import__('json').loads(jinja2.Template(text).render(lookup=lambda *_words: ''))\n"
)


def test_the_attack_finds_answers_that_are_taken_for_templates(tmp_path: Path, tally: Tally) -> None:
    defects = {"plugins/module_utils/_module/runner.py": {_ANSWERED: _RENDERED}}
    with tally.seeded(TEMPLATES, "answers of modules are rendered as templates"):
        never_evaluated(tmp_path, defects)
