# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""By playbooks: a refusal waits for its correction, a contract for its end; both stand in the report until they are
done, and what set_stats hands to AWX counts them.

blog   CPI, waits for an approval by mail, which a person refuses
old    IIJ, issued; declared no more, and IIJ renews its contract by itself (IIJ-11)
"""

from __future__ import annotations

import contextlib
import json
import sys
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from mails.playdesk import Desk, open_desk
from plays.play import Play

sys.path.append(str(Path(__file__).resolve().parents[2] / "contract" / "portal"))

from desk import Ca

ORGANIZATION = {
    "name": "Example KK",
    "responsible": {"name": "山田太郎", "mail": "yamada@example.jp"},
    "technical": {"name": "鈴木花子", "mail": "ops@example.jp"},
}


class Wall:
    def now(self) -> datetime:
        return datetime.now(timezone.utc)


def blog(local: str = "admin") -> dict[str, t.Any]:
    return {
        "name": "blog",
        "common_name": "blog.example.jp",
        "product": "cpi-dv",
        "ca_account": "cpi",
        "organization": "example",
        "validation": {"method": "email", "contact": {"kind": "constructed", "address": f"{local}@blog.example.jp"}},
        "key": {"made_by": "seller"},
        "deploy": {"by": "seller", "handshake": False},
    }


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Desk]:
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(open_desk(tmp_path_factory.mktemp("steps")))
        office = found.office
        office.order("blog", "cpi", "cpi-dv", "blog.example.jp")
        office.order("old", "iij", "iij-globalsign-quick-dv", "old.example.jp", cancel_days=26, deploy_by="seller")
        ca, key = Ca(Wall()), ec.generate_private_key(ec.SECP256R1())
        office.tell("old", certificate=ca.leaf(key.public_key(), ["old.example.jp"]) + ca.intermediate)
        yield found


def play(desk: Desk, book: str, local: str = "admin", **variables: t.Any) -> Play:
    said = {
        "inkan_certificates": [blog(local)],
        "inkan_organizations": {"example": ORGANIZATION},
        "inkan_report_path": str(desk.folder / "report"),
        "inkan_approvals": {"mode": "assist", "profiles": desk.office.profiles},
        **variables,
    }
    played = desk.play(book, **said)
    assert played.rc == 0, played.why()
    return played


def secrets_of(desk: Desk, paper: t.Any) -> list[str]:
    return [paper.key, *desk.office.secrets["digicert"].values()]


def test_a_refusal_and_a_retired_contract_wait_in_the_report_for_whom_they_name(desk: Desk) -> None:
    approvals = desk.lab.also["approvals"]
    paper = approvals.ask("jprs", "admin@blog.example.jp", domain="blog.example.jp")
    approvals.mail(paper)
    refused = play(
        desk, "approve", inkan_names=["blog"], inkan_answer="refuse", inkan_reason="the wrong mailbox was asked"
    )
    assert "blog: refused" in refused.stdout and "山田太郎 to correct the declaration of blog" in refused.stdout
    assert paper.state == "waiting", "a machine refuses nowhere"

    told = play(desk, "report")
    rows = desk.report()
    correction, contract = rows["blog"]["waiting_for"], rows["old"]["waiting_for"]
    today = datetime.now(timezone.utc).date()
    assert (correction["actor"], correction["owner"]) == ("customer", "山田太郎")
    assert "the wrong mailbox was asked" in correction["what"]
    assert correction["by"][:10] in {str(today + timedelta(days=days)) for days in (2, 3)}
    assert (contract["actor"], "end the contract for old.example.jp" in contract["what"]) == ("customer", True)
    last = str(today + timedelta(days=150 - 26))
    assert (rows["old"]["cancel_by"], contract["by"][:10]) == (contract["by"][:10],) * 2
    assert abs((datetime.fromisoformat(last) - datetime.fromisoformat(rows["old"]["cancel_by"])).days) <= 1
    page = (desk.folder / "report" / "report.html").read_text(encoding="utf-8")
    assert (
        "山田太郎" in page and "the wrong mailbox was asked" in page and "end the contract for old.example.jp" in page
    )

    stats = told.artifacts
    assert set(stats) == {"inkan_report"}
    summary = stats["inkan_report"]
    assert set(summary) == {"as_of", "certificates", "counts", "next_end", "people", "changed"}
    assert (summary["certificates"], sum(summary["counts"].values())) == (2, 2)
    assert summary["people"] == {"tasks": 2, "overdue": 0, "next_by": correction["by"]}
    assert told.results("certificate_reports")[0]["outcome"] == "written"
    shown = json.dumps(stats, ensure_ascii=False)
    assert not any(secret in shown for secret in secrets_of(desk, paper)), "artifacts are plain text"
    assert "http" not in shown and "@" not in shown


def test_the_end_of_a_contract_is_noted_once_by_approve_and_leaves_the_report(desk: Desk) -> None:
    said = {"inkan_names": ["old"], "inkan_done": ["cancel"], "inkan_note": "ended at the IIJ portal"}
    noted = play(desk, "approve", **said)
    assert noted.changed == {"localhost": 1}
    assert "cancel is done" in noted.stdout and "ended at the IIJ portal" in noted.stdout
    again = play(desk, "approve", **said)
    assert again.changed == {"localhost": 0}
    told = play(desk, "report")
    assert set(desk.report()) == {"blog"}
    assert told.artifacts["inkan_report"]["people"]["tasks"] == 1


def test_the_order_of_a_corrected_declaration_closes_the_correction(desk: Desk) -> None:
    assert desk.report()["blog"]["waiting_for"]["owner"] == "山田太郎"
    ordered = play(desk, "issue", "hostmaster")
    assert ordered.order_states()["blog"] == "awaiting_person"
    row = desk.report()["blog"]
    assert "correct the declaration" not in json.dumps(row, ensure_ascii=False)
    assert (row["state"], row["waiting_for"]["actor"]) == ("awaiting_person", "customer")
