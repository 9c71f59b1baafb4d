# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job B: look through N certificates of which none is due, on one host, and over 50 connections.

Proof: afterwards, with the clock stopped, one certificate that is due is planted and the same command runs again; it
must name it, and must not have named it before.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import pathlib
import re
import typing as t

import estate
from issue_peers import MAIL, at_once, certbot_words, ready
from job_floor import PING
from job_issue import variables
from lab_world import ZONE, Lab, labels, write_script
from measure import Case, Contestant, Finished, SetUp, Timed, Unproven, run
from peers import PARALLEL
from plays_of_bench import inventory, is_unchanged, local, playbook, played

SIZES = (100, 1000, 10_000)
HOSTS = 50
CONNECTIONS = 10  # forks over 50 connections, for everybody
PLANTED = 77  # of every size
#: name -> (largest size, from which size on it is run once): what takes minutes for a thousand is not asked for more
LIMITS = {
    "lego": (1000, 1001),
    "openssl": (10_000, 10_001),
    "uacme": (10_000, 10_001),
    "dehydrated": (1000, 1001),
    "community.crypto loop": (1000, 1000),
}

Ready = tuple[Timed, t.Callable[[estate.Pair], None], str]
#: lab, folder, size -> what is timed, how a certificate is laid down, a pattern that names a due one ({name})
Prepare = t.Callable[[Lab, pathlib.Path, int], Ready]


def cases() -> list[Case]:
    found = []
    for size in SIZES:
        title = f"look through {size:,} certificates of one host, none is due"
        found.append(Case(f"B{size}", "B", title, size, _one_host(size)))
    for size in SIZES:
        title = f"look through {size:,} certificates over {HOSTS} connections, none is due"
        found.append(Case(f"B{size}x{HOSTS}", "B", title, size, _many_hosts(size)))
    return found


def _one_host(size: int) -> list[Contestant]:
    found = [PING, _ours("inkan.tls.renew", _renew, size, 1), _ours("certificates_info", _info, size, 1)]
    rows: tuple[tuple[str, str, Prepare], ...] = (
        ("community.crypto filter", "community.crypto", _filter),
        ("community.crypto loop", "community.crypto", _loop),
        ("certbot", "certbot", _certbot),
        ("uacme", "uacme", _uacme),
        ("lego", "lego", _lego),
        ("dehydrated", "dehydrated", _dehydrated),
        ("openssl", "openssl", _openssl),
    )
    for name, peer, prepare in rows:
        most, once = LIMITS.get(name, (max(SIZES), max(SIZES) + 1))
        if size <= most:
            found.append(Contestant(name, "peer", _set_up(prepare, size), peer, size >= once))
    return found


def _many_hosts(size: int) -> list[Contestant]:
    peers = [Contestant("openssl, a shell task a host", "peer", _set_up(_shell, size), "openssl")]
    if size <= 100:
        loop = _set_up(_loop_of_hosts, size)
        peers.append(Contestant("community.crypto loop", "peer", loop, "community.crypto"))
    ours = [_ours("inkan.tls.renew", _renew, size, HOSTS), _ours("certificates_info", _info, size, HOSTS)]
    return [Contestant("50 pings", "floor", _pings), *ours, *peers]


def _ours(name: str, prepare: t.Callable[..., Ready], size: int, hosts: int) -> Contestant:
    return Contestant(name, "ours", _set_up(functools.partial(prepare, hosts=hosts), size))


def _set_up(prepare: Prepare, size: int) -> SetUp:
    @contextlib.contextmanager
    def set_up(folder: pathlib.Path) -> t.Iterator[list[Timed]]:
        with Lab(folder / "lab") as lab:
            timed, lay, pattern = prepare(lab, folder, size)
            for one in estate.pairs(size):
                lay(one)
            name = labels(size)[PLANTED]
            named = re.compile(pattern.format(name=re.escape(name), fqdn=re.escape(f"{name}.{ZONE}")))
            usual = timed.check

            def check(done: Finished) -> None:
                usual(done)
                if named.search(done.text()):
                    raise Unproven(f"it calls {name} due, which is not")
                lay(estate.pair(name, estate.DUE))
                again = run(timed.argv, folder, timed.environment, folder / "proof.log")
                if not named.search(again.text()):
                    raise Unproven(f"it does not see that {name} is due: ...{again.text()[-600:]}")

            yield [Timed(timed.argv, check, timed.environment)]

    return set_up


