# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One message to a webhook: a POST of JSON, and what came of it.

    answer                      what is known
    --------------------------  -------------------------------------------------------------------
    2xx                         delivered
    429, 503 with Retry-After   not delivered; not before that time
    408, other 5xx, no answer   nothing: it may have arrived (doubtful)
    3xx, other 4xx              refused; no redirect is followed, it would carry the message elsewhere

Each request tells the message's id (``Idempotency-Key``), the same at each attempt, so that a receiver can know a
repetition. With a key it is signed: ``X-Inkan-Signature: sha256=<hex HMAC of "<X-Inkan-Timestamp>.<body>">``.

This file is private to the collection.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._core.backoff import retry_after_seconds
from ansible_collections.inkan.tls.plugins.module_utils._core.channels import Channel
from ansible_collections.inkan.tls.plugins.module_utils._core.delivery import NotDelivered
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import DeadlineError, InkanError, TransportError
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import HttpClient, HttpResponse
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

_MOST_WORDS = 200


def post(
    http: HttpClient, channel: Channel, body: bytes, *, number: str, attempt: int, now: datetime, timeout: float
) -> None:
    """Delivered when it returns, else NotDelivered."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": number,
        "X-Inkan-Attempt": str(attempt),
        **_signature(channel.secrets.get("signing_key"), body, now),
    }
    if channel.secrets.get("token"):
        headers["Authorization"] = f"Bearer {channel.secrets['token']}"
    try:
        response = http.request("POST", channel.url, headers=headers, body=body, timeout=timeout)
    except TransportError as failure:
        raise NotDelivered(failure.why or failure.what, is_doubtful=failure.sent) from failure
    except DeadlineError as failure:
        raise NotDelivered("there was no time left to send it", is_doubtful=False) from failure
    except InkanError as failure:  # an unreadable CA bundle
        raise NotDelivered(f"{failure.what}: {failure.why}", is_doubtful=False, is_refused=True) from failure
    _judge(response, now)


def _signature(key: str | None, body: bytes, now: datetime) -> dict[str, str]:
    if not key:
        return {}
    at = str(int(now.timestamp()))
    digest = hmac.new(key.encode("utf-8"), at.encode("ascii") + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Inkan-Timestamp": at, "X-Inkan-Signature": f"sha256={digest}"}


def _judge(response: HttpResponse, now: datetime) -> None:
    status = response.status
    if 200 <= status < 300:
        return
    told = f"HTTP {status}"
    if 300 <= status < 400:
        raise NotDelivered(f"{told}: it leads elsewhere, and redirects are not followed", is_refused=True)
    wait = retry_after_seconds(response.headers.get("retry-after"), now=now, server_date=response.headers.get("date"))
    if status == 429 or (status == 503 and wait is not None):
        until = now + timedelta(seconds=min(wait, 86400.0)) if wait is not None else None
        raise NotDelivered(f"{told}: too many messages, or not now", hold_until=until)
    if status == 408 or status >= 500:
        raise NotDelivered(f"{told}: {_words(response)}", is_doubtful=True)
    raise NotDelivered(f"{told}: {_words(response)}", is_refused=True)


def _words(response: HttpResponse) -> str:
    return escaped(response.body[:_MOST_WORDS].decode("utf-8", "replace").strip(), _MOST_WORDS) or "no words"
