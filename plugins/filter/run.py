# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the roles, private to them: thin doors to ``_core/run`` and ``_core/outcome``."""

from __future__ import annotations

import dataclasses
import functools
import json
import multiprocessing
import typing as t

from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.inkan.tls.plugins.module_utils._core import outcome as outcomes
from ansible_collections.inkan.tls.plugins.module_utils._core import run as runs
from ansible_collections.inkan.tls.plugins.module_utils._core import run_input as inputs
from ansible_collections.inkan.tls.plugins.module_utils._core import work as works
from ansible_collections.inkan.tls.plugins.module_utils._core import work_approvals as approvals
from ansible_collections.inkan.tls.plugins.module_utils._core import work_at_all as gate
from ansible_collections.inkan.tls.plugins.module_utils._core import work_contacts as contacts
from ansible_collections.inkan.tls.plugins.module_utils._core import work_live as live
from ansible_collections.inkan.tls.plugins.module_utils._core import work_notices as notices
from ansible_collections.inkan.tls.plugins.module_utils._core import work_portal as portals
from ansible_collections.inkan.tls.plugins.module_utils._core import work_revoke as revoke
from ansible_collections.inkan.tls.plugins.module_utils._core import work_standing as standing
from ansible_collections.inkan.tls.plugins.module_utils._core.eyes_items import ca_of_account
from ansible_collections.inkan.tls.plugins.module_utils._core.memory import keep_what_is_there, without_collection
from ansible_collections.inkan.tls.plugins.module_utils._core.packed import each, is_packed, pack, settled, unpacked
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped
from ansible_collections.inkan.tls.plugins.module_utils._names.alabel import to_alabel
from ansible_collections.inkan.tls.plugins.module_utils._report.data import report_data as data_of_report
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_blocks import read_plan
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_data import plan_json
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_markdown import plan_markdown
from ansible_collections.inkan.tls.plugins.module_utils._report.plan_page import MOST_BLOCKS, plan_page
from ansible_collections.inkan.tls.plugins.module_utils._report.rows import read_report
from jinja2 import pass_context
from jinja2.runtime import Context
from jinja2.utils import missing

Item = runs.Item

#: Steps whose items differ from host to host, and steps made once for all.
_HOST_STEPS: dict[str, t.Callable[[runs.Run, str], list[t.Any]]] = {
    "look": works.look_names,
    "prepare": works.prepare_items,
    "requests": works.request_items,
    "files": works.file_items,
    "verify": works.verify_items,
    "switch": works.switch_items,
    "leftover_files": works.leftover_file_items,
    "hand_over": portals.hand_over_items,
}
_CENTRAL_STEPS: dict[str, t.Callable[[runs.Run], t.Sequence[t.Any]]] = {
    "orders": works.order_items,
    "records": works.record_items,
    "checks": works.check_items,
    "answers": works.answer_items,
    "leftover_records": works.leftover_record_items,
    "observations": works.observation_items,
    "contacts": contacts.contact_items,
    "old_contacts": contacts.old_contact_items,
    "noted_contacts": contacts.noted_items,
    "standing": standing.standing_items,
    "mails": approvals.awaited_names,
}
#: Steps that may be about as many items as there are certificates.
_LONG_STEPS = {
    *("live", "look", "prepare", "requests", "files", "verify", "switch", "leftover_files"),
    *("orders", "records", "checks", "answers", "leftover_records", "observations"),
}
#: What a play is about, where that is not the certificates on their hosts.
_ENDINGS: dict[str, t.Callable[[runs.Run], list[outcomes.Ending]]] = {
    "": outcomes.endings,
    "contacts": contacts.contact_endings,
    "revocation": revoke.revocation_endings,
}


def targets(
    certificates: t.Sequence[Item] | Item, groups: t.Mapping[str, t.Sequence[str]], play_hosts: t.Sequence[str]
) -> dict[str, t.Any]:
    """Certificate name → the hosts of this play that hold it, and those that serve its validation files.

    ``hosts`` is a host, a group, a list or any pattern of Ansible; each pattern is resolved once.
    """
    found = _targets(unpacked(certificates), groups, play_hosts)
    return inputs.pack_targets(found) if is_packed(certificates) else found


