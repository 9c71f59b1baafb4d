# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to a certificate of GlobalSign's GCC, at the lab's simulator: levels, methods, a reserved number, a token
that is told once, renewal, reissue, revocation; and the vices of the simulator that no proxy can play.

The simulator really looks: records are in the lab's DNS, files on its web host, mails are approved by a person's click.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._io.ledger_restore import EMPTY, plan_restore, restore
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.modules import certificate_orders
from lab.human import NoButton, press
from lab.lab import Lab

ZONE = "example.jp"
PERSON = {"first_name": "Hana", "last_name": "Yamada", "phone": "+81-3-0000-0000", "email": "hana@example.jp"}
ADDRESS = {
    "line1": "1-2-3 Example",
    "city": "Chiyoda-ku",
    "region": "Tokyo",
    "postal_code": "100-0001",
    "country": "JP",
    "phone": "+81-3-0000-0000",
}
_BLOCK = {
    "FirstName": "Hana",
    "LastName": "Yamada",
    "Function": "Head",
    "OrganizationName": "Example K.K.",
    "Phone": "+81-3-0000-0000",
    "Email": "hana@example.jp",
}
COMPANY = {
    "name": "Example K.K.",
    "address": ADDRESS,
    "category": "PO",
    "blocks": {
        "RequestorInfo": _BLOCK,
        "ApproverInfo": _BLOCK,
        "AuthorizedSignerInfo": _BLOCK,
        "JurisdictionInfo": {"JurisdictionCountry": "JP", "IncorporationAgencyRegistrationNumber": "0100-01-000001"},
    },
}
MAILBOX = {"contact": {"kind": "constructed", "address": f"hostmaster@{ZONE}"}}
RUNS = 3
Data = dict[str, t.Any]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("ways"), web=("web1",), vices=[], also=("gcc",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture(autouse=True)
def no_vices(lab: Lab) -> t.Iterator[None]:
    yield
    lab.switches.none()


class Customer:
    """Orders certificates in batches, does what is wanted, and asks again."""

    def __init__(self, lab: Lab, folder: Path, **settings: t.Any) -> None:
        self.lab = lab
        self.facts = lab.facts()["gcc"]
        self.ledger = folder / "ledger.sqlite3"
        common = {"url": self.facts["url"], "ca_bundle": self.facts["ca"], "user_name": self.facts["username"]}
        self.settings = {
            **common,
            "contact": PERSON,
            "organization": COMPANY,
            "find_delay": 1,
            "requests_per_minute": 100_000,
            **settings,
        }
        self.csrs: dict[str, str] = {}

    def call(self, items: list[Data], **module: t.Any) -> list[Data]:
        account = {"adapter": "globalsign_gcc", "settings": self.settings}
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {"ca": account},
            "secrets": {"ca": {"password": self.facts["password"]}},
            "deadline": 15.0,
            "certificates": [{"ca_account": "ca", "product": "globalsign-dv", "hosts": [], **one} for one in items],
            **module,
        }
        read = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
        assert read.error_messages == []
        return [one.as_data() for one in certificate_orders.run(read.validated_parameters, False).items]

    def order(self, items: list[Data], **module: t.Any) -> list[Data]:
        with_csr = [{**one, "csr": self.csrs.setdefault(one["name"], csr_for(one["dns_names"]))} for one in items]
        return self.call(with_csr, until="wanted", **module)

    def answer(self, items: list[Data], said: list[Data], **module: t.Any) -> list[Data]:
        """Publish, place, approve; then ask."""
        for one, wish in zip(said, items, strict=True):
            self.publish(one["wanted"])
            for mail in (
                one["wanted"]["mails"] if wish["product" if "product" in wish else "name"] not in PEOPLE else ()
            ):
                with contextlib.suppress(NoButton):  # approved before
                    press(self.lab, mail, order=wish["dns_names"][0])
        return self.call([{**one, "visible": True} for one in items], **module)

    def publish(self, wanted: Data) -> None:
        for record in wanted["records"]:
            self.lab.dns.set(ZONE, record["name"], record["type"], [record["value"]])
        for file in wanted["files"]:
            path = Path(self.lab.facts()["web"]["web1"]["document_root"]) / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file["content"])

    def issued(self, items: list[Data]) -> list[Data]:
        """As ``issue`` does, run after run."""
        said: list[Data] = []
        for _run in range(RUNS):
            said = self.order(items)
            if not all(one["state"] == "issued" for one in said):
                said = self.answer(items, said)
            if all(one["state"] == "issued" for one in said):
                break
        return said

    def facts_of(self, name: str) -> list[str]:
        """The kinds of facts that the ledger has of a certificate, in order."""
        wish = "SELECT kind FROM facts JOIN orders ON orders.id = facts.order_id WHERE name = ? ORDER BY facts.id"
        with contextlib.closing(sqlite3.connect(self.ledger)) as ledger:
            return [kind for (kind,) in ledger.execute(wish, (name,))]


