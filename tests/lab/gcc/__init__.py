# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GlobalSign GCC (the SOAP interface of GSパネル) as a simulator: written from the facts in GCC.md, and nothing else.

It really validates: mails with a button, records in the DNS, pages on the web; and it issues from a root of its own.
"""

from __future__ import annotations

from .gcc import Gcc

__all__ = ["Gcc"]
