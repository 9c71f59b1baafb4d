# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""An IMAP mailbox (RFC 3501/9051), read-only: EXAMINE and BODY.PEEK, letters named by UIDVALIDITY and UID.

    settings: {host: mail.example.jp, user: certs@example.jp, folders: [INBOX, Junk]}
    secrets: {password: …}  or  {access_token: …}: SASL XOAUTH2, as Microsoft 365 and Google want it (awx-and-mail 3.4);
    with the setting oauth2 the token is fetched (``oauth``)

The connection is TLS with a verified certificate, from its first byte (port 993) or from STARTTLS on:
there is no other way.
Letters are sought by day only, for servers differ on everything else (awx-and-mail 3.3), and chosen here.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import contextlib
import imaplib
import re
import socket
import ssl
import threading
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import (
    BugError,
    DeadlineError,
    InkanError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Clock
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped, mask
from ansible_collections.inkan.tls.plugins.module_utils._mail.contract import (
    MAX_LETTER,
    MAX_LETTERS,
    Letter,
    MailboxConfig,
)
from ansible_collections.inkan.tls.plugins.module_utils._mail.oauth import oauth_errors, secret_of

_SETTINGS = ("host", "port", "tls", "user", "folders", "ca_bundle", "oauth2")
_PORTS = {"implicit": 993, "starttls": 143}
_SECRETS = ("password", "access_token")
_SIZES_AT_ONCE = 500
_UIDVALIDITY = re.compile(rb"[0-9]{1,10}")
_META = re.compile(rb"RFC822\.SIZE (\d{1,19})")
_UID = re.compile(rb"UID (\d{1,10})")
#: RFC 3501 §2.3.3; not by the names of months, which the process's locale may change
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_INTERNALDATE = re.compile(
    rb'INTERNALDATE "([ 0-3]\d)-(' + "|".join(_MONTHS).encode() + rb')-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"'
)


class _Found(t.NamedTuple):
    uid: int
    size: int
    received_at: datetime


def settings_errors(config: MailboxConfig) -> list[str]:
    settings, errors = config.settings, []
    errors += [
        f"settings.{key} is unknown; there are {', '.join(_SETTINGS)}" for key in sorted(set(settings) - set(_SETTINGS))
    ]
    for key in ("host", "user"):
        if not _is_word(settings.get(key)):
            errors.append(f"settings.{key} is needed, a text without blanks")
    if settings.get("tls", "implicit") not in tuple(_PORTS):
        errors.append("settings.tls must be implicit or starttls")
    port = settings.get("port")
    if port is not None and (not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536):
        errors.append("settings.port must be a number from 1 to 65535")
    folders = settings.get("folders", ["INBOX"])
    if not isinstance(folders, list) or not folders or not all(_is_folder(folder) for folder in folders):
        errors.append("settings.folders must be a list of names of folders")
    given = sorted(config.secrets)
    wanted: tuple[str, ...] = _SECRETS
    if "oauth2" in settings:
        errors += oauth_errors(settings["oauth2"])
        wanted = (secret_of(settings["oauth2"]),) if isinstance(settings["oauth2"], dict) else ()
    if len(given) != 1 or given[0] not in wanted:
        errors.append(f"secrets must hold {'either ' if len(wanted) > 1 else ''}{' or '.join(wanted)}")
    elif given[0] != "private_key" and not config.secrets[given[0]].isprintable():
        errors.append(f"secrets.{given[0]} must be one line")
    return errors


def _is_word(value: t.Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 254 and value.isprintable() and " " not in value


def _is_folder(value: t.Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 254 and value.isprintable()


class ImapMailbox:
    def __init__(self, config: MailboxConfig, clock: Clock, *, deadline: float) -> None:
        """deadline: seconds from now for everything together."""
        settings = config.settings
        self._host: str = settings["host"]
        self._tls: str = settings.get("tls", "implicit")
        self._port: int = settings.get("port") or _PORTS[self._tls]
        self._user: str = settings["user"]
        self._folders: list[str] = settings.get("folders", ["INBOX"])
        self._ca_bundle: str | None = settings.get("ca_bundle")
        self._secrets = config.secrets
        self._clock, self._until, self._seconds = clock, clock.monotonic() + deadline, deadline
        self._connection: imaplib.IMAP4 | None = None
        self._line: imaplib.IMAP4 | None = None  # known before it is greeted
        self._hung_up = False
        self._timer = threading.Timer(deadline, self._hang_up)
        self._timer.daemon = True

    @property
    def _where(self) -> str:
        return f"{self._user} at {self._host}:{self._port}"

    def __enter__(self) -> ImapMailbox:
        self._timer.start()
        try:
            with self._told("reach the mailbox"):
                self._connection = self._connected()
            with self._told("log in to the mailbox"):
                self._log_in()
        except BaseException:
            self._timer.cancel()
            raise
        return self

    def __exit__(self, *_reason: object) -> None:
        self._timer.cancel()
        if self._connection is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self._connection.sock.settimeout(2.0)
                self._connection.logout()

    def letters(self, *, since: datetime, known: t.Collection[str] = ()) -> t.Iterator[Letter]:
        for folder in self._folders:
            with self._told(f"read the folder {folder}"):
                validity = self._examined(folder)
                found = [one for one in self._found(since) if one.received_at >= since][-MAX_LETTERS:]
            for one in found:
                name = f"{folder};UIDVALIDITY={validity};UID={one.uid}"
                if name in known:
                    continue
                with self._told(f"read a letter of {folder}"):
                    raw = self._raw(one.uid)
                if raw is not None:
                    yield Letter(name, raw, one.received_at, one.size > MAX_LETTER or len(raw) >= MAX_LETTER)

    # --- the connection --------------------------------------------------------------------------------------------

    def _connected(self) -> imaplib.IMAP4:
        context = ssl.create_default_context(cafile=self._ca_bundle)
        if self._tls == "implicit":
            return _BoundedTls(self._opened, self._host, self._port, ssl_context=context, timeout=self._left())
        connection = _Bounded(self._opened, self._host, self._port, timeout=self._left())
        connection.starttls(ssl_context=context)
        return connection

    def _opened(self, line: imaplib.IMAP4) -> None:
        self._line = line

    def _hang_up(self) -> None:
        """Each read has its own limit in imaplib; a server that drips would never reach one."""
        self._hung_up = True
        sock = getattr(self._line, "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _log_in(self) -> None:
        connection = self._open()
        token = self._secrets.get("access_token")
        try:
            if token is not None:
                answer = f"user={self._user}\1auth=Bearer {token}\1\1".encode()
                connection.authenticate("XOAUTH2", lambda challenge: b"" if challenge else answer)
            elif "AUTH=PLAIN" in connection.capabilities:
                plain = f"\0{self._user}\0{self._secrets['password']}".encode()
                connection.authenticate("PLAIN", lambda _challenge: plain)
            else:
                connection.login(self._user, self._secrets["password"])
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise RefusedError(
                code="mailbox_login_refused",
                what="Cannot log in to the mailbox",
                where=self._where,
                why=self._clean(error),
                todo="Correct user and secret of the mailbox; Microsoft 365 and Google take an access token only",
            ) from None

    def _open(self) -> imaplib.IMAP4:
        if self._connection is None:
            raise BugError(code="mailbox_not_open", what="A mailbox is read before it is open", where=self._where)
        self._connection.sock.settimeout(self._left())
        return self._connection

    def _left(self) -> float:
        left = self._until - self._clock.monotonic()
        if left <= 0:
            raise self._too_late()
        return left

    def _too_late(self) -> DeadlineError:
        return DeadlineError(
            code="mailbox_deadline",
            what="The mailbox was not read in time",
            where=self._where,
            why=f"{self._seconds:g} seconds are up",
            todo="Run again, or give the run more time",
        )

    @contextlib.contextmanager
    def _told(self, what: str) -> t.Iterator[None]:
        try:
            yield
        except InkanError:
            raise
        except (imaplib.IMAP4.error, ValueError, OverflowError, OSError) as error:
            raise (self._too_late() if self._hung_up else self._failed(what, error)) from None

    def _failed(self, what: str, error: Exception) -> InkanError:
        if isinstance(error, ssl.SSLError):
            todo = "Correct settings.host, settings.tls or settings.ca_bundle"
            return self._failure("mailbox_tls", what, error, todo)
        if isinstance(error, imaplib.IMAP4.abort):
            return self._failure("mailbox_lost", what, error, "Run again")
        if isinstance(error, (imaplib.IMAP4.error, ValueError, OverflowError)):
            return self._malformed(self._clean(error))
        # time-outs, too
        return self._failure("mailbox_unreachable", what, error, "See whether the server can be reached")

    def _failure(self, code: str, what: str, error: Exception, todo: str) -> TransportError:
        return TransportError(
            code=code, what=f"Cannot {what}", where=self._where, why=self._clean(error), todo=todo, sent=False
        )

    def _clean(self, error: Exception) -> str:
        """A server may send back what we sent, quoted as we sent it. imaplib hands bytes on: str() would quote more."""
        told = (one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in error.args)
        return escaped(mask(" ".join(told), self._secrets.values()) or type(error).__name__, 300)

    # --- one folder ------------------------------------------------------------------------------------------------

    def _examined(self, folder: str) -> int:
        connection = self._open()
        status, data = connection.select(_quoted(folder), readonly=True)
        if status != "OK":
            raise RefusedError(
                code="mailbox_folder_missing",
                what=f'Cannot read the folder "{escaped(folder, 80)}"',
                where=self._where,
                why=escaped(_text(data), 200),
                todo="Correct settings.folders of the mailbox",
            )
        _status, validity = connection.response("UIDVALIDITY")
        found = validity[0] if validity else None
        if not isinstance(found, bytes) or not _UIDVALIDITY.fullmatch(found):
            raise self._malformed("the folder has no UIDVALIDITY")
        return int(found)

    def _found(self, since: datetime) -> list[_Found]:
        """The server compares days of its own zone: a day more is asked for."""
        day = since.astimezone(timezone.utc) - timedelta(days=1)
        _status, data = self._open().uid("SEARCH", "SINCE", f"{day.day:02}-{_MONTHS[day.month - 1]}-{day.year:04}")
        said = data[0] if data else None
        words = said.split() if isinstance(said, bytes) else [] if said is None else [b"a literal"]
        if not all(_UIDVALIDITY.fullmatch(word) for word in words):
            raise self._malformed("a search was answered with something else than numbers")
        uids = sorted(map(int, words))[-2 * MAX_LETTERS :]
        found: list[_Found] = []
        for first in range(0, len(uids), _SIZES_AT_ONCE):
            found += self._measured(uids[first : first + _SIZES_AT_ONCE])
        return sorted(found, key=lambda one: (one.received_at, one.uid))

    def _measured(self, uids: t.Sequence[int]) -> t.Iterator[_Found]:
        asked = set(uids)
        _status, data = self._open().uid("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE INTERNALDATE)")
        for line in data:
            if not isinstance(line, bytes):
                continue
            uid, size, when = _UID.search(line), _META.search(line), _INTERNALDATE.search(line)
            if uid and size and when and int(uid[1]) in asked:
                yield _Found(int(uid[1]), int(size[1]), _moment(when))

    def _raw(self, uid: int) -> bytes | None:
        """None: it was removed meanwhile."""
        _status, data = self._open().uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{MAX_LETTER}>)")
        bodies = [part[1] for part in data if isinstance(part, tuple) and len(part) == 2]
        return bodies[0] if bodies else None

    def _malformed(self, why: str) -> ProtocolError:
        return ProtocolError(
            code="mailbox_malformed",
            what="The mailbox gave an answer that cannot be",
            where=self._where,
            why=why,
            todo="See whether an IMAP server answers there",
        )


_Opened = t.Callable[[imaplib.IMAP4], None]


class _Bounded(imaplib.IMAP4):
    """A server may announce any size of a literal, and the library would read it all.

    opened: is told of the connection before the greeting is read.
    """

    def __init__(self, opened: _Opened, *words: t.Any, **more: t.Any) -> None:
        self._opened = opened
        super().__init__(*words, **more)

    def open(self, *words: t.Any, **more: t.Any) -> None:
        super().open(*words, **more)
        self._opened(self)

    def read(self, size: int) -> bytes:
        if size > 2 * MAX_LETTER:
            raise self.error(f"the server announces {size} bytes where {MAX_LETTER} were asked for")
        return super().read(size)


class _BoundedTls(imaplib.IMAP4_SSL):
    def __init__(self, opened: _Opened, *words: t.Any, **more: t.Any) -> None:
        self._opened = opened
        super().__init__(*words, **more)

    def open(self, *words: t.Any, **more: t.Any) -> None:
        super().open(*words, **more)
        self._opened(self)

    def read(self, size: int) -> bytes:
        if size > 2 * MAX_LETTER:
            raise self.error(f"the server announces {size} bytes where {MAX_LETTER} were asked for")
        return super().read(size)


def _moment(found: re.Match[bytes]) -> datetime:
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = (part.decode() for part in found.groups())
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes)) * (-1 if sign == "-" else 1)
    clock = (int(hour), int(minute), int(second))
    local = datetime(int(year), _MONTHS.index(month) + 1, int(day), *clock, tzinfo=timezone(offset))
    return local.astimezone(timezone.utc)


def _text(data: t.Sequence[t.Any]) -> str:
    return b" ".join(part for part in data if isinstance(part, bytes)).decode("utf-8", "replace")


def _quoted(folder: str) -> str:
    """A quoted string of IMAP, in its modified UTF-7 (RFC 3501 §5.1.3)."""
    return '"' + utf7(folder).replace("\\", "\\\\").replace('"', '\\"') + '"'


def utf7(text: str) -> str:
    """``&`` opens base64 of UTF-16, with a comma for the slash, and ``-`` closes it; a lone ``&`` is ``&-``."""
    return re.sub(r"&|[^\x20-\x7e]+", lambda found: "&-" if found[0] == "&" else f"&{_base64(found[0])}-", text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
