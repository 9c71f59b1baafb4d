# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulators beside the seller and CertCentral, where they are asked for: ``Lab(folder, also=("atlas",))``.

One is added here by a row; its vices are in ``vices_NAME.py`` and join ``vices.VICES``. ``make lab`` starts all.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from .acme_ca import AcmeCa
from .approvals import Approvals
from .atlas import Atlas
from .dpf import Dpf
from .gcc import Gcc
from .http_server import Routes
from .inbox import Inbox
from .renge import Renge


class Simulator(t.Protocol):
    """It is started with a private folder and the lab's world (``Lab._start_sellers``)."""

    def facts(self) -> dict[str, t.Any]:
        """What an inventory has to know; the lab adds ``ca``, the authority of its HTTPS server, if it is not there."""

    def roots(self) -> t.Sequence[Path]:
        """PEM files of the roots that issue here; none at a DNS service."""

    def routes(self, routes: Routes) -> None:
        """Its paths at the lab's HTTPS server; nothing, if it has a server of its own."""

    def start(self, stack: t.Any) -> None:
        """Enter servers of its own into this ExitStack, which the lab closes at its end."""

    def tick(self) -> None:
        """What goes on by itself; five times a second."""

    def poll(self) -> None:
        """Look for tokens now, without being asked."""

    def orders(self) -> list[dict[str, t.Any]]:
        """As the lab's page shows them, the newest first."""


#: name -> Simulator(folder, **world)
ALSO: dict[str, t.Callable[..., Simulator]] = {
    "acme_ca": AcmeCa,
    "approvals": Approvals,
    "atlas": Atlas,
    "dpf": Dpf,
    "gcc": Gcc,
    "inbox": Inbox,
    "renge": Renge,
}
