# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook approve, as a person runs it: approves and refuses by name, and does nothing where the mode is observe."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._module.office import Office
from lab.border import HOST, NAME, Border
from lab.lab import Lab

CAS = {"jprs.jp", "cpi.ad.jp"}


class Desk:
    def __init__(self, folder: Path, lab: Lab, maildir: Path) -> None:
        self.lab, self.folder = lab, folder
        mailbox = {"service": "maildir", "settings": {"path": str(maildir), "authserv_id": NAME}}
        self.office = Office(lab, folder, mailbox, {})

    def play(self, book: str = "approve", **variables: t.Any) -> subprocess.CompletedProcess[str]:
        accounts = {
            name: {**one, "secrets": self.office.secrets.get(name, {})} for name, one in self.office.accounts.items()
        }
        said = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "inkan_ledger_path": str(self.office.ledger),
            "inkan_ledger_python": sys.executable,
            "inkan_ledger_durable": True,
            "inkan_ca_accounts": accounts,
            "inkan_mailboxes": {"certs": {**self.office.mailbox, "secrets": {}}},
            "inkan_sight": {"ca_bundle": self.office.ca_bundle},
            **variables,
        }
        path = self.folder / f"vars-{time.time_ns()}.json"
        path.write_text(json.dumps(said), encoding="utf-8")
        command = ["ansible-playbook", "-i", "localhost,", f"inkan.tls.{book}", "-e", f"@{path}"]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def desk(tmp_path: Path) -> t.Iterator[Desk]:
    maildir = tmp_path / "Maildir"
    for below in ("new", "cur", "tmp"):
        (maildir / below).mkdir(parents=True)
    with (
        Border(lambda name, _to, raw: (maildir / "new" / name).write_bytes(raw), {HOST: CAS}) as border,
        Lab(tmp_path / "lab", web=(), vices=[], also=("approvals",)) as lab,
    ):
        lab.mail.relay = (HOST, border.port)
        yield Desk(tmp_path, lab, maildir)
        assert lab.failures == []


def test_a_person_approves_one_and_refuses_another(desk: Desk) -> None:
    approvals = desk.lab.also["approvals"]
    papers = {}
    for name in ("shop", "blog"):
        desk.office.order(name, "cpi", "cpi-dv", f"{name}.example.jp")
        papers[name] = approvals.ask("jprs", f"admin@{name}.example.jp", domain=f"{name}.example.jp")
        approvals.mail(papers[name])
    rows = {"profiles": desk.office.profiles}
    observed = desk.play(inkan_names=["shop"], inkan_approvals=rows)
    assert observed.returncode != 0 and "the mode is observe" in observed.stdout
    assert desk.lab.history.events("approval_visit") == []

    approved = desk.play(inkan_names=["shop"], inkan_approvals={**rows, "mode": "assist"})
    assert approved.returncode == 0, approved.stdout
    assert "shop: approved" in approved.stdout
    assert (papers["shop"].state, len(papers["shop"].posts), papers["blog"].state) == ("approved", 1, "waiting")

    refused = desk.play(inkan_names=["blog"], inkan_answer="refuse", inkan_approvals={**rows, "mode": "assist"})
    assert refused.returncode == 0, refused.stdout
    assert "blog: refused" in refused.stdout and "ssl-info@cpi.ad.jp" in refused.stdout
    assert papers["blog"].state == "waiting", "a machine refuses nowhere"
    told = desk.office.look({"name": "shop"}, {"name": "blog"})
    assert {name: one["state"] for name, one in told.items()} == {"shop": "awaiting_person", "blog": "refused"}
    for secret in (papers["shop"].key, papers["blog"].key):
        assert secret not in approved.stdout + refused.stdout + observed.stdout


def test_role_issue_answers_for_a_domain_that_opted_in(desk: Desk) -> None:
    approvals = desk.lab.also["approvals"]
    desk.office.order("shop", "cpi", "cpi-dv", "shop.example.jp")
    paper = approvals.ask("jprs", "admin@shop.example.jp", domain="shop.example.jp")
    approvals.mail(paper)
    certificate = {
        "name": "shop",
        "common_name": "shop.example.jp",
        "product": "cpi-dv",
        "ca_account": "cpi",
        "validation": {"method": "email", "contact": {"kind": "constructed", "address": "admin@shop.example.jp"}},
        "key": {"made_by": "seller"},
        "deploy": {"by": "seller", "handshake": False},
        "hosts": "localhost",
    }
    settings = {"profiles": desk.office.profiles, "mode": "auto", "auto_domains": ["example.jp"]}
    played = desk.play("issue", inkan_certificates=[certificate], inkan_approvals=settings)
    assert played.returncode == 0, played.stdout
    assert (paper.state, len(paper.posts)) == ("approved", 1)
    assert desk.office.look({"name": "shop"})["shop"]["state"] == "awaiting_person"
