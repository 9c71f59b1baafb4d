# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Debian's Pebble has not, at the lab's ACME CA: newer challenges, renewals by ``replaces``, advice, each vice.

An issue and a renewal, each issued within three runs, with one order at the CA; what cannot be ends with a clear error.
"""

from __future__ import annotations

import contextlib
import sqlite3
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AccountConfig
from ansible_collections.inkan.tls.plugins.module_utils._ca.registry import adapter_factories
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.modules import certificate_orders
from cryptography import x509
from harness import publish_in
from harness_acme import told_by_ledger
from lab.lab import Lab

ZONE = "example.jp"
RUNS = 3
#: vices after which everything comes to a good end; those of single answers are cells of the matrix, at Pebble
PASSING = (
    *("acme_lost_answer", "acme_gzip_unasked", "acme_no_nonce_in_errors", "acme_strange_status"),
    *("acme_stale_answer_first", "acme_processing_first", "acme_unknown_challenge", "acme_new_intermediate"),
    *("acme_chain_reversed", "acme_root_included", "acme_crlf_pem", "acme_pem_spaced", "acme_pem_no_newline"),
    *("acme_no_reuse", "acme_orders_list", "acme_no_ari"),
)
Data = dict[str, t.Any]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("ways"), web=(), vices=[], also=["acme_ca"]) as lab:
        yield lab
        assert lab.failures == []


@contextlib.contextmanager
def switched(lab: Lab, *vices: str) -> t.Iterator[None]:
    for vice in vices:
        lab.switches.set(vice, True)
    try:
        yield
    finally:
        for vice in vices:
            lab.switches.set(vice, False)


class Customer:
    """With an account and a name of its own."""

    def __init__(self, lab: Lab, folder: Path, name: str, method: str = "dns-01", **settings: t.Any) -> None:
        self.lab = lab
        self.facts = lab.facts()["acme_ca"]
        self.ledger = folder / "ledger.sqlite3"
        self.names = [f"{name.replace('_', '-')}.{ZONE}"]
        self.method = method
        common = {"directory": self.facts["url"], "ca_bundle": self.facts["ca"], "accept_terms": True}
        self.settings = {**common, "lost_order": "resubmit", **settings}
        self.options: Data = {}
        self.new_key()

    def new_key(self) -> None:
        wish = wish_for(self.names[0], self.names, "ecdsa-p256")
        self.csr = new_csr(new_private_key("ecdsa-p256"), wish).decode()

    def given(self, **more: t.Any) -> Data:
        accounts = {"ca": {"adapter": "acme", "settings": self.settings}}
        return {"ledger_path": str(self.ledger), "ca_accounts": accounts, **more}

    def call(self, until: str, **item: t.Any) -> Data:
        wish = {"product": "acme", "method": self.method, "dns_names": self.names, "options": self.options}
        certificate = {"name": "shop", "ca_account": "ca", "hosts": [], **wish, **item}
        given = self.given(ledger_durable=True, until=until, deadline=15.0, certificates=[certificate])
        read = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
        assert read.error_messages == []
        (result,) = certificate_orders.run(read.validated_parameters, False).items
        return result.as_data()

    def run(self) -> Data:
        said = self.call("wanted", csr=self.csr)
        if said["error"] is None and said["state"] not in ("issued", "none"):
            publish_in(self.lab, said["wanted"])
            said = self.call("issued", visible=True)
        return said

    def issued(self) -> Data:
        said: Data = {}
        for _run in range(RUNS):
            said = self.run()
            if said["state"] == "issued" and said["error"] is None:
                return said
        raise AssertionError(f"not issued in {RUNS} runs: {said['state']}, {said['error']}, {said['problem']}")

    def advice(self) -> Data:
        return told_by_ledger(self.given())

    def orders(self) -> list[Data]:
        """At the CA, those that it made anew."""
        every = self.lab.history.events("order")
        return [one for one in every if one["names"] == self.names and not one.get("reused")]


@pytest.mark.parametrize("vice", ["", *PASSING])
def test_issued_and_renewed_with_one_order_each(lab: Lab, tmp_path: Path, vice: str) -> None:
    customer = Customer(lab, tmp_path, vice or "none")
    with switched(lab, *([vice] if vice else ())):
        first = customer.issued()
        assert len(customer.orders()) == 1
        customer.new_key()
        second = customer.issued()
    assert second["serial"] != first["serial"]
    _new, renewal = customer.orders()
    leaf = x509.load_pem_x509_certificate(first["certificate"].encode())
    assert bool(renewal["replaces"]) == (vice != "acme_no_ari")
    assert second["kind"] == ("new" if vice == "acme_no_ari" else "renew") and leaf.serial_number


@pytest.mark.parametrize(
    ("method", "vices", "start"),
    [
        ("dns-account-01", (), ""),
        ("dns-persist-01", (), "lab"),
        ("dns-persist-01", ("acme_persist_00",), ""),
        ("dns-persist-01", ("acme_persist_01",), ""),
        ("dns-persist-01", ("acme_persist_at_once",), ""),
    ],
)
def test_the_newer_challenges_of_each_draft(lab: Lab, tmp_path: Path, method: str, vices: t.Any, start: str) -> None:
    customer = Customer(lab, tmp_path, "-".join(["way", method, *vices, start]).strip("-"), method, persist_days=30)
    customer.names.append(f"*.{customer.names[0]}")
    customer.new_key()
    with switched(lab, *vices):
        assert set(customer.issued()["dns_names"]) == set(customer.names)
    looks = [one for one in lab.history.events("look") if one["name"].endswith(customer.names[0]) and one["found"]]
    assert {one["method"] for one in looks} <= {method} and looks


def test_a_second_certificate_that_replaces_the_same_is_ordered_without_saying_so(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "twice")
    first = customer.issued()
    customer.new_key()
    customer.issued()
    again = Customer(lab, tmp_path, "twice")
    said = again.call("wanted", csr=again.csr, replaces=first["serial"])
    assert said["error"] is None and said["state"] in ("wanted", "validating", "issuing")
    assert [bool(one["replaces"]) for one in customer.orders()] == [False, True, False]


def test_a_profile_that_the_ca_has_not_is_refused_before_anything_is_ordered(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "profile")
    customer.options = {"profile": "clasic"}
    said = customer.run()
    assert said["error"]["code"] == "acme_profile_unknown" and "classic" in said["error"]["message"]
    assert customer.orders() == []
    customer.options = {"profile": "tlsserver"}
    leaf = x509.load_pem_x509_certificate(customer.issued()["certificate"].encode())
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=46)


def test_names_that_are_authorized_before_the_order(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "before", preauthorize=True)
    customer.issued()
    assert len(customer.orders()) == 1
    with switched(lab, "acme_no_new_authz"):
        said = Customer(lab, tmp_path / "other", "without", preauthorize=True).run()
    assert said["error"]["code"] == "acme_no_new_authz"


def test_a_limit_is_kept_by_the_next_run_to_the_second(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "limited")
    customer.issued()
    customer.names = [f"limited-b.{ZONE}"]
    customer.new_key()
    ca = lab.also["acme_ca"]
    limits = dict(ca.limits.limits)
    limit = type(limits["orders"])
    try:
        ca.limits.limits["orders"] = limit(1, timedelta(hours=3), "new orders")
        with switched(lab, "acme_rate_limits"):
            told = customer.run()["error"]
            asked = len(lab.history.events("request"))
            again = customer.run()["error"]
    finally:
        ca.limits.limits.update(limits)
    assert told["code"] == "acme_rateLimited" and again["code"] == "acme_held" and told["retryable"]
    first, second = (datetime.fromisoformat(one["retry_at"]) for one in (told, again))
    assert abs((second - first).total_seconds()) <= 1 and first > datetime.now(timezone.utc)
    new_orders = [one for one in lab.history.events("request")[asked:] if one["call"] == "newOrder"]
    assert new_orders == []


@pytest.mark.parametrize(
    ("vice", "has_window"),
    [
        ("", True),
        ("acme_ari_past", True),
        ("acme_ari_absurd", False),
        ("acme_ari_end_before_start", False),
        ("acme_ari_after_expiry", True),
        ("acme_ari_no_retry_after", True),
        ("acme_huge_answer", False),
        ("acme_no_ari", False),
    ],
)
def test_no_answer_about_renewals_stops_anybody(lab: Lab, tmp_path: Path, vice: str, has_window: bool) -> None:
    customer = Customer(lab, tmp_path, f"ari-{vice or 'none'}")
    customer.issued()
    with contextlib.closing(sqlite3.connect(customer.ledger, isolation_level=None)) as ledger:
        assert ledger.execute("DELETE FROM advice").rowcount == 1, "what is new is left alone for some hours"
    with switched(lab, *([vice] if vice else ())):
        told = customer.advice()
    assert told["error"] is None and (told["suggested_window"] is not None) == has_window
    assert bool(told["advice"]) == (vice != "acme_no_ari"), "a CA that gives none leaves no trace"
    assert all(advice["ask_again_at"] > advice["asked_at"] for advice in told["advice"])


def test_the_certificates_key_revokes_where_the_account_may_not(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path / "one", "revoked")
    key = new_private_key("ecdsa-p256")
    customer.csr = new_csr(key, wish_for(customer.names[0], customer.names, "ecdsa-p256")).decode()
    pem = customer.issued()["certificate"]
    generation = tmp_path / "store" / "shop" / "generations" / "0001"
    generation.mkdir(parents=True)
    (generation / "privkey.pem").write_bytes(key)
    stranger = Customer(lab, tmp_path / "two", "stranger", revocation_keys=str(tmp_path / "store"))
    stranger.issued()
    config = AccountConfig("ca", "acme", stranger.settings, {}, str(stranger.ledger.parent / "accounts" / "ca"))
    factories = adapter_factories(clock=SystemClock(), new_private_key=new_private_key)
    factories["acme"].open(config, deadline=20.0).revoke(pem, "keyCompromise")
    (revoked,) = lab.history.events("revoked")
    assert revoked["serial"]
