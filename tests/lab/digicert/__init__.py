# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""CertCentral (Services API v2) as a simulator: written from the facts in DIGICERT.md, and from nothing else.

It really validates: mails with a button, records in the DNS, files on the web; and it issues from a root of its own.
"""

from .digicert import DigiCert

__all__ = ["DigiCert"]
