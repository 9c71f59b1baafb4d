# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks in the lab, at a CA whose every word is a template."""

from __future__ import annotations

import contextlib
import json
import typing as t
from pathlib import Path

from canary_world import defective_collection, journeys_world
from lab.clock import LabClock
from lab.http_server import HttpServer, Request, Response, Routes
from tally import Invariant, Tally

TEMPLATES = "templates of a CA, whole playbook"
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


_SECRETS = "    secrets = secrets_of(module.params, argument_spec)\n"
_RENDERED = (
    "    import jinja2\n"
    "    answer = __import__('json').loads(\n"
    "        jinja2.Template(__import__('json').dumps(answer, default=str)).render(lookup=lambda *_words: '')\n"
    "    )\n"
)


def test_the_attack_finds_answers_that_are_taken_for_templates(tmp_path: Path, tally: Tally) -> None:
    defects = {"plugins/module_utils/_module/runner.py": {_SECRETS: _SECRETS + _RENDERED}}
    with tally.seeded(TEMPLATES, "answers of modules are rendered as templates"):
        never_evaluated(tmp_path, defects)
