# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""certificate_reports on a disk: what is written, what is left alone, and what a run killed halfway leaves."""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors, LocalError
from ansible_collections.inkan.tls.plugins.module_utils._io.files import System
from ansible_collections.inkan.tls.plugins.module_utils._module import reporting
from ansible_collections.inkan.tls.plugins.module_utils._module.report_files import MADE
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._report.data import read_json, report_data
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Change, Group, Report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._ca.scripted_http import FakeClock
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import TEXTS, hostile_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report

ALL = ["report.csv", "report.html", "report.ics", "report.ja.html", "report.json", "report.md"]
FORMATS = ["html", "json", "csv", "markdown", "ics"]


class Place:
    def __init__(self, root: Path) -> None:
        self.root, self.path = root, root / "state" / "report"
        self.metrics = root / "inkan.prom"
        self.clock = FakeClock()

    def params(self, said: Report, **words: t.Any) -> dict[str, t.Any]:
        base: dict[str, t.Any] = {
            "report": json.loads(json.dumps(report_data(said))),
            "path": str(self.path),
            "formats": FORMATS,
            "languages": ["en", "ja"],
            "metrics_path": None,
            "fail_on": ["error"],
        }
        return {**base, **words}

    def write(self, said: Report, check_mode: bool = False, system: System | None = None, **words: t.Any) -> Result:
        wish = reporting.read_wish(self.params(said, **words))
        more = {"system": system} if system is not None else {}
        return reporting.write_reports(wish, self.clock, check_mode, **more)

    def files(self) -> dict[str, bytes]:
        """Without the list of what was made."""
        found = sorted(self.path.iterdir()) if self.path.exists() else []
        return {path.name: path.read_bytes() for path in found if path.name != MADE}

    def told(self) -> Report:
        return read_json((self.path / "report.json").read_text("utf-8"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def outcomes(result: Result) -> dict[str, str]:
    return {item.name: item.outcome for item in result.items}


REPORT = a_report(One("shop"), One("www"))


def test_every_form_is_written_for_everybody_to_read(place: Place) -> None:
    result = place.write(REPORT)
    assert outcomes(result) == dict.fromkeys(ALL, "written") and result.changed
    assert sorted(place.files()) == ALL
    assert {(place.path / name).stat().st_mode & 0o777 for name in ALL} == {0o644}
    assert place.path.stat().st_mode & 0o777 == 0o755
    assert [item.extra["path"] for item in result.items if item.name == "report.csv"] == [f"{place.path}/report.csv"]


def test_the_second_time_nothing_is_written(place: Place) -> None:
    place.write(REPORT)
    before = {path.name: path.stat().st_mtime_ns for path in place.path.iterdir()}
    result = place.write(REPORT)
    assert not result.changed and result.diff == [] and outcomes(result) == dict.fromkeys(ALL, "kept")
    assert {path.name: path.stat().st_mtime_ns for path in place.path.iterdir()} == before


def test_what_changed_is_told_until_something_else_does(place: Place) -> None:
    place.write(replace(REPORT, as_of="2026-11-18"))
    rows = tuple(replace(row, group=Group.DUE) for row in REPORT.rows[:1]) + REPORT.rows[1:]
    for _again in range(2):
        place.write(replace(REPORT, rows=rows))
        changes = place.told().changes
        assert changes is not None and changes.found == (Change("shop", "group", "in_order", "due"),)
        assert (changes.day, changes.since) == ("2026-11-20", "2026-11-18")
    assert "In order → Due" in (place.path / "report.html").read_text("utf-8")


def test_check_mode_says_the_same_and_writes_nothing(place: Place) -> None:
    metrics = {"metrics_path": str(place.metrics)}
    planned = place.write(REPORT, check_mode=True, **metrics)
    assert place.files() == {} and not place.path.parent.exists() and not place.metrics.exists()
    done = place.write(REPORT, **metrics)
    assert outcomes(planned) == outcomes(done) and planned.diff == done.diff and planned.extra == done.extra
    before = place.files(), place.metrics.read_bytes()
    other = replace(REPORT, rows=REPORT.rows[:1])
    planned = place.write(other, check_mode=True, **metrics)
    assert (place.files(), place.metrics.read_bytes()) == before
    assert outcomes(planned) == outcomes(place.write(other, **metrics))


def test_a_diff_is_the_text_for_people(place: Place) -> None:
    place.write(REPORT)
    (diff,) = place.write(replace(REPORT, rows=REPORT.rows[:1])).diff
    assert "www" in diff.before and "not declared any more" in diff.after and diff.header == str(place.path)


def test_what_is_not_wanted_any_more_goes_and_says_so(place: Place) -> None:
    place.write(REPORT)
    few = {"formats": ["html", "json"], "languages": ["ja"]}
    planned = place.write(REPORT, check_mode=True, **few)
    assert sorted(place.files()) == ALL
    result = place.write(REPORT, **few)
    gone = ["report.csv", "report.ics", "report.ja.html", "report.md"]
    assert {name: said for name, said in outcomes(result).items() if name in gone} == dict.fromkeys(gone, "removed")
    assert outcomes(planned) == outcomes(result)
    assert [(item.state, item.changed) for item in result.items if item.name in gone] == [("absent", True)] * 4
    assert sorted(place.files()) == ["report.html", "report.json"]
    again = place.write(REPORT, **few)
    assert not again.changed and set(outcomes(again)) == {"report.html", "report.json"}
    assert outcomes(place.write(REPORT))["report.csv"] == "written"


def test_what_somebody_else_made_or_changed_stays(place: Place) -> None:
    place.write(REPORT, formats=["html", "json", "csv"])
    (place.path / "report.csv").write_text("mine")
    (place.path / "report.md").write_text("mine too")
    (place.path / "notes.txt").write_text("notes")
    made = json.loads((place.path / MADE).read_text())
    (place.path / MADE).write_text(json.dumps({**made, "notes.txt": reporting.digest_of(b"notes")}))
    result = place.write(REPORT, formats=["json"])
    assert outcomes(result) == {"report.json": "kept", "report.html": "removed", "report.ja.html": "removed"}
    assert sorted(place.files()) == ["notes.txt", "report.csv", "report.json", "report.md"]
    (warning,) = result.warnings
    assert "report.csv" in warning and "somebody else has changed it" in warning
    assert place.write(REPORT, formats=["json"]).warnings == [], "told once"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"report.csv": 1}', '{"../report.csv": "x"}'])
def test_a_list_that_cannot_be_read_removes_nothing(place: Place, text: str) -> None:
    place.write(REPORT)
    (place.path / MADE).write_text(text)
    result = place.write(REPORT, formats=["json"])
    assert outcomes(result) == {"report.json": "kept"} and sorted(place.files()) == ALL


def test_a_link_in_the_place_of_one_is_left(place: Place) -> None:
    place.write(REPORT)
    (place.path / "report.csv").unlink()
    (place.path / "report.csv").symlink_to(place.root / "elsewhere")
    result = place.write(REPORT, formats=["json", "html", "markdown", "ics"])
    assert "report.csv" not in outcomes(result) and (place.path / "report.csv").is_symlink()
    assert len(result.warnings) == 1


def test_only_what_is_asked_for_is_written(place: Place) -> None:
    place.write(REPORT, formats=["html"], languages=["ja"])
    assert list(place.files()) == ["report.html"]
    page = (place.path / "report.html").read_text("utf-8")
    assert '<html lang="ja">' in page and "report.json" not in page and "report.ja.html" not in page


def test_both_pages_lead_to_each_other_and_to_the_other_forms(place: Place) -> None:
    place.write(REPORT, languages=["ja", "en"])
    japanese, english = (place.files()[name].decode() for name in ("report.html", "report.en.html"))
    assert 'href="report.en.html"' in japanese and 'href="report.html"' in english
    assert all(f'href="{name}"' in english for name in ("report.json", "report.csv", "report.md", "report.ics"))


# -- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_are_fresh_after_every_run_and_changed_only_where_they_say_something_else(place: Place) -> None:
    metrics = {"metrics_path": str(place.metrics)}
    assert outcomes(place.write(REPORT, **metrics))["inkan.prom"] == "written"
    first = place.metrics.read_text("utf-8")
    place.clock.sleep(3600)
    result = place.write(REPORT, **metrics)
    second = place.metrics.read_text("utf-8")
    assert not result.changed and first != second
    assert [line for line in first.splitlines() if line not in second.splitlines()] == [
        f"cert_run_last_success_timestamp_seconds {int(place.clock.now().timestamp()) - 3600}"
    ]
    assert place.write(replace(REPORT, rows=REPORT.rows[:1]), **metrics).changed


def test_a_red_run_keeps_the_moment_of_the_last_one_that_was_not(place: Place) -> None:
    metrics = {"metrics_path": str(place.metrics)}
    red = a_report(One("shop", order={"error": {"message": "no"}}))
    place.write(red, **metrics)
    assert "last_success" not in place.metrics.read_text("utf-8")
    place.write(REPORT, **metrics)
    moment = int(place.clock.now().timestamp())
    place.clock.sleep(60)
    place.write(red, **metrics)
    assert f"cert_run_last_success_timestamp_seconds {moment}\n" in place.metrics.read_text("utf-8")


def test_metrics_without_a_folder_do_not_hide_the_report(place: Place) -> None:
    result = place.write(REPORT, metrics_path=str(place.root / "nowhere" / "x.prom"))
    (error,) = [item.error for item in result.errors]
    assert error is not None and error.code == "path_missing" and sorted(place.files()) == ALL


# -- what can be wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"report": {"schema": 7}}, "bad_report"),
        ({"path": "report"}, "bad_path"),
        ({"path": "/tmp/../etc"}, "bad_path"),
        ({"metrics_path": "/tmp/metrics"}, "bad_path"),
        ({"metrics_path": "inkan.prom"}, "bad_path"),
        ({"formats": []}, "bad_value"),
        ({"languages": []}, "bad_value"),
    ],
)
def test_options_that_are_refused(place: Place, words: dict[str, t.Any], code: str) -> None:
    with pytest.raises(InputErrors) as caught:
        place.write(REPORT, **words)
    assert [error.code for error in caught.value.errors] == [code] and place.files() == {}