def _is_ok(done: Finished) -> None:
    if done.status != 0:
        raise Unproven(f"status {done.status}: ...{done.text()[-600:]}")


# Ours


def _host_of(name: str, hosts: int) -> str:
    return f"h{int(name[1:]) % hosts:02}"


def _hosts(folder: pathlib.Path, hosts: int, ours: bool = True) -> dict[str, t.Any]:
    names = sorted({_host_of(f"c{number}", hosts) for number in range(hosts)})
    return {name: {**local(ours), "inkan_store_path": str(folder / "stores" / name)} for name in names}


def _renew(lab: Lab, folder: pathlib.Path, size: int, hosts: int) -> Ready:
    """The whole playbook, which really renews the planted one."""
    declared = [
        {
            "name": name,
            "common_name": lab.fqdn(name),
            "product": "acme",
            "ca_account": "pebble",
            "validation": {"method": "dns-01"},
            "key": {"type": "ecdsa-p256"},
            "hosts": _host_of(name, hosts),
        }
        for name in labels(size)
    ]
    own = {"inkan_certificates": declared, **variables(lab, folder)}
    del own["inkan_store_path"]
    inventory(folder, _hosts(folder, hosts), own)

    def lay(one: estate.Pair) -> None:
        estate.lay_store(folder / "stores" / _host_of(one.name, hosts), one)

    forks = CONNECTIONS if hosts > 1 else PARALLEL
    timed = played(folder, "inkan.tls.renew", folder / "hosts.json", is_unchanged, forks=forks)
    # the planted one is renewed at the CA, and is live when the run ends
    return timed, lay, r'"{name} is live'


def _info(lab: Lab, folder: pathlib.Path, size: int, hosts: int) -> Ready:
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
    words = {"store_path": "{{ inkan_store_path }}", "expiring_before": soon.strftime("%Y-%m-%dT%H:%M:%SZ")}
    show = {"msg": "{{ due.results | map(attribute='name') }}"}
    tasks = [
        {"name": "Look", "inkan.tls.certificates_info": words, "register": "due"},
        {"name": "Show", "ansible.builtin.debug": show},
    ]

    def lay(one: estate.Pair) -> None:
        estate.lay_store(folder / "stores" / _host_of(one.name, hosts), one)

    path = inventory(folder, _hosts(folder, hosts), {})
    forks = CONNECTIONS if hosts > 1 else PARALLEL
    timed = played(folder, str(playbook(folder, "info.yml", tasks)), path, is_unchanged, forks=forks)
    return timed, lay, '"{name}"'


# Peers, on one host


def _filter(_lab: Lab, folder: pathlib.Path, _size: int) -> Ready:
    """One task on the controller: files are read by a lookup, and parsed by a filter."""
    read = "lookup('ansible.builtin.file', path) | community.crypto.x509_certificate_info"
    late = f"({read}).not_after < soon"
    found = "{% if " + late + " %}{% set unused = due.append(path | basename) %}{% endif %}"
    loop = "{% for path in query('ansible.builtin.fileglob', flat ~ '/*.pem') %}" + found + "{% endfor %}"
    text = "{% set due = [] %}" + loop + "{{ due }}"
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)).strftime("%Y%m%d%H%M%SZ")
    tasks = [{"name": "Look", "ansible.builtin.debug": {"msg": text}}]
    book = playbook(folder, "filter.yml", tasks)
    hosts = inventory(folder, {"h00": local(ours=False)}, {"flat": str(folder / "flat"), "soon": soon})
    timed = played(folder, str(book), hosts, is_unchanged, ours=False)
    return timed, functools.partial(estate.lay_flat, folder / "flat"), r"{name}\.pem"


