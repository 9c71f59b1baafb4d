# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which CA adapters there are: static imports, for the packager of modules cannot see an import by name.

An adapter is added by its row, and the import that the row needs. The conformance suite then asks for its simulator.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.adapter import AcmeFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.adapter import DigicertFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.adapter import AtlasFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.adapter import GccFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.adapter import PortalFactory
from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock

__all__ = ["ADAPTERS", "adapter_factories"]

NewPrivateKey = t.Callable[[str], bytes]

_ROWS: dict[str, t.Callable[[Clock, NewPrivateKey], AdapterFactory]] = {
    "acme": lambda clock, new_key: AcmeFactory(clock=clock, new_private_key=new_key),
    "digicert": lambda clock, _new_key: DigicertFactory(clock=clock),
    "portal": lambda clock, _new_key: PortalFactory(clock=clock),
    "globalsign_atlas": lambda clock, _new_key: AtlasFactory(clock=clock),
    "globalsign_gcc": lambda clock, _new_key: GccFactory(clock=clock),
    "rest": lambda clock, _new_key: RestFactory(clock=clock),
}

#: The words of ``adapter`` in inkan_ca_accounts.
ADAPTERS = tuple(_ROWS)


def adapter_factories(*, clock: Clock, new_private_key: NewPrivateKey) -> dict[str, AdapterFactory]:
    """new_private_key: from a key type to a PEM key (``_x509.keys.new_private_key``; the module brings it along, for
    this room does not import that one)."""
    return {name: row(clock, new_private_key) for name, row in _ROWS.items()}