def _targets(
    certificates: t.Sequence[Item], groups: t.Mapping[str, t.Sequence[str]], play_hosts: t.Sequence[str]
) -> dict[str, Item]:
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group=group)
    playing = list(play_hosts)
    resolved: dict[str, tuple[list[str], list[str]]] = {}

    def matched(pattern: t.Any) -> tuple[list[str], list[str]]:
        """Those of this play, and all."""
        key = ",".join(map(str, pattern)) if isinstance(pattern, (list, tuple)) else str(pattern or "")
        if key not in resolved:
            every = _matching(inventory, key) if key else []
            resolved[key] = [host for host in playing if host in every], every
        return resolved[key]

    found = {}
    for certificate in certificates:
        if isinstance(certificate, t.Mapping) and isinstance(certificate.get("name"), str):
            validation = certificate.get("validation")
            token_pattern = validation.get("hosts") if isinstance(validation, t.Mapping) else None
            own, every = matched(certificate.get("hosts"))
            serving, every_serving = matched(token_pattern) if token_pattern else (own, every)
            found[certificate["name"]] = {
                "hosts": own,
                "token_hosts": serving,
                "all_hosts": every,
                "all_token_hosts": every_serving,
            }
    return found


def _matching(inventory: InventoryManager, pattern: str) -> list[str]:
    """Without error where none matches, though ``host_pattern_mismatch`` be ``error``: the plan refuses that one."""
    try:
        return list(dict.fromkeys(host.name for host in inventory.get_hosts(pattern=pattern)))
    except AnsibleError:
        return []


def _is_long(said: runs.Said) -> bool:
    return is_packed((said.get("opened") or {}).get("certificates"))


def _handed_on(said: runs.Said, step: str, items: list[t.Any]) -> list[t.Any] | Item:
    """Packed, where the run has many certificates and the step an item for each."""
    return pack(map(settled, items)) if items and step in _LONG_STEPS and _is_long(said) else items


def plan_items(said: runs.Said, hostvars: t.Mapping[str, t.Any], hosts: t.Sequence[str]) -> list[Item] | Item:
    """The items of dcv_plan: the declared certificates with what is live and what is under way."""
    found = inputs.plan_items(inputs.certificates_of(said), inputs.read_run(said, hostvars, hosts))
    return pack(found) if _is_long(said) else found


def work(
    said: runs.Said, step: str, hostvars: t.Mapping[str, t.Any], hosts: t.Sequence[str], host: str | None = None
) -> list[t.Any] | Item:
    """The items of one step's module call."""
    if step == "served":
        return portals.served_items(inputs.certificates_of(said), to_alabel, int(said.get("https_port") or 443))
    if step == "live" and not said.get("advising"):
        return []
    run = inputs.read_run(said, hostvars, hosts, is_central=host is None)
    if step == "look" and host is not None:  # also of a run that is blocked
        return _handed_on(said, step, works.look_names(run, host))
    if step == "live":
        return _handed_on(said, step, live.live_items(run, inputs.certificates_of(said), said.get("advising") or ()))
    if step == "notices":  # also of a run that came to nothing
        return notices.notice_items(run)
    if run.is_blocked and not (step == "contacts" and "plan" not in run.central_broken):
        return []  # only contacts are published without the ledger's word
    if step == "orders":
        run = dataclasses.replace(run, document_roots=inputs.document_roots(run, hostvars))
    if step in _CENTRAL_STEPS:
        return _handed_on(said, step, list(_CENTRAL_STEPS[step](run)))
    if step == "revocations":
        return revoke.revocation_items(run, list(said["names"]), said["revoke_reason"])
    if step == "rollback" and host is not None:
        return works.rollback_items(run, host, list(said["names"]))
    if step in _HOST_STEPS and host is not None:
        return _handed_on(said, step, _HOST_STEPS[step](run, host))
    raise AnsibleFilterError(f"inkan.tls.work: there is no step {step!r} {'of a host' if host else 'without a host'}")


def has_work(said: runs.Said, hostvars: t.Mapping[str, t.Any], hosts: t.Sequence[str]) -> bool:
    """Whether any step after the plan has an item."""
    return gate.has_work(inputs.read_run(said, hostvars, hosts))


