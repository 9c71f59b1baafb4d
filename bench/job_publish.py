# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job C: publish N TXT records in 1 and in 10 zones, a first time and again, and read them back from the server."""

from __future__ import annotations

import contextlib
import functools
import pathlib
import typing as t

from job_floor import PING
from lab_world import Lab, write_script
from measure import Case, Contestant, Finished, SetUp, Timed, Unproven, needs_success
from plays_of_bench import inventory, is_changed, is_unchanged, local, playbook, played

SIZES = (1, 100, 1000)
ZONES = (1, 10)
ONCE_FROM = 1000  # community.general: a module start for each record


class Record(t.NamedTuple):
    zone: str
    name: str
    value: str


def cases() -> list[Case]:
    found = []
    for zones in ZONES:
        for size in SIZES:
            if size < zones:
                continue
            title = f"publish {size:,} TXT record{'s' if size > 1 else ''} in {zones} zone{'s' if zones > 1 else ''}"
            key = f"C{size}" + (f"x{zones}" if zones > 1 else "")
            found.append(Case(key, "C", title, size, _contestants(size, zones)))
    return found


def _contestants(size: int, zones: int) -> list[Contestant]:
    def made(prepare: t.Callable[[Lab, pathlib.Path, list[Record]], list[Timed]]) -> SetUp:
        return functools.partial(_set_up, prepare, size, zones)

    return [
        PING,
        Contestant("dns_tokens", "ours", made(_ours)),
        Contestant("nsupdate batch", "peer", made(_batch), "nsupdate"),
        Contestant("nsupdate batch in a playbook", "peer", made(_batch_in_playbook), "nsupdate"),
        Contestant("community.general loop", "peer", made(_loop), "community.general", size >= ONCE_FROM),
    ]


@contextlib.contextmanager
def _set_up(
    prepare: t.Callable[[Lab, pathlib.Path, list[Record]], list[Timed]], size: int, zones: int, folder: pathlib.Path
) -> t.Iterator[list[Timed]]:
    names = [f"z{number}.example" for number in range(zones)]
    records = [
        Record(names[number % zones], f"_acme-challenge.c{number:05}.{names[number % zones]}", f"value-of-{number:040}")
        for number in range(size)
    ]
    with Lab(folder / "lab", zones=names) as lab:

        def proven(timed: Timed) -> Timed:
            def check(done: Finished) -> None:
                timed.check(done)
                found = {name: value for zone in names for name, value in lab.published(zone).items()}
                if found != {record.name: record.value for record in records}:
                    raise Unproven(f"{len(found)} records are there, of {len(records)}")

            return Timed(timed.argv, check, timed.environment, timed.label)

        yield [proven(timed) for timed in prepare(lab, folder, records)]


def _ours(lab: Lab, folder: pathlib.Path, records: list[Record]) -> list[Timed]:
    """One task. The module reads every record back by itself."""
    services = lab.services()["bind"]
    own = {
        "services": {"bind": {key: services[key] for key in ("service", "settings", "zones")}},
        "service_secrets": {"bind": services["secrets"]},
        "sight": lab.sight(),
        "tokens": [{"name": one.name, "record": one.name, "value": one.value} for one in records],
    }
    words = {"dns_services": "{{ services }}", "secrets": "{{ service_secrets }}", "sight": "{{ sight }}"}
    tasks = [{"name": "Publish", "inkan.tls.dns_tokens": {**words, "tokens": "{{ tokens }}"}}]
    hosts, book = inventory(folder, {"localhost": local()}, own), str(playbook(folder, "publish.yml", tasks))
    first = played(folder, book, hosts, is_changed, label="first run")
    return [first, played(folder, book, hosts, is_unchanged, label="second run")]


def _files_of(lab: Lab, folder: pathlib.Path, records: list[Record]) -> tuple[pathlib.Path, pathlib.Path]:
    """The input of nsupdate, one transaction a zone, and that of dig, which reads back."""
    text = f"server 127.0.0.1 {lab.bind.port}\n"
    for zone in sorted({one.zone for one in records}):
        text += f"zone {zone}\n"
        text += "".join(f'update add {one.name}. 60 TXT "{one.value}"\n' for one in records if one.zone == zone)
        text += "send\n"
    changes, questions = folder / "changes", folder / "questions"
    changes.write_text(text)
    questions.write_text("".join(f"{one.name} TXT\n" for one in records))
    return changes, questions


def _script(lab: Lab, folder: pathlib.Path, records: list[Record]) -> pathlib.Path:
    changes, questions = _files_of(lab, folder, records)
    ask = f"dig @127.0.0.1 -p {lab.bind.port} +short +tcp +keepopen -f {questions}"
    text = (
        f'#!/bin/sh\nset -e\nnsupdate -v -k {lab.tsig} {changes}\n[ "$({ask} | grep -c value-of-)" = {len(records)} ]\n'
    )
    return write_script(folder / "publish", text)


def _batch(lab: Lab, folder: pathlib.Path, records: list[Record]) -> list[Timed]:
    """nsupdate, then dig for every record: a shell script."""
    script = str(_script(lab, folder, records))
    return [Timed([script], needs_success, label=label) for label in ("first run", "second run")]


def _batch_in_playbook(lab: Lab, folder: pathlib.Path, records: list[Record]) -> list[Timed]:
    script = _script(lab, folder, records)
    book = playbook(folder, "publish.yml", [{"name": "Publish", "ansible.builtin.command": str(script)}])
    hosts = inventory(folder, {"h00": local(ours=False)}, {})
    return [
        played(folder, str(book), hosts, lambda _done: None, ours=False, label=label)
        for label in ("first run", "second run")
    ]


def _loop(lab: Lab, folder: pathlib.Path, records: list[Record]) -> list[Timed]:
    words = {
        "server": "127.0.0.1",
        "port": lab.bind.port,
        "key_name": "inkan",
        "key_secret": lab.bind.key_secret,
        "key_algorithm": "hmac-sha256",
        "zone": "{{ item.zone }}",
        "record": "{{ item.name }}.",
        "type": "TXT",
        "ttl": 60,
        "value": "{{ item.value }}",
    }
    loop = {"loop": "{{ records }}", "loop_control": {"label": ""}}
    tasks = [{"name": "Publish", "community.general.nsupdate": words, **loop}]
    hosts = inventory(folder, {"h00": local(ours=False)}, {"records": [one._asdict() for one in records]})
    book = str(playbook(folder, "publish.yml", tasks))
    first = played(folder, book, hosts, is_changed, ours=False, label="first run")
    return [first, played(folder, book, hosts, is_unchanged, ours=False, label="second run")]