def _look_in_loop(names: str) -> list[dict[str, t.Any]]:
    words = {"path": "{{ flat }}/{{ item }}.pem", "valid_at": {"soon": "+30d"}}
    due = "{{ seen.results | rejectattr('valid_at.soon') | map(attribute='item') }}"
    loop = {"loop": names, "loop_control": {"label": ""}, "no_log": False}
    return [
        {"name": "Look", "community.crypto.x509_certificate_info": words, "register": "seen", **loop},
        {"name": "Show", "ansible.builtin.debug": {"msg": due}},
    ]


def _loop(_lab: Lab, folder: pathlib.Path, size: int) -> Ready:
    book = playbook(folder, "loop.yml", _look_in_loop("{{ names }}"))
    hosts = inventory(folder, {"h00": local(ours=False)}, {"flat": str(folder / "flat"), "names": labels(size)})
    timed = played(folder, str(book), hosts, is_unchanged, ours=False)
    return timed, functools.partial(estate.lay_flat, folder / "flat"), '"{name}"'


def _openssl(lab: Lab, folder: pathlib.Path, size: int) -> Ready:
    lab.names = labels(size)
    look = write_script(
        folder / "look",
        f'#!/bin/sh\nopenssl x509 -checkend 2592000 -noout -in "{folder}/flat/${{1%%.*}}.pem" >/dev/null ||\n'
        '    echo "due $1"\n',
    )
    timed = Timed(at_once(lab, folder, f"{look} {{}}"), _is_ok)
    return timed, functools.partial(estate.lay_flat, folder / "flat"), r"due {fqdn}"


def _uacme(lab: Lab, folder: pathlib.Path, size: int) -> Ready:
    """Status 1 says that nothing was due. The planted one it tries to renew, at a CA that it does not trust."""
    lab.names = labels(size)
    place = folder / "uacme"
    ready(folder, "sh", "-c", f"mkdir -p {place}/private && openssl genrsa -out {place}/private/key.pem 2048")
    command = f"uacme -c {place} -a {lab.pebble.directory_url} -h /bin/false issue {{}}"
    look = write_script(
        folder / "look",
        f'#!/bin/sh\n{command.replace("{}", chr(34) + "$1" + chr(34))} || [ $? = 1 ] || echo "due $1"\n',
    )
    timed = Timed(at_once(lab, folder, f"{look} {{}}"), _is_ok)
    return timed, functools.partial(estate.lay_uacme, place), r"due {fqdn}"


def _lego(lab: Lab, folder: pathlib.Path, size: int) -> Ready:
    lab.names = labels(size)
    place = folder / "lego"
    words = ["lego", "--path", str(place), "--server", lab.pebble.directory_url, "--email", MAIL, "--accept-tos"]
    words += [
        "--key-type",
        "ec256",
        "--dns",
        "rfc2136",
        "--dns.disable-cp",
        "--dns.resolvers",
        f"127.0.0.1:{lab.bind.port}",
    ]
    environment = {
        "LEGO_CA_CERTIFICATES": str(lab.authority.bundle),
        "RFC2136_NAMESERVER": f"127.0.0.1:{lab.bind.port}",
        "RFC2136_TSIG_KEY": "inkan.",
        "RFC2136_TSIG_ALGORITHM": "hmac-sha256.",
        "RFC2136_TSIG_SECRET": lab.bind.key_secret,
    }
    ready(folder, *words, "-d", f"first.{ZONE}", "run", environment=environment)
    command = " ".join([*words, "-d", "{}", "renew", "--days", "30", "--no-random-sleep"])
    timed = Timed(at_once(lab, folder, command), _is_ok, environment)
    return timed, functools.partial(estate.lay_lego, place), r"\[{fqdn}\] acme: Trying renewal"


