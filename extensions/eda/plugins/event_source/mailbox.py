# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source inkan.tls.mailbox: that a mail has come, and which one; not what it says."""

from __future__ import annotations

import pathlib
import sys
import typing as t

DOCUMENTATION = r"""
short_description: Events of a mailbox, the ids of new mails
description:
  - Looks into a mailbox again and again. No mail is marked as seen, moved or removed.
  - One event for each look that found new mails, with C(type=mail), C(mailbox), and C(mails), of each C(id) (folder,
    UIDVALIDITY and UID, or the unique name in a Maildir), C(message_id) (the sender's claim, null if it has not the
    form of one) and C(received_at). No sender, subject, text or link, for an event goes to logs and audits.
  - With O(ledger_path), C(names) has the certificates whose orders wait for approval now, and C(waiting) says how many,
    so that not every mail need start something.
  - V(trouble), the mailbox or the ledger cannot be read, with C(code) and C(message). Once until it is over; meanwhile
    it is tried less and less often, at last once an hour.
  - What was told is forgotten when the rulebook ends, so that an event may come again after a restart.
options:
  name:
    description: A name for the events, such as its key in C(inkan_mailboxes).
    type: str
    required: true
  service:
    description: V(imap) or V(maildir), as in C(inkan_mailboxes).
    type: str
    required: true
  settings:
    description: As in C(inkan_mailboxes).
    type: dict
    required: true
  secrets:
    description: As in C(inkan_mailboxes). Hand them to the rulebook by its environment or a vault.
    type: dict
  ledger_path:
    description: As the variable C(inkan_ledger_path). Not set means that no ledger is looked at.
    type: str
  delay:
    description: Seconds between two looks.
    type: int
    default: 60
  look_back_hours:
    description: Mails that came so long before the start are told, too.
    type: int
    default: 24
"""

EXAMPLES = r"""
- inkan.tls.mailbox:
    name: certs
    service: imap
    settings: {host: imap.example.jp, user: certs@example.jp}
    secrets: {password: "{{ CERTS_PASSWORD }}"}
"""


async def main(queue: t.Any, args: dict[str, t.Any]) -> None:
    know_collections()
    from ansible_collections.inkan.tls.plugins.module_utils._module.watching import watch
    from ansible_collections.inkan.tls.plugins.module_utils._module.watching_mailbox import Mails

    mails = Mails(args)
    await watch(queue, mails.look, mails.delay, {"mailbox": mails.name})


def know_collections() -> None:
    """A rulebook knows no collections by itself. Ansible's own finder would make them known, but with its hook in place
    no other event source of the rulebook can be started any more: runpy takes their files for packages."""
    root = pathlib.Path(__file__).parents[7]
    if str(root) not in sys.path:
        sys.path.append(str(root))
    import ansible_collections

    places: t.Any = ansible_collections.__path__
    ours = str(root / "ansible_collections")
    if isinstance(places, list) and ours not in places:  # the package ansible has one of its own
        places.append(ours)
