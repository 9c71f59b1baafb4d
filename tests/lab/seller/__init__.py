# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""ラボSSL, the lab's made-up seller of certificates. Written from tests/lab/SELLER.md, and from nothing else.

It really validates: it sends mails and waits for a button, fetches files, looks into the DNS and asks the registry.
What it was told and what it did is in the lab's history; how it misbehaves is in the table of vices.
"""

from .seller import Seller

__all__ = ["Seller"]
