# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job A: issue N certificates by dns-01 and by http-01; A2: ten at a CA that takes up to 2 s to validate each."""

from __future__ import annotations

import contextlib
import functools
import pathlib
import sys
import typing as t

import issue_peers
import only_work
from job_floor import PING
from lab_world import ZONE, Lab, labels
from measure import Case, Contestant, Finished, Timed, Unproven, needs_success
from plays_of_bench import inventory, local, playbook, played

PROGRAMS: tuple[tuple[str, issue_peers.Prepare], ...] = (
    ("uacme", issue_peers.uacme),
    ("lego", issue_peers.lego),
    ("certbot", issue_peers.certbot),
    ("dehydrated", issue_peers.dehydrated),
)
SIZES = (1, 10, 50, 200)
IN_TURN = (10, 50, 200, 1000)  # ours only, in one case: what one more costs, at the same speed of the machine
TASKS = 28  # of inkan.tls.issue where something is due, skipped ones too: each is a process of Ansible's
ONCE_FROM = {"community.crypto": 200}  # what takes minutes is run once from this size on


def cases() -> list[Case]:
    found = [_case("A", size, way) for size in SIZES for way in ("dns", "http")]
    found.append(_sizes_in_turn())
    slow = "issue 10 certificates by dns-01 at a CA that takes up to 2 s for each"
    return [*found, Case("A2", "A2", slow, 10, _contestants(10, "dns", True))]


def _case(job: str, size: int, way: str) -> Case:
    title = f"issue {size:,} certificate{'s' if size > 1 else ''} by {way}-01"
    return Case(f"{job}{size}-{way}", job, title, size, _contestants(size, way, False))


def _sizes_in_turn() -> Case:
    sized = [
        one._replace(name=f"{one.name}, {size:,}", size=size)
        for size in IN_TURN
        for one in [_only_work_of(size, "dns", False), *_ours(size, "dns", False)]
    ]
    largest = IN_TURN[-1]
    title = f"issue {', '.join(f'{size:,}' for size in IN_TURN[:-1])} and {largest:,} certificates by dns-01, in turn"
    return Case("Asizes-dns", "A", title, largest, [*_idle(), *sized])


def _contestants(size: int, way: str, sleeps: bool) -> list[Contestant]:
    peers = [
        issue_peers.by_program(name, prepare, size, way, sleeps, size >= ONCE_FROM.get(name, size + 1))
        for name, prepare in PROGRAMS
    ]
    peers.append(issue_peers.community(size, way, sleeps, size >= ONCE_FROM["community.crypto"]))
    return [*_floors(size, way, sleeps), *_ours(size, way, sleeps), *peers]


def _floors(size: int, way: str, sleeps: bool) -> list[Contestant]:
    """A task start, as many of them as the playbook has, and what the CA and the name server take whoever asks them."""
    return [*_idle(), _only_work_of(size, way, sleeps)]


def _idle() -> list[Contestant]:
    return [PING, Contestant(f"playbook with {TASKS} tasks that do nothing", "floor", _idle_tasks)]


def _only_work_of(size: int, way: str, sleeps: bool) -> Contestant:
    set_up = functools.partial(_only_work, size=size, way=way, sleeps=sleeps)
    return Contestant("one process with only the work", "floor", set_up)


@contextlib.contextmanager
def _idle_tasks(folder: pathlib.Path) -> t.Iterator[list[Timed]]:
    def check(done: Finished) -> None:
        if f"ok={TASKS} " not in done.text():
            raise Unproven(f"there were not {TASKS} tasks")

    task = {"name": "Nothing", "ansible.builtin.debug": {"msg": "nothing"}}
    book = playbook(folder, "idle.yml", [task] * TASKS)
    yield [played(folder, str(book), inventory(folder, {"host": local()}, {}), check)]


@contextlib.contextmanager
def _only_work(folder: pathlib.Path, size: int, way: str, sleeps: bool) -> t.Iterator[list[Timed]]:
    with Lab(folder / "lab", labels(size), sleeps=sleeps) as lab:
        argv = [sys.executable, only_work.__file__, lab.pebble.directory_url, str(lab.authority.bundle)]
        argv += [ZONE, str(folder / "store"), str(size), way]
        argv += [str(lab.bind.port), lab.bind.key_secret] if way == "dns" else [str(lab.challenges)]

        def check(done: Finished) -> None:
            needs_success(done)
            prove(lab, folder)

        yield [Timed(argv, check)]


def _ours(size: int, way: str, sleeps: bool) -> list[Contestant]:
    given = {"size": size, "way": way, "sleeps": sleeps}
    return [
        Contestant("inkan.tls.issue", "ours", functools.partial(whole, **given)),
        Contestant("seven tasks of inkan.tls", "ours", functools.partial(_modules, **given)),
    ]


def certificates(lab: Lab, way: str) -> list[dict[str, t.Any]]:
    validation = {"method": f"{way}-01"}
    if way == "http":
        validation.update(document_root=str(lab.nginx.document_root))
    return [
        {
            "name": name,
            "common_name": lab.fqdn(name),
            "product": "acme",
            "ca_account": "pebble",
            "validation": validation,
            "key": {"type": "ecdsa-p256"},
            "hosts": "web1",
        }
        for name in lab.names
    ]


