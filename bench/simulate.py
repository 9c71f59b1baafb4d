# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""100,000 certificates until the end of 2029 (make wave): how long a wave takes, which limit binds, which knob matters.

    simulate.py          works all tables out (a minute), writes them to simulation/results.json and the two pages
    simulate.py --page   writes the pages anew from simulation/results.json

Nothing is ordered anywhere: the collection's policy, shards and budgets run on a clock that is only counted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

if "ANSIBLE_COLLECTIONS_PATH" in os.environ:
    sys.path[:0] = os.environ["ANSIBLE_COLLECTIONS_PATH"].split(os.pathsep)

from simulation import page, scenarios
from simulation.rows import cost_of


def main(only_page: bool) -> None:
    if not only_page:
        found = scenarios.everything(cost_of(), lambda key: print(f"{key} …", file=sys.stderr, flush=True))
        page.RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    found = page.read()
    for language, where in page.PAGES.items():
        where.write_text(page.page(found, language), encoding="utf-8")
    print(page.as_text(found))
    print(f"{time.process_time():.0f} seconds of one core")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Renewal waves of 100,000 certificates, simulated.")
    parser.add_argument("--page", action="store_true", help="only write the pages of the documentation anew")
    main(parser.parse_args().page)
