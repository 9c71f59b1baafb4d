# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Views on names and mailboxes, for everybody: thin doors to ``_names`` and ``_core/rname``."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.inkan.tls.plugins.module_utils._core import rname
from ansible_collections.inkan.tls.plugins.module_utils._core.names import dns_name_error, owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._data.ca_products_rows import LOCAL_PARTS
from ansible_collections.inkan.tls.plugins.module_utils._names import alabel, suffix

_LISTS = "Give one text; a list goes through map('inkan.tls.{filter}')"


def to_alabel(name: str) -> str:
    """A name as it stands in DNS and in a certificate."""
    text = _text("to_alabel", name)
    _need("to_alabel", "idna", alabel.IDNA_ERROR)
    try:
        found = alabel.to_alabel(text)
    except ValueError as reason:
        raise _refused("to_alabel", text, str(reason)) from None
    return _sound("to_alabel", text, found, owner_name_error(found.removeprefix("*.")))


def registrable_domain(name: str) -> str | None:
    """The public suffix and one label; None where the name is a suffix itself."""
    return suffix.registrable_domain(_certificate_name("registrable_domain", name))


def constructed_addresses(name: str) -> list[str]:
    """The five mailboxes at the name and at each one above it, down to what was registered: the nearest first."""
    domain = _certificate_name("constructed_addresses", name).removeprefix("*.")
    base = suffix.registered_domain(domain)
    if base is None:
        why = "it is a public suffix: nobody reads mail there on behalf of one owner"
        raise _refused("constructed_addresses", name, why)
    found = [domain]
    while found[-1] != base:
        found.append(found[-1].partition(".")[2])
    return [f"{local_part}@{one}" for one in found for local_part in LOCAL_PARTS]


def to_rname(mailbox: str) -> str:
    """A mailbox as an SOA record has it."""
    text = _text("to_rname", mailbox)
    local, mark, domain = text.rpartition("@")
    try:
        return rname.to_rname(f"{local}{mark}{to_alabel(domain)}" if mark and domain else text)
    except ValueError as reason:
        raise _refused("to_rname", text, str(reason)) from None


def from_rname(name: str) -> str:
    """The mailbox that the RNAME of an SOA record stands for."""
    text = _text("from_rname", name)
    try:
        return rname.from_rname(text)
    except ValueError as reason:
        raise _refused("from_rname", text, str(reason)) from None


def _certificate_name(by: str, name: str) -> str:
    """A name of a certificate as A-labels; what may be below a public suffix is asked next."""
    text = _text(by, name)
    _need(by, "idna", alabel.IDNA_ERROR)
    _need(by, "publicsuffixlist", suffix.PUBLICSUFFIXLIST_ERROR)
    try:
        found = alabel.to_alabel(text)
    except ValueError as reason:
        raise _refused(by, text, str(reason)) from None
    # one label alone may be a suffix (jp), which is an answer and no mistake
    return _sound(by, text, found, None if found.isalnum() else dns_name_error(found))


def _sound(by: str, text: str, found: str, why: str | None) -> str:
    if why is not None:
        raise _refused(by, text, why)
    return found


def _text(by: str, value: t.Any) -> str:
    if not isinstance(value, str):
        kind = type(value).__name__
        raise AnsibleFilterError(f"inkan.tls.{by} takes a text, not a {kind}. {_LISTS.format(filter=by)}.")
    return str(value)


def _refused(by: str, text: str, why: str) -> AnsibleFilterError:
    """To be raised without a cause: Ansible would add its words once more, as they came."""
    return AnsibleFilterError(f"inkan.tls.{by} cannot read {escaped(text, 300)!r}: {why}. Correct it.")


def _need(by: str, library: str, missing: str | None) -> None:
    if missing is not None:
        raise AnsibleFilterError(
            f"inkan.tls.{by} needs the Python package {library} on the controller. Install it with pip.\n{missing}"
        )


class FilterModule:
    """Ansible's door."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {
            "to_alabel": to_alabel,
            "registrable_domain": registrable_domain,
            "constructed_addresses": constructed_addresses,
            "to_rname": to_rname,
            "from_rname": from_rname,
        }
