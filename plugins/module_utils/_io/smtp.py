# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One mail to one's own mail server (RFC 5321; submission, RFC 6409), and what came of it.

TLS is verified, from the first byte (port 465) or from STARTTLS on (port 587); a server that does not offer STARTTLS
gets neither password nor mail. Without TLS only on loopback, which ``_core/channels`` sees to.

    after the message's end     no answer: it may have been taken (doubtful)
    before it                   it surely was not
    some recipients refused     the others have it; it is tried again for those alone that were refused for now (4xx)

This file is private to the collection.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.channels import Channel
from ansible_collections.inkan.tls.plugins.module_utils._core.delivery import NotDelivered

_MOST_WORDS = 200


def send(channel: Channel, mail: bytes, recipients: t.Sequence[str], *, timeout: float) -> None:
    """Delivered to all when it returns, else NotDelivered. timeout: seconds for everything together."""
    with _told() as progress, contextlib.ExitStack() as stack:
        server = _connected(channel, timeout, stack)
        _log_in(server, channel)
        left = _handed_over(server, channel.settings["from"], recipients, mail, progress)
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()
    if left:
        words = "; ".join(f"{address}: {_words(*why)}" for address, why in left.items())
        for_now = tuple(address for address, (code, _said) in left.items() if code < 500)
        raise NotDelivered(
            f"the others have it, but not {words}", left=for_now, is_partial=True, is_refused=not for_now
        )


class _Progress:
    """is_sent: the whole mail may have left."""

    is_sent = False


def _connected(channel: Channel, timeout: float, stack: contextlib.ExitStack) -> smtplib.SMTP:
    settings = channel.settings
    host, port, tls = settings["host"], settings["port"], settings["tls"]
    context = _context(settings.get("ca_bundle")) if tls != "none" else None
    server: smtplib.SMTP
    if tls == "implicit":
        server = smtplib.SMTP_SSL(local_hostname=_own_name(), timeout=timeout, context=context)
    else:
        server = smtplib.SMTP(local_hostname=_own_name(), timeout=timeout)
    # what the certificate is verified against; the constructor would set it, and connect at once
    server._host = host  # type: ignore[attr-defined]
    stack.callback(server.close)
    stack.enter_context(_ending(server, timeout))
    server.connect(host, port)
    server.ehlo_or_helo_if_needed()
    if tls == "starttls":
        if not server.has_extn("starttls"):
            raise NotDelivered("the server offers no STARTTLS, and nothing is sent in clear", is_refused=True)
        server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
    return server


def _own_name() -> str:
    """For EHLO, without asking DNS for it, which may take longer than all the rest (a literal: RFC 5321 §4.1.3)."""
    name = socket.gethostname()
    return name if "." in name.strip(".") else "[127.0.0.1]"


@contextlib.contextmanager
def _ending(server: smtplib.SMTP, timeout: float) -> t.Iterator[None]:
    """Each read has its own limit in smtplib; a server that drips would never reach one."""

    def hang_up() -> None:
        sock = server.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _context(ca_bundle: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_bundle)
    except OSError as failure:  # ssl.SSLError is one
        raise NotDelivered(f"the CA bundle {ca_bundle} cannot be read: {failure}", is_refused=True) from failure
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _log_in(server: smtplib.SMTP, channel: Channel) -> None:
    user = channel.settings.get("user")
    if user is None:
        return
    if not server.has_extn("auth"):
        raise NotDelivered("the server offers no log-in", is_refused=True)
    server.login(user, channel.secrets["password"])


def _handed_over(
    server: smtplib.SMTP, sender: str, recipients: t.Sequence[str], mail: bytes, progress: _Progress
) -> dict[str, tuple[int, bytes]]:
    """Recipients that were refused; not all of them."""
    code, words = server.mail(sender, [f"size={len(mail)}"] if server.has_extn("size") else [])
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, words, sender)
    left = {}
    for address in recipients:
        code, words = server.rcpt(address)
        if code not in (250, 251):
            left[address] = (code, words)
    if len(left) == len(recipients):
        raise smtplib.SMTPRecipientsRefused(left)
    server.putcmd("data")
    code, words = server.getreply()
    if code != 354:
        raise smtplib.SMTPDataError(code, words)
    progress.is_sent = True
    server.send(_stuffed(mail))
    code, words = server.getreply()
    progress.is_sent = False
    if code != 250:
        raise smtplib.SMTPDataError(code, words)
    return left


def _stuffed(mail: bytes) -> bytes:
    """RFC 5321 §4.5.2; the mail's lines end with CR LF, the last one too."""
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in mail.split(b"\r\n")) + b".\r\n"


@contextlib.contextmanager
def _told() -> t.Iterator[_Progress]:
    progress = _Progress()
    try:
        yield progress
    except smtplib.SMTPAuthenticationError as failure:
        why = f"the log-in was refused: {_words(failure.smtp_code, failure.smtp_error)}"
        raise NotDelivered(why, is_refused=failure.smtp_code >= 500) from failure
    except smtplib.SMTPRecipientsRefused as failure:
        why = "; ".join(f"{address}: {_words(*words)}" for address, words in failure.recipients.items())
        refused = all(code >= 500 for code, _words_said in failure.recipients.values())
        raise NotDelivered(f"every recipient was refused: {why}", is_refused=refused) from failure
    except smtplib.SMTPResponseException as failure:
        why = _words(failure.smtp_code, failure.smtp_error)
        raise NotDelivered(why, is_refused=500 <= failure.smtp_code < 600) from failure
    except ssl.SSLCertVerificationError as failure:
        why = f"its certificate is not to be trusted: {failure.verify_message}"
        raise NotDelivered(why, is_refused=True) from failure
    except (OSError, smtplib.SMTPException, ValueError) as failure:
        why = str(failure) or type(failure).__name__
        raise NotDelivered(why, is_doubtful=progress.is_sent) from failure


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())[:_MOST_WORDS]}"
