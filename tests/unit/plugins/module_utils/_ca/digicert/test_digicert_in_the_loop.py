# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter under the real loop and ledger: a CertCentral of few lines, with orders, a queue and lost answers."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from datetime import timedelta
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.adapter import DigicertFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import Certificate, Fact
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_store import open_for_reading
from ansible_collections.inkan.tls.plugins.module_utils._module.order_items import read_call
from ansible_collections.inkan.tls.plugins.module_utils._module.orders import Tools, run_orders
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.digicert.certcentral import (
    BASE,
    KEY,
    NAMES,
    PLACED,
    TOKEN,
    error,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import LOST, Answer, page
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.hostile_ca import (
    FakeClock,
    Playground,
    Words,
    csr,
)

Fault = t.Callable[[t.Callable[[], Answer]], Answer]
PEM = "-----BEGIN CERTIFICATE-----\r\n{}\r\n-----END CERTIFICATE-----\r\n"


class CertCentral:
    """HttpClient. orders: what it really has; faults: one is taken for each request whose line begins with its key.

    Its status goes pending ─ check-dcv ─► processing ─ look ─► issued. queue: new requests wait for approval; lag:
    seconds that a new order is not in any list.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.orders: dict[int, dict[str, t.Any]] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.lines: list[str] = []
        self.queue = False
        self.at_once = False
        self.visible = True
        self.lag = 0.0
        self.serial = 0

    def request(self, method: str, url: str, **more: t.Any) -> HttpResponse:
        line = f"{method} {url[len(BASE) :]}"
        self.lines.append(line)
        queue = next((faults for begin, faults in self.faults.items() if line.startswith(begin) and faults), None)

        def effect() -> Answer:
            return self._answer(line, json.loads(more["body"]) if more.get("body") else {})

        found = queue.pop(0)(effect) if queue else effect()
        raw = found.body if isinstance(found.body, bytes) else json.dumps(found.body).encode()
        return HttpResponse(found.status, dict(found.headers), raw, url)

    def _answer(self, line: str, body: dict[str, t.Any]) -> Answer:
        handlers: dict[str, t.Callable[..., Answer]] = {
            r"POST /order/certificate/ssl_dv_geotrust_flex": lambda: self._place(body),
            r"GET /order/alternate/(.*)": self._with_reference,
            r"GET /order/certificate/(\d+)": self._info,
            r"POST /order/certificate/(\d+)/reissue": lambda number: self._reissue(number, body),
            r"PUT /order/certificate/(\d+)/dcv-random-value": self._token,
            r"PUT /order/certificate/(\d+)/check-dcv": self._check,
            r"PUT /order/certificate/(\d+)/status": self._cancel,
            r"GET /order/certificate/(\d+)/email-validation": lambda number: Answer(
                200, {"emails": [{"email": self.orders[int(number)]["mail"], "status": "unvalidated"}]}
            ),
            r"PUT /order/certificate/(\d+)/resend-emails": lambda number: self._send(number, body),
            r"GET /certificate/(?:download/order/)?(\d+)/(?:download/)?format/pem_all": self._download,
        }
        for shape, handler in handlers.items():
            found = re.fullmatch(shape, line)
            if found:
                return handler(*found.groups())
        return error(404, "not_found|route")

    def _place(self, body: dict[str, t.Any]) -> Answer:
        before = body.get("renewal_of_order_id")
        if before is not None and before not in self.orders:
            return error(404, "not_found|order", "Order not found.")
        number = 542772 + len(self.orders)
        mails = body.get("dcv_emails") or [{"email": ""}]
        order = {
            "at": self.clock.passed,
            "body": body,
            "mail": mails[0]["email"],
            "word": "needs_approval" if self.queue else "pending",
        }
        self.orders[number] = {**order, "csr": body["certificate"]["csr"], "live": "", "requests": []}
        self._open_request(number, "new_request", "")
        answer = {"id": number, "requests": [{"id": 1, "status": "pending" if self.queue else "approved"}]}
        if self.at_once:
            self._issue(number)
            answer["certificate_id"] = number
        return Answer(201, answer)

    def _open_request(self, number: int, kind: str, comments: str) -> int:
        requests = self.orders[number]["requests"]
        identifier = 100 * number + len(requests)
        status = "pending" if self.queue else "approved"
        requests.append({"id": identifier, "type": kind, "status": status, "comments": comments, "date": PLACED})
        return identifier

    def _reissue(self, number: str, body: dict[str, t.Any]) -> Answer:
        order = self.orders.get(int(number))
        if order is None:
            return error(404, "not_found|order")
        order["csr"], order["word"] = body["certificate"]["csr"], "reissue_pending"
        identifier = self._open_request(int(number), "reissue", body["comments"])
        return Answer(201, {"id": int(number), "requests": [{"id": identifier, "status": "approved"}]})

    def _issue(self, number: int) -> None:
        self.serial += 1
        order = self.orders[number]
        order["word"], order["live"] = "issued", f"{self.serial:x} {order['csr']}"

    def _with_reference(self, reference: str) -> Answer:
        found = [
            {"order_id": number, "status": order["word"]}
            for number, order in self.orders.items()
            if order["body"]["alternative_order_id"] == reference and order["at"] + self.lag <= self.clock.passed
        ]
        return Answer(200, {"orders": found, "page": {"total": len(found)}})

    def _info(self, number: str) -> Answer:
        order = self.orders.get(int(number))
        if order is None:
            return error(404, "not_found|order")
        if order["word"] == "processing":
            self._issue(int(number))
        certificate = {"id": int(number) if order["live"] else None, "dns_names": list(NAMES)}
        return Answer(
            200,
            {"id": int(number), "status": order["word"], "certificate": certificate, "requests": order["requests"]},
        )

    def _token(self, _number: str) -> Answer:
        return Answer(200, {"dcv_random_value": TOKEN, "expiration_date": "2026-12-01T00:00:00+00:00"})

    def _check(self, number: str) -> Answer:
        if not self.visible:
            return error(400, "invalid_dns_txt", "Unable to find the value.")
        order = self.orders[int(number)]
        if order["word"] in ("pending", "reissue_pending"):
            order["word"] = "processing"
        return Answer(200, {"order_status": "pending", "dcv_status": "valid"})

    def _send(self, number: str, body: dict[str, t.Any]) -> Answer:
        self.orders[int(number)]["mail"] = body["domain_approval_emails"][0]["email"]
        return Answer(204)

    def _cancel(self, number: str) -> Answer:
        order = self.orders[int(number)]
        if order["word"] not in ("pending", "needs_approval", "reissue_pending"):
            return error(400, "invalid_status", "Only pending orders.")
        order["word"] = "issued" if order["live"] else "canceled"
        return Answer(204)

    def _download(self, number: str) -> Answer:
        live = self.orders[int(number)]["live"]
        return Answer(200, PEM.format(_base64(live)).encode()) if live else error(404, "not_found")


def _base64(words: str) -> str:
    """Words in the clothes of a certificate."""
    return base64.b64encode(b"\x30" + words.encode()).decode()


class Reader(Words):
    """Reads them again: ``SERIAL csr NAMES KEY``."""

    def certificate(self, issued: Issued) -> tuple[Certificate, frozenset[str], str]:
        words = base64.b64decode("".join(issued.certificate.splitlines()[1:-1]))[1:].decode().split()
        made = Issued(" ".join(["certificate", words[0], words[-1], *words[2:-1]]), issued.chain)
        return super().certificate(made)


class World(Playground):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings: dict[str, t.Any] = {}
        self.clock: FakeClock = FakeClock()
        self.ca_itself = CertCentral(self.clock)

    def tools(self) -> Tools:
        factory = DigicertFactory(clock=self.clock, http=lambda _bundle: self.ca_itself)
        return Tools(clock=self.clock, adapters={"digicert": factory}, reader=Reader(), reference=self._reference)

    def order(
        self,
        word: str | None = "key1",
        until: str = "issued",
        further: t.Any = None,
        goal: str = "present",
        **changes: t.Any,
    ) -> dict[str, t.Any]:
        """One call. word: the key of the CSR, None: no CSR; further: the options of the certificate."""
        item = {"name": "shop", "ca_account": "cc", "product": "digicert-dv", "method": "dns", "dns_names": list(NAMES)}
        wish = {**item, "csr": csr(word, *NAMES) if word else None, "options": further or {}, **changes}
        accounts = {"cc": {"adapter": "digicert", "settings": self.settings}}
        params = self.options(wish, ca_accounts=accounts, secrets={"cc": {"api_key": KEY}}, until=until, state=goal)
        return run_orders(read_call(params, False, self.tools().adapters), self.tools()).items[0].as_data()

    def runs(self, word: str = "key1", **changes: t.Any) -> dict[str, t.Any]:
        """Three runs as the play makes them: order and learn what is wanted, publish, then ask and take."""
        for _run in range(3):
            first = self.order(word, until="wanted", **changes)
            seen = first["state"] in ("wanted", "validating", "issuing", "awaiting_approval")
            data = self.order(None, visible=seen)
            if data["outcome"] == "issued":
                return data
        return data

    def facts(self) -> list[Fact]:
        store = open_for_reading(str(self.ledger))
        assert store is not None
        with store:
            return [fact for entry in store.entries(settled=True)["shop"] for fact in entry.facts]


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


def test_an_order_from_submit_to_certificate(world: World) -> None:
    first = world.order(until="wanted")
    assert (first["outcome"], first["state"], first["order"]) == ("submitted", "wanted", "542772")
    assert [(one["name"], one["value"]) for one in first["wanted"]["records"]] == [(name, TOKEN) for name in NAMES]
    second = world.order(None, visible=True)
    assert (second["outcome"], second["error"], second["serial"]) == ("issued", None, "1")
    assert len(world.ca_itself.orders) == 1
    assert (world.ledger.parent / "accounts").stat().st_mode & 0o777 == 0o700


FAULTS = {
    "the answer is lost": lost,
    "a gateway loses it": instead(page(502, "Bad Gateway"), effect_first=True),
    "half a JSON": instead(Answer(201, b'{"id": 5427'), effect_first=True),
    "a page for JSON after the effect": instead(page(200), effect_first=True),
    "a page for JSON without effect": instead(page(200)),
    "a server fault": instead(page(500)),
    "too many requests": instead(error(429, "request_limit_exceeded")),
    "too many requests, in seconds": instead(error(429, "request_limit_exceeded", **{"retry-after": "3"})),
    "too many requests, by date": instead(
        error(429, "request_limit_exceeded", **{"retry-after": "Fri, 20 Nov 2026 00:00:09 GMT"})
    ),
    "maintenance": instead(page(503, **{"retry-after": "3"})),
    "maintenance that begins after the effect": instead(page(503, **{"retry-after": "3"}), effect_first=True),
    "a key that a restarting gateway does not know": instead(error(401, "unauthorized")),
}


@pytest.mark.parametrize("verb", ["POST /order", "GET /order/certificate", "PUT /order", "GET /certificate"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_fault_of_each_verb_ends_issued_within_three_runs_with_one_order(
    world: World, verb: str, fault: Fault
) -> None:
    world.ca_itself.faults[verb] = [fault]
    world.ca_itself.faults["GET /order/alternate"] = [instead(page(500))]
    data = world.runs()
    assert (data["outcome"], data["error"]) == ("issued", None)
    assert len(world.ca_itself.orders) == 1


def test_an_index_that_lags_costs_no_second_order(world: World) -> None:
    world.ca_itself.faults["POST /order"] = [lost]
    world.ca_itself.lag = 3
    assert world.runs()["outcome"] == "issued"
    assert len(world.ca_itself.orders) == 1


def slowly(fault: Fault, clock: FakeClock, seconds: float) -> Fault:
    """It waits for its turn, or hangs, before it has its effect."""

    def slow(effect: t.Callable[[], Answer]) -> Answer:
        clock.passed += seconds
        return fault(effect)

    return slow


def test_the_time_for_which_an_answer_was_awaited_is_none_for_the_index(world: World) -> None:
    world.ca_itself.faults["POST /order"] = [slowly(lost, world.clock, 30)]
    world.ca_itself.lag = 3
    assert world.runs()["outcome"] == "issued"
    assert len(world.ca_itself.orders) == 1


class Killed(BaseException):
    """As good as SIGKILL: nothing of ours catches it."""


def killed(effect: t.Callable[[], Answer]) -> Answer:
    effect()
    raise Killed


def test_whoever_takes_over_from_a_killed_run_asks_twice(world: World) -> None:
    world.ca_itself.faults["POST /order"] = [slowly(killed, world.clock, 30)]
    world.ca_itself.lag = 3
    with pytest.raises(Killed):
        world.order(until="wanted")
    assert world.runs()["outcome"] == "issued"
    assert len(world.ca_itself.orders) == 1


def test_a_clock_that_is_set_back_makes_no_lost_order_an_old_one(world: World) -> None:
    def set_back(effect: t.Callable[[], Answer]) -> Answer:
        effect()
        world.clock.start -= timedelta(minutes=5)
        raise LOST

    world.ca_itself.faults["POST /order"] = [set_back]
    world.ca_itself.lag = 3
    assert world.runs()["outcome"] == "issued"
    assert len(world.ca_itself.orders) == 1


def test_how_long_its_index_may_lag_is_a_setting(world: World) -> None:
    """UNVERIFIED: nobody knows; so whoever measures it can say so."""
    world.settings = {"find_delay": 60}
    world.ca_itself.faults["POST /order"] = [lost]
    world.ca_itself.lag = 50
    data = world.order(until="wanted")
    assert world.clock.passed >= 60
    assert (data["state"], len(world.ca_itself.orders)) == ("wanted", 1)


# --- an order too many -----------------------------------------------------------------------------------------------


def late(world: World, lag: float) -> dict[str, t.Any]:
    """The first order is lost, and in no list when it is looked for: a second one is made."""
    world.ca_itself.faults["POST /order"] = [lost]
    world.ca_itself.lag = lag
    data = world.order(until="wanted")
    assert (data["order"], len(world.ca_itself.orders)) == ("542773", 2)
    return data


def words(world: World) -> list[str]:
    return [order["word"] for order in world.ca_itself.orders.values()]


def finds(world: World) -> int:
    return len([line for line in world.ca_itself.lines if line.startswith("GET /order/alternate")])


def test_a_first_order_that_turns_up_late_is_cancelled_when_the_second_is_issued(world: World) -> None:
    late(world, 20)
    world.clock.passed += 30
    data = world.order(None, visible=True)
    assert (data["outcome"], data["error"], data["problem"]) == ("issued", None, None)
    assert words(world) == ["canceled", "issued"]
    (fact,) = [one for one in world.facts() if one.code == "surplus_cancelled"]
    assert fact.handle == "542772"
    before = finds(world)
    assert world.order("key1")["changed"] is False
    assert finds(world) == before, "it is asked for once"


def test_one_that_turns_up_after_that_is_cancelled_by_a_later_run(world: World) -> None:
    late(world, 1500)
    assert world.order(None, visible=True)["outcome"] == "issued"
    assert world.order("key1")["changed"] is False
    assert words(world) == ["pending", "issued"]
    world.clock.passed += 1500
    data = world.order("key1")
    assert (data["changed"], data["state"], data["error"]) == (True, "issued", None)
    assert words(world) == ["canceled", "issued"]


@pytest.mark.parametrize("word", ["issued", "needs_approval"])
def test_one_that_cannot_be_cancelled_is_told_with_its_number(world: World, word: str) -> None:
    late(world, 20)
    world.clock.passed += 30
    world.ca_itself.faults["PUT /order/certificate/542772/status"] = [instead(error(400, "bad_request_format", "No."))]
    world.ca_itself.orders[542772]["word"] = word
    data = world.order(None, visible=True)
    assert (data["state"], data["error"]["code"], data["error"]["retryable"]) == ("issued", "surplus_order", False)
    assert data["certificate"] is not None
    assert "542772" in data["error"]["what"]
    again = world.order("key1")
    assert (again["error"], again["problem"]["code"]) == (None, "surplus_order"), "the ledger goes on telling it"
    assert "542772" in again["problem"]["text"]


def test_a_search_that_fails_is_made_again_by_the_next_run(world: World) -> None:
    late(world, 20)
    world.clock.passed += 30
    world.ca_itself.faults["GET /order/alternate"] = [instead(page(500))]
    first = world.order(None, visible=True)
    assert (first["outcome"], first["error"]["retryable"], words(world)[0]) == ("issued", True, "pending")
    assert world.order("key1")["error"] is None
    assert words(world) == ["canceled", "issued"]


def test_an_order_that_is_cancelled_while_the_first_is_missing_is_searched_for_too(world: World) -> None:
    late(world, 20)
    world.clock.passed += 30
    data = world.order(None, goal="cancelled")
    assert (data["state"], words(world)) == ("cancelled", ["canceled", "canceled"])


def test_one_that_turns_up_beside_a_cancelled_order_is_told_for_good(world: World) -> None:
    late(world, 20)
    world.clock.passed += 30
    world.ca_itself.orders[542772]["word"] = "issued"
    assert world.order(None, goal="cancelled")["error"]["code"] == "surplus_order"
    data = world.order(None, goal="cancelled")
    assert (data["state"], data["problem"]["code"]) == ("cancelled", "surplus_order")


def test_one_that_never_turns_up_is_not_looked_for_for_ever(world: World) -> None:
    late(world, 10**6)
    world.order(None, visible=True)
    world.clock.passed += 3600
    world.order("key1")
    before = finds(world)
    world.order("key1")
    assert finds(world) == before
    assert [one.code for one in world.facts() if "surplus" in one.code] == ["surplus_none"]


def test_without_a_lost_order_nothing_is_searched_for(world: World) -> None:
    issue(world, "key1")
    assert finds(world) == 0


def test_an_order_that_is_issued_at_once(world: World) -> None:
    world.ca_itself.at_once = True
    assert world.order()["outcome"] == "issued"


def test_the_approval_queue_says_who_must_act_and_is_not_hurried(world: World) -> None:
    world.ca_itself.queue = True
    data = world.order(until="wanted")
    assert data["state"] == "awaiting_approval"
    assert "an administrator of the CertCentral account" in data["waiting_for"]["what"]
    assert world.clock.passed < 5
    world.ca_itself.orders[542772]["word"] = "pending"
    assert world.runs()["outcome"] == "issued"


def test_what_digicert_cannot_see_yet_stays_pending_without_an_error(world: World) -> None:
    world.order(until="wanted")
    world.ca_itself.visible = False
    data = world.order(None, visible=True)
    assert data["error"] is None
    assert data["state"] in ("wanted", "validating")
    assert len([line for line in world.ca_itself.lines if line.endswith("check-dcv")]) < 20
    world.ca_itself.visible = True
    assert world.order(None, visible=True)["outcome"] == "issued"


def test_a_mail_is_sent_elsewhere_and_again(world: World) -> None:
    contact = {"kind": "constructed", "address": "admin@example.jp"}
    first = world.order(method="email", further={"contact": contact}, until="wanted")
    assert (first["state"], first["wanted"]["mails"]) == ("awaiting_approval", ["admin@example.jp"])
    sent = [line for line in world.ca_itself.lines if line.endswith("resend-emails")]
    second = world.order(None, method="email", further={"contact": contact}, resend=True)
    assert second["error"] is None
    again = [line for line in world.ca_itself.lines if line.endswith("resend-emails")]
    assert len(again) == len(sent) + 1
    elsewhere = {"kind": "constructed", "address": "webmaster@example.jp"}
    third = world.order(None, method="email", further={"contact": elsewhere})
    assert (third["error"], third["wanted"]["mails"]) == (None, ["webmaster@example.jp"])
    assert len(world.ca_itself.orders) == 1


def issue(world: World, word: str, **changes: t.Any) -> dict[str, t.Any]:
    data = world.runs(word, **changes)
    assert (data["outcome"], data["error"]) == ("issued", None), data
    return data


def test_a_renewal_follows_its_order(world: World) -> None:
    issue(world, "key1")
    issue(world, "key2")
    assert world.ca_itself.orders[542773]["body"]["renewal_of_order_id"] == 542772


def test_a_renewal_of_an_order_that_is_not_there_any_more_is_ordered_as_new(world: World) -> None:
    issue(world, "key1")
    world.ca_itself.orders[999] = world.ca_itself.orders.pop(542772)
    issue(world, "key2")
    assert "renewal_of_order_id" not in world.ca_itself.orders[542773]["body"]


def test_a_reissue_stays_in_its_order_and_brings_the_new_key(world: World) -> None:
    issue(world, "key1")
    data = issue(world, "key2", kind="reissue")
    assert data["order"].startswith("542772/reissue/")
    assert data["serial"] == "2"
    assert len(world.ca_itself.orders) == 1


def test_a_lost_reissue_is_found(world: World) -> None:
    issue(world, "key1")
    world.ca_itself.faults["POST /order/certificate/542772/reissue"] = [lost]
    issue(world, "key2", kind="reissue")
    assert len(world.ca_itself.orders[542772]["requests"]) == 2