PEOPLE = ("globalsign-ov", "globalsign-ev")


def csr_for(names: list[str]) -> str:
    return new_csr(new_private_key("ecdsa-p256"), wish_for(names[0], names, "ecdsa-p256")).decode()


def item(name: str, method: str, *names: str, **more: t.Any) -> Data:
    options = MAILBOX if method == "email" else {}
    return {"name": name, "method": method, "dns_names": list(names), "options": options, **more}


def orders_for(lab: Lab, *names: str) -> list[Data]:
    return [event for event in lab.history.events("order", ca="gcc") if set(names) <= set(event["names"])]


def states(said: t.Iterable[Data]) -> list[str]:
    return [one["state"] if one["error"] is None else one["error"]["message"] for one in said]


@pytest.mark.parametrize(
    ("method", "names", "settings"),
    [
        ("dns", ["dns.example.jp", "www.dns.example.jp"], {}),
        ("dns", ["*.wild.example.jp", "wild.example.jp"], {}),
        ("dns", ["a.wide.example.jp", "b.wide.example.jp"], {"txt_at": "widest"}),
        ("file", ["files.example.jp", "www.files.example.jp"], {}),
        ("file", ["shop.example.jp"], {"file_content": "{token}"}),
        ("email", ["mail.example.jp", "www.mail.example.jp"], {}),
        ("email", ["*.mails.example.jp"], {}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_every_method_ends_issued(lab: Lab, tmp_path: Path, method: str, names: list[str], settings: Data) -> None:
    customer, items = Customer(lab, tmp_path, **settings), [item("one", method, *names)]
    (first,) = customer.order(items)
    assert [bool(first["wanted"][what]) for what in ("records", "files", "mails")] == [
        method == "dns",
        method == "file",
        method == "email",
    ]
    assert first["state"] == ("awaiting_approval" if method == "email" else "wanted")
    assert states(customer.answer(items, [first])) == ["issued"]
    assert len(orders_for(lab, *names)) == 1


@pytest.mark.parametrize("product", ["globalsign-ov", "globalsign-ev"])
def test_what_people_vet_waits_for_them(lab: Lab, tmp_path: Path, product: str) -> None:
    name = f"{product}.example.jp"
    customer, items = Customer(lab, tmp_path), [item("one", "email", name, product=product)]
    (first,) = customer.order(items)
    assert (first["state"], first["error"]) == ("awaiting_approval", None)
    assert "vet" in first["wanted"]["notes"][0]
    assert states(customer.answer(items, [first])) == ["awaiting_approval"]
    lab.also["gcc"].vet(first["order"])
    assert states(customer.answer(items, [first])) == ["issued"]


def test_a_number_is_reserved_and_written_down_before_the_order(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "email", "reserved.example.jp")]
    (first,) = customer.order(items)
    assert customer.facts_of("one")[:4] == ["submit_intended", "reserved", "submit_intended", "submitted"]
    assert first["order"] == orders_for(lab, "reserved.example.jp")[0]["order"]


@pytest.mark.parametrize("search", ["sub_id", "common_name", "date_range"])
def test_a_reserved_number_that_was_lost_with_the_ledger_is_found(lab: Lab, tmp_path: Path, search: str) -> None:
    """Whichever of the searches finds it; the key on the host makes the same reference and CSR."""
    name = f"lost-{search.replace('_', '-')}.example.jp"
    customer, items = Customer(lab, tmp_path, find_by=[search]), [item("one", "email", name)]
    (before,) = customer.order(items)
    for path in tmp_path.glob("ledger.sqlite3*"):
        path.unlink()
    now = datetime.now(timezone.utc)
    plan = plan_restore(str(customer.ledger), EMPTY, now)
    assert plan is not None
    restore(str(customer.ledger), plan, now)
    (found,) = customer.order(items)
    assert (found["order"], found["error"]) == (before["order"], None)
    assert "reserved" not in customer.facts_of("one")
    assert states(customer.issued(items)) == ["issued"]
    assert len(orders_for(lab, name)) == 1


@pytest.mark.parametrize("vice", ["gcc_lost_answer", "gcc_internal_after_effect", "gcc_unknown_order_internal"])
def test_an_order_by_mail_is_made_once(lab: Lab, tmp_path: Path, vice: str) -> None:
    """Whatever is said of the reserved number: under it one order can be made only."""
    lab.switches.only(vice, "gcc_lost_answer")
    name = f"{vice.replace('_', '-')}.example.jp"
    customer, items = Customer(lab, tmp_path), [item("one", "email", name)]
    assert states(customer.issued(items)) == ["issued"]
    assert len(orders_for(lab, name)) == 1


def test_a_token_of_a_lost_answer_is_asked_for(lab: Lab, tmp_path: Path) -> None:
    lab.switches.only("gcc_lost_answer")
    customer = Customer(lab, tmp_path)
    items = [item("dns", "dns", "dvc.example.jp"), item("file", "file", "api.example.jp")]
    assert states(customer.issued(items)) == ["issued", "issued"]
    assert len(orders_for(lab, "dvc.example.jp")) == len(orders_for(lab, "api.example.jp")) == 1


def test_where_no_answer_tells_it_the_order_is_cancelled_before_the_next(lab: Lab, tmp_path: Path) -> None:
    lab.switches.only("gcc_lost_answer", "gcc_dvc_missing")
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "nodvc.example.jp")]
    (told,) = customer.order(items)
    assert told["state"] == "cancelled"
    assert told["error"]["code"] in ("gcc_token_lost", "order_cancelled"), "the answer to ModifyOrder was lost, too"
    lab.switches.only("gcc_dvc_missing")
    assert states(customer.issued(items)) == ["issued"]
    kept = [one for one in lab.also["gcc"].orders() if "nodvc.example.jp" in str(one)]
    assert len(kept) == len(orders_for(lab, "nodvc.example.jp")) == 2
    cancelled = [event for event in lab.history.events("state", ca="gcc") if event["order"] == told["order"]]
    assert "3" in str(cancelled[-1]), "the first one was cancelled before it was issued"


