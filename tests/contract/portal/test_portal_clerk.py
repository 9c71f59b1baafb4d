# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a sheet to a certificate by a clerk's word, at each seller, by each method."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from desk import Portal


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
