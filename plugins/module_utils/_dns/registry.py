# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every DNS service by name, and the option O(dns_services) parsed into configurations.

Static imports: the packager of modules cannot see any other.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector
from ansible_collections.inkan.tls.plugins.module_utils._core.names import item_name_error, owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.records import canonical_name
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import SHORTEST_SECRET, escaped
from ansible_collections.inkan.tls.plugins.module_utils._dns.contract import ServiceConfig, ServiceFactory
from ansible_collections.inkan.tls.plugins.module_utils._dns.iij_dpf import IijDpfFactory
from ansible_collections.inkan.tls.plugins.module_utils._dns.lexicon_bridge import LexiconFactory
from ansible_collections.inkan.tls.plugins.module_utils._dns.powerdns import PowerDnsFactory
from ansible_collections.inkan.tls.plugins.module_utils._dns.rfc2136 import Rfc2136Factory

FACTORIES: dict[str, ServiceFactory] = {
    "iij_dpf": IijDpfFactory(),
    "lexicon": LexiconFactory(),
    "powerdns": PowerDnsFactory(),
    "rfc2136": Rfc2136Factory(),
}

_KEYS = ("service", "settings", "zones")


def parse_services(
    services: t.Mapping[str, t.Any], secrets: t.Mapping[str, t.Any], errors: InputCollector
) -> list[ServiceConfig]:
    """What is wrong goes to ``errors``; no sentence ever holds a secret."""
    given = {str(name): raw for name, raw in services.items()}
    keys = {str(name): raw for name, raw in secrets.items()}
    parsed = [_parse(name, raw, keys.get(name) or {}, errors) for name, raw in sorted(given.items())]
    configs = [config for config in parsed if config is not None]
    for name in sorted(set(keys) - set(given)):
        _add(errors, "unknown_service", f"secrets.{escaped(name, 80)}", "dns_services has no service of this name")
    _refuse_shared_zones(configs, errors)
    return configs


def settings_warnings(configs: t.Iterable[ServiceConfig]) -> list[str]:
    return [
        f"DNS service {config.name}: {text}"
        for config in configs
        for text in FACTORIES[config.service].settings_warnings(config)
    ]


def _parse(name: str, raw: t.Any, secrets: t.Any, errors: InputCollector) -> ServiceConfig | None:
    where = f"dns_services.{escaped(name, 80)}"
    reason = item_name_error(name)
    if reason:
        _add(errors, "bad_name", where, reason)
    if not isinstance(raw, dict) or not isinstance(secrets, dict):
        _add(errors, "bad_service", where, "the service and its secrets must be dictionaries")
        return None
    if "secrets" in raw:
        _add(errors, "secret_in_the_open", where, "secrets are not masked here: they belong into the option secrets")
    for key in sorted(str(one) for one in raw if one not in (*_KEYS, "secrets")):
        _add(errors, "unknown_key", where, f"there is no key {escaped(key, 80)!r}, only {', '.join(_KEYS)}")
    service = str(raw.get("service"))
    if service not in FACTORIES:
        known = ", ".join(sorted(FACTORIES))
        _add(errors, "unknown_service", where, f"there is no service {escaped(service, 80)!r}, only {known}")
        return None
    config = ServiceConfig(
        name=name,
        service=service,
        settings=_dictionary(raw.get("settings"), f"{where}.settings", errors),
        secrets=_secrets(secrets, f"secrets.{name}", errors),
        zones=_zones(raw.get("zones"), where, errors),
    )
    for text in FACTORIES[service].settings_errors(config):
        _add(errors, "bad_setting", where, text)
    return config


def _dictionary(raw: t.Any, where: str, errors: InputCollector) -> dict[str, t.Any]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        _add(errors, "bad_service", where, "it must be a dictionary")
        return {}
    return {str(key): value for key, value in raw.items()}


def _secrets(raw: dict[t.Any, t.Any], where: str, errors: InputCollector) -> dict[str, str]:
    found = {str(key): str(value) for key, value in raw.items()}
    for key, value in sorted(found.items()):
        if len(value) < SHORTEST_SECRET:
            why = f"it has fewer than {SHORTEST_SECRET} characters: masking it would star out harmless words"
            _add(errors, "secret_too_short", f"{where}.{escaped(key, 80)}", why)
    return found


def _zones(raw: t.Any, where: str, errors: InputCollector) -> tuple[str, ...]:
    """Names, or dictionaries with a name (their rname is the business of another module)."""
    if not isinstance(raw, (list, tuple)) or not raw:
        _add(errors, "no_zones", where, "zones must be a list of the zones that it serves, at least one")
        return ()
    zones = []
    for one in raw:
        name = canonical_name(str(one.get("name") if isinstance(one, dict) else one))
        reason = owner_name_error(name)
        if reason:
            _add(errors, "bad_zone", f"{where}.zones", f"{escaped(name, 80)!r} is no zone: {reason}")
        else:
            zones.append(name)
    return tuple(dict.fromkeys(zones))


def _refuse_shared_zones(configs: t.Iterable[ServiceConfig], errors: InputCollector) -> None:
    owners: dict[str, str] = {}
    for config in configs:
        for zone in config.zones:
            other = owners.setdefault(zone, config.name)
            if other != config.name:
                why = f"{zone} is a zone of {other}, too: a zone has one service"
                _add(errors, "zone_twice", f"dns_services.{config.name}.zones", why)


def _add(errors: InputCollector, code: str, where: str, why: str) -> None:
    errors.add(code, what="A DNS service cannot be used", where=where, why=why, todo="Correct inkan_dns_services")
