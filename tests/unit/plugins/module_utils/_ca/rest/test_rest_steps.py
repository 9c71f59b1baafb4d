# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders in several steps, at レンゲSSL (tests/lab/RENGE.md): a crash between two of them buys nothing twice."""

from __future__ import annotations

import copy
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestAdapter, RestFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.reading import read_description
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    InkanError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.rest.seller import (
    BASE,
    LOST,
    NOW,
    REFERENCE,
    Answer,
    FakeClock,
    Script,
    Scripted,
    account,
    page,
    request,
)

RENGE = Path(__file__).resolve().parents[6] / "docs" / "examples" / "renge.yml"
CART, BUY, CSR = "POST /carts", "POST /carts/7/order", "PUT /orders/RG000042/csr"
LOOK = "GET /orders/RG000042"
SECRETS = {"key": "RK00000001", "secret": "a-secret-of-our-account"}
WISH = request("dns", product="digicert-dv")


class Unlimited:
    def take(self, left: float) -> float:
        return 0.0

    def hold(self, seconds: float) -> None:
        """Nothing is counted here."""


class Renge:
    def __init__(self, description: t.Any = None) -> None:
        self.clock = FakeClock()
        self.http = Script(self.clock, BASE)
        factory = RestFactory(clock=self.clock, http=lambda _all: self.http, budget=lambda _all, _folder: Unlimited())
        given = RENGE.read_text("utf-8") if description is None else description
        self.adapter: RestAdapter = factory.open(account(given, secrets=SECRETS), deadline=60.0)

    def on(self, line: str, *answers: Scripted) -> Renge:
        self.http.on(line, *answers)
        return self


def order(status: int = 10, **changes: t.Any) -> Answer:
    auth = {"type": "dns", "records": [], "done": []}
    data = {"order_no": "RG000042", "ref": REFERENCE, "status": status, "domains": list(WISH.dns_names), "wait": 1}
    return Answer(200, {"result": "OK", "order": {**data, "limit": "2026/07/22 12:00", "auth": auth, **changes}})


def no(code: str) -> Answer:
    return Answer(200, {"result": "NG", "code": code, "message": "だめです"})


def cart() -> Answer:
    return Answer(200, {"result": "OK", "cart": {"cart_no": 7}})


def changed(**changes: t.Any) -> dict[str, t.Any]:
    data = copy.deepcopy(yaml.safe_load(RENGE.read_text("utf-8")))
    data["calls"].update({name: value for name, value in changes.items() if value is not None})
    for name in (name for name, value in changes.items() if value is None):
        del data["calls"][name]
    return t.cast("dict[str, t.Any]", data)


def test_each_step_is_filled_with_what_those_before_it_kept() -> None:
    renge = Renge().on(CART, cart()).on(BUY, order())
    seen = renge.adapter.submit(WISH)
    assert renge.http.lines() == [CART, BUY]
    assert renge.http.asked[0].json == {"ref": REFERENCE, "plan": "R-DV"}  # renewal_of has no value
    assert renge.http.asked[1].json == {"domains": list(WISH.dns_names), "auth": "dns"}
    assert (seen.handle, seen.status) == ("RG000042", Status.WANTS_PREPARATION)


@pytest.mark.parametrize(
    "answered",
    [
        LOST,
        page(502),
        page(),
        Answer(200, {"result": "OK"}),
        Answer(200, {"result": "OK", "cart": {"cart_no": [1]}}),
        Answer(200, b""),
    ],
)
def test_before_the_step_that_buys_nothing_was_ordered_whatever_is_unknown(answered: Scripted) -> None:
    renge = Renge().on(CART, answered)
    with pytest.raises(TransportError) as caught:
        renge.adapter.submit(WISH)
    assert caught.value.sent is False
    assert renge.http.lines() == [CART]


@pytest.mark.parametrize("answered", [LOST, page(502), page(), Answer(200, {"result": "OK"})])
def test_at_the_step_that_buys_the_order_may_exist(answered: Scripted) -> None:
    renge = Renge().on(CART, cart()).on(BUY, answered)
    with pytest.raises(TransportError) as caught:
        renge.adapter.submit(WISH)
    assert caught.value.sent is True


@pytest.mark.parametrize(("line", "code"), [(CART, "E1003"), (BUY, "E1002")])
def test_a_refusal_of_any_step_is_one_of_the_order(line: str, code: str) -> None:
    renge = Renge().on(CART, cart()).on(BUY, order()).on(line, no(code))
    with pytest.raises(RefusedError) as caught:
        renge.adapter.submit(WISH)
    assert not caught.value.retryable and caught.value.reference == code


def test_a_lost_order_is_found_whatever_step_it_waits_for() -> None:
    listed = [{**t.cast("dict[str, t.Any]", order().body["order"]), "order_no": number, "ref": ref}
              for number, ref in (("RG000043", "ik-other"), ("RG000042", REFERENCE))]  # fmt: skip
    renge = Renge().on("GET /orders?limit=50", Answer(200, {"result": "OK", "orders": listed, "next": None}))
    seen = renge.adapter.find(WISH, known_handles=frozenset(), since=NOW)
    assert seen is not None and (seen.handle, seen.status) == ("RG000042", Status.WANTS_PREPARATION)


# --- what an order needs beside its being bought


