# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make bench` does with figures, without measuring anything: who did not do the work has none."""

from __future__ import annotations

import contextlib
import importlib.util
import pathlib
import statistics
import sys
import typing as t

import pytest
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY

if sys.version_info < (3, 11):
    pytest.skip("the benchmark runs on the controller's Python", allow_module_level=True)


def _load(name: str) -> t.Any:
    spec = importlib.util.spec_from_file_location(f"bench_{name}", REPOSITORY / "bench" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


measure, results = _load("measure"), _load("results")
targets, shares = _load("targets"), _load("shares")
sys.modules.update(targets=targets, shares=shares)  # as table imports them
table = _load("table")


def contestant(name: str, seen: list[str], works: bool = True, labels: t.Sequence[str] = ("",)) -> t.Any:
    @contextlib.contextmanager
    def set_up(folder: pathlib.Path) -> t.Iterator[t.Any]:
        def check(done: t.Any) -> None:
            seen.append(name)
            measure.needs_success(done)

        yield [measure.Timed(["true" if works else "false"], check, label=label) for label in labels]

    return measure.Contestant(name, "peer", set_up)


def played(folder: pathlib.Path, *contestants: t.Any, runs: int = 3, budget: float = 60.0) -> list[dict[str, t.Any]]:
    case = measure.Case("A1-dns", "A", "issue", 1, contestants)
    return t.cast("list[dict[str, t.Any]]", measure.play_case(case, runs, budget, folder, lambda _text: None))


def test_contestants_run_in_turn(tmp_path: pathlib.Path) -> None:
    seen: list[str] = []
    rows = played(tmp_path, contestant("one", seen), contestant("other", seen))
    assert seen == ["one", "other"] * 3
    assert [(row["who"], row["n"], len(row["seconds"])) for row in rows] == [("one", 3, 3), ("other", 3, 3)]


def test_who_did_not_do_the_work_has_no_figure_and_the_others_go_on(tmp_path: pathlib.Path) -> None:
    seen: list[str] = []
    lame, sound = played(tmp_path, contestant("lame", seen, works=False), contestant("sound", seen))
    assert "status 1" in lame["refused"]
    assert "median" not in lame
    assert seen.count("lame") == measure.MOST_FAILED
    assert sound["n"] == 3


def test_a_run_that_failed_has_no_figure_and_is_told_beside_those_that_did_not(tmp_path: pathlib.Path) -> None:
    seen: list[str] = []

    @contextlib.contextmanager
    def set_up(_folder: pathlib.Path) -> t.Iterator[t.Any]:
        seen.append("run")
        yield [measure.Timed(["false" if len(seen) == 1 else "true"], measure.needs_success)]

    (found,) = played(tmp_path, measure.Contestant("often", "peer", set_up))
    assert (found["n"], len(found["seconds"]), len(found["failed"])) == (2, 2, 1)
    assert table.lines_of_case(case(1, found))[0][3] == "2, 1 failed"


def test_a_reason_names_no_folder_of_who_measured() -> None:
    said = 'File "/home/me/x/dns/message.py", line 6: POST https://127.0.0.1:14000/order/1 and/or /tmp/y/cert.pem'
    plain = 'File "message.py", line 6: POST https://127.0.0.1:14000/order/1 and/or cert.pem'
    assert measure.without_folders(said) == plain


def test_who_runs_once_only_may_fail_once(tmp_path: pathlib.Path) -> None:
    seen: list[str] = []
    lame = contestant("lame", seen, works=False)._replace(only_once=True)
    sound = contestant("sound", seen)._replace(only_once=True)
    played(tmp_path, lame, sound)
    assert (seen.count("lame"), seen.count("sound")) == (2, 1)


def test_a_world_that_cannot_be_made_refuses_only_its_own_figure(tmp_path: pathlib.Path) -> None:
    def broken(_folder: pathlib.Path) -> t.Any:
        raise OSError("no such server")

    seen: list[str] = []
    rows = played(tmp_path, measure.Contestant("broken", "peer", broken), contestant("sound", seen))
    assert "no such server" in rows[0]["refused"]
    assert rows[1]["n"] == 3


def test_a_contestant_out_of_budget_keeps_the_runs_it_had(tmp_path: pathlib.Path) -> None:
    (row,) = played(tmp_path, contestant("slow", []), budget=0.0)
    assert row["n"] == 1


def test_a_second_run_is_a_row_of_its_own(tmp_path: pathlib.Path) -> None:
    rows = played(tmp_path, contestant("one", [], labels=("first run", "second run")))
    assert [(row["who"], row["n"]) for row in rows] == [("one, first run", 3), ("one, second run", 3)]


def test_memory_is_that_of_the_command_and_not_of_who_measures(tmp_path: pathlib.Path) -> None:
    weight = bytearray(64_000_000)
    done = measure.run(["true"], tmp_path, {}, tmp_path / "log")
    assert 0 < done.memory < len(weight) / 2_000_000


def test_what_takes_too_long_is_stopped_with_processes_that_left_its_group(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "LONGEST", 0.0)
    with pytest.raises(measure.Unproven, match="stopped"):
        measure.run(["setsid", "--wait", "sleep", "600"], tmp_path, {"LEFT": str(tmp_path)}, tmp_path / "log")
    assert measure._processes_with(f"LEFT={tmp_path}".encode()) == []


def row(who: str, kind: str, median: float) -> dict[str, t.Any]:
    figures = {"median": median, "least": median, "most": median, "memory": 50.0, "cpu": median}
    return {"who": who, "kind": kind, "peer": "", "n": 5, **figures}


def case(size: int, *rows: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"key": f"A{size}-dns", "job": "A", "title": f"issue {size}", "size": size, "rows": list(rows)}


def test_ratios_are_to_the_ping_and_to_ours_and_second_runs_to_our_second() -> None:
    rows = [
        row("ping", "floor", 1.0),
        row("ours, first run", "ours", 2.0),
        row("ours, second run", "ours", 0.5),
        row("peer, first run", "peer", 8.0),
        row("peer, second run", "peer", 4.0),
    ]
    lines = {line[0]: line for line in table.lines_of_case(case(1, *rows))}
    assert lines["peer, first run"][4:6] == ["8.0", "4.0"]
    assert lines["peer, second run"][4:6] == ["4.0", "8.0"]


def test_what_one_more_costs_is_told_between_sizes_and_not_below_ten() -> None:
    data = {"cases": {str(size): case(size, row("ours", "ours", 1 + size / 100)) for size in (1, 10, 50, 200)}}
    assert [line[2:] for line in table.flatness(data)] == [["10 to 50", "10.00 ms"], ["50 to 200", "10.00 ms"]]


def test_a_difference_within_the_spread_of_the_runs_is_told_as_what_it_is_at_most() -> None:
    few, more = row("ours", "ours", 0.9) | {"least": 0.8, "most": 1.2}, row("ours", "ours", 0.85)
    data = {"cases": {"few": case(1, few), "more": case(101, more)}}
    assert [line[3] for line in table.flatness(data)] == ["at most 0.50 ms"]


def test_sizes_that_ran_in_turn_go_before_those_of_different_hours() -> None:
    sized = [row(f"ours, {size}", "ours", 1 + size / 50) | {"size": size} for size in (10, 50, 200)]
    cases = {str(size): case(size, row("ours", "ours", 1 + size / 100)) for size in (10, 50, 200)}
    lines = table.flatness({"cases": {**cases, "in turn": case(200, *sized)}})
    assert [line[1:] for line in lines] == [["ours", "10 to 50", "20.00 ms"], ["ours", "50 to 200", "20.00 ms"]]


def test_memory_is_told_at_ten_thousand_above_that_of_a_ping() -> None:
    large = row("ours", "ours", 2.0) | {"memory": 190.0}
    data = {
        "cases": {
            "few": case(200, row("ping", "floor", 1.0), large),
            "many": case(10_000, row("ping", "floor", 1.0), large),
        }
    }
    assert [line[1:] for line in table.memory(data)] == [["ours", "140 MB"]]


def marked(*figures: tuple[str, str, str, float]) -> list[list[str]]:
    cases: dict[str, t.Any] = {}
    for key, who, kind, median in figures:
        cases.setdefault(key, {"rows": []})["rows"].append(row(who, kind, median))
    return t.cast("list[list[str]]", targets.lines({"cases": cases}))


def test_a_mark_is_a_share_of_the_best_peer_in_the_same_case() -> None:
    peers = (("A50-dns", "slow", "peer", 99.0), ("A50-dns", "uacme", "peer", 17.0))
    fast, slow = marked(("A50-dns", "inkan.tls.issue", "ours", 4.9), *peers)
    assert fast[3:] == ["4.25 s", "4.90 s", "1.15", "missed"]
    assert slow[3:] == ["5.00 s", "4.90 s", "0.98", "met"]


def test_a_missed_mark_tells_the_floors_that_were_measured_beside_it() -> None:
    figures = [("A50-dns", who, "floor", median) for who, median in zip(targets._FLOORS, (1.2, 0.8))]
    peer = ("A50-dns", "uacme", "peer", 8.0)
    missed, _other = marked(("A50-dns", "inkan.tls.issue", "ours", 5.0), peer, *figures)
    assert missed[3] == "2.00 s"
    assert missed[-1].startswith("missed; the floors alone take 2.00 s: playbook with 28 tasks")


def test_a_mark_may_be_plain_seconds() -> None:
    (slow,) = marked(("A2", "inkan.tls.issue", "ours", 7.0))
    assert slow[3] == "6.00 s" and slow[-1].startswith("missed")


def in_turn(**of: float) -> list[tuple[str, str, str, float]]:
    return [("Asizes-dns", f"inkan.tls.issue, {int(size[1:]):,}", "ours", median) for size, median in of.items()]


def test_two_hundred_may_take_twice_what_fifty_take_beside_them() -> None:
    (met,) = marked(*in_turn(n50=5.0, n200=9.0))
    assert met[1:] == ["inkan.tls.issue, 200", "twice what 50 take", "10.00 s", "9.00 s", "0.90", "met"]
    assert marked(*in_turn(n50=5.0, n200=10.1))[0][-1] == "missed"


def test_rounds_decide_and_not_the_hours_that_lie_between_them() -> None:
    """In two rounds the machine was half as quick: medians of all five compare different rounds."""
    fifty, two_hundred = [5.0, 5.0, 10.0, 5.0, 10.0], [9.0, 9.9, 19.0, 10.5, 18.0]
    rows = [
        row(f"inkan.tls.issue, {size}", "ours", statistics.median(seconds)) | {"seconds": seconds}
        for size, seconds in ((50, fifty), (200, two_hundred))
    ]
    (line,) = targets.lines({"cases": {"Asizes-dns": {"rows": rows}}})
    assert line[3:] == ["10.00 s", "10.50 s", "0.95 (0.90 to 1.05)", "met"]
    rows[0]["seconds"] = fifty[:4]  # one run failed: nobody knows which rounds belong together
    (line,) = targets.lines({"cases": {"Asizes-dns": {"rows": rows}}})
    assert line[5:] == ["1.05", "missed"]


def test_a_missed_mark_across_sizes_tells_how_the_floors_stand_to_it() -> None:
    tasks, work = targets._FLOORS
    floors = [("Asizes-dns", tasks, "floor", 1.0)]
    floors += [("Asizes-dns", f"{work}, {size}", "floor", median) for size, median in ((50, 0.9), (200, 3.0))]
    missed = marked(*in_turn(n50=5.0, n200=10.1), *floors)[0]
    assert missed[-1].startswith("missed; the floors alone take 4.00 s, where their mark is 3.80 s: playbook with 28")


def test_the_cost_of_each_is_flat_where_many_cost_no_more_than_a_fifth_above_few() -> None:
    few = {"n10": 3.0, "n200": 8.7}  # 30 ms each; 800 at 36 ms, and 8.7 s, are 37.5 s
    flat = marked(*in_turn(**few, n1000=37.0))[-1]
    assert flat[2:] == ["for each a fifth more than from 10 to 200", "37.50 s", "37.00 s", "0.99", "met"]
    assert marked(*in_turn(**few, n1000=38.0))[-1][-1] == "missed"


def test_a_mark_of_what_was_refused_or_not_measured_is_not_told() -> None:
    refused = {"who": "uacme", "kind": "peer", "peer": "uacme", "n": 0, "refused": "it failed"}
    rows = [row("inkan.tls.issue", "ours", 5.0), refused]
    assert targets.lines({"cases": {"A50-dns": {"rows": rows}}}) == []


def test_every_mark_names_a_contestant_that_takes_part() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "bench").glob("job_*.py"))
    for target in targets.TARGETS:
        for who in (target.ours, *target.floors, *(share.who for share in (*target.shares, *target.of_floors))):
            who = who.replace("28 tasks", "{TASKS} tasks")
            assert who == targets.BEST or f'"{who.partition(",")[0]}"' in text


