#!/usr/bin/python
# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_reports
author: [The inkan.tls developers (@inkan-tls)]
version_added: 0.1.0
short_description: Write how all certificates stand, for people and for programs
description:
  - Writes one report in several forms, C(report.html), C(report.json), C(report.csv), C(report.md) and C(report.ics), and a
    file for the textfile collector of Prometheus.
  - The report that is there is read before, to tell what has changed since, and to count the changes of each calendar event.
    Where nothing has changed, no file is written again, but the one at O(metrics_path), as monitoring judges it by its age.
  - Each file is replaced as a whole. All are readable by everybody, as there is no secret in them.
  - It looks at no certificate. Role C(report) makes what it is told in O(report).
extends_documentation_fragment:
  - inkan.tls.attributes
  - inkan.tls.attributes.actiongroup_host
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: One text for all forms, that of C(report.md) in English.
  idempotent:
    support: full
    details: Within a day. The next day the report is another, as it tells days that are left.
notes:
  - Runs on the host that keeps the report, as a user who may write there.
  - A file that was written before and is not asked for any more is left where it is.
options:
  report:
    description: What filter P(inkan.tls.report_data#filter) has made of a run.
    type: dict
    required: true
  path:
    description:
      - The folder of the report. It is made if it is not there. It may be no link.
      - Default is C(/var/lib/inkan-tls/report) for root, else C(~/.local/state/inkan-tls/report).
    type: path
  formats:
    description:
      - The forms to write. Without V(json) nobody can be told what has changed.
    type: list
    elements: str
    choices: [html, json, csv, markdown, ics]
    default: [html, json, csv, markdown, ics]
  languages:
    description:
      - The languages of the page. The first is that of C(report.html), of Markdown and of the calendar, too; any other has a
        page of its own, for example C(report.ja.html), and the pages are linked.
      - What CAs, sellers and people have said stays as they said it.
    type: list
    elements: str
    choices: [en, ja]
    default: [en, ja]
  metrics_path:
    description:
      - A file for the textfile collector of node_exporter. Its name ends in C(.prom) and its folder must be there.
      - Not set means that none is written.
    type: path
  fail_on:
    description: The outcomes of a certificate that make a run red. The metrics tell when the last one ended that was not.
    type: list
    elements: str
    default: [refused, error, host_unreachable]
seealso:
  - module: inkan.tls.certificate_orders_info
"""

EXAMPLES = r"""
- name: Write the report, in Japanese only, and the metrics
  inkan.tls.certificate_reports:
    report: "{{ run | inkan.tls.report_data(hostvars, ansible_play_hosts_all) }}"
    path: /var/www/certificates
    languages: [ja]
    metrics_path: /var/lib/prometheus/node-exporter/inkan_tls.prom
"""

RETURN = r"""
results:
  description: One result a file.
  returned: when the options were right
  type: list
  elements: dict
  contains:
    name:
      description: The name of the file.
      returned: always
      type: str
      sample: report.html
    changed:
      description: Whether it says something else than before. The moment of the run in the metrics is not counted.
      returned: always
      type: bool
      sample: true
    outcome:
      description: V(written), V(kept), V(refused) with an error, or V(removed), a file that this module has made before and that is
        of a form or language that is not wanted any more.
      returned: always
      type: str
      sample: written
    state:
      description: V(present), or V(absent) for a file that could not be written and was not there.
      returned: always
      type: str
      sample: present
    error:
      description: Why it could not be written, V(null) otherwise.
      returned: always
      type: dict
      sample: null
    path:
      description: The whole path of the file.
      returned: always
      type: str
      sample: /var/lib/inkan-tls/report/report.html
summary:
  description:
    - The report in a few numbers, that grow with no estate and hold no secret. Role C(report) hands them to M(ansible.builtin.set_stats).
    - C(as_of), C(certificates), C(counts) by group, C(next_end) (C(name), C(not_after)), C(people) (C(tasks), C(overdue),
      C(next_by)), C(changed) (C(day), C(certificates)).
  returned: when the options were right
  type: dict
  sample:
    as_of: '2026-11-20'
    certificates: 40
    counts: {attention: 1, waiting: 3, due: 2, in_order: 34}
    next_end: {name: shop, not_after: '2027-01-04T14:59:59Z'}
    people: {tasks: 2, overdue: 0, next_by: '2026-11-22T00:00:00Z'}
    changed: {day: '2026-11-20', certificates: 3}
"""

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._io.clock import SystemClock
from ansible_collections.inkan.tls.plugins.module_utils._module.reporting import read_wish, write_reports
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.module_utils._module.runner import run_module

_FORMATS = ["html", "json", "csv", "markdown", "ics"]
_LANGUAGES = ["en", "ja"]


def argument_spec() -> dict[str, t.Any]:
    return {
        "report": {"type": "dict", "required": True},
        "path": {"type": "path"},
        "formats": {"type": "list", "elements": "str", "choices": _FORMATS, "default": _FORMATS},
        "languages": {"type": "list", "elements": "str", "choices": _LANGUAGES, "default": _LANGUAGES},
        "metrics_path": {"type": "path"},
        "fail_on": {"type": "list", "elements": "str", "default": ["refused", "error", "host_unreachable"]},
    }


def run(params: dict[str, t.Any], check_mode: bool) -> Result:
    return write_reports(read_wish(params), SystemClock(), check_mode)


def main() -> None:
    run_module(argument_spec=argument_spec(), run=run)


if __name__ == "__main__":
    main()