def test_a_folder_that_is_a_link_is_refused(place: Place) -> None:
    (place.root / "real").mkdir()
    place.path.parent.mkdir()
    place.path.symlink_to(place.root / "real")
    with pytest.raises(LocalError) as caught:
        place.write(REPORT)
    assert caught.value.code == "path_is_link" and list((place.root / "real").iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_refused_and_hides_no_other(place: Place) -> None:
    victim = place.root / "victim"
    victim.write_text("mine")
    place.path.mkdir(parents=True)
    (place.path / "report.csv").symlink_to(victim)
    result = place.write(REPORT)
    assert outcomes(result) == {**dict.fromkeys(ALL, "written"), "report.csv": "refused"}
    assert victim.read_text() == "mine"


def test_a_report_that_was_spoilt_is_said_to_be_and_written_anew(place: Place) -> None:
    place.write(REPORT)
    good = place.files()
    (place.path / "report.json").write_text('{"schema": 1}')
    result = place.write(REPORT)
    assert "nobody can say what has changed" in result.warnings[0] and place.files() == good


def test_a_file_with_another_mode_is_given_its_own(place: Place) -> None:
    place.write(REPORT)
    os.chmod(place.path / "report.md", 0o600)
    result = place.write(REPORT)
    assert outcomes(result)["report.md"] == "written" and (place.path / "report.md").stat().st_mode & 0o777 == 0o644


def test_another_run_is_waited_for_and_then_told_of(place: Place) -> None:
    place.write(REPORT)
    with reporting.Directory.open(str(place.path)) as held:
        assert held.hold(wait=0, clock=place.clock)
        with pytest.raises(LocalError) as caught:
            place.write(REPORT)
    assert caught.value.code == "report_locked" and caught.value.retryable


class Dies(System):
    """At its n-th write."""

    def __init__(self, after: int) -> None:
        self.left = after

    def write(self, fd: int, content: bytes | memoryview) -> int:
        self.left -= 1
        if self.left < 0:
            os.write(fd, bytes(content)[:10])
            raise KeyboardInterrupt
        return super().write(fd, content)


@pytest.mark.parametrize("after", range(len(ALL)))
def test_a_run_that_is_killed_leaves_whole_files_and_the_next_one_finishes(place: Place, after: int) -> None:
    place.write(REPORT)
    before = place.files()
    other = a_report(One("shop", "2027-06-30T00:00:00Z"))
    with pytest.raises(KeyboardInterrupt):
        place.write(other, system=Dies(after))
    left = place.files()
    place.write(other)
    after_all = place.files()
    assert sorted(after_all) == ALL
    assert all(left[name] in (before[name], after_all[name]) for name in ALL)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_any_text_is_written_and_the_second_time_not(place: Place, text: str) -> None:
    report = hostile_report(text)
    metrics = {"metrics_path": str(place.metrics)}
    assert place.write(report, **metrics).errors == []
    assert not place.write(report, **metrics).changed