def variables(lab: Lab, folder: pathlib.Path) -> dict[str, t.Any]:
    return {
        "inkan_ca_accounts": lab.accounts(),
        "inkan_dns_services": lab.services(),
        "inkan_sight": lab.sight(),
        "inkan_store_path": str(folder / "store"),
        "inkan_ledger_path": str(folder / "ledger" / "ledger.sqlite3"),
        "inkan_ledger_python": local()["ansible_python_interpreter"],
        "inkan_ledger_durable": True,
        "inkan_deadline": 300,
    }


def prove(lab: Lab, folder: pathlib.Path) -> None:
    lives = {name: folder / "store" / name / "live" for name in lab.names}
    lab.prove_issued({name: (live / "cert.pem", live / "privkey.pem") for name, live in lives.items()})


@contextlib.contextmanager
def whole(folder: pathlib.Path, size: int, way: str, sleeps: bool) -> t.Iterator[list[Timed]]:
    """The playbook with all its roles: it plans, looks as the CA looks, deploys, proves, keeps a ledger."""
    with Lab(folder / "lab", labels(size), sleeps=sleeps) as lab:
        own = {"inkan_certificates": certificates(lab, way), **variables(lab, folder)}
        hosts = inventory(folder, {"web1": local()}, own)

        def check(done: Finished) -> None:
            prove(lab, folder)
            if done.text().count("TASK [") != TASKS:  # the floor beside it would be another one
                raise Unproven(f"there were {done.text().count('TASK [')} tasks, not {TASKS}")

        yield [played(folder, "inkan.tls.issue", hosts, check)]


@contextlib.contextmanager
def _modules(folder: pathlib.Path, size: int, way: str, sleeps: bool) -> t.Iterator[list[Timed]]:
    """The modules in a playbook without any role: keys, orders, tokens, certificates, deployment, tokens again."""
    with Lab(folder / "lab", labels(size), sleeps=sleeps) as lab:
        accounts, services = lab.accounts()["pebble"], lab.services()["bind"]
        own = {
            "certificates": certificates(lab, way),
            "way": f"{way}-01",
            "accounts": {"pebble": {"adapter": "acme", "settings": accounts["settings"]}},
            "services": {"bind": {key: services[key] for key in ("service", "settings", "zones")}},
            "service_secrets": {"bind": services["secrets"]},
            "sight": lab.sight(),
            "store": str(folder / "store"),
            "ledger": str(folder / "ledger.sqlite3"),
            "root": str(lab.nginx.document_root),
        }
        hosts = inventory(folder, {"web1": local()}, own)
        book = playbook(folder, "modules.yml", _tasks(way))

        def check(_done: Finished) -> None:
            prove(lab, folder)

        yield [played(folder, str(book), hosts, check)]


def _each(items: str, template: str) -> str:
    """A Jinja list: the template for each ``one`` of items."""
    body = f"{{% for one in {items} %}}{{% set unused = found.append({template}) %}}{{% endfor %}}"
    return f"{{% set found = [] %}}{body}{{{{ found }}}}"


def _tasks(way: str) -> list[dict[str, t.Any]]:
    order = (
        "{'name': one.name, 'ca_account': 'pebble', 'dns_names': [one.name ~ '.example.test'], 'method': way,"
        " 'csr': one.csr, 'public_key_sha256': one.public_key_sha256, 'custodian': 'web1', 'hosts': ['web1']}"
    )
    deployment = (
        "{'name': one.name, 'certificate': one.certificate, 'chain': one.chain,"
        " 'public_key_sha256': one.public_key_sha256, 'dns_names': [one.name ~ '.example.test']}"
    )
    request = "{'name': one.name, 'common_name': one.common_name, 'key': one.key}"
    at_ca = {"ca_accounts": "{{ accounts }}", "ledger_path": "{{ ledger }}", "ledger_durable": True, "deadline": 300}
    keys = {"store_path": "{{ store }}", "certificates": _each("certificates", request)}
    verified = {"state": "verify", "store_path": "{{ store }}", "certificates": _each("issued.results", deployment)}
    live = {"state": "switch", "store_path": "{{ store }}", "certificates": _each("issued.results", deployment)}
    wanted = {**at_ca, "until": "wanted", "certificates": _each("requests.results", order)}
    answered = {**at_ca, "certificates": _each("orders.results", "{'name': one.name, 'visible': true}")}
    return [
        {"name": "Keys", "inkan.tls.certificate_requests": keys, "register": "requests"},
        {"name": "Order", "inkan.tls.certificate_orders": wanted, "register": "orders"},
        _tokens(way, "present"),
        {"name": "Fetch", "inkan.tls.certificate_orders": answered, "register": "issued"},
        {"name": "Verify", "inkan.tls.certificate_deployments": verified},
        {"name": "Deploy", "inkan.tls.certificate_deployments": live},
        _tokens(way, "absent"),
    ]


def _tokens(way: str, state: str) -> dict[str, t.Any]:
    if way == "dns":
        items = "orders.results | map(attribute='wanted.records') | flatten"
        template = "{'name': one.id, 'record': one.name, 'value': one.value, 'ttl': one.ttl}"
        reach = {"dns_services": "{{ services }}", "secrets": "{{ service_secrets }}", "sight": "{{ sight }}"}
        return {"name": state, "inkan.tls.dns_tokens": {"state": state, **reach, "tokens": _each(items, template)}}
    items = "orders.results | map(attribute='wanted.files') | flatten"
    template = "{'name': one.id, 'document_root': root, 'path': one.path, 'content': one.content}"
    return {"name": state, "inkan.tls.file_tokens": {"state": state, "tokens": _each(items, template)}}
