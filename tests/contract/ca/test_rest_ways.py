# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An order in several steps by the adapter ``rest``, at レンゲSSL: killed at each request, before and after it had
its effect, and each vice of that seller. The next run goes on, and nothing is bought twice.
"""

from __future__ import annotations

import itertools
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.modules import certificate_orders
from harness import REPOSITORY, ZONE, publish_in
from lab.lab import Lab
from lab.vices import VICES

Data = dict[str, t.Any]
#: the lab shows orders at once
DESCRIPTION = (
    (REPOSITORY / "docs/examples/renge.yml").read_text("utf-8").replace("next: next}", "next: next, delay: 0.1}")
)
_numbers = itertools.count(1)


class Killed(BaseException):
    """The process is gone."""


class Killer:
    """DirectHttp.request, until the n-th request: then nothing more is sent, or heard."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, *, has_effect: bool) -> None:
        self.left, self.has_effect, self.fell_on = at, has_effect, ""
        sent = DirectHttp.request

        def request(http: DirectHttp, method: str, url: str, **words: t.Any) -> HttpResponse:
            self.left -= 1
            if self.left == 0:
                self.fell_on = f"{method} {url}"
            if self.left == 0 and not self.has_effect:
                raise Killed
            answer = sent(http, method, url, **words)
            if self.left == 0:
                raise Killed
            return answer

        monkeypatch.setattr(DirectHttp, "request", request)


class Customer:
    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.facts, self.ledger = lab, lab.facts()["renge"], folder / "ledger.sqlite3"
        self.name, self.deadline = f"w{next(_numbers)}", 20.0
        self.names = [f"{self.name}.{ZONE}", f"*.{self.name}.{ZONE}"]
        self.csr = new_csr(new_private_key("ecdsa-p256"), wish_for(self.names[0], self.names, "ecdsa-p256")).decode()

    def call(self, **module: t.Any) -> Data:
        settings = {"url": self.facts["url"], "ca_bundle": self.facts["ca"], "description": DESCRIPTION}
        item = {"name": self.name, "ca_account": "ca", "product": "digicert-dv", "method": "dns", "hosts": []}
        item |= {"dns_names": self.names, **module.pop("item", {})}
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {"ca": {"adapter": "rest", "settings": settings}},
            "secrets": {"ca": {"key": self.facts["key"], "secret": self.facts["secret"]}},
            "deadline": self.deadline,
            "certificates": [item],
            **module,
        }
        read = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
        assert read.error_messages == []
        (result,) = certificate_orders.run(read.validated_parameters, False).items
        return result.as_data()

    def run(self) -> Data:
        """What ``issue`` does."""
        said = self.call(until="wanted", item={"csr": self.csr})
        if said["error"] is None and said["state"] != "issued":
            publish_in(self.lab, said["wanted"])
            said = self.call(item={"visible": True})
        return said

    def bought(self) -> int:
        return sum(event["names"] == self.names for event in self.lab.history.events("order", ca="renge"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("ways") / "lab", web=(), vices=(), also=("renge",)) as lab:
        yield lab
        assert lab.failures == []


#: cart, order, CSR, check, look, download
REQUESTS = 6


@pytest.mark.parametrize("has_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, REQUESTS + 1))
def test_killed_at_any_request_the_next_run_goes_on_and_buys_nothing_twice(
    lab: Lab, at: int, has_effect: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = Customer(lab, tmp_path)
    with monkeypatch.context() as patch:
        killer = Killer(patch, at, has_effect=has_effect)
        with pytest.raises(Killed):
            customer.run()
    assert customer.bought() == (1 if at > 2 or (at == 2 and has_effect) else 0), killer.fell_on
    for _run in range(3):
        said = customer.run()
        if said["state"] == "issued":
            break
    assert (said["state"], said["error"], customer.bought()) == ("issued", None, 1), killer.fell_on


@pytest.mark.parametrize("vice", [vice.name for vice in VICES if vice.room == "renge"])
def test_each_vice_ends_with_one_order_and_a_certificate(lab: Lab, vice: str, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path)
    lab.switches.only(vice)
    try:
        for _run in range(3):
            said = customer.run()
            if said["state"] == "issued":
                break
    finally:
        lab.switches.none()
    assert (said["state"], said["error"], customer.bought()) == ("issued", None, 1)


def test_a_list_that_leads_in_a_circle_buys_nothing_twice(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost order is looked for; as long as the list has no end, none is made."""
    filler = Customer(lab, tmp_path)
    for _order in range(60):  # more than a page
        lab.also["renge"].desk.order(lab.also["renge"].book.fill_cart("x", "R-DV").number, filler.names)
    customer = Customer(lab, tmp_path)
    with monkeypatch.context() as patch:
        Killer(patch, 2, has_effect=True)
        with pytest.raises(Killed):
            customer.run()
    lab.switches.only("renge_circle")
    customer.deadline = 3.0
    said = customer.run()
    lab.switches.none()
    customer.deadline = 20.0
    assert said["error"]["code"] == "rest_half_a_list" and customer.bought() == 1
    assert customer.run()["state"] == "issued" and customer.bought() == 1
