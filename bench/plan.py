# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long plans take (make bench): prints medians, judges nothing.

    plan.py            10,000 plans in one process, and the playbook with 1,000 certificates beside one that only pings
    plan.py --runs 9   more runs of each

Certificates come from a JSON inventory, as thousands of them should: YAML of that size costs more than the work. Each
run is a process of its own, so that nothing is remembered from the one before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

MANY, FEW = 10_000, 1_000
AS_OF = "2026-11-20"
TARGET = 2.0  # seconds for MANY plans, on the machine that the design was measured on

#: (product, validation and what the product needs beside it), in turn
KINDS: tuple[tuple[str, dict[str, t.Any]], ...] = (
    ("acme", {"validation": {"method": "dns-01"}}),
    ("jprs-dv", {"validation": {"method": "email", "contact": {"kind": "txt", "address": "certs@example.jp"}}}),
    ("jprs-dv", {"validation": {"method": "file", "document_root": "/var/www/html"}}),
    ("acme", {"validation": {"method": "http-01", "document_root": "/var/www/html"}}),
    ("jprs-dv", {"validation": {"method": "registrar"}}),
)


def inventory(number: int, folder: Path) -> dict[str, t.Any]:
    """A third has no certificate yet, a third is due, a third is in order."""
    lives = (
        None,
        {"not_before": "2026-05-20T00:00:00Z", "not_after": "2026-12-05T00:00:00Z"},
        {"not_before": "2026-11-01T00:00:00Z", "not_after": "2027-04-30T00:00:00Z"},
    )
    certificates = []
    for count in range(number):
        product, words = KINDS[count % len(KINDS)]
        item = {"name": f"c{count:05}", "common_name": f"www.c{count:05}.example{count % 97}.jp", "product": product}
        certificates.append({**item, "ca_account": product, "hosts": "all", **words, "live": lives[count % 3]})
    own = {"inkan_certificates": certificates, "inkan_store_path": str(folder / "store"), "inkan_now": None}
    own.update(inkan_ledger_path=str(folder / "ledger.sqlite3"), inkan_ledger_durable=True)
    nobody = {"adapter": "acme", "settings": {"directory": "https://127.0.0.1:1/"}}  # who is never asked
    own.update(inkan_ca_accounts={product: nobody for product, _words in KINDS})
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    return {"all": {"hosts": {"localhost": host}, "vars": own}}


def plan_once(path: str) -> dict[str, float]:
    """In this process: from the inventory's text to the plans."""
    sys.path[:0] = os.environ["ANSIBLE_COLLECTIONS_PATH"].split(os.pathsep)
    from ansible_collections.inkan.tls.plugins.modules import dcv_plan

    begin = time.perf_counter()
    certificates = json.loads(Path(path).read_text(encoding="utf-8"))["all"]["vars"]["inkan_certificates"]
    read = time.perf_counter()
    result = dcv_plan.run({"certificates": certificates, "as_of": AS_OF}, False)
    planned = time.perf_counter()
    refused = [item.name for item in result.items if item.error]
    if refused or len(result.items) != len(certificates):
        sys.exit(f"the benchmark is wrong: refused are {refused[:5]}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"json": read - begin, "plan": planned - read, "memory": memory}


def processes(path: Path, runs: int) -> list[dict[str, float]]:
    command = [sys.executable, __file__, "--once", str(path)]
    return [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _unused in range(runs)
    ]


def playbook(name: str, path: Path, runs: int) -> list[float]:
    command = ["ansible-playbook", "-i", str(path), name]
    seconds = []
    for _unused in range(runs):
        begin = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds.append(time.perf_counter() - begin)
        if done.returncode:
            sys.exit(f"the benchmark is wrong: {name} failed\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def spread(seconds: t.Sequence[float]) -> str:
    return f"{statistics.median(seconds):6.2f} s   ({min(seconds):.2f} to {max(seconds):.2f}, {len(seconds)} runs)"


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many, few, ping = folder / "many.json", folder / "few.json", folder / "ping.yml"
        many.write_text(json.dumps(inventory(MANY, folder)), encoding="utf-8")
        found = processes(many, runs)
        print(f"{MANY:,} plans, one process  {spread([one['plan'] for one in found])}   target {TARGET:.0f} s")
        print(f"  the inventory's JSON     {spread([one['json'] for one in found])}")
        print(f"  memory                   {statistics.median(one['memory'] for one in found):6.0f} MB")

        few.write_text(json.dumps(inventory(FEW, folder)), encoding="utf-8")
        task = {"name": "Ping", "ansible.builtin.ping": {}}
        ping.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
        floor = playbook(str(ping), few, runs)
        whole = playbook("inkan.tls.plan", few, runs)
        print(f"playbook with one ping     {spread(floor)}")
        ratio = statistics.median(whole) / statistics.median(floor)
        print(f"inkan.tls.plan, {FEW:,}      {spread(whole)}   {ratio:.1f} times the ping")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How long plans take: prints medians, judges nothing.")
    parser.add_argument("--runs", type=int, default=5, help="of each measurement (default: 5)")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(plan_once(options.once)))
    else:
        main(max(1, options.runs))