def test_a_task_takes_until_the_next_begins_and_the_rest_is_ansibles_own() -> None:
    stamps = "10.0 inkan.tls.plan : Look\n10.5 inkan.tls.issue : Do it\n12.5 \n"
    found = shares.of_stamps(stamps, 4.0)
    assert found == {shares.ANSIBLE: 1.5, "inkan.tls.plan : Look": 0.5, "inkan.tls.issue : Do it": 2.0}


def test_shares_are_medians_and_what_each_more_costs_is_told_between_the_two_largest() -> None:
    found = {1: [{"a": 1.0}, {"a": 9.0}, {"a": 2.0}], 50: [{"a": 3.0}], 200: [{"a": 6.0, "b": 0.3}]}
    data = shares.medians(found)
    assert data == {"sizes": [1, 50, 200], "rows": [["a", 2.0, 3.0, 6.0], ["b", 0.0, 0.0, 0.3]]}
    assert shares.lines(data) == [
        ["a", "2.00 s", "3.00 s", "6.00 s", "20.0 ms"],
        ["b", "0.00 s", "0.00 s", "0.30 s", "2.0 ms"],
        ["together", "2.00 s", "3.00 s", "6.30 s", "22.0 ms"],
    ]
    page = table.page({"cases": {"A1-dns": case(1)}, "shares": data})
    assert "     - 200 certificates\n" in page
    assert "     - 22.0 ms\n" in page


