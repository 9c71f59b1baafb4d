# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What simulators know of the lab's other parts."""

from __future__ import annotations

import typing as t


class HasAddress(t.Protocol):
    """The lab's DNS: one server's address is enough, it names the others."""

    @property
    def address(self) -> str: ...

    @property
    def port(self) -> int: ...


class HasPort(t.Protocol):
    """The lab's mail server: it listens on loopback."""

    @property
    def port(self) -> int: ...