def test_a_foreign_order_without_our_reference_is_left_to_a_person(lab: Lab, tmp_path: Path) -> None:
    """One that was made in GSパネル, adopted: nobody told us its token, and it is not ours to cancel."""
    lab.switches.only("gcc_dvc_missing")
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "adopted.example.jp")]
    customer.order(items)
    with contextlib.closing(sqlite3.connect(customer.ledger, isolation_level=None)) as ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f"DROP TRIGGER {name}")
        ledger.execute("DELETE FROM facts WHERE kind = 'wanted'")
        ledger.execute("UPDATE orders SET reference = 'ik-0000000000000000000000ff'")
    (said,) = customer.call(items)
    assert (said["state"], said["error"]) == ("awaiting_approval", None)
    assert "cancel it" in said["wanted"]["notes"][0]


def test_a_renewal_names_the_order_before(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "renewed.example.jp")]
    (first,) = customer.issued(items)
    customer.csrs.clear()
    (second,) = customer.issued([{**items[0], "kind": "renew"}])
    assert (second["state"], second["kind"]) == ("issued", "renew")
    assert [one["renewal_of"] for one in orders_for(lab, "renewed.example.jp")][-1] == first["order"]


def test_a_renewal_of_what_was_given_back_is_a_new_order(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "gone.example.jp")]
    customer.issued(items)
    copy = copied(customer)
    revoked = [{**items[0], "revoke_reason": "superseded"}]
    assert states(customer.call(revoked, state="revoked")) == ["revoked"]
    customer.ledger = copy  # it does not know
    customer.csrs.clear()
    (second,) = customer.issued([{**items[0], "kind": "renew"}])
    assert (second["state"], second["kind"]) == ("issued", "new")


