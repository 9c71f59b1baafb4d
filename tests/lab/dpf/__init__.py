# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IIJ DNS Platform Service (DPF) as a simulator: written from the published specification, see DPF.md.

Edits are staged by jobs and published by another; what is published is answered by the lab's DNS servers.
"""

from __future__ import annotations

from .dpf import Dpf

__all__ = ["Dpf"]
