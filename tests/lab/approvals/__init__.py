# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAs that ask by mail and listen on a page only: no API tells what they think."""

from .approvals import Approvals

__all__ = ["Approvals"]
