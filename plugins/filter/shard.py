# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of one shard: a thin door to ``_core/shard``."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.inkan.tls.plugins.module_utils._core.shard import Shard


def in_shard(certificates: t.Any, shard: t.Any = None) -> t.Any:
    """What has no name is in every shard: whoever looks at it says what is wrong with it."""
    if shard is None or not isinstance(certificates, list):
        return certificates
    try:
        ours = Shard.read(str(shard))
    except ValueError as reason:
        raise AnsibleFilterError(f"inkan_shard: {reason}. Nothing was done.") from None
    return [one for one in certificates if _name(one) is None or ours.has(str(_name(one)))]


def _name(certificate: t.Any) -> t.Any:
    return certificate.get("name") if isinstance(certificate, t.Mapping) else None


class FilterModule:
    """Ansible's door."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"in_shard": in_shard}
