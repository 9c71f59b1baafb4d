# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job A, the peers: how each of them issues N certificates, one name each, P-256, by dns-01 or http-01.

Accounts are made before the clock starts, for the peers only. Programs that know one certificate a call are run
PARALLEL at once. Where a tool has no own way to change records, its hook pipes into nsupdate.
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import subprocess
import typing as t

from lab_world import ZONE, Lab, write_script
from measure import Contestant, Finished, SetUp, Timed, clean_environment, needs_success
from peers import PARALLEL, program
from plays_of_bench import inventory, local, playbook, played

MAIL = "bench@example.com"
Pairs = t.Mapping[str, tuple[pathlib.Path, pathlib.Path]]
#: lab, folder, way -> the command that is timed, its environment, where name's certificate and key will be
Ready = tuple[list[str], dict[str, str], t.Callable[[str], tuple[pathlib.Path, pathlib.Path]]]
Prepare = t.Callable[[Lab, pathlib.Path, str], Ready]


def by_program(name: str, prepare: Prepare, number: int, way: str, sleeps: bool, only_once: bool) -> Contestant:
    return Contestant(name, "peer", _set_up(prepare, number, way, sleeps), name, only_once)


def _set_up(prepare: Prepare, number: int, way: str, sleeps: bool) -> SetUp:
    @contextlib.contextmanager
    def set_up(folder: pathlib.Path) -> t.Iterator[list[Timed]]:
        names = [f"c{count:05}" for count in range(number)]
        with Lab(folder / "lab", names, sleeps=sleeps) as lab:
            argv, environment, pair = prepare(lab, folder, way)

            def check(done: Finished) -> None:
                needs_success(done)
                lab.prove_issued({one: pair(one) for one in names})

            yield [Timed(argv, check, environment)]

    return set_up


def at_once(lab: Lab, folder: pathlib.Path, command: str) -> list[str]:
    """A command with {} for the name, PARALLEL processes of it."""
    (folder / "names").write_text("".join(f"{lab.fqdn(name)}\n" for name in lab.names))
    text = f"#!/bin/sh\nexec xargs -P {PARALLEL} -I{{}} {command} < {folder}/names\n"
    return [str(write_script(folder / "at-once", text))]


def ready(folder: pathlib.Path, *argv: str, environment: t.Mapping[str, str] | None = None) -> None:
    """Something that is done before the clock starts."""
    own = {**clean_environment(folder), **(environment or {})}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=own, cwd=folder)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} could not be made ready: {done.stdout[-600:]}{done.stderr[-600:]}")


# lego


def lego(lab: Lab, folder: pathlib.Path, way: str) -> Ready:
    place = folder / "lego"
    environment = {
        "LEGO_CA_CERTIFICATES": str(lab.authority.bundle),
        "RFC2136_NAMESERVER": f"127.0.0.1:{lab.bind.port}",
        "RFC2136_TSIG_KEY": "inkan.",
        "RFC2136_TSIG_ALGORITHM": "hmac-sha256.",
        "RFC2136_TSIG_SECRET": lab.bind.key_secret,
        "RFC2136_POLLING_INTERVAL": "1",
    }
    common = ["lego", "--path", str(place), "--server", lab.pebble.directory_url, "--email", MAIL, "--accept-tos"]
    common += ["--key-type", "ec256"]
    dns = ["--dns", "rfc2136", "--dns.disable-cp", "--dns.resolvers", f"127.0.0.1:{lab.bind.port}"]
    web = ["--http", "--http.webroot", str(lab.nginx.document_root)]
    # an account comes only with a certificate: of a name that is not counted
    ready(folder, *common, *dns, "-d", f"first.{ZONE}", "run", environment=environment)
    command = " ".join([*common, *(dns if way == "dns" else web), "-d", "{}", "run"])
    done = place / "certificates"

    def pair(name: str) -> tuple[pathlib.Path, pathlib.Path]:
        return done / f"{lab.fqdn(name)}.crt", done / f"{lab.fqdn(name)}.key"

    return at_once(lab, folder, command), environment, pair


# uacme

_UACME_HOOK = """\
#!/bin/sh
# $1 begin, done or failed; $2 type; $3 name; $4 token; $5 value
change() {{
    printf 'server 127.0.0.1 {port}\nzone {zone}\nupdate %s _acme-challenge.%s. 60 TXT "%s"\nsend\n' "$1" "$2" "$3" |
        nsupdate -k {tsig}
}}
case "{way}.$2.$1" in
dns.dns-01.begin) change add "$3" "$5" ;;
dns.dns-01.*) change delete "$3" "$5" ;;
http.http-01.begin) printf '%s' "$5" > "{challenges}/$4" ;;
http.http-01.*) rm -f "{challenges}/$4" ;;
*) exit 1 ;;
esac
"""