def test_one_that_was_renewed_already_is_not_bought_again(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "twice.example.jp")]
    customer.issued(items)
    copy = copied(customer)
    customer.csrs.clear()
    assert states(customer.issued([{**items[0], "kind": "renew"}])) == ["issued"]
    customer.ledger = copy  # somebody else, with an older ledger
    customer.csrs.clear()
    before = len(orders_for(lab, "twice.example.jp"))
    (told,) = customer.order([{**items[0], "kind": "renew"}])
    assert (told["error"]["code"], "-6102" in told["error"]["why"]) == ("gcc_refused", True)
    assert len(orders_for(lab, "twice.example.jp")) == before


def copied(customer: Customer) -> Path:
    """The ledger of a moment ago."""
    copy = customer.ledger.with_name("copy.sqlite3")
    with contextlib.closing(sqlite3.connect(customer.ledger)) as old, contextlib.closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    return copy


def test_an_order_and_a_certificate_can_be_given_back(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "back.example.jp")]
    customer.order(items)
    assert states(customer.call(items, state="cancelled")) == ["cancelled"]
    (issued,) = customer.issued(items)
    lab.switches.only("gcc_revoking_slow")
    again = [{**items[0], "revoke_reason": "superseded"}]
    assert states(customer.call(again, state="revoked")) == ["revoked"]
    assert issued["serial"]


def test_mails_are_sent_again_and_to_another(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "email", "moved.example.jp")]
    customer.order(items)
    assert states(customer.call([{**items[0], "resend": True}])) == ["awaiting_approval"]
    other = {"contact": {"kind": "constructed", "address": f"postmaster@{ZONE}"}}
    moved = [{**items[0], "options": other}]
    (said,) = customer.call(moved)
    assert said["wanted"]["mails"] == [f"postmaster@{ZONE}"]
    assert states(customer.answer(moved, [said])) == ["issued"]


def test_an_address_that_is_not_offered_is_refused_with_those_that_are(lab: Lab, tmp_path: Path) -> None:
    wrong = {"contact": {"kind": "constructed", "address": f"boss@{ZONE}"}}
    customer, items = Customer(lab, tmp_path), [item("one", "email", "boss.example.jp", options=wrong)]
    (told,) = customer.order(items)
    assert told["error"]["code"] == "gcc_approver_not_offered"
    assert f"hostmaster@{ZONE}" in told["error"]["message"]
    assert orders_for(lab, "boss.example.jp") == []


@pytest.mark.parametrize(
    ("vice", "code"),
    [
        ("gcc_ip_not_allowed", "gcc_address_refused"),
        ("gcc_no_balance", "gcc_no_money"),
        ("gcc_logical_limit", "gcc_no_money"),
        ("gcc_phishing_refused", "gcc_refused"),
    ],
)
def test_a_refusal_is_told_and_nothing_is_ordered(lab: Lab, tmp_path: Path, vice: str, code: str) -> None:
    lab.switches.only(vice)
    name = f"{vice.replace('_', '-')}.example.jp"
    (told,) = Customer(lab, tmp_path).order([item("one", "dns", name)])
    assert (told["error"]["code"], orders_for(lab, name)) == (code, [])
    assert lab.facts()["gcc"]["password"] not in str(told)


