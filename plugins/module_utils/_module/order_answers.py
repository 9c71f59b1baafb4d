# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a CA's answer means for the ledger: answers in, facts out. Bounded and escaped, whatever the adapter let pass.

This file is private to the collection.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace
from datetime import datetime

from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued, Seen, Status
from ansible_collections.inkan.tls.plugins.module_utils._core.csrspec import CsrFacts
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._core.file_token import path_error
from ansible_collections.inkan.tls.plugins.module_utils._core.known import KNOWN_AFTER_ORDER
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    SELLERS_KEY,
    Answer,
    Certificate,
    Entry,
    Fact,
    Kind,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.names import covers, dns_name_error, owner_name_error
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Task, TokenFile, TokenRecord, Wanted
from ansible_collections.inkan.tls.plugins.module_utils._core.records import value_error
from ansible_collections.inkan.tls.plugins.module_utils._core.redact import escaped

_MOST_TOKENS = 2000  # 1,000 names, a record each, and as many again for a method that wants two
_VALUE = re.compile(r"[ -~]{1,2048}")
_CONTENT = re.compile(r"[\t\r\n -~]{1,65536}")
_HANDLE = re.compile(r"[!-~]{1,2000}")
_LONGEST_WORD = 200
_LONGEST_MAIL = 254  # RFC 5321 §4.5.3.1.3, less the brackets
_MOST_MAILS = 500  # five constructed addresses at each of 100 names
_LONGEST_PROBLEM = 2000
_MOST_CHAIN = 10
_RECORD_TYPES = ("TXT", "CNAME")

_ENDINGS = {Status.REFUSED: Kind.REFUSED, Status.EXPIRED: Kind.EXPIRED, Status.CANCELLED: Kind.CANCELLED}


class CertificateReader(t.Protocol):
    """``_x509``, as the loop needs it."""

    def csr(self, pem: str) -> tuple[frozenset[str], str]:
        """The names of a request (common name included) and its public key's digest; InputError csr_unreadable."""

    def csr_facts(self, pem: str) -> CsrFacts:
        """All that a request says."""

    def certificate(self, issued: Issued) -> tuple[Certificate, frozenset[str], str]:
        """What came, its names and its public key's digest; ProtocolError certificate_unreadable."""


def handle_of(seen: Seen) -> str:
    return safe_handle(seen.handle)


def safe_handle(handle: str) -> str:
    if not _HANDLE.fullmatch(handle):
        raise _broken("handle_unsafe", f"the handle {handle[:100]!r} is empty, too long or has blanks")
    return handle


def facts_of_seen(entry: Entry, seen: Seen, now: datetime) -> list[Fact]:
    """An answer about an order, as facts: what the CA said, what it wants now if that changed, and how it ended."""
    facts = []
    wanted = _new_wanted(entry, seen)
    if wanted is not None:
        facts.append(Fact(Kind.WANTED, now, wanted=_safe(wanted)))
    word = escaped(seen.status_word, _LONGEST_WORD)
    validated = tuple(escaped(name, _LONGEST_WORD) for name in seen.validated[:_MOST_TOKENS])
    facts.append(
        Fact(
            Kind.SEEN,
            now,
            status=Answer(seen.status.value),
            word=word,
            expires=seen.expires,
            names=validated,
            text=escaped(seen.problem, _LONGEST_PROBLEM),
        )
    )
    ending = _ENDINGS.get(seen.status)
    if ending is not None:
        problem = escaped(seen.problem, _LONGEST_PROBLEM) or f"the CA calls the order {word!r}"
        facts.append(_ending_fact(ending, seen, problem, now))
    return facts


def _ending_fact(ending: Kind, seen: Seen, problem: str, now: datetime) -> Fact:
    if seen.code:
        return Fact(ending, now, by="ca", code=seen.code, text=problem)
    return Fact(ending, now, by="ca", code=f"order_{ending.value}", text=problem)


def _new_wanted(entry: Entry, seen: Seen) -> Wanted | None:
    """While the CA looks, silence about tokens does not mean that it needs none: what was published stays."""
    if seen.status in (Status.WANTS_VALIDATION, Status.WANTS_APPROVAL, Status.WANTS_PERSON):
        return seen.wanted if seen.wanted != entry.standing.wanted else None
    if seen.status is Status.VALIDATING and (seen.wanted.records or seen.wanted.files):
        return seen.wanted if seen.wanted != entry.standing.wanted else None
    return None


def _safe(wanted: Wanted) -> Wanted:
    if len(wanted.records) + len(wanted.files) > _MOST_TOKENS:
        raise _broken("wanted_unsafe", f"it wants more than {_MOST_TOKENS} records and files")
    for record in wanted.records:
        _judge_record(record)
    for file in wanted.files:
        _judge_file(file)
    notes = tuple(escaped(note, _LONGEST_PROBLEM) for note in wanted.notes[:_MOST_TOKENS])
    if len(wanted.mails) > _MOST_MAILS:
        raise _broken("wanted_unsafe", f"it wrote to more than {_MOST_MAILS} mail addresses")
    mails = tuple(escaped(mail, _LONGEST_MAIL) for mail in wanted.mails)
    return Wanted(wanted.records, wanted.files, notes, mails, tuple(_safe_task(task) for task in wanted.tasks))


