# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dovecot over Maildirs: IMAP with STARTTLS, and IMAPS. Its certificate is for localhost, not for 127.0.0.1.

It refuses to work as root, so it then runs as somebody harmless; ``directory`` must be a place that all may enter.
"""

from __future__ import annotations

import os
import pathlib
import pwd
import signal
import subprocess

from .pki import Authority
from .process import Daemon, answers, free_port, program

PASSWORD = 'pass word\\"１２３'
_HARMLESS = "man"
_CONFIGURATION = """\
base_dir = {d}/run
state_dir = {d}/run
log_path = {d}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = {mechanisms}
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
mail_location = maildir:{d}/mail/%u/Maildir
first_valid_uid = 1
namespace inbox {{
  inbox = yes
}}
{oauth}
passdb {{
  driver = passwd-file
  args = {d}/passwd
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={d}/mail/%u
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
"""


_OAUTH = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {d}/oauth2.ext
}}
"""
_OAUTH_EXT = """\
introspection_url = {url}
introspection_mode = post
username_attribute = username
active_attribute = active
active_value = true
"""


class Dovecot(Daemon):
    stop_signal = signal.SIGTERM

    def __init__(
        self, directory: pathlib.Path, users: tuple[str, ...] = ("certs",), introspection_url: str = ""
    ) -> None:
        """introspection_url: who is asked about access tokens; without one there is no XOAUTH2."""
        super().__init__(directory)
        self._introspection_url = introspection_url
        self.users = users
        self.imap_port, self.imaps_port = free_port(), free_port()
        self.authority = Authority(self.directory / "pki")
        self._account = pwd.getpwnam(_HARMLESS) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    def maildir(self, user: str = "certs", folder: str = "") -> pathlib.Path:
        """folder: as on the disk, in the UTF-7 of IMAP."""
        return self.directory / "mail" / user / "Maildir" / (f".{folder}" if folder else "")

    def prepare(self) -> None:
        certificate, key = self.authority.server("localhost", ("127.0.0.9",))
        (self.directory / "run").mkdir(exist_ok=True)
        for user in self.users:
            for name in ("new", "cur", "tmp"):
                (self.maildir(user) / name).mkdir(parents=True, exist_ok=True)
        lines = [f"{user}:{{PLAIN}}{PASSWORD}::::::" for user in self.users]
        (self.directory / "passwd").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.directory / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                d=self.directory,
                certificate=certificate,
                key=key,
                user=self._account.pw_name,
                group=self._account.pw_name,
                imap=self.imap_port,
                imaps=self.imaps_port,
                mechanisms="plain login" + (" xoauth2 oauthbearer" if self._introspection_url else ""),
                oauth=_OAUTH.format(d=self.directory) if self._introspection_url else "",
            )
        )
        if self._introspection_url:
            (self.directory / "oauth2.ext").write_text(_OAUTH_EXT.format(url=self._introspection_url))
        self.directory.chmod(0o755)
        self.give(self.directory)

    def give(self, path: pathlib.Path) -> None:
        """Everything below belongs to who runs the server."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{self._account.pw_uid}:{self._account.pw_gid}", str(path)], check=True)

    def argv(self) -> list[str]:
        binary = [program("dovecot", "dovecot-imapd"), "-F", "-c", str(self.directory / "dovecot.conf")]
        ids = [f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}", "--clear-groups"]
        return ["setpriv", *ids, *binary] if os.geteuid() == 0 else binary

    def is_ready(self) -> bool:
        return answers("127.0.0.1", self.imap_port) and answers("127.0.0.1", self.imaps_port)

    def deliver(self, name: str, text: bytes, user: str = "certs", folder: str = "") -> pathlib.Path:
        place = self.maildir(user, folder)
        for below in ("new", "cur", "tmp"):
            (place / below).mkdir(parents=True, exist_ok=True)
        letter = place / "new" / name
        letter.write_bytes(text)
        self.give(place)
        return letter

    def flags(self, user: str = "certs") -> list[str]:
        """Of letters that some client has seen or changed."""
        return [path.name.partition(":2,")[2] for path in (self.maildir(user) / "cur").iterdir()]
