# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook approve, as a person runs it: approves and refuses by name, and does nothing where the mode is observe."""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

import pytest
from mails.playdesk import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> t.Iterator[Desk]:
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(open_desk(tmp_path))


def test_a_person_approves_one_and_refuses_another(desk: Desk) -> None:
    approvals = desk.lab.also["approvals"]
    papers = {}
    for name in ("shop", "blog"):
        desk.office.order(name, "cpi", "cpi-dv", f"{name}.example.jp")
        papers[name] = approvals.ask("jprs", f"admin@{name}.example.jp", domain=f"{name}.example.jp")
        approvals.mail(papers[name])
    rows = {"profiles": desk.office.profiles}
    observed = desk.play(inkan_names=["shop"], inkan_approvals=rows)
    assert observed.rc != 0 and "the mode is observe" in observed.stdout
    assert desk.lab.history.events("approval_visit") == []

    approved = desk.play(inkan_names=["shop"], inkan_approvals={**rows, "mode": "assist"})
    assert approved.rc == 0, approved.stdout
    assert "shop: approved" in approved.stdout
    assert (papers["shop"].state, len(papers["shop"].posts), papers["blog"].state) == ("approved", 1, "waiting")

    refused = desk.play(inkan_names=["blog"], inkan_answer="refuse", inkan_approvals={**rows, "mode": "assist"})
    assert refused.rc == 0, refused.stdout
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
    assert played.rc == 0, played.stdout
    assert (paper.state, len(paper.posts)) == ("approved", 1)
    assert desk.office.look({"name": "shop"})["shop"]["state"] == "awaiting_person"
