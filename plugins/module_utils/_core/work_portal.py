# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has to do beyond keys and CSRs of ours: what persons told, what a seller makes, installs or is brought.

    key: {made_by: seller}     no CSR; the key comes with the certificate, to the custodian only
    deploy: {by: seller}       no files; a handshake shows what the seller installed
    issued_from: <item>        ordered as ``brought`` when that item has a certificate that is not registered yet

This file is private to the collection.
"""

from __future__ import annotations

import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.intake import KEYS_OF_A_KEY
from ansible_collections.inkan.tls.plugins.module_utils._core.run import DEPLOYABLE, Item, Run, Said, custodian

__all__ = [
    *("adoption_item", "brought_item", "contract_options", "hand_over_items", "key_words", "portal_options"),
    *("served_items", "told", "told_retired"),
]

_APPLICANT = (
    *("japanese_name", "name", "corporate_type", "representative", "postal_code", "address", "phone", "tdb_code"),
    *("duns", "responsible", "technical", "billing"),
)


def served_items(certificates: t.Sequence[t.Any], to_alabel: t.Callable[[str], str], https_port: int) -> list[Item]:
    """certificates_info on the controller: the handshakes that show what sellers installed. From the declarations
    themselves, as nothing is planned yet; one that cannot be read is refused by the plan."""
    return [
        item
        for certificate in certificates
        if isinstance(certificate, t.Mapping) and isinstance(certificate.get("name"), str)
        for item in [_handshake(certificate, to_alabel, https_port)]
        if item is not None
    ]


def _handshake(certificate: Said, to_alabel: t.Callable[[str], str], https_port: int) -> Item | None:
    deploy = certificate.get("deploy")
    if not isinstance(deploy, t.Mapping) or deploy.get("by") != "seller" or deploy.get("handshake") is False:
        return None
    wish = deploy.get("handshake")
    asked: t.Mapping[str, t.Any] = wish if isinstance(wish, t.Mapping) else {}
    names = [certificate.get("common_name"), *(certificate.get("dns_names") or ())]
    plain = next((name for name in names if isinstance(name, str) and name and not name.startswith("*.")), None)
    try:
        server_name = to_alabel(str(asked.get("server_name") or plain or ""))
        port = int(asked.get("port") or https_port)
    except ValueError:
        return None
    if not server_name:
        return None
    return {
        "name": certificate["name"],
        "address": str(asked.get("address") or server_name),
        "port": port,
        "server_name": server_name,
    }


# -- what was told ----------------------------------------------------------------------------------------------------


def told(run: Run, name: str) -> Item:
    """``intake`` and ``served`` of an item of certificate_orders. A private key never comes to the ledger."""
    said = run.intake.get(name)
    words = {key: value for key, value in said.items() if key not in KEYS_OF_A_KEY} if said else None
    item: Item = {"intake": words} if words else {}
    shown = run.served(name).get("certificate")
    return {**item, "served": shown} if shown else item


def key_words(run: Run, name: str) -> Item | None:
    """The key that came with a certificate of the seller's: given, or a file on the custodian."""
    said = run.intake.get(name) or {}
    if said.get("key"):
        return {"private_key": said["key"]}
    return {"private_key_file": said["key_file"]} if said.get("key_file") else None


def adoption_item(run: Run, name: str) -> Item:
    """What is taken in although nothing is due and no order is open: the seller made it by itself."""
    words = told(run, name)
    if words.get("intake") and run.seller_makes_key(name) and words["intake"].get("certificate"):
        words["intake"] = {**words["intake"], "renewed_by_seller": True}
    return words


def portal_options(run: Run, name: str) -> Item:
    """What an application sheet needs beyond the order itself; only of accounts at portals."""
    wish = run.wish(name)
    if wish.get("ca_account") not in run.portals:
        return {}
    planned = run.plans.get(name) or {}
    organization = run.organizations.get(str(wish.get("organization"))) or {}
    words: Item = {
        "validation_level": planned.get("validation_level"),
        "deploy_by": (wish.get("deploy") or {}).get("by"),
        "subject": wish.get("subject") or organization.get("subject"),
        "applicant": {key: organization[key] for key in _APPLICANT if organization.get(key)},
        "apply_by": (planned.get("renewal") or {}).get("window_closes") or run.order(name).get("not_after"),
    }
    return {key: value for key, value in words.items() if value}


def portal_subject(run: Run, name: str) -> t.Any:
    """Of an organization whose CSR goes to a portal: its application names what the CSR says (ca-apis 6.2)."""
    options = portal_options(run, name)
    return options.get("subject") if options.get("validation_level") in ("ov", "ev") else None


def contract_options(run: Run, name: str) -> Item:
    """Where a seller renews a contract by itself, the order remembers by when that can be stopped: nobody plans a
    certificate any more that is declared no longer."""
    days = ((run.plans.get(name) or {}).get("renewal") or {}).get("cancel_days")
    return {"cancel_days": days} if days is not None else {}


def told_retired(run: Run) -> list[str]:
    """Certificates that nobody declares any more and of which somebody tells something: that the contract was ended."""
    if not run.is_whole:
        return []
    return [name for name in run.intake if name not in run.plan and run.order(name) and not run.in_progress(name)]


# -- brought certificates ---------------------------------------------------------------------------------------------


def brought_item(run: Run, name: str) -> Item:
    """The certificate that the item it is issued from has now."""
    source = run.order(str(run.wish(name).get("issued_from")))
    known = run.order(name)
    return {
        "brought": {"certificate": source["certificate"], "chain": list(source.get("chain") or ())},
        "replaces": known.get("serial") if known.get("state") in DEPLOYABLE else None,
        "custodian": source.get("custodian") or "",
    }


def hand_over_items(run: Run, host: str) -> list[Item]:
    """certificate_deployments, state hand_over, on the host that keeps the key: files while the portal waits for them,
    and none as soon as they are registered there."""
    items = []
    for name in run.names():
        source = run.wish(name).get("issued_from")
        if not source or source not in run.targets or custodian(run, source) != host:
            continue
        order = run.order(name)
        if run.in_progress(name):
            brought = (order.get("options") or {}).get("brought") or {}
            items.append({"name": name, "source": source, "certificate": brought.get("certificate")})
        elif order.get("state"):
            items.append({"name": name, "source": source, "certificate": None})
    return items