def uacme(lab: Lab, folder: pathlib.Path, way: str) -> Ready:
    place, url = folder / "uacme", lab.pebble.directory_url
    words = {"port": lab.bind.port, "zone": ZONE, "tsig": lab.tsig, "way": way, "challenges": lab.challenges}
    hook = write_script(folder / "hook", _UACME_HOOK.format(**words))
    trusting = _trusting(lab, folder)
    ready(folder, *trusting, "uacme", "-y", "-c", str(place), "-a", url, "new", MAIL)
    command = f"uacme -y -c {place} -a {url} -h {hook} -t EC -b 256 issue {{}}"

    def pair(name: str) -> tuple[pathlib.Path, pathlib.Path]:
        return place / lab.fqdn(name) / "cert.pem", place / "private" / lab.fqdn(name) / "key.pem"

    return [*trusting, *at_once(lab, folder, command)], {}, pair


def _trusting(lab: Lab, folder: pathlib.Path) -> list[str]:
    """It trusts what the system trusts and knows no other word: in a mount namespace of its own, that is our CA."""
    system = "/etc/ssl/certs/ca-certificates.crt"
    text = f'#!/bin/sh\nmount --bind {lab.authority.bundle} {system} && exec "$@"\n'
    return ["unshare", "-rm", str(write_script(folder / "trusting", text))]


# dehydrated

_DEHYDRATED_HOOK = """\
#!/bin/sh
# $1 what; $2 name; $3 token; $4 value
change() {{
    printf 'server 127.0.0.1 {port}\nzone {zone}\nupdate %s _acme-challenge.%s. 60 TXT "%s"\nsend\n' "$1" "$2" "$3" |
        nsupdate -k {tsig}
}}
case "{way}.$1" in
dns.deploy_challenge) change add "$2" "$4" ;;
dns.clean_challenge) change delete "$2" "$4" ;;
esac
"""


def dehydrated(lab: Lab, folder: pathlib.Path, way: str) -> Ready:
    place = folder / "dehydrated"
    place.mkdir()
    words = {"port": lab.bind.port, "zone": ZONE, "tsig": lab.tsig, "way": way}
    hook = write_script(folder / "hook", _DEHYDRATED_HOOK.format(**words))
    settings = place / "config"
    settings.write_text(
        f'CA="{lab.pebble.directory_url}"\nCHALLENGETYPE="{way}-01"\nBASEDIR="{place}"\nHOOK="{hook}"\n'
        f'WELLKNOWN="{lab.challenges}"\nKEY_ALGO=prime256v1\nCURL_OPTS="--cacert {lab.authority.bundle}"\n'
        f'CONTACT_EMAIL="{MAIL}"\nOCSP_FETCH="no"\n'
    )
    ready(folder, "dehydrated", "-f", str(settings), "--register", "--accept-terms")
    done = place / "certs"

    def pair(name: str) -> tuple[pathlib.Path, pathlib.Path]:
        return done / lab.fqdn(name) / "cert.pem", done / lab.fqdn(name) / "privkey.pem"

    return at_once(lab, folder, f"dehydrated -f {settings} -c --no-lock -d {{}}"), {}, pair


# certbot


def certbot(lab: Lab, folder: pathlib.Path, way: str) -> Ready:
    """It locks its folder: each of PARALLEL lanes has its own, with a copy of the one account."""
    environment = {"REQUESTS_CA_BUNDLE": str(lab.authority.bundle)}
    secrets = folder / "rfc2136.ini"
    secrets.write_text(
        f"dns_rfc2136_server = 127.0.0.1\ndns_rfc2136_port = {lab.bind.port}\ndns_rfc2136_name = inkan\n"
        f"dns_rfc2136_secret = {lab.bind.key_secret}\ndns_rfc2136_algorithm = HMAC-SHA256\n"
    )
    secrets.chmod(0o600)
    dns = f"--dns-rfc2136 --dns-rfc2136-credentials {secrets} --dns-rfc2136-propagation-seconds 0"
    kind = dns if way == "dns" else f"--webroot -w {lab.nginx.document_root}"
    lanes = [folder / f"lane{number}" for number in range(PARALLEL)]
    first = certbot_words(lanes[0], lab)
    ready(folder, *first, "register", "-m", MAIL, "--agree-tos", "--no-eff-email", environment=environment)
    text = "#!/bin/sh\n"
    for number, lane in enumerate(lanes):
        if number:
            shutil.copytree(lanes[0], lane, symlinks=True)
        names = [lab.fqdn(name) for name in lab.names[number::PARALLEL]]
        command = f"{' '.join(certbot_words(lane, lab))} certonly -q {kind} --key-type ecdsa -d $one"
        text += f"for one in {' '.join(names)}; do {command} || exit 1; done &\np{number}=$!\n" if names else ""
    used = min(PARALLEL, len(lab.names))
    text += "".join(f"wait $p{number} || exit 1\n" for number in range(used))

    def pair(name: str) -> tuple[pathlib.Path, pathlib.Path]:
        live = lanes[lab.names.index(name) % PARALLEL] / "config" / "live" / lab.fqdn(name)
        return live / "cert.pem", live / "privkey.pem"

    return [str(write_script(folder / "lanes", text))], environment, pair


