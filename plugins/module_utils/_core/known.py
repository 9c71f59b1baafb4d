# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The word for what only the CA or a key can tell, shown by check mode and accepted by later modules.

This file is private to the collection.
"""

from __future__ import annotations

KNOWN_AFTER_ORDER = "known_after_order"