def _dehydrated(lab: Lab, folder: pathlib.Path, size: int) -> Ready:
    place = folder / "dehydrated"
    place.mkdir()
    settings = place / "config"
    settings.write_text(
        f'CA="{lab.pebble.directory_url}"\nCHALLENGETYPE="http-01"\nBASEDIR="{place}"\nRENEW_DAYS=30\n'
        f'WELLKNOWN="{lab.challenges}"\nKEY_ALGO=prime256v1\nCURL_OPTS="--cacert {lab.authority.bundle}"\n'
        f'CONTACT_EMAIL="{MAIL}"\nOCSP_FETCH="no"\nPRIVATE_KEY_RENEW="no"\n'
    )
    (place / "domains.txt").write_text("".join(f"{name}.{ZONE}\n" for name in labels(size)))
    ready(folder, "dehydrated", "-f", str(settings), "--register", "--accept-terms")
    timed = Timed(["dehydrated", "-f", str(settings), "-c", "--keep-going"], _is_ok)
    pattern = r"Processing {fqdn}\n(?: \+ (?!Valid till)[^\n]*\n)* \+ Valid till [^\n]*\(Less than 30 days"
    return timed, functools.partial(estate.lay_dehydrated, place), pattern


def _certbot(lab: Lab, folder: pathlib.Path, size: int) -> Ready:
    place = folder / "certbot"
    words = certbot_words(place, lab)
    trust = {"REQUESTS_CA_BUNDLE": str(lab.authority.bundle)}
    ready(folder, *words, "register", "-m", MAIL, "--agree-tos", "--no-eff-email", environment=trust)
    account = next((place / "config" / "accounts").glob("*/*/*")).name
    root = str(lab.nginx.document_root)

    def lay(one: estate.Pair) -> None:
        estate.lay_certbot(place / "config", one, lab.pebble.directory_url, account, root)

    timed = Timed([*words, "renew", "--no-random-sleep-on-renew"], _is_ok, trust)
    return timed, lay, r"(?:Renewing an existing certificate for|Failed to renew certificate) {fqdn}"


# Peers, over 50 connections


def _flat_of(folder: pathlib.Path, one: estate.Pair) -> None:
    estate.lay_flat(folder / "flats" / _host_of(one.name, HOSTS), one)


def _flat_hosts(folder: pathlib.Path, size: int) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {}
    for name in labels(size):
        host = _host_of(name, HOSTS)
        own = {**local(ours=False), "flat": str(folder / "flats" / host), "names": []}
        found.setdefault(host, own)["names"].append(name)
    return found


def _shell(_lab: Lab, folder: pathlib.Path, size: int) -> Ready:
    look = "openssl x509 -checkend 2592000 -noout -in $one >/dev/null || echo due $one"
    tasks = [
        {
            "name": "Look",
            "ansible.builtin.shell": f"for one in {{{{ flat }}}}/*.pem; do {look}; done",
            "register": "seen",
            "changed_when": False,
        },
        {"name": "Show", "ansible.builtin.debug": {"msg": "{{ seen.stdout_lines }}"}},
    ]
    hosts = inventory(folder, _flat_hosts(folder, size), {})
    book = str(playbook(folder, "shell.yml", tasks))
    timed = played(folder, book, hosts, is_unchanged, ours=False, forks=CONNECTIONS)
    return timed, functools.partial(_flat_of, folder), r"due \S*{name}\.pem"


def _loop_of_hosts(_lab: Lab, folder: pathlib.Path, size: int) -> Ready:
    hosts = inventory(folder, _flat_hosts(folder, size), {})
    book = str(playbook(folder, "loop.yml", _look_in_loop("{{ names }}")))
    timed = played(folder, book, hosts, is_unchanged, ours=False, forks=CONNECTIONS)
    return timed, functools.partial(_flat_of, folder), '"{name}"'


@contextlib.contextmanager
def _pings(folder: pathlib.Path) -> t.Iterator[list[Timed]]:
    hosts = inventory(folder, {f"h{number:02}": local() for number in range(HOSTS)}, {})
    book = playbook(folder, "ping.yml", [{"name": "Ping", "ansible.builtin.ping": {}}])

    def check(done: Finished) -> None:
        if done.text().count("ok=1") != HOSTS:
            raise Unproven("not every host was pinged")

    yield [played(folder, str(book), hosts, check, forks=CONNECTIONS)]
