# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA with an ACME server: written from RFC 8555, 8657, 9444 and 9773 and the drafts in ACME_CA.md, nothing else.

It really validates, by files on the web and records in the DNS, and issues from two roots of its own.
"""

from __future__ import annotations

from .acme_ca import AcmeCa

__all__ = ["AcmeCa"]
