# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos KDC (MIT) with a realm of its own, for DNS servers that take GSS-TSIG.

with Kdc(tmp_path / "kdc", {"ns1.example.jp"}) as kdc:
    kdc.environment                             # KRB5_CONFIG, for everybody who is to know the realm
    kdc.keytab("DNS/ns1.example.jp")          # a file with the key of a principal, which is made for it
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import typing as t

from .process import Daemon, answers, free_port, program

REALM = "EXAMPLE.JP"


class Kdc(Daemon):
    def __init__(self, directory: pathlib.Path, hosts: t.Collection[str] = ()) -> None:
        super().__init__(directory)
        self.port = free_port()
        self._hosts = hosts
        self.configuration = self.directory / "krb5.conf"
        self.environment = {
            "KRB5_CONFIG": str(self.configuration),
            "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf"),
            "KRB5RCACHENAME": "none:",  # a file below /var/tmp else, which would stay
        }

    def prepare(self) -> None:
        hosts = "".join(f" {host} = {REALM}\n" for host in self._hosts)
        words = {"realm": REALM, "port": self.port, "directory": self.directory, "hosts": hosts}
        self.configuration.write_text(_CLIENT.format(**words))
        (self.directory / "kdc.conf").write_text(_SERVER.format(**words))
        self._run("kdb5_util", "krb5-kdc", "create", "-s", "-r", REALM, "-P", "no secret in a test")

    def argv(self) -> list[str]:
        return [program("krb5kdc", "krb5-kdc"), "-n", "-r", REALM]

    def is_ready(self) -> bool:
        return answers("127.0.0.1", self.port)

    def keytab(self, principal: str) -> pathlib.Path:
        path = self.directory / f"{principal.replace('/', '_')}.keytab"
        if not path.exists():
            self._kadmin(f"addprinc -randkey {principal}@{REALM}")
            self._kadmin(f"ktadd -k {path} {principal}@{REALM}")
        return path

    def __enter__(self) -> Kdc:
        if self.process is None:
            self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _kadmin(self, command: str) -> None:
        # KDC and database are on this machine: no server of kadmin is needed
        self._run("kadmin.local", "krb5-kdc", "-r", REALM, "-q", command)

    def _run(self, name: str, package: str, *arguments: str) -> None:
        environment = {**os.environ, **self.environment}
        subprocess.run([program(name, package), *arguments], env=environment, check=True, capture_output=True)


_CLIENT = """\
[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{port}
 }}
[domain_realm]
{hosts}"""

_SERVER = """\
[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {directory}/principal
  key_stash_file = {directory}/stash
  acl_file = {directory}/acl
 }}
[logging]
 kdc = FILE:{directory}/kdc.log
"""