def endings(said: runs.Said, hostvars: t.Mapping[str, t.Any], hosts: t.Sequence[str]) -> list[Item] | Item:
    """How the run ended, a certificate at a time."""
    run = inputs.read_run(said, hostvars, hosts)
    found = _ENDINGS[said.get("about") or ""](run)
    undelivered = inputs.why_not_delivered(said.get("notifications"))
    found += [
        outcomes.Ending("a notification", outcomes.Outcome.IN_ORDER, (one,), spoken="not delivered")
        for one in undelivered
    ]
    why = inputs.why_not_written(said.get("report") or ())
    if why:
        found.append(outcomes.Ending("report", outcomes.Outcome.ERROR, (why,)))
    data = [ending.as_data() for ending in found]
    return pack(data) if _is_long(said) else data


def ending_lines(ended: list[Item] | Item, only: t.Sequence[str] | None = None, but: t.Sequence[str] = ()) -> list[str]:
    """The lines of how a run ended: of certain outcomes only, or of all but some."""
    chosen = (one for one in each(ended) if (only is None or one["outcome"] in only) and one["outcome"] not in but)
    return [str(one["line"]) for one in chosen]


def report_data(said: runs.Said, hostvars: t.Mapping[str, t.Any], hosts: t.Sequence[str]) -> str:
    """How everything stands, as certificate_reports takes it: one text, as nobody then walks through all of it."""
    run = inputs.read_run(said, hostvars, hosts)
    planned = said.get("plan")
    load = planned.get("load") if isinstance(planned, t.Mapping) else None
    report = read_report(run, outcomes.endings(run), said.get("names") or (), load)
    undelivered = tuple(escaped(one, 500) for one in inputs.why_not_delivered(said.get("notifications")))
    data = data_of_report(dataclasses.replace(report, undelivered=undelivered))
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def result_names(results: list[Item] | Item) -> list[str]:
    """What the results of a module are about."""
    return [str(one["name"]) for one in each(results)]


def plan_text(planned: Item, output: str = "screen", path: str | None = None) -> str:
    """An answer of dcv_plan in one form. The screen has the top only where all of it stands at ``path``, or nowhere."""
    if output == "json":
        return plan_json(planned)
    page = read_plan(planned, MOST_BLOCKS if output == "screen" else None)
    if output == "markdown":
        return plan_markdown(page)
    if output == "text":
        return plan_page(page)
    if output == "screen":
        where = f"all of them in {path} on the controller" if path else ""
        # the screen shows it as JSON texts: a quotation mark would stand there with a backslash
        return plan_page(page, MOST_BLOCKS, where).replace('"', "'")
    raise AnsibleFilterError(
        f"inkan.tls.plan_text: there is no form {output!r}; there are screen, text, json, markdown"
    )


def without_secrets(
    accounts: t.Mapping[str, t.Mapping[str, t.Any]] | t.Sequence[t.Mapping[str, t.Any]],
) -> dict[str, Item] | list[Item]:
    """CA accounts, DNS services or a list of channels without their secrets: what a module may show."""
    if not isinstance(accounts, t.Mapping):
        return [{key: value for key, value in entry.items() if key != "secrets"} for entry in accounts]
    return {name: {key: value for key, value in entry.items() if key != "secrets"} for name, entry in accounts.items()}


def only_secrets(
    accounts: t.Mapping[str, t.Mapping[str, t.Any]] | t.Sequence[t.Mapping[str, t.Any]],
) -> dict[str, Item]:
    """Name → secrets, for the option that is masked. An empty text is a secret that nobody gave: so a field of a
    credential that was left empty arrives, and an environment variable that is not set."""
    entries = accounts.items() if isinstance(accounts, t.Mapping) else ((str(one.get("name")), one) for one in accounts)
    given = {
        name: {key: value for key, value in entry["secrets"].items() if value != ""}
        for name, entry in entries
        if entry.get("secrets")
    }
    return {name: secrets for name, secrets in given.items() if secrets}


