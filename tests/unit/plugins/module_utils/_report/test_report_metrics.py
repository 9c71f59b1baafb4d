# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics: names that alerts know, absolute times, and a file that a strict reader takes whatever is in it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report, Waiting
from ansible_collections.inkan.tls.plugins.module_utils._report.report_metrics import (
    HELP,
    epoch,
    name_parts,
    read_last_success,
    report_metrics,
    without_moment,
)
from ansible_collections.inkan.tls.tests.unit.documented import REPOSITORY
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import TEXTS, hostile_report
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.reported import One, a_report

_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (-?\d+)")


def read(text: str) -> dict[tuple[str, ...], int]:
    """Name and labels -> value. Each metric is described once, before its samples, and these stand together."""
    found: dict[tuple[str, ...], int] = {}
    described: list[str] = []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            described.append(line.split(" ")[2])
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {described[-1]} gauge"
        else:
            sample = _SAMPLE.fullmatch(line)
            assert sample is not None, line
            name, labels, value = sample.groups()
            assert name == described[-1]
            key = (name, *re.findall(_LABEL, labels or ""))
            assert key not in found, "a sample that stands there twice makes a collector drop the file"
            found[key] = int(value)
    assert len(described) == len(set(described)) and text.endswith("\n")
    return found


def test_the_names_that_alerts_know() -> None:
    labels = ('certificate="www"', 'issuer_CN="Example CA"', 'issuer_O=""', 'serial_number="26"', 'subject_CN=""')
    found = read(report_metrics(a_report(One("www")), 1_795_000_000))
    assert found[("x509_cert_not_after", *labels)] == 1_809_097_199
    assert found[("x509_cert_not_before", *labels)] == 1_791_763_200
    assert found[("x509_cert_expired", *labels)] == 0
    assert found["cert_run_last_success_timestamp_seconds",] == 1_795_000_000
    assert found["cert_dcv_method_email", 'certificate="www"'] == 1
    assert found["cert_dcv_method_ends_seconds", 'certificate="www"', 'method="email"'] == epoch("2028-03-15")
    assert found["cert_certificates", 'group="in_order"'] == 1


def test_an_order_that_waits() -> None:
    turn = Waiting("customer", "approve", "2026-12-15T00:00:00Z", "tanaka")
    (row,) = a_report(One("shop", None)).rows
    row = replace(row, state="awaiting_approval", order="LS-1", common_name="shop.example.jp", waiting=turn)
    row = replace(row, since="2026-11-19T00:00:00Z", validated_until="2027-01-01")
    found = read(report_metrics(Report("2026-11-20", None, (row,))))
    order = ('ca="lab-ssl"', 'order="LS-1"', 'cn="shop.example.jp"', 'state="awaiting_approval"')
    assert found[("cert_order_state", 'certificate="shop"', *order)] == 1
    assert found["cert_order_pending_since_seconds", 'certificate="shop"'] == epoch("2026-11-19T00:00:00Z")
    assert found["cert_waiting_due_seconds", 'certificate="shop"', 'actor="customer"', 'owner="tanaka"'] == epoch(
        "2026-12-15"
    )
    domain = ('certificate="shop"', 'domain="shop.example.jp"', 'method="email"')
    assert found[("cert_dcv_valid_until_seconds", *domain)] == epoch("2027-01-01T00:00:00Z")
    assert found["cert_waiting_people",] == 1 and not any("x509" in key[0] for key in found)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_strict_reader_takes_any_text(text: str) -> None:
    written = report_metrics(hostile_report(text), 7)
    names, usual = ({key[0] for key in read(one)} for one in (written, report_metrics(hostile_report("x"), 7)))
    assert names == usual or (text == "" and names < usual)
    assert all(letter.isprintable() or letter in "\n\u3000" for letter in written)


def test_the_moment_of_the_run_is_no_difference() -> None:
    report = a_report(One("www"))
    first, second, other = report_metrics(report, 7), report_metrics(report, 8), report_metrics(a_report(One("x")), 7)
    assert first != second and without_moment(first) == without_moment(second) != without_moment(other)
    assert read_last_success(first) == 7 and read_last_success(report_metrics(report)) is None


def test_the_parts_of_a_name() -> None:
    assert name_parts("CN=Example\\, Inc. CA,O=A\\=B,O=C,C=JP") == {"CN": "Example, Inc. CA", "O": "A=B", "C": "JP"}
    assert name_parts("") == {} and epoch("never") is None and epoch(None) is None


@pytest.mark.parametrize("language", ["", "_ja"])
def test_the_guide_tells_of_every_metric(language: str) -> None:
    text = (REPOSITORY / "docs" / "docsite" / "rst" / f"guide_report{language}.rst").read_text("utf-8")
    assert set(re.findall(r"``((?:cert|x509_cert)_\w+)``", text)) == set(HELP)
