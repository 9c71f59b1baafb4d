# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to a certificate of GlobalSign Atlas, at the lab's simulator, by mutual TLS: methods, claims that are
shared, found and begun anew, policies, a list that lags, a token that ends, revocation.

The simulator really looks: records are in the lab's DNS, files on its web host, mails are approved by a person's click.
"""

from __future__ import annotations

import contextlib
import os
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import wish_for
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._io.http import DirectHttp
from ansible_collections.inkan.tls.plugins.module_utils._x509.csr import new_csr
from ansible_collections.inkan.tls.plugins.module_utils._x509.keys import new_private_key
from ansible_collections.inkan.tls.plugins.modules import certificate_orders
from lab.human import press
from lab.lab import Lab

ZONE = "example.jp"
Data = dict[str, t.Any]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("ways"), web=("web1",), vices=[], also=("atlas",)) as lab:
        yield lab
        assert lab.failures == []


@pytest.fixture(autouse=True)
def no_vices(lab: Lab) -> t.Iterator[None]:
    yield
    lab.switches.none()


class Customer:
    """Orders certificates in batches, does what is wanted, and asks again."""

    def __init__(self, lab: Lab, folder: Path, credential: str = "ecdsa", **settings: t.Any) -> None:
        self.lab = lab
        self.facts = lab.facts()["atlas"]
        self.ledger = folder / "ledger.sqlite3"
        limits = {"requests_per_second": 1000, "requests_per_minute": 60_000}
        common = {"url": self.facts["url"], "ca_bundle": self.facts["ca"], "find_delay": 1, **limits}
        self.settings = {**common, **settings}
        self.secrets = {
            **{name: Path(self.facts[name]).read_text() for name in ("client_certificate", "client_key")},
            **{name: self.facts["credentials"][credential][name] for name in ("api_key", "api_secret")},
        }

    def call(self, items: list[Data], **module: t.Any) -> list[Data]:
        given = {
            "ledger_path": str(self.ledger),
            "ledger_durable": True,
            "ca_accounts": {"ca": {"adapter": "globalsign_atlas", "settings": self.settings}},
            "secrets": {"ca": self.secrets},
            "deadline": 20.0,
            "certificates": [{"ca_account": "ca", "product": "globalsign-atlas", "hosts": [], **one} for one in items],
            **module,
        }
        read = ArgumentSpecValidator(certificate_orders.argument_spec()).validate(given)
        assert read.error_messages == []
        return [one.as_data() for one in certificate_orders.run(read.validated_parameters, False).items]

    def order(self, items: list[Data], key: str = "ecdsa-p256", **module: t.Any) -> list[Data]:
        def signed(names: list[str]) -> str:
            return new_csr(new_private_key(key), wish_for(names[0], names, key)).decode()

        return self.call([{**one, "csr": signed(one["dns_names"])} for one in items], until="wanted", **module)

    def answer(self, items: list[Data], said: list[Data], **module: t.Any) -> list[Data]:
        """Publish, place, approve; then ask."""
        for wanted in [one["wanted"] for one in said]:
            for record in wanted["records"]:
                self.lab.dns.set(ZONE, record["name"], record["type"], [record["value"]])
            for file in wanted["files"]:
                path = Path(self.lab.facts()["web"]["web1"]["document_root"]) / file["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(file["content"])
            for mail in wanted["mails"]:
                press(self.lab, mail)  # the link of the newest one
        return self.call([{**one, "visible": True} for one in items], **module)

    def issued(self, items: list[Data], key: str = "ecdsa-p256") -> list[Data]:
        said = self.order(items, key)
        return said if all(one["state"] == "issued" for one in said) else self.answer(items, said)


def item(name: str, method: str, *names: str, **more: t.Any) -> Data:
    return {"name": name, "method": method, "dns_names": list(names), "options": {}, **more}


def mailbox_at(lab: Lab, name: str) -> None:
    lab.dns.set(ZONE, name, "MX", ["10 mail.lab.example."])


def mail_to(address: str) -> Data:
    return {"contact": {"kind": "constructed", "address": address}}


def requests(lab: Lab, path: str) -> int:
    return sum(path in event["path"] for event in lab.history.events("request", ca="atlas"))


def orders_for(lab: Lab, *names: str) -> int:
    return sum(set(names) <= set(event["names"]) for event in lab.history.events("order", ca="atlas"))


@pytest.mark.parametrize(
    ("method", "names", "more"),
    [
        ("dns", ["dns.example.jp", "www.dns.example.jp"], {}),
        ("dns", ["*.wild.example.jp", "wild.example.jp"], {}),
        ("file", ["files.example.jp"], {}),
        ("email", ["mail.example.jp"], {"options": mail_to("admin@mail.example.jp")}),
        ("email", ["*.mails.example.jp"], {"options": mail_to("postmaster@mails.example.jp")}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_every_method_ends_issued(lab: Lab, tmp_path: Path, method: str, names: list[str], more: Data) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", method, *names, **more)]
    mailbox_at(lab, names[0].removeprefix("*."))
    (first,) = customer.order(items)
    assert [bool(first["wanted"][what]) for what in ("records", "files", "mails")] == [
        method == "dns",
        method == "file",
        method == "email",
    ]
    assert first["state"] == ("awaiting_approval" if method == "email" else "wanted")
    assert first["order"].startswith("claims/"), "nothing is ordered before the names are proved"
    (done,) = customer.answer(items, [first])
    assert (done["error"], done["state"]) == (None, "issued")
    assert done["order"] == f"certificate/{done['serial']}"


def test_fifty_certificates_of_a_domain_share_its_claim_and_one_login(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path, claim_domains=["many.example.jp"])
    items = [item(f"c{number}", "dns", f"c{number}.many.example.jp") for number in range(50)]
    logins, claims = requests(lab, "/login"), requests(lab, "/claims/domains/many.example.jp")
    first = customer.order(items)
    assert len({record["value"] for one in first for record in one["wanted"]["records"]}) == 1
    done = customer.answer(items, first)
    assert {one["state"] for one in done} == {"issued"}
    assert len({one["serial"] for one in done}) == 50
    assert requests(lab, "/login") - logins == 2, "one for each of the two calls"
    assert requests(lab, "/claims/domains/many.example.jp") - claims == 1


def test_a_domain_that_is_verified_is_not_proved_again(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path)
    customer.issued([item("first", "dns", "known.example.jp")])
    (below,) = customer.order([item("below", "dns", "shop.known.example.jp", "*.known.example.jp")])
    assert (below["order"].partition("/")[0], below["wanted"]["records"]) == ("certificate", []), "by the claim above"
    other = Customer(lab, tmp_path / "other", parent_claims=False)
    (own,) = other.order([item("own", "dns", "pay.known.example.jp")])
    assert [one["name"] for one in own["wanted"]["records"]] == ["pay.known.example.jp"]


def test_a_claim_whose_token_is_lost_gets_a_new_one(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "lost.example.jp")]
    (first,) = customer.order(items)
    (book,) = tmp_path.rglob("claims.json")
    assert book.stat().st_mode & 0o077 == 0
    book.unlink()
    lab.switches.only("atlas_claim_once")
    (again,) = customer.call(items, until="wanted")
    assert again["wanted"]["records"] != first["wanted"]["records"]
    assert [one["error"] for one in customer.answer(items, [again])] == [None]


def test_claims_that_end_are_asserted_anew(lab: Lab, tmp_path: Path) -> None:
    """Thirty days for a token, two hundred for what was verified by it."""
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "slow.example.jp")]
    (first,) = customer.order(items)
    with days_later(lab, 31) as now:
        (again,) = customer.call(items, until="wanted", now=now)
        assert again["error"] is None, again["error"]["message"]
        assert again["wanted"]["records"] != first["wanted"]["records"]
        assert customer.answer(items, [again], now=now)[0]["state"] == "issued"
    with days_later(lab, 240) as now:
        (third,) = customer.order([item("two", "dns", "slow.example.jp")], now=now)
        assert third["state"] == "wanted", "what was verified has expired"
        assert third["wanted"]["records"] != again["wanted"]["records"]


@contextlib.contextmanager
def days_later(lab: Lab, days: int) -> t.Iterator[str]:
    lab.clock.advance(days=days)
    try:
        yield lab.clock.now().isoformat()
    finally:
        lab.clock.advance(days=-days)


@pytest.mark.parametrize(
    ("credential", "key", "names", "settings", "why"),
    [
        ("ecdsa", "rsa-2048", ["policy.example.jp"], {}, "the key is of type RSA, possible is ECDSA"),
        ("rsa", "ecdsa-p256", ["policy.example.jp"], {}, "the key is of type ECDSA, possible is RSA"),
        ("raw", "ecdsa-p256", ["policy.example.jp"], {}, "it wants a bare public key"),
        ("ecdsa", "ecdsa-p256", ["policy.example.jp"], {"validity_days": 800}, "validity_days is 800, possible are"),
        ("organization", "ecdsa-p256", ["policy.example.jp"], {"subject": {"organization": "X"}}, "not ours to say"),
    ],
)
def test_what_the_policy_forbids_is_refused_before_anything_is_done(
    lab: Lab, tmp_path: Path, credential: str, key: str, names: list[str], settings: Data, why: str
) -> None:
    customer = Customer(lab, tmp_path, credential, **settings)
    begun = requests(lab, "/claims/domains/")
    (said,) = customer.order([item("one", "dns", *names)], key)
    assert said["error"]["code"] == "atlas_policy_forbids"
    assert why in said["error"]["why"]
    assert (said["state"], requests(lab, "/claims/domains/") - begun) == ("none", 0)


@pytest.mark.parametrize(("credential", "key"), [("rsa", "rsa-2048"), ("organization", "ecdsa-p384")])
def test_what_other_policies_allow_is_issued(lab: Lab, tmp_path: Path, credential: str, key: str) -> None:
    customer = Customer(lab, tmp_path, credential)
    (done,) = customer.issued([item("one", "dns", f"{credential}.example.jp")], key)
    assert (done["error"], done["state"]) == (None, "issued")


def test_a_mail_is_sent_again_and_elsewhere_and_an_address_that_is_not_listed_is_refused(
    lab: Lab, tmp_path: Path
) -> None:
    customer = Customer(lab, tmp_path)
    mailbox_at(lab, "box.example.jp")
    items = [item("one", "email", "box.example.jp", options=mail_to("admin@box.example.jp"))]
    customer.order(items)
    (said,) = customer.call([{**items[0], "resend": True}])
    assert (said["error"], said["wanted"]["mails"]) == (None, ["admin@box.example.jp"])
    (said,) = customer.call([{**items[0], "options": mail_to("someone@box.example.jp")}])
    assert said["error"]["code"] == "atlas_address_not_offered"
    assert "hostmaster@box.example.jp" in said["error"]["todo"]
    changed = [{**items[0], "options": mail_to("webmaster@box.example.jp")}]
    (said,) = customer.call(changed)
    assert said["wanted"]["mails"] == ["webmaster@box.example.jp"]
    press(lab, "webmaster@box.example.jp")
    assert customer.call(changed)[0]["state"] == "issued"


class Killed(BaseException):
    """As good as SIGKILL: nothing of ours catches it."""


def after_the_order(monkeypatch: pytest.MonkeyPatch, end: BaseException) -> None:
    """The next certificate is ordered, and then comes this in place of the answer."""
    real = DirectHttp.request
    ends = [end]

    def request(self: DirectHttp, method: str, url: str, **more: t.Any) -> HttpResponse:
        answer = real(self, method, url, **more)
        if method == "POST" and url.endswith("/certificates") and ends:
            raise ends.pop()
        return answer

    monkeypatch.setattr(DirectHttp, "request", request)


def test_whoever_takes_over_from_a_killed_run_finds_its_certificate(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "killed.example.jp")]
    (first,) = customer.order(items)
    after_the_order(monkeypatch, Killed())
    with pytest.raises(Killed):
        customer.answer(items, [first])
    lab.switches.only("atlas_serials_padded", "atlas_serials_small")
    (done,) = customer.call([{**items[0], "visible": True}])
    assert (done["error"], done["state"], orders_for(lab, "killed.example.jp")) == (None, "issued", 1)


def test_one_that_turns_up_late_is_told(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is lost and the list lags: a second certificate is made, and a person hears of the first."""
    customer, items = Customer(lab, tmp_path, find_delay=0), [item("one", "dns", "late.example.jp")]
    (first,) = customer.order(items)
    lab.switches.only("atlas_late_index")
    after_the_order(monkeypatch, TransportError(code="http_broken_answer", what="no answer", sent=True))
    done = customer.answer(items, [first])
    assert (done[0]["state"], orders_for(lab, "late.example.jp")) == ("issued", 2)
    lab.switches.none()
    (told,) = customer.call([{**items[0], "visible": True}])
    assert told["error"] is not None and told["error"]["code"] == "surplus_order"
    assert told["state"] == "issued"