def test_a_refused_figure_is_told_with_its_reason_and_so_is_a_busy_machine() -> None:
    refused = {"who": "peer", "kind": "peer", "peer": "", "n": 0, "refused": "c00001 has no certificate"}
    told = case(1, row("ping", "floor", 1.0), refused) | {"others": 0.65}
    page = table.page({"cases": {"A1-dns": told}, "machine": {}, "versions": {}})
    assert "refused\n     - c00001 has no certificate" in page
    assert "65% to 65% of the processors" in page


def test_a_case_measured_again_takes_the_place_of_its_old_figures(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "2026-11-20.json"
    wanted = measure.Case("A1-dns", "A", "issue 1", 1, [])
    other = wanted._replace(key="A1-http")
    for one, median in ((wanted, 1.0), (other, 2.0), (wanted, 3.0)):
        results.merge(path, one, [row("ours", "ours", median)], {}, {"cores": "2"}, {})
    found = results.read(path)
    assert {key: one["rows"][0]["median"] for key, one in found["cases"].items()} == {"A1-dns": 3.0, "A1-http": 2.0}


def test_the_page_tells_the_days_on_which_its_figures_were_measured() -> None:
    one, other = case(1) | {"at": "2026-11-21T09:00:00Z"}, case(10) | {"at": "2026-11-22T01:00:00Z"}
    assert "\nMeasured on 2026-11-21:\n" in table.page({"cases": {"A1-dns": one}, "date": "2026-11-22"})
    cases = {"A10-dns": other, "A1-dns": one}
    assert "\nMeasured on 2026-11-21 to 2026-11-22:\n" in table.page({"cases": cases, "date": "2026-11-22"})


def test_the_page_of_the_documentation_is_that_of_the_newest_figures() -> None:
    assert table.PAGE.read_text(encoding="utf-8") == table.page(results.newest()), "make bench JOBS=table"
