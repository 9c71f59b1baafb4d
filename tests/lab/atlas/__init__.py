# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator of GlobalSign Atlas (HVCA v2), see tests/lab/ATLAS.md.

Written from the public facts about its API, and from nothing of the collection.
"""

from .atlas import Atlas

__all__ = ["Atlas"]