def _safe_task(task: Task) -> Task:
    what, where = escaped(task.what, _LONGEST_PROBLEM), escaped(task.where, _LONGEST_PROBLEM)
    letter = "\n".join(escaped(line, _LONGEST_WORD) for line in task.letter.splitlines()[:_LONGEST_WORD])
    return replace(task, what=what, where=where, owner=escaped(task.owner, _LONGEST_MAIL), letter=letter)


# What dns_tokens or file_tokens would refuse is refused here, where it is one order's trouble: they refuse whole calls.


def _judge_record(record: TokenRecord) -> None:
    why = owner_name_error(record.name)
    if why is None and record.type not in _RECORD_TYPES:
        why = f"its type is {record.type[:20]!r}"
    if why is None and not _VALUE.fullmatch(record.value):
        why = "its value is empty, too long or not printable ASCII"
    if why is None and record.value == KNOWN_AFTER_ORDER:
        why = f"its value is {KNOWN_AFTER_ORDER}, which means none"
    if why is None:
        why = value_error(record.type, record.value)
    if why is None and not 0 < record.ttl <= 86400:
        why = f"its TTL is {record.ttl}"
    if why is not None:
        raise _broken("wanted_unsafe", f"it wants a record {record.name[:260]!r}: {why}")


def _judge_file(file: TokenFile) -> None:
    why = dns_name_error(file.dns_name, wildcard=False) or path_error(file.path)
    if why is None and KNOWN_AFTER_ORDER in (file.path.rpartition("/")[2], file.content):
        why = f"it says {KNOWN_AFTER_ORDER}, which means nothing"
    if why is None and not _CONTENT.fullmatch(file.content):
        why = "its content is empty, too long or not ASCII"
    if why is None and not _VALUE.fullmatch(file.url):
        why = "its URL is too long or not printable ASCII"
    if why is not None:
        raise _broken("wanted_unsafe", f"it wants a file {file.path[:260]!r} of {file.dns_name[:260]!r}: {why}")


def facts_of_issued(entry: Entry, issued: Issued, reader: CertificateReader, now: datetime) -> list[Fact]:
    """The certificate, if it is the one that was ordered; else a person has to look: it cannot be used."""
    if len(issued.chain) > _MOST_CHAIN:
        raise _broken("chain_too_long", f"{len(issued.chain)} certificates came with it, {_MOST_CHAIN} are possible")
    certificate, names, public_key = reader.certificate(issued)
    order = entry.order
    missing = [name for name in order.dns_names if not any(covers(pattern, name) for pattern in names)]
    if order.public_key_sha256 not in (public_key, SELLERS_KEY):
        ordered = order.public_key_sha256
        why = f"the CA issued serial {certificate.serial} for the key {public_key}, ordered was {ordered}"
        return [Fact(Kind.NEEDS_PERSON, now, by="us", code="certificate_key_mismatch", text=why)]
    if missing:
        why = f"the CA issued serial {certificate.serial} without the names {', '.join(missing)}"
        return [Fact(Kind.NEEDS_PERSON, now, by="us", code="certificate_names_missing", text=why[:_LONGEST_PROBLEM])]
    return [Fact(Kind.DOWNLOADED, now, certificate=certificate, by="ca")]


def _broken(code: str, why: str) -> ProtocolError:
    return ProtocolError(
        code=code,
        what="Cannot use the CA's answer",
        why=why,
        todo="Nothing of it was used. Run again; if it stays, ask the CA",
    )


def trouble_fact(error: InkanError, now: datetime) -> Fact:
    """A failure that ends nothing."""
    return Fact(Kind.TRANSPORT_FAILURE, now, by="us", code=error.code, text=escaped(error.sentence(), _LONGEST_PROBLEM))


def refusal_fact(error: InkanError, now: datetime) -> Fact:
    return Fact(Kind.REFUSED, now, by="ca", code=error.code, text=escaped(error.sentence(), _LONGEST_PROBLEM))


def person_fact(error: InkanError, now: datetime) -> Fact:
    return Fact(Kind.NEEDS_PERSON, now, by="ca", code=error.code, text=escaped(error.sentence(), _LONGEST_PROBLEM))


#: Looks of one call after which a word that nobody knows is more than a passing one.
_PUZZLED_AFTER = 5


def is_puzzling(entry: Entry, looks: int) -> bool:
    """The CA has said the same strange word for so long that a person should hear of it."""
    return entry.is_open and entry.standing.status is Answer.UNKNOWN and looks >= _PUZZLED_AFTER


def puzzled_error(entry: Entry) -> InkanError:
    return ProtocolError(
        code="status_unknown",
        what=f"The CA says of the order for {entry.order.common_name} what nobody here understands",
        where=f'item "{entry.order.name}", CA account "{entry.order.ca_account}", order {entry.standing.handle}',
        why=f"its status is {entry.standing.word!r}",
        todo="The order stays open, and is looked at again in the next run. See at the CA's or seller's portal whether "
        "somebody has to act; a described seller needs the word in its statuses, an adapter a newer version",
        retryable=True,
    )


def ending_error(entry: Entry) -> InkanError:
    """How an order ended, as the item's error."""
    reason = entry.standing.reason
    return RefusedError(
        code=reason.code if reason and reason.code else f"order_{entry.state.value}",
        what=f"The order for {entry.order.common_name} has ended: {entry.state.value}",
        where=f'item "{entry.order.name}", CA account "{entry.order.ca_account}", reference {entry.order.reference}',
        why=reason.text if reason else "",
        todo="Correct what the CA complains about. Whether the next run orders again as it was is the product's rule "
        "(plan says so); what is declared differently, or forced, is ordered anew",
    )
