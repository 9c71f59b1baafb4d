# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report for Prometheus: a file for the textfile collector of node_exporter.

What others measure, too, has the name that alerts know (``x509_cert_…``, as x509-certificate-exporter has it); what
only we know of orders begins with ``cert_``. Times are absolute, for alerts that count themselves; samples have
no timestamp of their own (textfile collectors refuse it).

    cert_run_last_success_timestamp_seconds   of the newest run that was not red: it alone is written in every run

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Group, Report, Row, people_tasks

LAST_SUCCESS = "cert_run_last_success_timestamp_seconds"
_LABEL = 200

#: metric -> what it says; the first three as x509-certificate-exporter says them, as files with one metric must agree
HELP = {
    "x509_cert_not_before": "Indicates the certificate's not before timestamp",
    "x509_cert_not_after": "Indicates the certificate's not after timestamp",
    "x509_cert_expired": "Indicates if the certificate is expired",
    "cert_group": "1 for the group of a certificate in the report: attention, waiting, due or in_order",
    "cert_certificates": "Certificates in each group of the report",
    "cert_order_state": "1 for the state of the newest order of a certificate",
    "cert_order_pending_since_seconds": "When the open order of a certificate was made",
    "cert_waiting_due_seconds": "By when somebody has to act",
    "cert_waiting_people": "How many tasks wait for people",
    "cert_renewal_from_seconds": "From when a certificate is renewed",
    "cert_dcv_method_email": "1 if a certificate is validated by a mail that a person answers, else 0",
    "cert_dcv_method_ends_seconds": "From when the validation method of a certificate is not accepted any more",
    "cert_dcv_valid_until_seconds": "Until when the last validation of a certificate counts",
    LAST_SUCCESS: "When the newest run ended that was not red",
}


class Sample(t.NamedTuple):
    metric: str
    labels: tuple[tuple[str, str], ...]
    value: int


def report_metrics(report: Report, last_success: int | None = None) -> str:
    """last_success: of this run, or, where it was red, as read_last_success found it."""
    samples = [*_estate(report), *(sample for row in report.rows for sample in _of(row))]
    if last_success is not None:
        samples.append(Sample(LAST_SUCCESS, (), last_success))
    lines: list[str] = []
    for metric, says in HELP.items():
        own = [sample for sample in samples if sample.metric == metric]
        if own:
            lines += [f"# HELP {metric} {says}", f"# TYPE {metric} gauge", *(_line(sample) for sample in own)]
    return "\n".join(lines) + "\n"


def without_moment(text: str) -> str:
    """What two files are compared by: all but the moment of the run."""
    return re.sub(rf"(?m)^{LAST_SUCCESS} \d+$", LAST_SUCCESS, text)


def read_last_success(text: str) -> int | None:
    found = re.search(rf"(?m)^{LAST_SUCCESS} (\d{{1,12}})$", text)
    return int(found.group(1)) if found else None


def _estate(report: Report) -> t.Iterator[Sample]:
    for group in Group:
        yield Sample("cert_certificates", (("group", group.value),), len(report.of(group)))
    yield Sample("cert_waiting_people", (), len(people_tasks(report)))


def _of(row: Row) -> t.Iterator[Sample]:
    own = (("certificate", row.name),)
    yield Sample("cert_group", (*own, ("group", row.group.value)), 1)
    yield from _live(row)
    if row.state:
        labels = (("ca", row.ca_account or ""), ("order", row.order or ""), ("cn", row.common_name or ""))
        yield Sample("cert_order_state", (*own, *labels, ("state", row.state)), 1)
    yield from _moment("cert_order_pending_since_seconds", own, row.since)
    if row.waiting is not None:
        who = (("actor", row.waiting.actor), ("owner", row.waiting.owner))
        yield from _moment("cert_waiting_due_seconds", (*own, *who), row.waiting.by)
    yield from _moment("cert_renewal_from_seconds", own, row.renews_on)
    if row.method:
        yield Sample("cert_dcv_method_email", own, int(row.method == "email"))
        yield from _moment("cert_dcv_method_ends_seconds", (*own, ("method", row.method)), row.method_ends_on)
        labels = (*own, ("domain", row.common_name or ""), ("method", row.method))
        yield from _moment("cert_dcv_valid_until_seconds", labels, row.validated_until)


def _live(row: Row) -> t.Iterator[Sample]:
    if row.not_after is None:
        return
    issuer = name_parts(row.issuer or "")
    labels = (
        ("certificate", row.name),
        ("issuer_CN", issuer.get("CN", "")),
        ("issuer_O", issuer.get("O", "")),
        ("serial_number", _decimal(row.serial)),
        ("subject_CN", row.common_name or ""),
    )
    yield from _moment("x509_cert_not_before", labels, row.not_before)
    yield from _moment("x509_cert_not_after", labels, row.not_after)
    if row.days_left is not None:
        yield Sample("x509_cert_expired", labels, int(row.days_left < 0))


def _moment(metric: str, labels: tuple[tuple[str, str], ...], moment: str | None) -> t.Iterator[Sample]:
    seconds = epoch(moment)
    if seconds is not None:
        yield Sample(metric, labels, seconds)


def epoch(moment: str | None) -> int | None:
    """A moment, or midnight UTC of a day."""
    if not moment:
        return None
    try:
        found: datetime = parse_time(moment if "T" in moment else f"{moment}T00:00:00Z")
    except ValueError:
        return None
    return int(found.timestamp())


def _decimal(serial: str | None) -> str:
    """As x509-certificate-exporter writes serial numbers."""
    try:
        return str(int(serial or "", 16))
    except ValueError:
        return ""


def name_parts(name: str) -> dict[str, str]:
    """``{"CN": …, "O": …}`` of a name as RFC 4514 writes it; of each type the first."""
    found: dict[str, str] = {}
    for part in re.findall(r"(?:[^,\\]|\\.)+", name):
        kind, _mark, value = part.partition("=")
        found.setdefault(kind.strip(), re.sub(r"\\(.)", r"\1", value))
    return found


def _line(sample: Sample) -> str:
    labels = ",".join(f'{key}="{_label(value)}"' for key, value in sample.labels)
    return f"{sample.metric}{{{labels}}} {sample.value}" if labels else f"{sample.metric} {sample.value}"


def _label(text: str) -> str:
    """The text format's own escapes, after everything unshowable has become one."""
    return escaped(text, _LABEL).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
