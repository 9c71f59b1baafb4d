# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_orders at the lab's seller, with vices of its API and of its issuing that meet: a few, and nearly all.

No playbooks: each run is the module's own work in this process, and the test puts the record into DNS. Each vice alone
is met by whole playbooks (test_vices_of_sellers.py).
"""

from __future__ import annotations

import itertools
import typing as t
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.module_utils._x509.verify import verify_deployment
from ansible_collections.inkan.tls.plugins.modules import certificate_orders
from lab.lab import Lab
from lab.vices import VICES

DESCRIPTION = Path(__file__).resolve().parents[2] / "docs" / "examples" / "labssl.yml"
RUNS = 3
DEADLINE = 25
#: A chain that is none: told, and never taken.
HOPELESS = "wrong_chain"
ALL = [vice.name for vice in VICES if vice.room in ("api", "issuing") and vice.name != HOPELESS]
TOGETHER = [
    "lost_answer late_index",
    "gateway_lost_effect late_index nulls_for_lists",
    "half_json late_index list_unfiltered number_for_text keys_left_out",
    "other_certificate chain_in_one_text chain_reversed root_included pem_with_text",
    " ".join(name for name in ALL if name != "other_certificate"),
]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab"), web=(), vices=()) as lab:
        yield lab
        assert lab.failures == []


class Customer:
    """One certificate of one customer, ordered run by run."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.facts = lab.facts()
        self.name = f"c{next(_numbers)}"
        self.names = [f"*.{self.name}.example.jp", f"{self.name}.example.jp"]
        self.ledger = folder / "ledger.sqlite3"
        self.csr = new_csr(new_private_key("ecdsa-p256"), wish_for(self.names[0], self.names, "ecdsa-p256")).decode()
        self.said: dict[str, t.Any] = {}

    def call(self, options: t.Mapping[str, t.Any] | None = None, **item: t.Any) -> dict[str, t.Any]:
        settings = {"url": self.facts["api_url"], "ca_bundle": self.facts["api_ca"], "timeout": 10}
        settings["description"] = DESCRIPTION.read_text("utf-8")
        order = {"name": self.name, "ca_account": "labssl", "product": "digicert-dv", "method": "dns", "hosts": []}
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {"labssl": {"adapter": "rest", "settings": settings}},
            "secrets": {"labssl": {"api_key": self.facts["api_key"]}},
            "deadline": DEADLINE,
            "certificates": [{**order, "dns_names": self.names, **item}],
            **(options or {}),
        }
        read = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
        assert read.error_messages == []
        (result,) = certificate_orders.run(read.validated_parameters, False).items
        self.said = result.as_data()
        return self.said

    def run(self) -> dict[str, t.Any]:
        """What ``issue`` does: order, publish, ask."""
        for record in self.call({"until": "wanted"}, csr=self.csr)["wanted"]["records"]:
            self.lab.dns.set("example.jp", record["name"], record["type"], [record["value"]])
        return self.call(visible=True)

    def orders(self) -> list[dict[str, t.Any]]:
        """At the seller, by its own history."""
        return [event for event in self.lab.history.events("order") if self.names[1] in event["names"]]


@pytest.mark.parametrize("vices", TOGETHER)
def test_one_order_is_issued_whatever_the_seller_does(lab: Lab, tmp_path: Path, vices: str) -> None:
    lab.switches.only(*vices.split())
    customer = Customer(lab, tmp_path)
    for _run in range(RUNS):
        said = customer.run()
        if said["state"] == "issued":
            break
    assert (said["state"], said["error"]) == ("issued", None)
    assert len(customer.orders()) == 1
    verify_deployment(
        said["certificate"],
        said["chain"],
        public_key_sha256=said["public_key_sha256"],
        private_key_pem=None,
        dns_names=customer.names,
        now=datetime.now(timezone.utc),
    )


def test_a_chain_that_is_none_is_told_and_never_taken(lab: Lab, tmp_path: Path) -> None:
    lab.switches.only(HOPELESS)
    customer = Customer(lab, tmp_path)
    said = customer.run()
    assert (said["error"]["code"], said["certificate"]) == ("chain_broken", None)
    assert "Lab SSL" in said["error"]["message"]
    lab.switches.none()
    assert customer.run()["state"] == "issued", "once the seller has its chain in order, nothing is lost"
    assert len(customer.orders()) == 1


@pytest.mark.parametrize("vices", ["", "lost_answer", "gateway_lost_effect", "server_error", "html_for_json"])
def test_an_order_is_cancelled_and_a_certificate_revoked_once(lab: Lab, tmp_path: Path, vices: str) -> None:
    lab.switches.none()
    kept, dropped = Customer(lab, tmp_path), Customer(lab, tmp_path)
    assert kept.run()["state"] == "issued"
    dropped.call({"until": "wanted"}, csr=dropped.csr)
    lab.switches.only(*vices.split())
    assert (dropped.call({"state": "cancelled"})["state"], dropped.said["error"]) == ("cancelled", None)
    assert (kept.call({"state": "revoked"}, revoke_reason="superseded")["state"], kept.said["error"]) == (
        "revoked",
        None,
    )
