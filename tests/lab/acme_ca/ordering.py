# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client may ask for in newOrder and newAuthz, read and refused (RFC 8555, 7.4, 7.4.1; RFC 9444, 4)."""

from __future__ import annotations

import typing as t

from lab import names
from lab.vices import Switches

from . import profiles
from .problems import Document, Problem, malformed, of_many
from .profiles import Profile

#: name, type of the error, what is wrong
Refusal = tuple[str, str, str]


class Registrar(t.Protocol):
    def registered_domain(self, name: str) -> str | None: ...
    def is_linked(self, name: str) -> bool: ...


class Wish(t.NamedTuple):
    #: in lower case and order, each once
    names: tuple[str, ...]
    #: name -> ancestorDomain
    ancestors: dict[str, str]
    profile: Profile


class Rules:
    def __init__(self, registrar: Registrar, switches: Switches) -> None:
        self._registrar, self._switches = registrar, switches
        #: names, and all below them, for which the CA does not issue
        self.forbidden: set[str] = set()

    def read(self, document: Document) -> Wish:
        profile = self._profile(document.get("profile"))
        if "notBefore" in document or "notAfter" in document:
            raise malformed("notBefore and notAfter are for the CA to choose.")
        identifiers = document.get("identifiers")
        if not isinstance(identifiers, list) or not identifiers:
            raise malformed("identifiers is a list with one or more.")
        found = dict(self._identifier(one) for one in identifiers)
        if len(found) > profile.most_names:
            raise malformed(f"The profile {profile.name} has {profile.most_names} names at most.")
        self.check_names(list(found))
        ancestors = {name: ancestor for name, ancestor in found.items() if ancestor}
        return Wish(tuple(sorted(found)), ancestors, profile)

    def _profile(self, wish: t.Any) -> Profile:
        if wish is None:
            wish = profiles.USUAL
        profile = profiles.named(wish) if isinstance(wish, str) else None
        if profile is None or self._switches.is_on("acme_no_profiles"):
            if wish == profiles.USUAL:
                return profiles.PROFILES[0]
            raise Problem("invalidProfile", f"The profile {wish!r} is not offered.")
        return profile

    def _identifier(self, one: t.Any) -> tuple[str, str]:
        """The name, and the domain above it that is to be validated in its place."""
        if not isinstance(one, dict) or not isinstance(one.get("type"), str) or not isinstance(one.get("value"), str):
            raise malformed("An identifier has type and value.")
        if one["type"] != "dns":
            raise Problem("unsupportedIdentifier", f"Identifiers of the type {one['type']} are not taken.")
        name, ancestor = one["value"].lower(), one.get("ancestorDomain", "")
        if ancestor and (not isinstance(ancestor, str) or not names.covers(ancestor.lower(), name)):
            raise malformed(f"{name}: ancestorDomain is no domain above it.")
        return name, str(ancestor).lower()

    def check_names(self, wished: t.Sequence[str]) -> None:
        refusals = [refusal for name in wished for refusal in self._refusals(name)]
        if refusals:
            raise of_many(refusals)

    def _refusals(self, name: str) -> t.Iterator[Refusal]:
        bare = names.bare(name)
        if not names.is_name(name) or bare.startswith("*."):
            yield name, "malformed", "Domain name is not well-formed"
        elif self._registrar.registered_domain(bare) is None:
            yield name, "rejectedIdentifier", "Domain name does not end with a domain that is registered"
        elif any(names.covers(domain, name) for domain in self.forbidden):
            yield name, "rejectedIdentifier", "The CA does not issue for this name: it is forbidden by policy"
        elif self._switches.is_on("acme_only_linked") and not self._registrar.is_linked(bare):
            yield name, "rejectedIdentifier", "The domain is not registered with the reseller of this account"

    def registered(self, wished: t.Iterable[str]) -> list[str]:
        """The domains that were registered for these names, each once."""
        found = (self._registrar.registered_domain(names.bare(name)) for name in wished)
        return sorted({domain for domain in found if domain is not None})

    def read_authorization(self, document: Document) -> tuple[str, bool]:
        """The name, and whether names below are to be covered, of newAuthz."""
        name, _ancestor = self._identifier(document.get("identifier"))
        if name.startswith("*."):
            raise malformed("Wildcards are not authorized in advance (RFC 8555, 7.4.1).")
        self.check_names([name])
        return name, document.get("subdomainAuthAllowed") is True
