# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plan, report and the end of a run do for each certificate, counted: files opened, results looked at, rendering.

Whole playbooks are counted in tests/real/test_counts_of_looks.py.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.action.run_guard import opened_of
from ansible_collections.inkan.tls.plugins.filter import run as filters
from ansible_collections.inkan.tls.plugins.module_utils._core import outcome, plan_load
from ansible_collections.inkan.tls.plugins.module_utils._core.run import HostSaid, Run, Targets
from ansible_collections.inkan.tls.plugins.modules import certificate_reports, dcv_plan
from ansible_collections.inkan.tls.tests.unit.test_costs import Opened

FEW, MANY = 10, 200
AS_OF = "2026-11-20T00:00:00Z"
HOSTS = ("web1", "web2")
#: lookups of an ending in the results of each step of each host: the errors of eleven steps, and some questions
MOST_LOOKUPS = 40


@pytest.fixture(scope="module")
def opened() -> Opened:
    return Opened()


def declared(number: int) -> list[dict[str, t.Any]]:
    live = {"not_before": "2026-11-01T00:00:00Z", "not_after": "2027-04-30T00:00:00Z"}
    common = {"product": "acme", "ca_account": "acme", "validation": {"method": "dns-01"}, "live": live}
    return [{"name": f"c{one:03}", "common_name": f"c{one:03}.example.jp", **common} for one in range(number)]


def planned(number: int) -> t.Any:
    return dcv_plan.run({"certificates": declared(number), "as_of": AS_OF, "load_until": "2030-12-31"}, False)


def test_a_plan_opens_no_file_for_a_certificate(opened: Opened) -> None:
    planned(FEW)  # whatever Python itself loads late
    few, more = (opened.by(lambda number=number: planned(number)) for number in (FEW, MANY))  # type: ignore[misc]
    assert few == more == []


def test_certificates_that_were_renewed_together_go_on_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[t.Any] = []
    following = plan_load._next

    def counted(*given: t.Any) -> t.Any:
        asked.append(given)
        return following(*given)

    monkeypatch.setattr(plan_load, "_next", counted)
    planned(FEW)
    few = len(asked)
    planned(MANY)
    assert 0 < len(asked) - few == few


def run_of(number: int, steps: t.Mapping[str, t.Any]) -> Run:
    results = {name: {"name": name, "live": {"not_after": "2027-04-30T00:00:00Z"}} for name in names(number)}
    return Run(
        plan={one["name"]: one for one in (item.as_data() for item in planned(number).items)},
        orders={},
        targets=dict.fromkeys(results, Targets(HOSTS, HOSTS, HOSTS, HOSTS)),
        hosts={host: HostSaid(steps={**steps, "look": Counted(results)}) for host in HOSTS},
        central={"records": Counted(results)},
    )


def names(number: int) -> list[str]:
    return [one["name"] for one in declared(number)]


class Counted(dict[str, t.Any]):
    """Results of a step that count what is asked of them; going through them all counts each."""

    lookups = 0

    def get(self, key: str, default: t.Any = None) -> t.Any:
        Counted.lookups += 1
        return super().get(key, default)

    def items(self) -> t.Any:
        Counted.lookups += len(self)
        return super().items()

    def values(self) -> t.Any:
        Counted.lookups += len(self)
        return super().values()


@pytest.mark.parametrize("judge", [outcome.endings, lambda run: [outcome.codes(run, one) for one in run.plan]])
def test_a_certificate_is_judged_by_its_own_results_however_many_others_there_are(
    judge: t.Callable[[Run], list[t.Any]],
) -> None:
    asked = []
    for number in (FEW, MANY):
        run = run_of(number, {"switch": Counted(), "verify": Counted()})
        Counted.lookups = 0
        assert len(judge(run)) == number
        asked.append(Counted.lookups / number)
    assert 0 < asked[0] == asked[1] <= MOST_LOOKUPS


def test_a_report_opens_as_many_files_for_two_hundred_as_for_ten(opened: Opened, tmp_path: Path) -> None:
    counts = []
    for number in (FEW, MANY):
        options = {"path": str(tmp_path / str(number)), "formats": ["html", "json", "csv", "markdown", "ics"]}
        options.update(report=report(number), languages=["en", "ja"], fail_on=["refused"])
        assert certificate_reports.run(options, False).changed
        again: list[bool] = []
        paths = opened.by(lambda given=options, told=again: told.append(certificate_reports.run(given, False).changed))  # type: ignore[misc]
        assert again == [False]
        counts.append(len(paths))
    assert 5 < counts[0] == counts[1] < 60


def report(number: int) -> t.Any:
    said: dict[str, t.Any] = {"certificates": declared(number), "inventory": list(HOSTS)}
    said["targets"] = filters.targets([{**one, "hosts": "all"} for one in declared(number)], {"all": HOSTS}, HOSTS)
    plan = planned(number)
    said["plan"] = {**plan.extra, "results": [item.as_data() for item in plan.items]}
    hostvars = {host: {"__inkan_look": {"results": [{"name": name} for name in names(number)]}} for host in HOSTS}
    return json.loads(filters.report_data(said, hostvars, HOSTS))


def test_only_certificates_with_a_template_are_rendered() -> None:
    rendered: list[t.Any] = []
    certificates = declared(MANY)
    certificates[3]["common_name"] = "{{ name }}.example.jp"

    def render(value: t.Any) -> t.Any:
        rendered.append(value)
        return {**value, "common_name": "x"}

    opened_of(certificates, render, None, None)
    assert rendered == [certificates[3]]
