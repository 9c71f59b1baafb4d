# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module certificate_reports as a play calls it; what it does is tested in _module/test_reporting."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._report.data import report_data
from ansible_collections.inkan.tls.plugins.modules import certificate_reports
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report


def params(path: Path, **words: t.Any) -> dict[str, t.Any]:
    spec = certificate_reports.argument_spec()
    defaults = {key: of.get("default") for key, of in spec.items()}
    return {**defaults, "report": report_data(a_report(One("www"))), "path": str(path), **words}


def test_the_report_is_written_once_with_its_summary_and_metrics(tmp_path: Path) -> None:
    given = params(tmp_path / "report", metrics_path=str(tmp_path / "inkan.prom"))
    first = certificate_reports.run(given, False)
    assert first.changed and [item.name for item in first.items] == [
        "report.html",
        "report.ja.html",
        "report.json",
        "report.csv",
        "report.md",
        "report.ics",
        "inkan.prom",
    ]
    assert first.extra["summary"]["counts"] == {"attention": 0, "waiting": 0, "due": 0, "in_order": 1}
    assert not certificate_reports.run(given, False).changed


def test_the_defaults_of_a_user_lie_where_the_documentation_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.inkan.tls.plugins.module_utils._module import reporting

    monkeypatch.setattr(reporting.os, "geteuid", lambda: 0)
    assert reporting.default_report_path() == "/var/lib/inkan-tls/report"
    monkeypatch.setattr(reporting.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert reporting.default_report_path() == "/home/somebody/.local/state/inkan-tls/report"


def test_what_is_no_report_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputErrors):
        certificate_reports.run(params(tmp_path / "report", report={"schema": 1}), False)
    assert list(tmp_path.iterdir()) == []