def certbot_words(place: pathlib.Path, lab: Lab) -> list[str]:
    folders = ["--config-dir", f"{place}/config", "--work-dir", f"{place}/work", "--logs-dir", f"{place}/logs"]
    return [program("certbot"), "-n", *folders, "--server", lab.pebble.directory_url]


# community.crypto


def community(number: int, way: str, sleeps: bool, only_once: bool) -> Contestant:
    """A host a certificate, so that forks make it parallel; a loop on one host would do them one by one."""

    @contextlib.contextmanager
    def set_up(folder: pathlib.Path) -> t.Iterator[list[Timed]]:
        names = [f"c{count:05}" for count in range(number)]
        done = folder / "done"
        done.mkdir()
        with Lab(folder / "lab", names, sleeps=sleeps) as lab:
            ready(folder, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                  "-out", str(folder / "account.key"))  # fmt: skip
            hosts = inventory(folder, {lab.fqdn(name): local(ours=False) for name in names}, {})
            account = playbook(folder, "account.yml", [_account(lab, folder)], run_once=True)
            before = played(folder, str(account), hosts, lambda _done: None, ours=False)
            ready(folder, *before.argv, environment=before.environment)
            book = playbook(folder, "issue.yml", [*_keys(done), *_acme(lab, folder, done, way)])

            def check(_done: Finished) -> None:
                lab.prove_issued({one: (done / f"{lab.fqdn(one)}.crt", done / f"{lab.fqdn(one)}.key") for one in names})

            yield [played(folder, str(book), hosts, check, ours=False)]

    return Contestant("community.crypto", "peer", set_up, "community.crypto", only_once)


def _of_ca(lab: Lab, folder: pathlib.Path) -> dict[str, t.Any]:
    url = lab.pebble.directory_url
    return {
        "account_key_src": f"{folder}/account.key",
        "acme_directory": url,
        "acme_version": 2,
        "validate_certs": False,
    }


def _account(lab: Lab, folder: pathlib.Path) -> dict[str, t.Any]:
    words = {"state": "present", "terms_agreed": True, "contact": [f"mailto:{MAIL}"], "allow_creation": True}
    return {"name": "Account", "community.crypto.acme_account": {**_of_ca(lab, folder), **words}}


def _keys(done: pathlib.Path) -> list[dict[str, t.Any]]:
    key = {"path": f"{done}/{{{{ inventory_hostname }}}}.key", "type": "ECC", "curve": "secp256r1"}
    csr = {
        "path": f"{done}/{{{{ inventory_hostname }}}}.csr",
        "privatekey_path": f"{done}/{{{{ inventory_hostname }}}}.key",
        "subject_alt_name": "DNS:{{ inventory_hostname }}",
    }
    return [
        {"name": "Key", "community.crypto.openssl_privatekey": key},
        {"name": "CSR", "community.crypto.openssl_csr": csr},
    ]


def _acme(lab: Lab, folder: pathlib.Path, done: pathlib.Path, way: str) -> list[dict[str, t.Any]]:
    order = {
        **_of_ca(lab, folder),
        "csr": f"{done}/{{{{ inventory_hostname }}}}.csr",
        "dest": f"{done}/{{{{ inventory_hostname }}}}.crt",
        "challenge": f"{way}-01",
        "modify_account": False,
    }
    answer = {**order, "data": "{{ order }}"}
    return [
        {"name": "Order", "community.crypto.acme_certificate": order, "register": "order"},
        _token(lab, way, "present"),
        {"name": "Fetch", "community.crypto.acme_certificate": answer},
        _token(lab, way, "absent"),
    ]


def _token(lab: Lab, way: str, state: str) -> dict[str, t.Any]:
    found = f"order.challenge_data[inventory_hostname]['{way}-01']"
    if way == "http":
        path = f"{lab.nginx.document_root}/{{{{ {found}.resource }}}}"
        if state == "absent":
            return {"name": "Remove", "ansible.builtin.file": {"path": path, "state": "absent"}}
        return {"name": "Place", "ansible.builtin.copy": {"dest": path, "content": f"{{{{ {found}.resource_value }}}}"}}
    record = {
        "server": "127.0.0.1",
        "port": lab.bind.port,
        "key_name": "inkan",
        "key_secret": lab.bind.key_secret,
        "key_algorithm": "hmac-sha256",
        "zone": ZONE,
        "record": f"{{{{ {found}.record }}}}.",
        "type": "TXT",
        "ttl": 60,
        "value": f"{{{{ {found}.resource_value }}}}",
        "state": state,
    }
    return {"name": state, "community.general.nsupdate": record}
