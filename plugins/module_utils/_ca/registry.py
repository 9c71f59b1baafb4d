# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which CA adapters there are: static imports, for the packager of modules cannot see an import by name.

Each import stands in its row: a run compiles the adapters of its accounts, and no other. An adapter is added by its
row. The conformance suite then asks for its simulator.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import AdapterFactory
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock

__all__ = ["ADAPTERS", "Factories", "NewPrivateKey", "Row", "adapter_factories"]

NewPrivateKey = t.Callable[[str], bytes]
Row = t.Callable[[Clock, NewPrivateKey], AdapterFactory]


def _acme(clock: Clock, new_private_key: NewPrivateKey) -> AdapterFactory:
    from ansible_collections.inkan.tls.plugins.module_utils._ca.acme.adapter import AcmeFactory

    return AcmeFactory(clock=clock, new_private_key=new_private_key)


def _digicert(clock: Clock, _new_private_key: NewPrivateKey) -> AdapterFactory:
    from ansible_collections.inkan.tls.plugins.module_utils._ca.digicert.adapter import DigicertFactory

    return DigicertFactory(clock=clock)


def _globalsign_atlas(clock: Clock, _new_private_key: NewPrivateKey) -> AdapterFactory:
    from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_atlas.adapter import AtlasFactory

    return AtlasFactory(clock=clock)


def _globalsign_gcc(clock: Clock, _new_private_key: NewPrivateKey) -> AdapterFactory:
    from ansible_collections.inkan.tls.plugins.module_utils._ca.globalsign_gcc.adapter import GccFactory

    return GccFactory(clock=clock)


def _portal(clock: Clock, _new_private_key: NewPrivateKey) -> AdapterFactory:
    from ansible_collections.inkan.tls.plugins.module_utils._ca.portal.adapter import PortalFactory

    return PortalFactory(clock=clock)


def _rest(clock: Clock, _new_private_key: NewPrivateKey) -> AdapterFactory:
    from ansible_collections.inkan.tls.plugins.module_utils._ca.rest.adapter import RestFactory

    return RestFactory(clock=clock)


_ROWS: dict[str, Row] = {
    "acme": _acme,
    "digicert": _digicert,
    "globalsign_atlas": _globalsign_atlas,
    "globalsign_gcc": _globalsign_gcc,
    "portal": _portal,
    "rest": _rest,
}

#: The words of ``adapter`` in inkan_ca_accounts.
ADAPTERS = tuple(_ROWS)


class Factories(t.Mapping[str, AdapterFactory]):
    """Adapter → its factory, made when it is first asked for."""

    def __init__(self, rows: t.Mapping[str, Row], clock: Clock, new_private_key: NewPrivateKey) -> None:
        self._rows = rows
        self._clock = clock
        self._new_private_key = new_private_key
        self._made: dict[str, AdapterFactory] = {}

    def __getitem__(self, adapter: str) -> AdapterFactory:
        if adapter not in self._made:
            self._made[adapter] = self._rows[adapter](self._clock, self._new_private_key)
        return self._made[adapter]

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def adapter_factories(*, clock: Clock, new_private_key: NewPrivateKey) -> t.Mapping[str, AdapterFactory]:
    """new_private_key: from a key type to a PEM key (``_x509.keys.new_private_key``; the module brings it along, for
    this room does not import that one)."""
    return Factories(_ROWS, clock, new_private_key)