def prepared(renge: Renge) -> Seen:
    return renge.adapter.prepare("RG000042", WISH)


def test_the_csr_is_sent_until_the_seller_shows_that_it_has_it() -> None:
    renge = Renge().on(CSR, order(20))
    assert prepared(renge).status is Status.WANTS_VALIDATION
    assert renge.http.asked[0].json == {"csr": WISH.csr_pem}


def test_one_that_was_sent_before_is_no_failure() -> None:
    renge = Renge().on(CSR, no("E2002")).on(LOOK, order(20))
    assert prepared(renge).status is Status.WANTS_VALIDATION


def test_one_that_is_shown_late_is_looked_at_again_and_not_sent_at_once() -> None:
    renge = Renge().on(CSR, order(10))
    assert prepared(renge).status is Status.ACCEPTED
    assert renge.http.lines() == [CSR]


def test_a_csr_that_the_seller_refuses_ends_no_order() -> None:
    renge = Renge().on(CSR, no("E1005")).on(LOOK, order(10))
    with pytest.raises(ProtocolError) as caught:
        prepared(renge)
    assert caught.value.retryable
    renge = Renge().on(CSR, no("E2003")).on(LOOK, order(91))
    assert prepared(renge).status is Status.CANCELLED


def test_prepare_by_what_the_order_shows_where_no_status_word_says_it() -> None:
    description = changed(prepare={"request": "PUT /orders/{order_id}/csr", "body": {"csr": "{csr}"}, "when": "!csr"})
    description["statuses"] = {20: "wants_validation", 30: "issuing", 40: "issued"}
    renge = Renge(description).on(LOOK, order(20, csr=False), order(20, csr=True), order(40, csr=False))
    found = [renge.adapter.look("RG000042", WISH).status for _look in range(3)]
    assert found == [Status.WANTS_PREPARATION, Status.WANTS_VALIDATION, Status.ISSUED]


def test_revoking_by_a_number_that_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter.serial_of", lambda _pem: "3f2a"
    )
    asked = "GET /certificates?serial=3f2a"
    renge = Renge().on(asked, Answer(200, {"result": "OK", "certificates": [{"certificate_no": 3}]}))
    renge.on("POST /certificates/3/revoke", Answer(200, {"result": "OK"}))
    renge.adapter.revoke("PEM", "superseded")
    assert renge.http.asked[1].json == {"reason": 4}
    renge = Renge().on(asked, Answer(200, {"result": "OK", "certificates": []}))
    with pytest.raises(InkanError) as caught:
        renge.adapter.revoke("PEM", "superseded")
    assert caught.value.code == "rest_nothing_kept"


# --- polling hints


def test_the_seller_says_when_another_look_is_worth_it() -> None:
    renge = Renge().on(LOOK, order(30, wait=7), order(30, wait="soon"), order(30, wait=-1), order(55, wait=7))
    found = [renge.adapter.look("RG000042", WISH).retry_after for _look in range(4)]
    assert found == [7, None, None, None]


# --- mistakes

SUBMIT = yaml.safe_load(RENGE.read_text("utf-8"))["calls"]["submit"]


@pytest.mark.parametrize(
    ("calls", "why"),
    [
        ({"submit": [SUBMIT[0], {**SUBMIT[1], "buys": False}]}, "buys: true has to stand in the one step"),
        ({"submit": [{**SUBMIT[0], "buys": True}, SUBMIT[1]]}, "buys: true has to stand in the one step"),
        ({"submit": [SUBMIT[0], SUBMIT[1], {"request": "POST /x"}]}, "Write it as prepare"),
        ({"submit": [{**SUBMIT[0], "keep": {"cort": "a"}}, SUBMIT[1]]}, "no step before this one keeps 'cart'"),
        ({"submit": [{**SUBMIT[0], "keep": {"1": "a"}}, SUBMIT[1]]}, "no word to keep something under"),
        ({"submit": [{**SUBMIT[0], "order": "a"}, SUBMIT[1]]}, "no key 'order'"),
        ({"submit": []}, "nothing stands where a list of steps"),
        ({"look": [{"request": "GET /orders/{order_id}"}]}, "look is one request"),
        ({"look": {"request": "GET /orders/{kept.x}"}}, "no step before this one keeps 'x'"),
        ({"prepare": None}, "calls has no prepare"),
        ({"prepare": {"request": "PUT /orders/{order_id}"}}, "the order has no {csr}"),
        ({"find": {"request": "GET /orders?c={cursor}", "orders": "orders"}}, "next is missing"),
        ({"find": {"request": "GET /o?p={page}", "orders": "o", "next": "n"}}, "one of the two is too many"),
        ({"find": {"request": "GET /o", "orders": "o", "next": "n", "link_header": True}}, "exclude each other"),
    ],
)
def test_a_mistake_in_steps_is_told(calls: dict[str, t.Any], why: str) -> None:
    description, errors = read_description(changed(**calls))
    assert description is None
    assert any(why in sentence for sentence in errors), errors


def test_a_prepare_that_nobody_would_call_is_told() -> None:
    description = changed()
    description["statuses"] = {20: "wants_validation", 40: "issued"}
    assert any("nobody would ever call it" in why for why in read_description(description)[1])
    description["statuses"][10] = "wants_person"
    assert any("no meaning of a status" in why for why in read_description(description)[1])