ODDITIES = (
    *("nulls_for_lists", "keys_left_out", "strange_status", "strange_claim_first", "stale_answer_first"),
    *("location_path", "serials_small", "serials_padded", "certificate_missing_first", "not_ready", "assert_late"),
    *("crlf_pem", "pem_no_newline", "chain_reversed", "chain_late", "clock_skew"),
)


def test_whatever_its_answers_look_like_it_ends_issued_once(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "odd.example.jp")]
    lab.switches.only(*(f"atlas_{one}" for one in ODDITIES))
    said = customer.order(items)
    for _run in range(2):
        said = said if said[0]["state"] == "issued" else customer.answer(items, said)
    assert (said[0]["error"], said[0]["state"]) == (None, "issued")
    assert orders_for(lab, "odd.example.jp") == 1


def test_a_token_that_ends_within_a_call_is_got_anew(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "token.example.jp")]
    lab.switches.only("atlas_token_ends")
    logins = requests(lab, "/login")
    assert customer.issued(items)[0]["state"] == "issued"
    assert requests(lab, "/login") - logins > 2


def test_what_is_not_ordered_yet_can_be_given_up_and_a_certificate_revoked(lab: Lab, tmp_path: Path) -> None:
    customer, items = Customer(lab, tmp_path), [item("one", "dns", "back.example.jp")]
    customer.order(items)
    assert customer.call(items, state="cancelled")[0]["state"] == "cancelled"
    assert orders_for(lab, "back.example.jp") == 0
    (done,) = customer.issued(items)
    lab.switches.only("atlas_revoked_twice")
    (revoked,) = customer.call([{**items[0], "revoke_reason": "superseded"}], state="revoked")
    assert (revoked["error"], revoked["state"]) == (None, "revoked")
    assert lab.also["atlas"].is_revoked(int(done["serial"], 16))


def test_the_client_key_leaves_no_file_behind(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the system has no files in memory."""
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    customer = Customer(lab, tmp_path)
    (said,) = customer.order([item("one", "dns", "files-left.example.jp")])
    assert said["error"] is None
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_stranger_is_let_in_by_tls_and_by_nothing_else(lab: Lab, tmp_path: Path) -> None:
    customer = Customer(lab, tmp_path)
    stranger = customer.facts["stranger"]
    customer.secrets["client_certificate"] = Path(stranger["certificate"]).read_text()
    customer.secrets["client_key"] = Path(stranger["key"]).read_text()
    (said,) = customer.order([item("one", "dns", "stranger.example.jp")])
    assert said["error"]["code"] == "atlas_credential_refused"
    assert not any(secret in str(said) for secret in customer.secrets.values())
