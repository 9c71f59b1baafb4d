# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter under the real loop and ledger: a seller of few lines, with orders, lost answers and a slow crawler."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import read_call
from ansible_collections.inkan.tls.plugins.module_utils._module.orders import Tools, run_orders
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    BASE,
    KEY,
    LABSSL,
    LOST,
    Answer,
    error,
    file_of,
    order,
    page,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import (
    FakeClock,
    Playground,
    Words,
    csr,
)

NAMES = ["www.example.jp", "example.jp"]
Fault = t.Callable[[t.Callable[[], Answer]], Answer]


class Seller:
    """HttpClient. orders: what it really has; faults: one is taken for each request whose line begins with its key."""

    def __init__(self) -> None:
        self.orders: list[dict[str, t.Any]] = []
        self.faults: dict[str, list[Fault]] = {}
        self.lines: list[str] = []
        self.state = "waiting_file"

    def request(self, method: str, url: str, **more: t.Any) -> HttpResponse:
        line = f"{method} {url[len(BASE) :]}"
        self.lines.append(line)
        queue = next((faults for begin, faults in self.faults.items() if line.startswith(begin) and faults), None)

        def effect() -> Answer:
            return self._answer(method, line, json.loads(more["body"]) if more.get("body") else {})

        found = queue.pop(0)(effect) if queue else effect()
        raw = found.body if isinstance(found.body, bytes) else json.dumps(found.body).encode()
        return HttpResponse(found.status, dict(found.headers), raw, url)

    def _answer(self, method: str, line: str, body: dict[str, t.Any]) -> Answer:
        if line == "POST /orders":
            number = f"LS-{len(self.orders) + 1:06}"
            mine = {"order_id": number, "partner_order_id": body["partner_order_id"], "names": body["names"]}
            self.orders.append(order(self.state, **mine, auth={"files": [file_of(name) for name in body["names"]]}))
            return Answer(201, self.orders[-1])
        if line.startswith("GET /orders?partner_order_id="):
            reference = line.partition("=")[2]
            found = [one for one in self.orders if one["partner_order_id"] == reference]
            return Answer(200, {"orders": found, "total": len(found)})
        number = line.split("/")[2]
        (found_order,) = [one for one in self.orders if one["order_id"] == number]
        if line.endswith("/certificate"):
            return Answer(200, {"certificate": PEM, "intermediates": []})
        found_order["state"] = self.state
        return Answer(200, found_order)


PEM = "-----BEGIN CERTIFICATE-----\nMAIB\n-----END CERTIFICATE-----\n"


class Reader(Words):
    def certificate(self, issued: t.Any) -> t.Any:
        assert issued.certificate == PEM
        word = csr("key1", *NAMES).split()
        return super().certificate(issued.__class__(f"certificate a001 {word[-1]} {' '.join(NAMES)}", ()))


class World(Playground):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seller = Seller()
        self.clock: FakeClock = FakeClock()

    def tools(self) -> Tools:
        factory = RestFactory(clock=self.clock, http=lambda _bundle: self.seller)
        return Tools(clock=self.clock, adapters={"rest": factory}, reader=Reader(), reference=self._reference)

    def call(self, **changes: t.Any) -> dict[str, t.Any]:
        item = {"name": "shop", "ca_account": "labssl", "product": "jprs-dv", "method": "file", "dns_names": NAMES}
        options = {
            "ca_accounts": {
                "labssl": {"adapter": "rest", "settings": {"url": BASE, "description": LABSSL.read_text()}}
            },
            "secrets": {"labssl": {"api_key": KEY}},
            **changes.pop("options", {}),
        }
        params = self.options({**item, "csr": csr("key1", *NAMES), **changes}, **options)
        result = run_orders(read_call(params, False, self.tools().adapters), self.tools())
        return result.items[0].as_data()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def lost(effect: t.Callable[[], Answer]) -> Answer:
    effect()
    raise LOST


def instead(answer: Answer, *, effect_first: bool = False) -> Fault:
    def fault(effect: t.Callable[[], Answer]) -> Answer:
        if effect_first:
            effect()
        return answer

    return fault


def late(_effect: t.Callable[[], Answer]) -> Answer:
    return Answer(200, {"orders": [], "total": 0})


def test_a_file_order_over_three_runs(world: World) -> None:
    """Ordered, waited for without hurry while nobody can call the crawler, and taken when it has been round."""
    first = world.call(options={"until": "wanted"})
    assert (first["outcome"], first["state"]) == ("submitted", "wanted")
    assert [file["dns_name"] for file in first["wanted"]["files"]] == NAMES
    second = world.call(csr=None, visible=True)
    assert (second["state"], second["error"]) == ("wanted", None)
    assert world.clock.passed < 60, "an hour's crawler is not waited for"
    assert not any("/check" in line for line in world.seller.lines)
    world.seller.state = "issued"
    third = world.call(csr=None, visible=True)
    assert (third["outcome"], third["error"], third["serial"]) == ("issued", None, "a001")
    assert len(world.seller.orders) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lost, id="the connection closes after the effect"),
        pytest.param(instead(page(502, "Bad Gateway"), effect_first=True), id="the gateway loses it"),
        pytest.param(instead(Answer(201, b'{"order_'), effect_first=True), id="half a JSON"),
        pytest.param(instead(page(200), effect_first=True), id="a page for JSON after the effect"),
        pytest.param(instead(page(500)), id="a server fault without effect"),
        pytest.param(instead(page(200)), id="a page for JSON without effect"),
        pytest.param(instead(error(429, "too_many_requests", **{"retry-after": "1"})), id="too many requests"),
        pytest.param(instead(page(503, **{"retry-after": "3"})), id="maintenance"),
    ],
)
def test_whatever_happens_to_the_submit_one_order_is_made(world: World, fault: Fault) -> None:
    world.seller.faults["POST /orders"] = [fault]
    world.seller.faults["GET /orders?"] = [late]
    for _run in range(3):
        world.call(options={"until": "wanted"})
    assert len(world.seller.orders) == 1
    assert world.call(csr=None)["order"] == "LS-000001"


def test_a_wrong_key_ends_no_order(world: World) -> None:
    world.call(options={"until": "wanted"})
    world.seller.faults["GET /orders/"] = [instead(error(401, "unauthorized"))] * 9
    trouble = world.call(csr=None, visible=True)
    assert (trouble["state"], trouble["error"]["code"]) == ("wanted", "rest_account_refused")
    world.seller.faults.clear()
    assert world.call(csr=None, visible=True)["error"] is None
    assert len(world.seller.orders) == 1


def test_a_stale_end_is_not_believed(world: World) -> None:
    world.call(options={"until": "wanted"})
    world.seller.faults["GET /orders/"] = [instead(Answer(200, {**world.seller.orders[0], "state": "expired"}))]
    assert world.call(csr=None, visible=True)["state"] == "wanted"