#: What no proxy plays: those that are on by default, together, and each other one alone.
_TOGETHER = (
    *"gcc_too_many gcc_server_error gcc_lost_answer gcc_html_for_xml gcc_internal_error gcc_warnings".split(),
    *"gcc_other_prefixes gcc_order_id_blanks gcc_product_code_internal gcc_strange_status gcc_check_late".split(),
    *"gcc_certificate_late gcc_root_first".split(),
)
_ODD = (
    *"gcc_internal_after_effect gcc_entity_bomb gcc_gzip_unasked gcc_huge_answer gcc_nil_left_out".split(),
    *"gcc_stale_answer_first gcc_new_intermediate gcc_chain_missing_first gcc_other_certificate".split(),
    "gcc_file_wants_tag",
)
#: Of searches: with a lost answer, so that there is something to look for.
_SEARCHED = (
    *"gcc_list_unfiltered gcc_sub_id_shared gcc_sub_id_hidden gcc_common_name_nil gcc_dvc_bare".split(),
    "gcc_times_without_zone",
)
_ODDITIES = ("by default", *_ODD, *_SEARCHED)
_Played = tuple[list[str], list[int]]


def played(vice: str, folder: Path) -> _Played:
    """In a lab of its own: the states of three certificates, and how many orders were made for each."""
    folder.mkdir()
    vices = _TOGETHER if vice == "by default" else (vice, "gcc_lost_answer") if vice in _SEARCHED else (vice,)
    items = [
        item("dns", "dns", "d.example.jp", "www.d.example.jp"),
        item("file", "file", "shop.example.jp"),
        item("mail", "email", "m.example.jp"),
    ]
    with Lab(folder / "lab", web=("web1",), vices=list(vices), also=("gcc",)) as lab:
        found = states(Customer(lab, folder).issued(items)), [len(orders_for(lab, *one["dns_names"])) for one in items]
        assert lab.failures == []
        return found


@pytest.fixture(scope="module", autouse=True)
def oddities(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[dict[str, Future[_Played]]]:
    """All side by side and beside the other tests, for they mostly wait."""
    folder = tmp_path_factory.mktemp("oddities")
    with ThreadPoolExecutor(len(_ODDITIES)) as pool:
        yield {vice: pool.submit(played, vice, folder / str(number)) for number, vice in enumerate(_ODDITIES)}


def test_a_name_that_people_look_at_is_waited_for(lab: Lab, tmp_path: Path) -> None:
    lab.switches.only("gcc_phishing_wait")
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "phish.example.jp")]
    (said,) = customer.answer(items, customer.order(items))
    assert (said["state"], said["error"], said["waiting_for"]["actor"]) == ("validating", None, "ca")
    assert "phishing" in said["status_word"]
    until_issued(lab, said["order"])
    assert states(customer.call([{**items[0], "visible": True}])) == ["issued"]


def until_issued(lab: Lab, order: str) -> None:
    """The check of the names takes some seconds by everybody's clock."""
    ends = time.monotonic() + 30
    while not any((event["order"], event["state"]) == (order, "4") for event in lab.history.events("state", ca="gcc")):
        assert time.monotonic() < ends, lab.history.events("state", ca="gcc")
        time.sleep(0.05)


def test_fifty_certificates_in_one_batch(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path)
    items = [item(f"c{number}", "dns", f"c{number}.many.example.jp") for number in range(50)]
    first = customer.order(items)
    assert {len(one["wanted"]["records"]) for one in first} == {1}
    done = customer.answer(items, first)
    assert set(states(done)) == {"issued"}
    assert len({one["serial"] for one in done}) == 50
    asked = [event["call"] for event in lab.history.events("request", ca="gcc") if ".many." in str(event)]
    assert len(asked) <= 150, "an order, a look for it and its certificate, each once"


@pytest.mark.parametrize("vice", _ODDITIES)
def test_an_oddity_ends_issued_with_one_order(oddities: dict[str, Future[_Played]], vice: str) -> None:
    assert oddities[vice].result(200) == (["issued"] * 3, [1, 1, 1])
