# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a report of 1,000 certificates takes (make bench): prints medians, judges nothing.

made        all six files, in one process, from the data that the play hands over
opened      from the navigation to the end of load in Chromium without a screen, and the first paint; nothing is cached
playbook    inkan.tls.report beside one that only pings: the first run, and one with nothing to do
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from plan import FEW, inventory, playbook, spread

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = 1.0  # seconds to open the page of FEW certificates


def made(folder: Path, runs: int) -> list[float]:
    from ansible_collections.inkan.tls.plugins.module_utils._report.data import report_data
    from ansible_collections.inkan.tls.plugins.modules import certificate_reports
    from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.estate import estate

    params: dict[str, t.Any] = {key: one.get("default") for key, one in certificate_reports.argument_spec().items()}
    params["report"] = report_data(estate(FEW))
    seconds = []
    for number in range(runs):
        begin = time.perf_counter()
        result = certificate_reports.run({**params, "path": str(folder / str(number))}, False)
        seconds.append(time.perf_counter() - begin)
        if result.errors or not result.changed:
            sys.exit("the benchmark is wrong: no report was written")
    return seconds


def opened(page: Path, runs: int) -> tuple[list[float], list[float], int] | None:
    """None: there is no Chromium here."""
    from servers.chromium import Chromium
    from servers.process import Missing

    ends, paints, elements = [], [], 0
    try:
        for number in range(runs):
            with Chromium(page.parent / f"profile{number}") as browser, browser.tab() as tab:
                tab.open(page)
                ends.append(tab.run("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000)
                paints += [one / 1000 for one in tab.run(PAINTS)]
                elements = tab.run("document.querySelectorAll('*').length")
    except Missing:
        return None
    return ends, paints, elements


PAINTS = "performance.getEntriesByName('first-contentful-paint').map((one) => one.startTime)"


def main(runs: int) -> None:
    places = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)
    sys.path[:0] = [*places, str(REPOSITORY / "tests"), str(REPOSITORY / "tests" / "real")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"report of {FEW:,}, all files  {spread(made(folder, runs))}")
        page = folder / "0" / "report.html"
        found = opened(page, runs)
        if found is None:
            print("its page was not opened: there is no Chromium (scripts/packages)")
        else:
            ends, paints, elements = found
            print(f"its page opens in          {spread(ends)}   target under {TARGET:.0f} s")
            if paints:
                print(f"  first paint              {spread(paints)}")
            print(f"  {page.stat().st_size / 1e6:.1f} MB, {elements:,} elements")
        few, ping = folder / "few.json", folder / "ping.yml"
        hosts = inventory(FEW, folder)
        hosts["all"]["vars"]["inkan_report_path"] = str(folder / "report")
        few.write_text(json.dumps(hosts), encoding="utf-8")
        task = {"name": "Ping", "ansible.builtin.ping": {}}
        ping.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
        floor = statistics.median(playbook(str(ping), few, runs))
        first, again = playbook("inkan.tls.report", few, 1), playbook("inkan.tls.report", few, runs)
        print(f"inkan.tls.report, {FEW:,}    {spread(again)}   {statistics.median(again) / floor:.1f} times the ping")
        print(f"  the first run            {spread(first)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How long a report takes: prints medians, judges nothing.")
    parser.add_argument("--runs", type=int, default=5, help="of each measurement (default: 5)")
    main(max(1, parser.parse_args().runs))
