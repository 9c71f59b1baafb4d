# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public suffixes and registrable domains: the ICANN section of the public suffix list (BR 3.2.2.6).

Names are A-labels. The parent of a wildcard rule (``kawasaki.jp`` under ``*.kawasaki.jp``) counts as a suffix: by the
formal algorithm it would look registrable. A leading ``www`` is never dropped: in ``www.tokyo.jp`` it is the registered
label.

This file is private to the collection.
"""

from __future__ import annotations

import functools
import traceback

from ansible_collections.inkan.tls.plugins.module_utils._data.registries import UNITS

try:
    import publicsuffixlist

    PUBLICSUFFIXLIST_ERROR: str | None = None
except ImportError:
    PUBLICSUFFIXLIST_ERROR = traceback.format_exc()

#: a label that no rule names: below it only a wildcard rule makes a suffix
_PROBE = "inkan-no-such-rule"


def _rules_for(name: str) -> publicsuffixlist.PublicSuffixList:
    """The list that the library carries. To encode its rules is half of its reading; only Punycode needs them so."""
    return _list("xn--" in name)


@functools.lru_cache(maxsize=2)
def _list(encoded: bool) -> publicsuffixlist.PublicSuffixList:
    return publicsuffixlist.PublicSuffixList(only_icann=True, accept_unknown=True, accept_encoded_idn=encoded)


@functools.lru_cache(maxsize=8192)
def is_public_suffix(name: str) -> bool:
    """Whether nobody can have registered ``name``: a rule of the list, or the parent of a wildcard rule."""
    name = _bare(name)
    rules = _rules_for(name)
    return bool(rules.is_public(name)) or bool(rules.is_public(f"{_PROBE}.{name}"))


@functools.lru_cache(maxsize=8192)
def registrable_domain(name: str) -> str | None:
    """The Base Domain Name (BR 1.6.1): the public suffix and one label; None where ``name`` is a suffix itself."""
    name = _bare(name)
    if is_public_suffix(name):
        return None
    found = _rules_for(name).privatesuffix(name)
    return found if found is None else str(found)


@functools.lru_cache(maxsize=8192)
def registered_domain(name: str) -> str | None:
    """What somebody can have registered: the registrable domain, or one label more where the registry has such names.

    The list prunes ``www.city.kobe.lg.jp`` to ``kobe.lg.jp``, which nobody registered: no mail is read there, and no
    zone of the customer's is.
    """
    base = registrable_domain(name)
    unit = next((unit for unit in UNITS if base is not None and base.endswith(f".{unit.suffix}")), None)
    above = _bare(name)[: -len(base or "") - 1].rpartition(".")[2]
    return f"{above}.{base}" if unit is not None and above in unit.kinds else base


def _bare(name: str) -> str:
    return name[2:] if name.startswith("*.") else name