class FilterModule:
    """Ansible's door."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        found: dict[str, t.Callable[..., t.Any]] = {
            "targets": targets,
            "plan_items": _of_a_run(plan_items),
            "work": _of_a_run(_once_a_task(work)),
            "has_work": _of_a_run(has_work),
            "endings": _of_a_run(endings),
            "ending_lines": ending_lines,
            "report_data": _of_a_run(report_data),
            "plan_text": plan_text,
            "result_names": result_names,
            "without_secrets": without_secrets,
            "only_secrets": only_secrets,
        }
        return {name: _in_peace(work) for name, work in found.items()}


Read = t.Callable[..., t.Any]  # of a variable's name, and what is said where there is none


def _accounts_with(adapter: str) -> t.Callable[[Read], list[str]]:
    def found(read: Read) -> list[str]:
        accounts = _accounts(read)
        return [name for name, one in accounts.items() if isinstance(one, t.Mapping) and one.get("adapter") == adapter]

    return found


def _accounts(read: Read) -> dict[str, t.Any]:
    accounts = read("inkan_ca_accounts", {})
    return {str(name): one for name, one in accounts.items()} if isinstance(accounts, t.Mapping) else {}


def _ca_of_accounts(read: Read) -> dict[str, str]:
    """The CAs behind ACME accounts, as dcv_check names them, where they are known."""
    cas = {name: ca_of_account(one) for name, one in _accounts(read).items()}
    return {name: ca for name, ca in cas.items() if ca is not None}


def _named(read: Read) -> list[str]:
    """What the run was confined to; nothing: it is about everything."""
    shard = read("inkan_shard", None)
    return [*(read("inkan_names", None) or ()), *([] if shard is None else [f"shard {shard}"])]


#: Entries of a run that are made of variables; as templates in the vars of a role they would be compiled in each task.
_MADE: t.Mapping[str, t.Callable[[Read], t.Any]] = {
    "names": _named,
    "inventory": lambda read: read("groups", {}).get("all", ()),
    "https_port": lambda read: (read("inkan_sight", None) or {}).get("https_port", 443),
    "portals": _accounts_with("portal"),  # whose orders persons carry to a portal
    "advising": _accounts_with("acme"),  # whose CA may tell when it wants certificates to be renewed
    "ca_of_accounts": _ca_of_accounts,
    "check_mode": lambda read: read("ansible_check_mode", False) or read("__inkan_only_looks", False),
    "report": lambda read: [read("__inkan_report", {}), read("__inkan_plan_file", {})],
}


class _Said(t.Mapping[str, t.Any]):
    """``__inkan_run`` of role plan: what stands in it, what is made of variables, and the variables that it names;
    each is read when it is asked for."""

    def __init__(self, run: Item, variable: t.Callable[[str], t.Any]) -> None:
        self._run = run
        self._variable = variable
        self._names: Item = run.get("variables") or {}

    def __getitem__(self, key: str) -> t.Any:
        if key in self._run:
            return self._run[key]
        return _MADE[key](self._read) if key in _MADE else self._read(self._names[key], {})

    def _read(self, name: str, default: t.Any) -> t.Any:
        found = self._variable(name)
        return default if found is missing else found

    def __iter__(self) -> t.Iterator[str]:
        return iter({**self._names, **_MADE, **self._run})

    def __len__(self) -> int:
        return len({**self._names, **_MADE, **self._run})


#: by step and host, what this process has been asked for
_ASKED: dict[tuple[str, str | None], t.Any] = {}


def _once_a_task(work: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """A task asks for its items twice: whether there are any, and what they are. A worker of Ansible's lives for one
    task, in which nothing changes; a process that no other has started may live for more."""

    @functools.wraps(work)
    def worked(said: runs.Said, step: str, hostvars: Item, hosts: t.Sequence[str], host: str | None = None) -> t.Any:
        if multiprocessing.parent_process() is None:
            return work(said, step, hostvars, hosts, host)
        if (step, host) not in _ASKED:
            _ASKED[step, host] = work(said, step, hostvars, hosts, host)
        return _ASKED[step, host]

    return worked


def _of_a_run(work: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(work)
    def worked(context: Context, said: Item, *given: t.Any, **named: t.Any) -> t.Any:
        return work(_Said(said, context.resolve_or_missing), *given, **named)

    return pass_context(worked)


def _in_peace(work: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(work)
    def worked(*given: t.Any, **named: t.Any) -> t.Any:
        with without_collection():
            made = work(*given, **named)
            if multiprocessing.parent_process() is not None:
                keep_what_is_there()
        return made

    return worked
