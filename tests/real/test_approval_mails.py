# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of approval mail, written by the lab, through SMTP and a border that judges senders, into Dovecot; found
there by IMAP, and in mode auto answered once.
"""

from __future__ import annotations

import tempfile
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.office import (
    APPLICANT,
    ORGANIZATION,
    Office,
)
from lab.border import HOST, NAME, Border
from lab.lab import Lab
from servers.dovecot import PASSWORD, Dovecot

CAS = {
    *("jprs.jp", "cybertrust.co.jp", "globalsign.lab.example", "trust-provider.com", "digitalcertvalidation.com"),
    *("cpi.ad.jp", "iij.lab.example", "idcf.lab.example"),
}
AUTO: dict[str, t.Any] = {"mode": "auto", "auto_domains": ["example.jp", "example.com"], "actor": {"job": "4711"}}
ITEMS: list[dict[str, t.Any]] = [
    {"name": "jprs"},
    {"name": "cyber", "signature": "印鑑 花子"},
    {"name": "gs"},
    {"name": "sectigo", "ca": "sectigo"},
    {"name": "dc"},
]


@pytest.fixture(scope="module")
def dovecot() -> t.Iterator[Dovecot]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Dovecot(Path(folder) / "dovecot", users=("certs",)) as server:
            yield server


@pytest.fixture
def office(dovecot: Dovecot, tmp_path: Path) -> t.Iterator[Office]:
    for path in [*(dovecot.maildir() / "new").iterdir(), *(dovecot.maildir() / "cur").iterdir()]:
        path.unlink()
    with (
        Border(lambda name, _address, raw: dovecot.deliver(name, raw), {HOST: CAS}) as border,
        Lab(tmp_path / "lab", web=(), vices=[], also=("approvals",)) as lab,
    ):
        lab.mail.relay = (HOST, border.port)
        settings = {
            "host": "localhost",
            "port": dovecot.imaps_port,
            "user": "certs",
            "ca_bundle": str(dovecot.authority.bundle),
            "authserv_id": NAME,
        }
        yield Office(lab, tmp_path, {"service": "imap", "settings": settings}, {"password": PASSWORD})
        assert lab.failures == []


def test_each_senders_mail_is_matched_and_answered_once(office: Office, dovecot: Dovecot) -> None:
    approvals = office.lab.also["approvals"]
    office.order("jprs", "jprs", "jprs-dv", "shop.example.jp")
    office.order("cyber", "iij", "iij-cybertrust-sureserver-cloud", "corp.example.jp", validation_level="ov",
                 **ORGANIZATION)  # fmt: skip
    office.order("gs", "iij", "iij-globalsign-quick-dv", "blog.example.jp")
    office.order("sectigo", "jprs", "jprs-dv", "api.example.com")
    office.order_at_digicert("dc", "www.example.jp")
    papers = {
        "jprs": approvals.ask("jprs", "admin@shop.example.jp", domain="shop.example.jp"),
        "cyber": approvals.ask("cybertrust", "admin@corp.example.jp", domain="corp.example.jp", organization=APPLICANT),
        "gs": approvals.ask("globalsign", "admin@blog.example.jp", domain="blog.example.jp"),
        "sectigo": approvals.ask("sectigo", "admin@api.example.com", domain="api.example.com", order="31415926"),
    }
    for paper in papers.values():
        approvals.mail(paper)
    seen = office.look(*ITEMS)
    assert {name: one["outcome"] for name, one in seen.items()} == dict.fromkeys(seen, "mail_found"), seen
    assert {one["mails"][0]["profile"].partition("-")[0] for one in seen.values()} == {
        *("jprs", "cybertrust", "globalsign", "sectigo", "digicert")
    }
    assert office.lab.history.events("approval_visit") == []
    done = office.look(*ITEMS, **AUTO)
    assert {name: one["outcome"] for name, one in done.items()} == dict.fromkeys(done, "approved"), done
    assert {name: paper.state for name, paper in papers.items()} == dict.fromkeys(papers, "approved")
    assert [sorted(post) for post in papers["cyber"].posts] == [["k", "step"], ["k", "scope", "signature", "step"]]
    assert papers["cyber"].posts[1]["scope"] == "fqdn" and papers["cyber"].posts[1]["signature"] == "印鑑 花子"
    assert papers["sectigo"].posts[0]["dcvCode"] == papers["sectigo"].facts["code"]
    assert len(office.lab.history.events("approved", ca="digicert")) == 1
    again = office.look(*ITEMS, **AUTO)
    assert {one["outcome"] for one in again.values()} == {"not_waiting"}
    assert sum(len(paper.posts) for paper in papers.values()) == 5
    assert set(dovecot.flags()) <= {""}, "no letter is marked"


NOTICES = {
    "cpi-started": ("started", "awaiting_approval"),
    "cpi-refusal-asked": ("refusal_asked", "needs_person"),
    "cpi-installed": ("installed", "awaiting_approval"),
}


@pytest.mark.parametrize(("house", "word", "state"), [(house, *said) for house, said in NOTICES.items()])
def test_what_cpi_tells_moves_the_order_once(office: Office, house: str, word: str, state: str) -> None:
    office.order("cpi", "cpi", "cpi-dv", "shop.example.jp")
    approvals = office.lab.also["approvals"]
    approvals.mail(approvals.ask(house, "certs@example.jp", domain="shop.example.jp"))
    result = office.play()
    (data,) = [one.as_data() for one in result.items]
    assert (data["changed"], data["state"]) == (True, state)
    assert f"mail: {word}" in result.diff[0].after
    assert office.play().changed is False


@pytest.mark.parametrize("days", ["90", "35", "30"])
def test_notices_of_a_renewal_and_of_its_end_are_remembered_each_once(office: Office, days: str) -> None:
    """Also of an order that has ended: nothing of it is open when its certificate is about to end."""
    office.order("iij", "iij", "iij-globalsign-quick-dv", "shop.example.jp")
    office.order(
        "idcf", "idcf", "idcf-geotrust-true-businessid", "blog.example.jp", validation_level="ov", **ORGANIZATION
    )
    office.tell("iij", cancelled=True)
    approvals = office.lab.also["approvals"]
    approvals.mail(approvals.ask("iij-renewal", "ops@example.jp", domain="shop.example.jp", days=days))
    approvals.mail(approvals.ask("idcf-completed", "ops@example.jp", domain="blog.example.jp"))
    result = office.play()
    assert {one.header.split('"')[1]: one.after.splitlines()[-1] for one in result.diff} == {
        "iij": "mail: renewal_due",
        "idcf": "mail: completed",
    }
    assert office.play().changed is False


def test_intents_are_steps_of_their_own_and_a_transfer_is_none(office: Office) -> None:
    office.order(
        "ev", "iij", "iij-digicert-secure-server-id-ev", "shop.example.jp", validation_level="ev", **ORGANIZATION
    )
    office.order("quick", "iij", "iij-globalsign-quick-dv", "blog.example.jp")
    office.order("jprs", "jprs", "jprs-dv", "api.example.jp")
    approvals = office.lab.also["approvals"]
    papers = [
        approvals.ask("digicert-ev", "hanako@example.jp", domain="shop.example.jp"),
        approvals.ask("quick-intent", "hanako@example.jp", domain="blog.example.jp"),
        approvals.ask("jprs-transfer", "admin@api.example.jp", domain="api.example.jp"),
    ]
    for paper in papers:
        approvals.mail(paper)
    result = office.play(**AUTO)
    kinds = {one.name: [mail["kind"] for mail in one.as_data()["mails"]] for one in result.items}
    assert kinds == {"ev": ["intent"], "quick": ["intent"], "jprs": []}
    told = {one.header.split('"')[1]: one.after for one in result.diff}
    assert "task ev_mail: open, its mail came at" in told["ev"]
    assert "task intent_mail: open, its mail came at" in told["quick"]
    assert "mail: approval_mail" not in told["ev"] + told["quick"], "neither is the domain's mail"
    assert office.play(**AUTO).changed is False
    assert [one["code"] for one in result.extra["other_mails"]] == ["mail_of_another_kind"]
    assert [one.state for one in papers] == ["waiting"] * 3
    assert office.lab.history.events("approval_visit") == []
