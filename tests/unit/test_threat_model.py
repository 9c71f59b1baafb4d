# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the threat model and SECURITY.md: each mitigation names a test, and that test is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = ["threat_model.rst", "threat_model_ja.rst"]
FOLDER = REPOSITORY / "docs" / "docsite" / "rst"
_TEST = re.compile(r"``(tests/[\w./-]+\.py)::(test_\w+)``")
#: what somebody may have lost; each has a row of its own
LOSSES = (
    "ledger",
    "mailbox",
    "TSIG key",
    "DigiCert",
    "Atlas",
    "GCC",
    "ACME",
    "AWX",
    "rulebook",
    "target host",
    "controller",
)


def named(text: str) -> list[tuple[str, str]]:
    return _TEST.findall(text)


def missing(text: str) -> list[str]:
    """Tests that the text names and that are not there."""
    return [f"{file}::{test}" for file, test in named(text) if not is_there(file, test)]


def is_there(file: str, test: str) -> bool:
    path = REPOSITORY / file
    return path.is_file() and re.search(rf"^def {test}\(", path.read_text("utf-8"), re.MULTILINE) is not None


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_is_there(page: str) -> None:
    text = (FOLDER / page).read_text("utf-8")
    assert missing(text) == []
    assert len(named(text)) >= 30


@pytest.mark.parametrize("page", PAGES)
def test_every_mitigation_names_its_test(page: str) -> None:
    points = re.findall(r"^- .*\n\n(.*)$", (FOLDER / page).read_text("utf-8"), re.MULTILINE)
    assert points and all(named(line) for line in points)


def test_both_languages_name_the_same_tests() -> None:
    english, japanese = (named((FOLDER / page).read_text("utf-8")) for page in PAGES)
    assert english == japanese


def test_a_test_that_is_gone_is_noticed() -> None:
    assert missing("``tests/unit/test_threat_model.py::test_that_nobody_wrote``") != []
    assert missing("``tests/unit/test_no_such_file.py::test_a``") != []


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_has_its_row(loss: str) -> None:
    text = (FOLDER / PAGES[0]).read_text("utf-8").partition("What a stolen one gives")[2].partition("What limits")[0]
    assert [row for row in text.splitlines() if row.startswith("   * - ") and loss in row]


def test_security_leads_to_pages_that_are_there() -> None:
    text = (REPOSITORY / "SECURITY.md").read_text("utf-8")
    paths = re.findall(r"`(docs/[\w./-]+)`", text)
    assert {Path(path).name for path in paths} == {"guide_recovery.rst", "threat_model.rst"}
    assert all((REPOSITORY / path).is_file() for path in paths)
