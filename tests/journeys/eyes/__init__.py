# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of situations that dcv_check is held against, and the small internet that they are set up in."""

from __future__ import annotations

from . import cases_caa, cases_contacts, cases_dnssec, cases_files, cases_fine, cases_records, cases_servers

BROKEN = [
    *cases_servers.CASES,
    *cases_records.CASES,
    *cases_dnssec.CASES,
    *cases_caa.CASES,
    *cases_contacts.CASES,
    *cases_files.CASES,
]
FINE = cases_fine.CASES
