# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for the state of an order, as far as a plan asks for them (``_core/ledger`` computes them).

This file is private to the collection.
"""

from __future__ import annotations

#: the CA, or we, still have to do something before there is a certificate
UNDER_WAY = frozenset(
    {"intended", "wanted", "awaiting_approval", "awaiting_person", "validating", "issuing", "needs_person"}
)
#: of these: the domain is validated
VALIDATED = frozenset({"issuing"})
#: there is a certificate, not every host has it yet
TO_DEPLOY = frozenset({"issued", "deploy_pending"})
