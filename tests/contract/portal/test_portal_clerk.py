# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a sheet to a certificate by a clerk's word, at each seller, by each method."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from desk import APPLICANT, CONTACT, SUBJECT, Portal


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    return Portal(tmp_path)


def test_a_sheet_is_written_and_a_person_has_the_next_word(portal: Portal) -> None:
    said = portal.run()
    assert (said["outcome"], said["state"], said["error"]) == ("submitted", "awaiting_person", None)
    assert portal.task["tell"] == "order_number"
    assert said["waiting_for"]["owner"] == "certs@example.jp"
    assert said["waiting_for"]["by"] == "2026-11-27T03:00:00Z"
    assert sorted(portal.sheets) == [".csv", ".html", ".md"]
    assert said["waiting_for"]["sheet"] == str(portal.sheets[".html"])
    assert {stat.S_IMODE(path.stat().st_mode) for path in portal.sheets.values()} == {0o600}
    assert stat.S_IMODE(portal.sheets[".md"].parent.stat().st_mode) == 0o700
    text = portal.sheets[".md"].read_text("utf-8")
    for words in (
        "コモンネーム (CN) | shop.example.jp",
        "承認メールアドレス | admin@shop.example.jp",
        portal.csr.strip(),
    ):
        assert words in text


def test_a_second_run_changes_nothing(portal: Portal) -> None:
    portal.run()
    before = {form: (path.read_bytes(), path.stat().st_mtime_ns) for form, path in portal.sheets.items()}
    assert portal.run()["changed"] is False
    assert {form: (path.read_bytes(), path.stat().st_mtime_ns) for form, path in portal.sheets.items()} == before


def test_from_the_number_over_the_mail_to_the_certificate(portal: Portal) -> None:
    portal.run()
    said = portal.run({"order_number": "SSL-0042"})
    assert (said["state"], said["order_number"], said["changed"]) == ("awaiting_approval", "SSL-0042", True)
    assert said["wanted"]["mails"] == ["admin@shop.example.jp"]
    said = portal.run({"order_number": "SSL-0042", "approved": True})
    assert (said["state"], said["waiting_for"]["actor"]) == ("awaiting_person", "seller")
    told = {"order_number": "SSL-0042", "approved": True, "certificate": portal.bundle()}
    said = portal.run(told)
    assert (said["state"], said["error"]) == ("issued", None)
    assert said["chain"] == [portal.ca.intermediate]
    said = portal.run(told)
    assert (said["outcome"], said["changed"], said["error"]) == ("issued", False, None)


def test_who_is_late_loses_nothing(portal: Portal) -> None:
    portal.run()
    portal.clock.days(60)
    said = portal.run()
    assert (said["state"], said["changed"], said["error"]) == ("awaiting_person", False, None)
    assert said["waiting_for"]["by"] == "2026-11-27T03:00:00Z", "the day stays what it was"
    assert portal.run({"certificate": portal.bundle()})["state"] == "issued", "a certificate needs no number"


def test_the_end_of_the_sellers_window_comes_before_the_days_of_the_account(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    portal.item["options"]["apply_by"] = "2026-11-22"
    assert portal.run()["waiting_for"]["by"] == "2026-11-22T00:00:00Z"


def test_a_sheet_that_could_not_be_written_is_written_in_the_next_run(portal: Portal) -> None:
    """The order stands in the ledger by then: it is carried on, not made again."""
    blocked = portal.ledger.parent / "accounts"
    portal.ledger.parent.mkdir()
    blocked.write_text("a file in the way")
    said = portal.run()
    assert said["error"]["code"] == "path_no_directory" and said["state"] == "intended"
    blocked.unlink()
    after = portal.run()
    assert (after["state"], after["error"], after["reference"]) == ("awaiting_person", None, said["reference"])
    assert sorted(portal.sheets) == [".csv", ".html", ".md"]


def test_a_sheet_that_is_gone_is_made_again_while_somebody_has_to_apply(portal: Portal) -> None:
    portal.run()
    before = portal.sheets[".csv"].read_bytes()
    portal.sheets[".csv"].unlink()
    assert portal.run()["changed"] is False
    assert portal.sheets[".csv"].read_bytes() == before


def test_by_linkage_with_the_registrar_nobody_is_mailed(tmp_path: Path) -> None:
    portal = Portal(tmp_path, method="registrar")
    portal.run()
    said = portal.run({"order_number": "SSL-0042"})
    assert (said["state"], said["wanted"]["mails"], said["waiting_for"]["actor"]) == ("awaiting_person", [], "seller")
    assert portal.run({"approved": True})["error"]["code"] == "intake_refused"


def test_an_organization_is_told_who_is_called(tmp_path: Path) -> None:
    options = {"contact": CONTACT, "validation_level": "ov", "subject": SUBJECT, "applicant": APPLICANT}
    portal = Portal(tmp_path, "iij", product="iij-globalsign-ov", options=options)
    portal.run()
    told = portal.run({"order_number": "A-1"})["wanted"]["tasks"]
    assert [task["actor"] for task in told] == ["customer", "customer", "seller"]
    assert (told[1]["owner"], "+81-3-1234-5678" in told[1]["what"]) == ("印鑑 花子", True)
