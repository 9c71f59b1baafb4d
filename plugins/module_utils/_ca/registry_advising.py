# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapters that advise when to renew or keep an account (``_ca/advice``): all that a module which only asks needs.

All of them would make it three times as heavy to send and to unpack.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.adapter import AcmeFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock

__all__ = ["advising_factories"]


def advising_factories(*, clock: Clock, new_private_key: t.Callable[[str], bytes]) -> dict[str, AdapterFactory]:
    """Accounts of other adapters have nothing to say here."""
    return {"acme": AcmeFactory(clock=clock, new_private_key=new_private_key)}
