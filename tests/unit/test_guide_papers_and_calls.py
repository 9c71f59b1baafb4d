# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guide 'Papers and calls' shows is what the code takes and does."""

from __future__ import annotations

import re
import textwrap
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.intake import read_intake
from ansible_collections.inkan.tls.plugins.module_utils._core.organizations import read_organizations
from ansible_collections.inkan.tls.plugins.module_utils._data.person_steps import KINDS, MAILS, OTHER
from ansible_collections.inkan.tls.plugins.modules import certificate_orders_info, dcv_plan

PAGES = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"
BOTH = pytest.mark.parametrize("page", ["guide_papers_and_calls", "guide_papers_and_calls_ja"])


def text_of(page: str) -> str:
    return (PAGES / f"{page}.rst").read_text(encoding="utf-8")


def blocks(page: str) -> list[t.Any]:
    found = re.findall(r"^\.\. code-block:: yaml(?:\+jinja)?\n\n((?:    .*\n|\n)+)", text_of(page), re.MULTILINE)
    return [yaml.safe_load(textwrap.dedent(block)) for block in found]


@BOTH
def test_every_kind_of_step_is_told_with_its_days(page: str) -> None:
    rows = re.findall(r"^   \* - ``(\w+)``\n     - .*\n     - (.*)$", text_of(page), re.MULTILINE)
    assert {kind for kind, _due in rows} == {rule.kind for rule in KINDS if rule is not OTHER}
    days = {kind: re.search(r"\d+", due) for kind, due in rows}
    told = {kind: int(found.group()) for kind, found in days.items() if found}
    assert told == {rule.kind: rule.days for rule in KINDS if rule is not OTHER and rule.days}
    for rule in {rule.days for rule in MAILS}:
        assert re.search(rf"\b{rule} ?days?\b|{rule}日", text_of(page))


@BOTH
def test_what_is_declared_there_is_planned_with_a_call_and_papers(page: str) -> None:
    declared = blocks(page)[0]
    errors = InputCollector()
    found = read_organizations(declared["inkan_organizations"], errors)["example"]
    errors.refuse()
    assert found.absences == ("2026-12-01", "2026-12-28 – 2027-01-04 (年末年始)")
    assert (found.technical_mail, found.languages) == ("ops@example.jp", ("日本語", "English"))
    options = {"organizations": declared["inkan_organizations"], "as_of": "2026-11-20"}
    plan = dcv_plan.run({"certificates": declared["inkan_certificates"], **options}, False)
    (planned,) = plan.extra["plans"]
    assert planned["error"] is None
    assert [task["kind"] for task in planned["tasks"]] == ["papers", "call"]


@BOTH
def test_what_is_told_there_can_be_read(page: str) -> None:
    told = [one["inkan_intake"] for one in blocks(page) if isinstance(one, dict) and "inkan_intake" in one]
    read = [read_intake(intake) for one in told for intake in one.values()]
    assert [(intake.done, intake.is_about_tasks, wrong) for intake, wrong in read] == [
        (("call",), True, []),
        (("cancel",), True, []),
    ]


@BOTH
def test_the_options_and_keys_that_are_named_there_exist(page: str) -> None:
    tasks = next(one for one in blocks(page) if isinstance(one, list))
    assert set(tasks[0]["inkan.tls.certificate_orders_info"]) <= set(certificate_orders_info.argument_spec())
    documented = str(yaml.safe_load(certificate_orders_info.RETURN)["reminders"]["description"])
    for key in set(re.findall(r"item\.(\w+)", str(tasks))):
        assert f"C({key})" in documented
