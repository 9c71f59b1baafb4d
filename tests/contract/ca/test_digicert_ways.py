# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to a certificate of CertCentral, at the lab's simulator: levels, methods, reissue, duplicate, revocation.

The simulator really looks: records are in the lab's DNS, files on its web host, mails are approved by a person's click.
"""

from __future__ import annotations

import contextlib
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.modules import certificate_orders
from lab.human import press
from lab.lab import Lab

ZONE = "example.jp"
MAILBOX = {"contact": {"kind": "constructed", "address": f"hostmaster@{ZONE}"}}
APPROVER = {"contact_type": "ev_approver", "first_name": "A", "last_name": "B", "email": f"ev@{ZONE}"}
Data = dict[str, t.Any]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("ways"), web=("web1",), vices=[]) as lab:
        lab.digicert.limits.limits = ((1_000_000, 1.0),)  # all share its key, and nobody's budget
        yield lab
        assert lab.failures == []


@contextlib.contextmanager
def switched(lab: Lab, *vices: str) -> t.Iterator[None]:
    for vice in vices:
        lab.switches.set(vice, True)
    yield
    for vice in vices:
        lab.switches.set(vice, False)


class Customer:
    """Orders one certificate, does what is wanted, and asks again."""

    def __init__(self, lab: Lab, folder: Path, product: str, method: str, names: list[str], **settings: t.Any) -> None:
        self.lab = lab
        self.facts = lab.facts()["digicert"]
        self.ledger = folder / "ledger.sqlite3"
        self.wish = {"product": product, "method": method, "dns_names": names, "options": MAILBOX}
        common = {"url": self.facts["url"], "ca_bundle": self.facts["ca"], "skip_approval": True}
        self.secrets = settings.pop("secrets", {"api_key": self.facts["key"]})
        self.settings = {**common, "organization": self.facts["organization"], **settings}

    def call(self, module: t.Mapping[str, t.Any] | None = None, /, **item: t.Any) -> Data:
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {"ca": {"adapter": "digicert", "settings": self.settings}},
            "secrets": {"ca": self.secrets},
            "deadline": 20.0,
            "certificates": [{"name": "one", "ca_account": "ca", "hosts": [], **self.wish, **item}],
            **(module or {}),
        }
        read = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
        assert read.error_messages == []
        (result,) = certificate_orders.run(read.validated_parameters, False).items
        data = result.as_data()
        assert data["error"] is None, data["error"]["message"]
        return data

    def order(self, **item: t.Any) -> Data:
        names = self.wish["dns_names"]
        csr = new_csr(new_private_key("ecdsa-p256"), wish_for(names[0], names, "ecdsa-p256")).decode()
        return self.call({"until": "wanted"}, csr=csr, **item)

    def answer(self, data: Data) -> Data:
        """Publish, place, approve; then ask."""
        for record in data["wanted"]["records"]:
            self.lab.dns.set(ZONE, record["name"], record["type"], [record["value"]])
        for file in data["wanted"]["files"]:
            path = Path(self.lab.facts()["web"]["web1"]["document_root"]) / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file["content"])
        if data["wanted"]["mails"]:
            press(self.lab, data["wanted"]["mails"][0])
        return self.call(visible=True)

    def issued(self, **item: t.Any) -> Data:
        data = self.order(**item)
        return data if data["state"] == "issued" else self.answer(data)


@pytest.mark.parametrize(
    ("product", "method", "names"),
    [
        ("digicert-dv", "dns", ["dv.example.jp", "www.dv.example.jp"]),
        ("digicert-dv", "dns", ["*.wild.example.jp", "wild.example.jp"]),
        ("digicert-dv", "dns-cname", ["alias.example.jp"]),
        ("digicert-dv", "file", ["files.example.jp", "www.files.example.jp"]),
        ("digicert-dv", "email", ["mail.example.jp"]),
        ("digicert-ov", "dns", ["ov.example.jp"]),
        ("digicert-ov", "dns-cname", ["ov-alias.example.jp"]),
        ("digicert-ov", "file", ["shop.example.jp"]),
        ("digicert-ev", "dns", ["ev.example.jp"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_every_level_and_method_ends_issued(
    lab: Lab, tmp_path: Path, product: str, method: str, names: list[str]
) -> None:
    customer = Customer(lab, tmp_path, product, method, names, contacts=[APPROVER] if product == "digicert-ev" else [])
    first = customer.order()
    wanted = first["wanted"]
    assert [bool(wanted[what]) for what in ("records", "files", "mails")] == [
        method.startswith("dns"),
        method == "file",
        method == "email",
    ]
    assert first["state"] == ("awaiting_approval" if method == "email" else "wanted")
    done = customer.answer(first)
    assert (done["outcome"], done["state"]) == ("issued", "issued")


def test_the_dynamic_file_of_ov(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "digicert-ov", "file", ["api.example.jp"], file_method="http-token-dynamic")
    first = customer.order()
    assert {file["path"] for file in first["wanted"]["files"]} != {".well-known/pki-validation/fileauth.txt"}
    assert customer.answer(first)["state"] == "issued"


def test_domains_that_were_submitted_before_and_an_order_that_is_issued_at_once(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "digicert-ov", "dns", ["known.example.jp"], prevalidate=True)
    assert "/domains/" in customer.order()["order"]
    assert customer.answer(customer.call())["state"] == "issued"
    (tmp_path / "second").mkdir()
    again = Customer(lab, tmp_path / "second", "digicert-ov", "dns", ["known.example.jp"])
    assert again.order()["state"] == "issued", "nothing had to be published"


@pytest.mark.parametrize("way", ["reissue", "duplicate"])
def test_another_certificate_of_a_paid_order(lab: Lab, tmp_path: Path, way: str) -> None:
    customer = Customer(lab, tmp_path, "digicert-dv", "dns", [f"{way}.example.jp"], reissue_as=way)
    first = customer.issued()
    second = customer.issued(kind="reissue")
    assert second["order"].startswith(f"{first['order']}/{way}/")
    assert second["serial"] != first["serial"]


def test_a_lost_duplicate_is_known_by_its_key_and_not_made_twice(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "digicert-dv", "dns", ["lost.example.jp"], reissue_as="duplicate", find_delay=1)
    first = customer.issued()
    with switched(lab, "dc_lost_answer"):
        second = customer.issued(kind="reissue")
    assert second["order"].startswith(f"{first['order']}/duplicate/")
    made = lab.digicert.book.certificates(int(first["order"]))
    assert [one.kind for one in made] == ["order", "duplicate"]
    assert int(made[1].serial, 16) == int(second["serial"], 16)


def test_a_renewal_is_an_order_of_its_own(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "digicert-dv", "dns", ["renewed.example.jp"])
    first, second = customer.issued(), customer.issued()
    assert (second["state"], second["order"].isdigit()) == ("issued", True)
    assert second["order"] != first["order"]


def test_an_order_and_a_certificate_can_be_given_back(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, "digicert-dv", "dns", ["back.example.jp"])
    customer.order()
    assert customer.call({"state": "cancelled"})["state"] == "cancelled"
    customer.issued()
    assert customer.call({"state": "revoked"}, revoke_reason="superseded")["state"] == "revoked"


def test_runs_side_by_side_keep_the_limits_of_their_key_together(lab: Lab, tmp_path: Path) -> None:
    """CertCentral counts 6 requests in 5 seconds, and refuses what is beyond: nobody is ever refused."""
    before, many = len(lab.history.events("request")), lab.digicert.limits.limits
    lab.digicert.limits.limits = ((6, 5.0),)
    secrets = {"api_key": lab.facts()["digicert"]["keys"]["orders_domains_organizations"]}

    def order(number: int) -> Data:
        names = [f"side{number}.{ZONE}"]
        limits = {"requests_per_5_seconds": 6, "skip_approval": None}
        customer = Customer(lab, tmp_path, "digicert-dv", "dns", names, secrets=secrets, **limits)
        return customer.order(name=f"side{number}")

    with ThreadPoolExecutor(3) as pool:
        states = [data["state"] for data in pool.map(order, range(3))]
    lab.digicert.limits.limits = many
    answers = [event["status"] for event in lab.history.events("request")[before:]]
    assert (states, len(answers), set(answers) & {429}) == (["wanted"] * 3, 9, set())


# --- the approval queue ----------------------------------------------------------------------------------------------


@pytest.fixture
def queue(lab: Lab) -> t.Iterator[Lab]:
    """Requests wait, and whoever made one may not answer it."""
    with switched(lab, "dc_approval_queue", "dc_invalid_approver"):
        yield lab


def waiting(lab: Lab) -> dict[int, list[int]]:
    """Requests that nobody has answered, by their order."""
    found: dict[int, list[int]] = {}
    for ask in lab.digicert.book.asks():
        if ask.status == "pending":
            found.setdefault(ask.order, []).append(ask.id)
    return found


def queueing(lab: Lab, folder: Path, name: str, approver: str = "", **settings: t.Any) -> Customer:
    keys = lab.facts()["digicert"]["keys"]
    secrets = {"api_key": keys["unrestricted"], **({"approver_api_key": keys[approver]} if approver else {})}
    names, given = [f"{name}.{ZONE}"], {"skip_approval": False, **settings}
    return Customer(lab, folder, "digicert-dv", "dns", names, secrets=secrets, **given)


def test_a_second_person_s_key_approves_our_requests_and_no_others(queue: Lab, tmp_path: Path) -> None:
    for folder in ("theirs", "ours"):
        (tmp_path / folder).mkdir()
    theirs = queueing(queue, tmp_path / "theirs", "theirs").order()
    assert theirs["state"] == "awaiting_approval"
    customer = queueing(queue, tmp_path / "ours", "ours", "administrator", approve_requests=True)
    first = customer.issued()
    customer.issued(kind="reissue")
    assert customer.call({"state": "revoked"}, revoke_reason="superseded")["state"] == "revoked"
    assert int(first["order"]) != int(theirs["order"])
    assert list(waiting(queue)) == [int(theirs["order"])]
    queue.digicert.answer(waiting(queue)[int(theirs["order"])][0])


@pytest.mark.parametrize("approver", ["", "orders"], ids=["who ordered", "a key without the right"])
def test_who_may_not_approve_has_a_person_told(queue: Lab, tmp_path: Path, approver: str) -> None:
    customer = queueing(queue, tmp_path, f"told{len(approver)}", approver, approve_requests=True)
    for data in (customer.order(), customer.call()):
        (request,) = waiting(queue)[int(data["order"])]
        assert (data["state"], data["waiting_for"]["actor"]) == ("awaiting_approval", "customer")
        assert f"request {request} of order {data['order']}" in data["waiting_for"]["what"]
    assert not data["changed"], "the second run has nothing new to tell"
    queue.digicert.answer(request)
    assert customer.answer(customer.call())["state"] == "issued"
