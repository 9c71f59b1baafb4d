# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for programs: ``report.json``. Keys are added, never renamed, as long as ``schema`` stays.

This file is private to the collection.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._report.rows import Group, Report, Row, Waiting

SCHEMA = 1


def report_json(report: Report) -> str:
    return json.dumps(report_data(report), indent=1, ensure_ascii=False) + "\n"


def report_data(report: Report) -> dict[str, t.Any]:
    return {
        "schema": SCHEMA,
        "as_of": report.as_of,
        "names": list(report.names) if report.names is not None else None,
        "counts": {group.value: len(report.of(group)) for group in Group},
        "certificates": [_certificate(row) for row in report.rows],
    }


def _waiting(waiting: Waiting) -> dict[str, t.Any]:
    owner = {"owner": waiting.owner} if waiting.owner else {}
    return {"actor": waiting.actor, "what": waiting.what, "by": waiting.by, **owner}


def _certificate(row: Row) -> dict[str, t.Any]:
    waiting = row.waiting
    return {
        "name": row.name,
        "group": row.group.value,
        "outcome": row.outcome,
        "state": row.state,
        "sentences": list(row.sentences),
        "waiting_for": _waiting(waiting) if waiting else None,
        "mails": list(row.mails),
        "order": row.order,
        "names": list(row.dns_names),
        "product": row.product,
        "seller": row.seller,
        "ca_account": row.ca_account,
        "method": row.method,
        "method_ends_on": row.method_ends_on,
        "contact": row.contact,
        "hosts": list(row.hosts),
        "serial": row.serial,
        "not_after": row.not_after,
        "days_left": row.days_left,
        "renews_on": row.renews_on,
        "cliffs": [{"date": cliff.date, "what": cliff.what, "do": cliff.do} for cliff in row.cliffs],
    }
