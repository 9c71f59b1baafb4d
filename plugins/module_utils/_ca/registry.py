# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which CA adapters there are: static imports, for the packager of modules cannot see an import by name.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.adapter import AcmeFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.adapter import DigicertFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock

__all__ = ["ADAPTERS", "adapter_factories"]

#: The words of ``adapter`` in inkan_ca_accounts.
ADAPTERS = ("acme", "digicert", "rest")


def adapter_factories(*, clock: Clock, new_private_key: t.Callable[[str], bytes]) -> dict[str, AdapterFactory]:
    """new_private_key: from a key type to a PEM key (``_x509.keys.new_private_key``; the module brings it along, for
    this room does not import that one)."""
    return {
        "acme": AcmeFactory(clock=clock, new_private_key=new_private_key),
        "digicert": DigicertFactory(clock=clock),
        "rest": RestFactory(clock=clock),
    }
