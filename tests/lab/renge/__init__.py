# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""レンゲSSL, a made-up seller of another shape. Written from tests/lab/RENGE.md, and from nothing else."""

from .renge import Renge

__all__ = ["Renge"]
