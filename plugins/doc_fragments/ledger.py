# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: where it is, and what runs it."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  ledger_path:
    description:
      - The ledger, one SQLite file. It and its folder are made, with modes V(0600) and V(0700), if they are not there.
      - It must be a plain file of the user who runs the module, in a folder that nobody else can write to, on a disk of
        this machine (not on a network file system).
      - Default is C(/var/lib/inkan-tls/ledger.sqlite3) for root, else C(~/.local/state/inkan-tls/ledger.sqlite3).
    type: path
  now:
    description:
      - For a lab, the time (ISO 8601 with its zone) to which the clock is moved when the call starts.
      - An order is refused with a moved clock unless the endpoint of every CA account is on loopback.
    type: str
notes:
  - Runs on the ledger host, a machine that lasts. Keys and certificates live on their own hosts; the ledger holds
    orders, CSRs and issued chains, and no private key of a certificate.
"""
