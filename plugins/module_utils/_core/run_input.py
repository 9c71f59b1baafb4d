# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""From registered results to a Run: the border where the play's loose dictionaries are read once.

A registered result is one of: never run (undefined), skipped by its ``when``, unreachable, ended without ``results``
(then its ``msg`` is the reason), or ended with ``results``.

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.eyes_items import with_outside
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import (
    by_name,
    is_packed,
    pack,
    plans_of,
    unpacked,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.run import (
    DEPLOYABLE,
    OPEN,
    ByName,
    HostSaid,
    Item,
    Run,
    Said,
    Targets,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.times import parse_time

#: Steps that register on each host, as ``__inkan_<step>``.
HOST_STEPS = ("look", "prepare", "requests", "files", "verify", "switch", "rollback", "leftover_files", "hand_over")
#: Words of the ledger, oldest first: a later one about the same certificate wins.
_ORDER_WORDS = ("known", "orders", "answers", "observations")
_CENTRAL_STEPS = (
    *("known", "plan", "orders", "records", "checks", "answers", "leftover_records", "observations"),
    *("contacts", "old_contacts", "mailboxes", "revocations", "served", "standing", "approvals"),
)


def read_run(said: Said, hostvars: t.Mapping[str, t.Any], hosts: t.Sequence[str], is_central: bool = True) -> Run:
    """``said``: __inkan_run of role plan; ``hosts``: all hosts of the play, the lost ones too.

    is_central: for a step made once for all, not for that of a host, which reads declarations with its own variables.
    """
    registered = {step: said.get(step) for step in _CENTRAL_STEPS}
    central: dict[str, ByName] = {step: _said_in(word) for step, word in registered.items()}
    central["plan"] = by_name(registered["plan"])  # asked for by every step, and by each of them often
    broken = {step: reason for step, word in registered.items() for reason in [_why_no_results(word)] if reason}
    checks, outside = central["checks"], said.get("outside")
    central["checks"] = Later(lambda: with_outside(checks, (outside.get("results") or ()) if outside else ()))
    orders: dict[str, Said] = {}
    for word in _ORDER_WORDS:
        recorded = word == "observations"
        orders.update({name: _newer(orders.get(name), order, recorded) for name, order in central[word].items()})
    return Run(
        plan=central["plan"],
        orders=orders,
        targets=_targets(said["targets"]),
        hosts={host: _read_host(hostvars[host]) for host in hosts},
        central=central,
        central_broken=broken,
        check_mode=bool(said.get("check_mode")),
        only_looks=bool(said.get("only_looks")),
        plans=Later(lambda: plans_of(registered["plan"], central["plan"])),
        inventory=frozenset(said.get("inventory") or ()),
        is_whole=not said.get("names"),
        as_of=_as_of(registered["plan"]),
        accounts=_accounts(registered["known"]),
        our_contacts=_our_contacts(registered["known"]),
        live_advice=Later(lambda: by_name(registered["known"], "live_advice")),
        contacts_problem=_contacts_problem(registered["observations"]),
        resend=frozenset(map(str, said.get("resend") or ())),
        resolve=_by_name_of(said.get("resolve")),
        intake=_by_name_of(said.get("intake")),
        organizations=_by_name_of(said.get("organizations")),
        portals=frozenset(map(str, said.get("portals") or ())),
        ca_of_accounts=said.get("ca_of_accounts") or {},
        custodian_grace=timedelta(hours=float(said.get("custodian_grace") or 0)),
        own=Later(lambda: _declared(certificates_of(said) if is_central else said.get("certificates") or ())),
    )


def certificates_of(said: Said) -> t.Sequence[t.Any]:
    """What is declared, as the first host reads it: as it was opened, or as Ansible renders it now."""
    opened = said.get("opened") or {}
    found = unpacked(opened["certificates"]) if is_packed(opened.get("certificates")) else said.get("certificates")
    return found or ()


def _declared(items: t.Iterable[t.Any]) -> dict[str, Said]:
    return {one["name"]: one for one in items if isinstance(one, t.Mapping) and isinstance(one.get("name"), str)}


class Later(t.Mapping[str, Said]):
    """What was said, by name, read when it is first asked for: to read costs rendering or unpacking, and a task looks
    into a few of two dozen."""

    def __init__(self, read: t.Callable[[], ByName]) -> None:
        self._read = read
        self._items: ByName | None = None

    def _all(self) -> ByName:
        if self._items is None:
            self._items = self._read()
        return self._items

    def get(self, key: str, default: t.Any = None) -> t.Any:
        return self._all().get(key, default)

    def __getitem__(self, key: str) -> Said:
        return self._all()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._all()

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def _said_in(registered: t.Any) -> Later:
    return Later(lambda: by_name(registered))


_PLACES = ("hosts", "token_hosts", "all_hosts", "all_token_hosts")


def pack_targets(targets: t.Mapping[str, Item]) -> Item:
    """Many certificates live on the same hosts: each set of them is named once."""
    places: dict[tuple[tuple[str, ...], ...], int] = {}
    numbers = {name: places.setdefault(_places(of), len(places)) for name, of in targets.items()}
    return {"places": [dict(zip(_PLACES, map(list, of))) for of in places], "of": pack(numbers.items())}


def _places(of: Item) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(of[key]) for key in _PLACES)


def _targets(said: Said) -> dict[str, Targets]:
    if "of" in said and is_packed(said["of"]):
        places = [Targets(*_places(of)) for of in said["places"]]
        return {name: places[number] for name, number in unpacked(said["of"])}
    return {name: Targets(*_places(of)) for name, of in said.items()}


def document_roots(run: Run, hostvars: t.Mapping[str, t.Any]) -> dict[str, dict[str, str]]:
    """By certificate and host, for what is ordered now: as each web server reads its own declaration. Read from there
    only for these, as every look into the variables of another host costs templating."""
    found: dict[str, dict[str, str]] = {}
    for name in run.names():
        if run.is_due(name) and (run.wish(name).get("validation") or {}).get("document_root"):
            roots = {
                host: _root_on(name, hostvars[host]) for host in run.targets[name].all_token_hosts if host in hostvars
            }
            found[name] = {host: root for host, root in roots.items() if root}
    return found


def _root_on(name: str, variables: t.Any) -> str | None:
    for certificate in variables.get("inkan_certificates") or ():
        if isinstance(certificate, t.Mapping) and certificate.get("name") == name:
            root = (certificate.get("validation") or {}).get("document_root")
            return str(root) if root else None
    return None


def _accounts(known: t.Any) -> ByName:
    found = known.get("accounts") if isinstance(known, t.Mapping) else None
    return {str(name): one for name, one in found.items()} if isinstance(found, t.Mapping) else {}


def _our_contacts(known: t.Any) -> list[Said] | None:
    found = known.get("contacts") if isinstance(known, t.Mapping) else None
    return found if isinstance(found, list) else None


def _contacts_problem(noted: t.Any) -> str:
    return str(noted.get("contacts_problem") or "") if isinstance(noted, t.Mapping) else ""


def _as_of(plan: t.Any) -> datetime | None:
    moment = plan.get("as_of") if isinstance(plan, t.Mapping) else None
    return parse_time(moment) if moment else None


def _by_name_of(raw: t.Any) -> ByName:
    """A dictionary of dictionaries; what is none is refused where it is used."""
    return (
        {str(name): one for name, one in raw.items() if isinstance(one, t.Mapping)}
        if isinstance(raw, t.Mapping)
        else {}
    )


def _newer(before: Said | None, now: Said, recorded: bool) -> Said:
    """A later word; one without an order (a refused CSR, say) keeps what was known and adds its error. recorded: that
    only wrote down what was seen, and takes no error back that the CA's word was."""
    if before is not None and now.get("error") and not now.get("reference"):
        return {**before, "error": now["error"]}
    if before is not None and recorded and not now.get("error"):
        return {**now, "error": before.get("error")}
    return now


def _why_no_results(registered: t.Any) -> str | None:
    """errors before msg: where failed_when is true as well, ansible-core puts its own words in the place of msg."""
    if not isinstance(registered, t.Mapping) or "results" in registered or registered.get("skipped"):
        return None
    errors = registered.get("errors")
    if isinstance(errors, list) and errors and all(isinstance(one, t.Mapping) for one in errors):
        return " ".join(str(one.get("message")) for one in errors)
    return (
        str(registered.get("msg") or registered.get("module_stderr") or "it ended without results")
        if registered
        else None
    )


def why_not_written(registered: t.Iterable[t.Any]) -> str | None:
    """The first failure of tasks of Ansible's own: of the task, or of an item of its loop."""
    for one in registered:
        if isinstance(one, t.Mapping) and (one.get("failed") or one.get("unreachable")):
            items = [item for item in one.get("results") or () if item.get("failed")]
            return str((items or [one])[0].get("msg") or "it could not be written")
    return None


def why_not_delivered(notified: t.Any) -> list[str]:
    """What module notifications could not deliver; it never turns a run red."""
    if not isinstance(notified, t.Mapping) or notified.get("skipped"):
        return []
    if notified.get("results") is None:
        is_lost = notified.get("failed") or notified.get("unreachable")
        return [str(notified.get("msg") or "the ledger host could not be asked")] if is_lost else []
    return [result["error"]["message"] for result in notified["results"] if result.get("error")]


def _read_host(variables: t.Any) -> HostSaid:
    registered = {step: variables.get(f"__inkan_{step}") for step in HOST_STEPS}
    lost = [step for step, word in registered.items() if isinstance(word, t.Mapping) and word.get("unreachable")]
    told = {step: word for step, word in registered.items() if step not in lost}
    broken = {step: reason for step, word in told.items() for reason in [_why_no_results(word)] if reason}
    return HostSaid(
        reached=not lost and "look" not in broken,
        steps={step: _said_in(word) for step, word in told.items()},
        broken=broken,
    )


def plan_items(certificates: t.Sequence[Item], run: Run) -> list[Item]:
    """The declared items with what hosts and ledger know of them: ``live``, ``order``, ``previous``, ``hosts_missing``.

    What an item says of these itself stands where hosts and ledger say nothing.
    """
    return [
        {**certificate, **_known(certificate["name"], run, certificate)}
        if isinstance(certificate, t.Mapping) and certificate.get("name") in run.targets
        else certificate
        for certificate in certificates
    ]


def _known(name: str, run: Run, certificate: Said) -> Item:
    order = run.order(name)
    reached = [host for host in run.targets[name].hosts if run.hosts[host].reached]
    live = [run.hosts[host].said("look", name).get("live") for host in reached]
    missing = [host for host, certificate in zip(reached, live) if not certificate]
    if _is_installed_by_seller(certificate):
        live, missing = [run.served(name) or None], []
    newest = max((one for one in live if one), key=lambda of: str(of["not_after"]), default=None)
    if order.get("state") in DEPLOYABLE and (newest is None or str(order["not_after"]) > str(newest["not_after"])):
        newest, missing = _as_live(order), []
    elif order.get("state") in DEPLOYABLE:
        missing = []
    return {
        "live": _with_obtained_at(newest, order, run.live_advice.get(name, {}).get("advice", ())) if newest else None,
        "order": _order_facts(order),
        "previous": _previous(order) or certificate.get("previous"),
        "hosts_missing": missing,
    }


def _is_installed_by_seller(certificate: Said) -> bool:
    deploy = certificate.get("deploy")
    return isinstance(deploy, t.Mapping) and deploy.get("by") == "seller"


_LIVE_FACTS = ("serial", "not_before", "not_after", "common_name", "dns_names", "key_type")


def _order_facts(order: Said) -> Item | None:
    """An order; with the dates of its certificate where there is one, so that a host which never comes back does not
    hold up the renewal of the others."""
    if not order.get("state"):
        return None
    facts = (
        {fact: order.get(fact) for fact in (*_LIVE_FACTS, "obtained_at", "suggested_window")}
        if order.get("state") in DEPLOYABLE
        else {}
    )
    facts["revoked"] = order.get("revoked_serials") or None
    if order.get("state") in OPEN:
        facts.update({fact: order.get(fact) for fact in (*_DECLARED, "method", "created_at")})
    if order.get("state") == "refused" and order.get("order"):  # at the door it cost nothing, and nobody was asked
        facts["asked"] = _asked(order)
        facts["problem"] = (order.get("problem") or {}).get("text")
    problem = order.get("problem") or {}
    if order.get("state") == "cancelled" and problem.get("code") == "cancelled_by_seller":
        facts["cancelled_by_seller"] = problem.get("text")
    return {"state": order["state"], **{fact: value for fact, value in facts.items() if value is not None}}


#: what of a declaration the ledger keeps with its order
_DECLARED = ("product", "common_name", "ca_account", "options")


def _previous(order: Said) -> Item | None:
    """What was declared for the certificate that is there: sellers refuse some changes of it."""
    if order.get("state") not in DEPLOYABLE:
        return None
    return {fact: order.get(fact) for fact in _DECLARED}


def _asked(order: Said) -> Item:
    """What a refused order was made for: the same is not asked again without a reason."""
    contact = (order.get("options") or {}).get("contact")
    return {
        **{fact: order.get(fact) for fact in ("ca_account", "product", "method", "dns_names")},
        "contact": {"kind": contact.get("kind"), "address": contact.get("address")} if contact else None,
    }


def _as_live(order: Said) -> Item:
    """A certificate that we hold and that is on its way to the hosts counts as there."""
    return {fact: order.get(fact) for fact in _LIVE_FACTS}


def _suggested_window(order: Said, more: t.Iterable[Said], serial: t.Any) -> t.Any:
    """Of the certificate in service, which may be an older one than the newest order's, or of no order at all."""
    advice = {one["serial"]: one["suggested_window"] for one in (*more, *(order.get("advice") or ()))}
    return advice.get(serial) or (order.get("suggested_window") if order.get("serial") == serial else None)


def _with_obtained_at(live: Said, order: Said, more: t.Iterable[Said]) -> Item:
    facts = {fact: live.get(fact) for fact in (*_LIVE_FACTS, "matches") if fact in live}
    ours = order.get("serial") == live.get("serial")
    window = _suggested_window(order, more, live.get("serial"))
    if window:  # of a CA that says so (ARI)
        facts["suggested_window"] = window
    return {**facts, "obtained_at": order.get("obtained_at") if ours else None}
