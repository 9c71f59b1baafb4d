# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each step of a run has to do, joined from what plan, hosts and ledger have said so far.

The roles are choreography; the joins between their steps are here, pure, so that they can be tested without a play.
Every function takes a Run and gives the items of one module call. The steps of a run are

    look → plan → prepare, requests → orders → records, files → checks → answers → verify, switch → clean up → verdict

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.eyes_items import look_at
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.run import (
    ByName,
    HostSaid,
    Item,
    Run,
    Said,
    custodian,
    lacks_certificate,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.work_portal import (
    adoption_item,
    brought_item,
    contract_options,
    key_words,
    portal_options,
    portal_subject,
    told,
    told_retired,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.work_standing import (
    kept_standing,
    removed_standing,
    useless_standing,
)


def look_names(run: Run, host: str) -> list[str]:
    """certificates_info: the certificates that belong on this host."""
    return [name for name, where in run.targets.items() if host in where.hosts]


# -- keys ------------------------------------------------------------------------------------------------------------


def _needs_key(run: Run, name: str, host: str) -> bool:
    if run.is_due(name):
        return True
    key = run.order(name).get("public_key_sha256")
    return key not in run.hosts[host].said("look", name).get("has_keys", ())


def _is_worked_on(run: Run, name: str) -> bool:
    if run.is_due(name) or run.in_progress(name):
        return True
    return any(lacks_certificate(run, name, host) for host in run.reached(name))


def _has_key(run: Run, name: str) -> bool:
    """Whether there is one to give: the seller's comes with the certificate."""
    if run.seller_deploys(name):
        return False
    return (
        not run.seller_makes_key(name) or key_words(run, name) is not None or bool(run.order(name).get("certificate"))
    )


def prepare_items(run: Run, host: str) -> list[Item]:
    """certificate_deployments, state prepare: this host will receive a key that is kept elsewhere."""
    return [
        {"name": name}
        for name in run.names()
        if host in run.reached(name)
        and _is_worked_on(run, name)
        and _has_key(run, name)
        and _receives_key(run, name, host)
        and _needs_key(run, name, host)
    ]


def _receives_key(run: Run, name: str, host: str) -> bool:
    """From another host; the custodian itself only where its key lies at a path of the user's, outside the store."""
    keeper = custodian(run, name)
    return keeper is not None and (keeper != host or bool(run.wish(name).get("paths")))


def request_items(run: Run, host: str) -> list[Item]:
    """certificate_requests on the custodian: new keys and CSRs for what is due, and keys sealed for the receivers."""
    items = []
    for name in run.names():
        if custodian(run, name) != host or not (_is_worked_on(run, name) or _adopts(run, name)):
            continue
        if run.wish(name).get("issued_from"):
            continue
        recipients = _recipients(run, name)
        if run.seller_makes_key(name):
            items += _sellers_key(run, name, recipients)
            continue
        due = run.is_due(name)
        if due or recipients:
            key = None if due else run.order(name).get("public_key_sha256")
            items.append(_request_item(run, name, key, recipients))
    return items


def _sellers_key(run: Run, name: str, recipients: list[Item]) -> list[Item]:
    """The key that came with the certificate is put into the store; later it is there."""
    words, known = key_words(run, name), run.order(name).get("public_key_sha256")
    if words is None and not (recipients and known):
        return []
    item = _request_item(run, name, known if words is None else None, recipients)
    return [{**item, "key": {**item["key"], **(words or {})}}]


def _adopts(run: Run, name: str) -> bool:
    """Whether somebody told a certificate that no order of ours brought."""
    if run.is_due(name) or run.in_progress(name):
        return False
    words = told(run, name)
    shown, known = run.served(name).get("serial"), run.order(name).get("serial")
    return bool((words.get("intake") or {}).get("certificate")) or bool(shown and shown != known)


def _recipients(run: Run, name: str) -> list[Item]:
    prepared = ((host, run.hosts[host].said("prepare", name).get("recipient")) for host in run.reached(name))
    return [{"host": host, "public_key": public} for host, public in prepared if public]


def _request_item(run: Run, name: str, key: t.Any, recipients: list[Item]) -> Item:
    wish = run.wish(name)
    item = {
        "name": wish["name"],
        "common_name": wish["common_name"],
        "dns_names": wish["dns_names"],
        "key": wish["key"],
        "public_key_sha256": key,
        "recipients": recipients,
    }
    options = {"subject": wish.get("subject") or portal_subject(run, name), "paths": wish.get("paths")}
    return {**item, **{option: value for option, value in options.items() if value}}


# -- orders -----------------------------------------------------------------------------------------------------------


def order_items(run: Run) -> list[Item]:
    """certificate_orders until wanted: what is due and has a CSR, and every open order.

    The orders of certificates that are not declared any more are only looked at, to learn when they end.
    """
    items: list[Item] = [{"name": name, **told(run, name)} for name in [*run.abandoned(), *told_retired(run)]]
    for name in run.names():
        keeper = custodian(run, name)
        request = run.hosts[keeper].said("requests", name) if keeper else {}
        key = request.get("public_key_sha256") if run.seller_makes_key(name) else None
        item = {**_order_item(run, name), **told(run, name), **({"public_key_sha256": key} if key else {})}
        item.update(_resolved(run, name))
        if run.is_due(name) and run.wish(name).get("issued_from"):
            items.append({**item, **brought_item(run, name)})
        elif run.is_due(name) and run.seller_makes_key(name):
            replaces = run.central.get("known", {}).get(name, {}).get("serial")
            items.append({**item, "key_made_by": "seller", "replaces": replaces, "custodian": keeper or ""})
        elif run.is_due(name) and request.get("csr") and not request.get("error"):
            item = {**item, **_key_facts(run, name, request), "custodian": keeper}
            items.append({**item, **_kind(run, name)})
        elif run.in_progress(name) and (not run.has_no_future(name) or "resolve" in item):
            items.append(item)
        elif _adopts(run, name):
            items.append({**item, **adoption_item(run, name), "custodian": keeper or ""})
    return items


def _resolved(run: Run, name: str) -> Item:
    """A person's answer, for an order that waits for one: said once a run, before it is carried on."""
    answer = run.answer(name)
    if not answer or run.order(name).get("state") != "needs_person":
        return {}
    return {key: answer[key] for key in ("resolve", "handle") if answer.get(key)}


def _order_item(run: Run, name: str) -> Item:
    wish = run.wish(name)
    validation = wish["validation"]
    return {
        "name": name,
        "ca_account": wish["ca_account"],
        "product": wish["product"],
        "common_name": wish["common_name"],
        "dns_names": wish["dns_names"],
        "method": "brought" if wish.get("issued_from") else validation["method"],
        "hosts": [] if run.seller_deploys(name) else list(run.targets[name].all_hosts),
        "options": {
            **(wish.get("options") or {}),
            "contact": validation.get("contact"),
            "organization": wish.get("organization"),
            "document_root": validation.get("document_root"),
            "token_hosts": list(run.targets[name].all_token_hosts),
            **_other_roots(run, name, validation.get("document_root")),
            **({"name_roots": validation["document_roots"]} if validation.get("document_roots") else {}),
            **portal_options(run, name),
            **contract_options(run, name),
        },
        **_person_tasks(run, name),
    }


def _person_tasks(run: Run, name: str) -> Item:
    """What a person has to do for the order, as it is planned now."""
    tasks = (run.plans.get(name) or {}).get("tasks")
    return {"tasks": tasks} if tasks else {}


def _other_roots(run: Run, name: str, root: t.Any) -> Item:
    """Where a web server's own words give another folder, the order remembers it: its files must be found again when
    nothing is declared any more."""
    others = {host: other for host, other in run.document_roots.get(name, {}).items() if other != root}
    return {"document_roots": others} if others else {}


def _kind(run: Run, name: str) -> Item:
    """A paid term that goes on is used, where the CA's adapter can; everything else is as the ledger knows."""
    due = run.plan[name].get("due") or {}
    return {"kind": "reissue_or_renew"} if due.get("kind") == "reissue" else {}


def _key_facts(run: Run, name: str, request: Said) -> Item:
    """``replaces``: what the ledger held when the run began: a key that is used again is ordered again, once."""
    replaces = run.central.get("known", {}).get(name, {}).get("serial")
    return {"csr": request["csr"], "public_key_sha256": request["public_key_sha256"], "replaces": replaces}


def answer_items(run: Run) -> list[Item]:
    """certificate_orders until issued: every open order; ``visible`` where all it wants was seen by dcv_check."""
    fresh = {item["name"]: item for item in order_items(run)} if run.check_mode else {}
    return [
        {
            # check mode wrote no order down that could be carried on: it is shown again, whole
            **fresh.get(name, _order_item(run, name)),
            "visible": _is_visible(run, name, order),
            "observed": {"published": _published(run, order)},
            "resend": name in run.resend and run.orders.get(name, {}).get("outcome") != "submitted",
        }
        for name, order in _worked_on(run).items()
        if run.in_progress(name) and not order.get("error")
    ]


def _is_visible(run: Run, name: str, order: Said) -> bool:
    seen = run.central.get("checks", {}).get(name, {}).get("state")
    if seen is None and not _wanted(order, "records") and not _wanted(order, "files"):
        return True
    return seen in ("visible", KNOWN_AFTER_ORDER)


def _published(run: Run, order: Said) -> list[str]:
    records = run.central.get("records", {})
    there = ("published", "already_there")
    ids = [
        record["id"] for record in _wanted(order, "records") if records.get(record["id"], {}).get("outcome") in there
    ]
    return ids + [file["id"] for file in _wanted(order, "files") if _placed(run, file["id"])]


def _placed(run: Run, token: str) -> bool:
    return any(said.said("files", token).get("outcome") in ("placed", "kept") for said in run.hosts.values())


# -- tokens -----------------------------------------------------------------------------------------------------------


def _wanted(order: Said, kind: str, where: str = "wanted") -> list[Item]:
    return list((order.get(where) or {}).get(kind) or ())


def _tokens(orders: ByName, kind: str, where: str) -> t.Iterator[tuple[str, Item]]:
    """Each token once, with the name of a certificate that has it: a CA may want the same one for two orders."""
    found: dict[str, tuple[str, Item]] = {}
    for name, order in orders.items():
        for token in _wanted(order, kind, where):
            found.setdefault(token["id"], (name, token))
    yield from found.values()


def _leftovers(run: Run, kind: str) -> t.Iterator[tuple[str, Item]]:
    """What no order of whatever certificate needs any more, also of runs that died."""
    needed = {token["id"] for order in run.orders.values() for token in _wanted(order, kind)}
    return ((name, token) for name, token in _tokens(run.orders, kind, "leftovers") if token["id"] not in needed)


def record_items(run: Run) -> list[Item]:
    """dns_tokens, state present: every record that an open order of this run's certificates wants now."""
    return _records(_tokens(_worked_on(run), "records", "wanted"))


def leftover_record_items(run: Run) -> list[Item]:
    """dns_tokens, state absent."""
    return _records([*_leftovers(run, "records"), *useless_standing(run)])


def _worked_on(run: Run) -> ByName:
    """The orders of certificates that this run plans: nobody would ask the CA to look at the tokens of another, nor at
    those of an order without a future."""
    names = {name for name in run.names() if not run.has_no_future(name)}
    return {name: order for name, order in run.orders.items() if name in names}


def _records(tokens: t.Iterable[tuple[str, Item]]) -> list[Item]:
    return [
        {
            "name": record["id"],
            "record": record["name"],
            "type": record["type"],
            "value": record["value"],
            "ttl": record["ttl"],
        }
        for _name, record in tokens
    ]


def file_items(run: Run, host: str) -> list[Item]:
    """file_tokens, state present, on one web server.

    A file in the way is ours to replace if an order wanted it once, and none does now.
    """
    needed = {(file["path"], _digest(file)) for _name, file in _tokens(run.orders, "files", "wanted")}
    left = {(file["path"], _digest(file)) for _name, file in _tokens(run.orders, "files", "leftovers")}
    items = _files(run, host, _tokens(_worked_on(run), "files", "wanted"))
    ours = sorted(left - needed)
    return [{**item, "replaces": [digest for path, digest in ours if path == item["path"]]} for item in items]


def _digest(file: Item) -> str:
    return hashlib.sha256(file["content"].encode()).hexdigest()


def leftover_file_items(run: Run, host: str) -> list[Item]:
    """file_tokens, state absent, on one web server."""
    return _files(run, host, _leftovers(run, "files"))


def has_files(run: Run) -> bool:
    """Whether any web server may have one to serve, or to remove."""
    return any(True for _token in _tokens(run.orders, "files", "wanted")) or any(
        True for _token in _leftovers(run, "files")
    )


def _files(run: Run, host: str, tokens: t.Iterable[tuple[str, Item]]) -> list[Item]:
    if not run.hosts[host].reached:
        return []
    items = []
    for name, file in tokens:
        order = run.orders[name]
        options = _options(order, file)
        root = run.document_root(name, file["dns_name"]) or _remembered_root(options, host, file["dns_name"])
        if root and host in _token_hosts(order, file):
            items.append({"name": file["id"], "document_root": root, "path": file["path"], "content": file["content"]})
    return items


def _remembered_root(options: Said, host: str, dns_name: str) -> t.Any:
    """As declared when the order was placed."""
    return (
        (options.get("name_roots") or {}).get(dns_name)
        or (options.get("document_roots") or {}).get(host)
        or options.get("document_root")
    )


def check_items(run: Run) -> list[Item]:
    """dcv_check: one item a certificate, with all that its order wants; what could not be published is not awaited."""
    items = []
    for name, order in _worked_on(run).items():
        if _is_refused(run, order):
            continue
        records = [{key: record[key] for key in ("name", "type", "value")} for record in _wanted(order, "records")]
        files = [{key: file[key] for key in ("url", "content")} for file in _wanted(order, "files")]
        more = look_at(run.plans.get(name, {}), run.wish(name), order, run.ca_of_accounts)
        if records or files or (more["contacts"] and run.in_progress(name)):
            items.append({"name": name, "records": records, "files": files, **more})
    return items


def _is_refused(run: Run, order: Said) -> bool:
    """Whether a DNS service or a web server would not take one of the tokens."""
    steps = [run.central.get("records", {}), *(said.steps.get("files", {}) for said in run.hosts.values())]
    tokens = [token["id"] for kind in ("records", "files") for token in _wanted(order, kind)]
    return any(said.get(token, {}).get("error") for said in steps for token in tokens)


# -- deployment -------------------------------------------------------------------------------------------------------


def verify_items(run: Run, host: str) -> list[Item]:
    """certificate_deployments, state verify: put the new set beside the live one and verify it.

    A host without its key, because the custodian cannot be reached or is kept out by a limit, waits.
    """
    items = []
    for name in run.names():
        if host in run.reached(name) and lacks_certificate(run, name, host) and run.order(name).get("certificate"):
            sealed = _sealed_key(run, name, host)
            if sealed or _holds_key(run, name, host):
                items.append(_deployment_item(run, name, sealed))
    return items


def _sealed_key(run: Run, name: str, host: str) -> t.Any:
    """The key of the order, sealed to this host in this run by whoever keeps it; even if that one was lost since."""
    for said in run.hosts.values():
        request = said.said("requests", name)
        if _is_of_the_order(run, name, request) and host in (request.get("sealed") or {}):
            return request["sealed"][host]
    return None


def _holds_key(run: Run, name: str, host: str) -> bool:
    """Whether the key of the order is in this host's store: for long, or made there in this run."""
    said = run.hosts[host]
    made_here = _is_of_the_order(run, name, said.said("requests", name)) and not run.wish(name).get("paths")
    return made_here or run.order(name).get("public_key_sha256") in said.said("look", name).get("has_keys", ())


def _is_of_the_order(run: Run, name: str, request: Said) -> bool:
    """A new key whose order was not made, say because the CA could not be reached, is none."""
    key = request.get("public_key_sha256")
    return bool(key) and not request.get("error") and key == run.order(name).get("public_key_sha256")


def _deployment_item(run: Run, name: str, sealed_key: t.Any) -> Item:
    order, wish = run.order(name), run.wish(name)
    return {
        "name": name,
        "certificate": order["certificate"],
        "chain": order.get("chain") or [],
        "public_key_sha256": order.get("public_key_sha256"),
        "dns_names": order.get("dns_names") or wish["dns_names"],
        "sealed_key": sealed_key,
        "deploy": run.deploy(name),
    }


def switch_items(run: Run, host: str) -> list[Item]:
    """certificate_deployments, state switch: only sets that every reachable host has verified."""
    return [item for item in verify_items(run, host) if _verified_everywhere(run, item["name"])]


def _verified_everywhere(run: Run, name: str) -> bool:
    waiting = [host for host in run.reached(name) if lacks_certificate(run, name, host)]
    return all(
        run.hosts[host].said("verify", name).get("outcome") and not run.hosts[host].said("verify", name).get("error")
        for host in waiting
    )


def rollback_items(run: Run, host: str, names: t.Collection[str]) -> list[Item]:
    """certificate_deployments, state rollback, for the certificates that a person named.

    Back from the newest one of the ledger; where that is not live any more there is nothing to do, so running it twice
    goes back once.
    """
    return [
        {"name": name, "deploy": run.deploy(name)}
        for name in run.names()
        if name in names and host in run.reached(name) and _has_newest(run, name, host)
    ]


def _has_newest(run: Run, name: str, host: str) -> bool:
    look, newest = run.hosts[host].said("look", name), run.order(name).get("serial")
    return bool(look.get("switching")) or newest is None or (look.get("live") or {}).get("serial") == newest


# -- what the ledger must learn ---------------------------------------------------------------------------------------


def observation_items(run: Run) -> list[Item]:
    """certificate_orders, record only: where certificates went live or were rolled back, which tokens are gone."""
    items = []
    for name, order in run.orders.items():
        if order.get("certificate") == KNOWN_AFTER_ORDER:
            continue  # check mode: the ledger holds no order that could learn something
        observed = {
            "deployed_on": _hosts_with(run, name, order, "switch", ("switched", "kept")),
            "rolled_back_on": _hosts_with(run, name, order, "rollback", ("rolled_back",)),
            "removed": [*_removed(run, order), *removed_standing(run, order)],
            **kept_standing(run, name, order),
        }
        if any(observed.values()):
            # the certificate that was on its way in this run; another run may have got a newer one meanwhile
            key = {"public_key_sha256": order["public_key_sha256"]} if order.get("certificate") else {}
            items.append({"name": name, "observed": observed, **key})
    return items


def _hosts_with(run: Run, name: str, order: Said, step: str, outcomes: tuple[str, ...]) -> list[str]:
    hosts = []
    for host, said in run.hosts.items():
        result = said.said(step, name)
        if result.get("outcome") in outcomes and not result.get("error"):
            hosts.append(host)
        elif step == "switch" and host in (order.get("hosts_pending") or ()) and _already_live(said, name, order):
            hosts.append(host)  # a killed run had switched it, and died before it could say so
    return hosts


def _already_live(said: HostSaid, name: str, order: Said) -> bool:
    look = said.said("look", name)
    serial = (look.get("live") or {}).get("serial")
    return bool(serial and serial == order.get("serial") and not look.get("switching"))


def _removed(run: Run, order: Said) -> list[str]:
    gone = ("removed", "already_absent", "absent")
    records = run.central.get("leftover_records", {})
    ids = [
        record["id"]
        for record in _wanted(order, "records", "leftovers")
        if records.get(record["id"], {}).get("outcome") in gone
    ]
    files = _wanted(order, "files", "leftovers")
    return ids + [file["id"] for file in files if _is_gone(run, order, file, (*gone, "foreign"))]


def _is_gone(run: Run, order: Said, file: Said, gone: tuple[str, ...]) -> bool:
    """Every web server that had it says so; one that has left the inventory cannot be asked any more.

    A file with another content is not ours: ours is gone.
    """
    asked = [host for host in _token_hosts(order, file) if host in run.inventory or host in run.hosts]
    return all(
        host in run.hosts and run.hosts[host].said("leftover_files", file["id"]).get("outcome") in gone
        for host in asked
    )


def _token_hosts(order: Said, file: Said) -> t.Sequence[str]:
    return _options(order, file).get("token_hosts") or ()


def _options(order: Said, file: Said) -> Said:
    """Those of the order that wanted the file, which may be an older one."""
    return file.get("options") or order.get("options") or {}
