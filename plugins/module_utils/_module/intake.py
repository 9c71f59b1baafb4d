# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What persons told of orders at portals, held against the ledger: facts where it fits, an error with the difference
where it does not. Nothing that fits is lost because something beside it does not; telling it twice changes nothing.

    no order open ── its certificate ──► adopted (a seller renewed by itself, or made the key)
                  └─ told before ──────► nothing
    order open ───── number, token, approved, registered, cancelled, certificate ──► facts, then the adapter looks

This file is private to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ansible_collections.inkan.tls.plugins.module_utils._ca.certificates import pem_blocks
from ansible_collections.inkan.tls.plugins.module_utils._ca.contract import Issued
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, InputError
from ansible_collections.inkan.tls.plugins.module_utils._core.intake import Intake, token_files
from ansible_collections.inkan.tls.plugins.module_utils._core.ledger import (
    SELLERS_KEY,
    Certificate,
    Entry,
    Fact,
    Kind,
    Order,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.names import covers
from ansible_collections.inkan.tls.plugins.module_utils._core.ports import Wanted
from ansible_collections.inkan.tls.plugins.module_utils._module.intake_tasks import task_facts
from ansible_collections.inkan.tls.plugins.module_utils._module.order_answers import CertificateReader
from ansible_collections.inkan.tls.plugins.module_utils._module.order_view import iso
from ansible_collections.inkan.tls.plugins.module_utils._module.order_work import Work, new_order

#: A CA may date notBefore a little after our clock, or before the order by a day: sellers work in their own zone.
_CLOCK = timedelta(hours=1)
_EARLIER = timedelta(days=1)


@dataclass
class TakenIn:
    """What follows from one item's intake. adopted: a new entry, with the facts that it begins with."""

    facts: dict[int, list[Fact]] = field(default_factory=dict)
    adopted: tuple[Order, tuple[Fact, ...]] | None = None
    error: InkanError | None = None

    @property
    def is_nothing(self) -> bool:
        return not self.facts and self.adopted is None


class _Refusal(Exception):
    """Why a certificate is not the one that was ordered: all differences."""

    def __init__(self, differences: t.Sequence[str]) -> None:
        self.differences = list(differences)
        super().__init__("; ".join(self.differences))


class Desk:
    """numbers: order numbers that other certificates have; reference makes our names for orders."""

    def __init__(
        self,
        reader: CertificateReader,
        now: datetime,
        reference: t.Callable[[str], str],
        numbers: t.Mapping[str, str] | None = None,
        takes_in: bool = True,
    ) -> None:
        self._reader = reader
        self._now = now
        self._reference = reference
        self._numbers = numbers or {}
        self._takes_in = takes_in

    def take(self, work: Work) -> TakenIn:
        """All that came for this item, the person's own words first."""
        result = TakenIn()
        wrong = list(work.item.intake_errors)
        entry = _open(work)
        for intake in work.item.intakes:
            if not intake.is_empty:
                wrong += self._one(work, entry, intake, result)
        if work.item.served and not wrong:
            self._served(work, entry, result)
        if wrong:
            result.error = _refused(work, entry, wrong)
        return result

    # -- one intake ---------------------------------------------------------------------------------------------------

    def _one(self, work: Work, entry: Entry | None, intake: Intake, result: TakenIn) -> list[str]:
        wrong = self._tasks(work, entry, intake, result)
        if intake.is_about_tasks:
            return wrong
        intake = replace(intake, done=(), reopen=(), who="")
        return [*wrong, *([] if intake.is_empty else self._more(work, entry, intake, result))]

    def _tasks(self, work: Work, entry: Entry | None, intake: Intake, result: TakenIn) -> list[str]:
        """Steps for persons: of whatever CA. An order that this very call makes is told of them when it is made."""
        if work.then_new:
            return []
        found, wrong = task_facts(work.entries, entry, intake, self._now)
        for number, facts in found.items():
            result.facts.setdefault(number, []).extend(facts)
        return wrong

    def _more(self, work: Work, entry: Entry | None, intake: Intake, result: TakenIn) -> list[str]:
        if not self._takes_in:
            return ["its CA is asked by its API: nothing of this order is told by persons, but which tasks are done"]
        if _is_of_the_past(work, entry, intake):
            return []
        if entry is None:
            return self._without_order(work, intake, result)
        wrong = self._number_errors(work, entry, intake)
        if wrong:
            return wrong  # it is about another order: nothing of it is taken
        facts, wrong = self._facts(work, entry, intake)
        if facts:
            result.facts.setdefault(entry.number, []).extend(facts)
        return wrong + self._certificate(work, entry, intake, result)

    def _number_errors(self, work: Work, entry: Entry, intake: Intake) -> list[str]:
        number = intake.order_number
        if not number:
            return []
        told = entry.standing.taken.get("order_number")
        if told is not None and told.text != number:
            return [f"order_number is {number}, the open order has {told.text}"]
        other = self._numbers.get(number, work.item.name)
        if told is None and other != work.item.name:
            return [f"order_number {number} is that of the order for {other}"]
        earlier = [one for one in work.entries if one.number != entry.number and _number_of(one) == number]
        return [f"order_number {number} is that of an order before, which has ended"] if earlier else []

    def _facts(self, work: Work, entry: Entry, intake: Intake) -> tuple[list[Fact], list[str]]:
        told, wrong, facts = entry.standing.taken, [], []
        method = entry.order.method

        def fact(word: str, text: str = "", **more: t.Any) -> None:
            if word not in told or (told[word].text, told[word].wanted) != (text, more.get("wanted")):
                facts.append(Fact(Kind.TAKEN_IN, self._now, word=word, text=text, by=intake.source, **more))

        if intake.order_number:
            fact("order_number", intake.order_number)
        if intake.tokens and method != "file":
            wrong.append(f"file_token: the order is validated by {method}, not by a file")
        elif intake.tokens:
            files, errors = token_files(intake.tokens, entry.order.dns_names)
            wrong += errors
            if files and not errors:
                fact("file_token", wanted=Wanted(files=files))
        if intake.approved and method != "email":
            wrong.append(f"approved: the order is validated by {method}, nobody approves it by mail")
        elif intake.approved:
            fact("approved")
        if intake.registered and method != "brought":
            wrong.append("registered: only a certificate that is brought to a portal is registered there")
        elif intake.registered:
            fact("registered")
        if intake.cancelled:
            fact("cancelled", intake.cancelled)
        if intake.note:
            fact("note", intake.note)
        return facts, wrong

    # -- certificates -------------------------------------------------------------------------------------------------

    def _certificate(self, work: Work, entry: Entry, intake: Intake, result: TakenIn) -> list[str]:
        if not intake.certificate or entry.order.method == "brought":
            return ["certificate: it is brought, not issued here"] if intake.certificate else []
        try:
            certificate = self._judged(work, entry, intake)
        except _Refusal as refusal:
            return refusal.differences
        if intake.renewed_by_seller and certificate.public_key_sha256 != entry.order.public_key_sha256:
            result.facts.setdefault(entry.number, []).append(
                Fact(Kind.CANCELLED, self._now, by="person", text="the seller renewed the certificate by itself")
            )
            result.adopted = self._adopted(work, certificate, intake)
            return []
        told = entry.standing.taken.get("certificate")
        if told is None or told.certificate != certificate:
            fact = Fact(Kind.TAKEN_IN, self._now, word="certificate", certificate=certificate, by=intake.source)
            result.facts.setdefault(entry.number, []).append(fact)
        return []

    def _without_order(self, work: Work, intake: Intake, result: TakenIn) -> list[str]:
        """A seller that renewed by itself is no stranger: what it made is taken in."""
        if work.then_new:
            return []  # the order is made in this very call, and is told of it then
        if intake.certificate:
            try:
                certificate = self._judged(work, None, intake)
            except _Refusal as refusal:
                return refusal.differences
            result.adopted = self._adopted(work, certificate, intake)
            return []
        if intake.order_number or intake.tokens:
            return ["no order is open for it"]
        return []  # approved, registered, cancelled: of an order that has ended

    def _judged(self, work: Work, entry: Entry | None, intake: Intake) -> Certificate:
        certificate, names = self._read(work, intake)
        wanted = entry.order.dns_names if entry is not None else work.item.dns_names
        found = [*self._key_errors(work, entry, certificate, intake), *_name_errors(names, wanted)]
        found += _date_errors(certificate, self._now)
        if not found and not certificate.chain and _is_deployed_by_us(work, entry):
            certificate = replace(certificate, chain=self._known_chain(work, certificate))
            if not certificate.chain:
                found.append("chain: no certificate of its issuer came with it, and none is known from an order before")
        if found:
            raise _Refusal(found)
        return certificate

    def _read(self, work: Work, intake: Intake) -> tuple[Certificate, frozenset[str]]:
        try:
            blocks = pem_blocks(*(text for text in (intake.certificate, intake.chain) if text))
            certificate, names, key = self._reader.certificate(Issued(blocks[0], tuple(blocks[1:])))
        except InkanError as error:
            raise _Refusal([f"certificate: {error.why or error.what}"]) from error
        return replace(certificate, public_key_sha256=key), names

    def _key_errors(self, work: Work, entry: Entry | None, certificate: Certificate, intake: Intake) -> t.Iterator[str]:
        """Of our key; of the key that came with it; of any, where the seller keeps it."""
        key, came = certificate.public_key_sha256, work.item.public_key_sha256
        ordered = entry.order.public_key_sha256 if entry is not None else SELLERS_KEY
        is_free = ordered == SELLERS_KEY or intake.renewed_by_seller
        if not is_free and key != ordered:
            yield (
                f"key: the certificate has {key}, ordered was {ordered}. If the seller renewed it by itself, say"
                " renewed_by_seller and give its key"
            )
        elif is_free and came and key != came and key != ordered:
            yield f"key: the certificate has {key}, the key that came with it is {came}"
        elif is_free and not came and key != ordered and _is_deployed_by_us(work, entry):
            yield f"key: the certificate has {key}, and no key came with it: hosts cannot serve it without"
        elif entry is None and not intake.renewed_by_seller and work.item.key_made_by != "seller":
            yield "no order is open for it. If the seller renewed it by itself, say renewed_by_seller and give its key"

    def _known_chain(self, work: Work, certificate: Certificate) -> tuple[str, ...]:
        """Of an order before, where the same issuer signed it: sellers send the leaf alone at times."""
        chains = [one.standing.certificate.chain for one in work.entries if one.standing.certificate is not None]
        for chain in reversed([chain for chain in chains if chain]):
            try:
                found, _names, _key = self._reader.certificate(Issued(certificate.pem, chain))
            except InkanError:
                continue
            if found.chain:
                return found.chain
        return ()

    def _adopted(self, work: Work, certificate: Certificate, intake: Intake) -> tuple[Order, tuple[Fact, ...]]:
        reference = self._reference("\0".join(("adopted", work.item.name, work.item.purpose, certificate.serial)))
        order = replace(new_order(work, reference, self._now), csr="", public_key_sha256=certificate.public_key_sha256)
        facts = [
            Fact(Kind.SUBMITTED, self._now, handle=reference, by="seller"),
            Fact(Kind.DOWNLOADED, self._now, certificate=certificate, by=intake.source),
        ]
        if intake.order_number:
            facts.insert(
                1, Fact(Kind.TAKEN_IN, self._now, word="order_number", text=intake.order_number, by=intake.source)
            )
        return order, tuple(facts)

    # -- what is served -----------------------------------------------------------------------------------------------

    def _served(self, work: Work, entry: Entry | None, result: TakenIn) -> None:
        """A certificate that the seller installed. What is served and does not fit is none of ours: nothing is told."""
        intake = Intake(certificate=work.item.served, renewed_by_seller=True, source="served")
        if not self._takes_in or work.then_new or _is_known(work, intake.certificate):
            return
        try:
            certificate = self._judged(work, entry, intake)
        except _Refusal:
            return
        if entry is None:
            result.adopted = self._adopted(work, certificate, intake)
        elif certificate.not_before >= entry.order.created_at - _EARLIER:
            fact = Fact(Kind.TAKEN_IN, self._now, word="certificate", certificate=certificate, by="served")
            result.facts.setdefault(entry.number, []).append(fact)


def _open(work: Work) -> Entry | None:
    return work.entry if work.entry is not None and work.entry.is_open else None


def _number_of(entry: Entry) -> str:
    fact = entry.standing.taken.get("order_number")
    return fact.text if fact else ""


def _is_of_the_past(work: Work, entry: Entry | None, intake: Intake) -> bool:
    """Told of an order that has ended: what was given once may stand in a file for long."""
    closed = [one for one in work.entries if not one.is_open]
    if intake.order_number and any(_number_of(one) == intake.order_number for one in closed):
        return entry is None or _number_of(entry) != intake.order_number
    return bool(intake.certificate) and _is_known(work, intake.certificate)


def _is_known(work: Work, text: str) -> bool:
    """Whether the ledger has this very certificate, of whatever order."""
    try:
        blocks = set(pem_blocks(text))
    except InkanError:
        return False
    return any(one.standing.certificate and one.standing.certificate.pem in blocks for one in work.entries)


def _is_deployed_by_us(work: Work, entry: Entry | None) -> bool:
    options = entry.order.options if entry is not None else work.item.options or {}
    return options.get("deploy_by") != "seller"


def _name_errors(names: t.Collection[str], wanted: t.Sequence[str]) -> t.Iterator[str]:
    missing = [name for name in wanted if not any(covers(pattern, name) for pattern in names)]
    if missing:
        yield f"names: it lacks {', '.join(missing)}; it has {', '.join(sorted(names)) or 'none'}"


def _date_errors(certificate: Certificate, now: datetime) -> t.Iterator[str]:
    if certificate.not_after <= now:
        yield f"dates: it ended at {iso(certificate.not_after)}"
    if certificate.not_before > now + _CLOCK:
        yield f"dates: it is valid only from {iso(certificate.not_before)} on"


def _refused(work: Work, entry: Entry | None, differences: t.Sequence[str]) -> InkanError:
    number = _number_of(entry) if entry is not None else ""
    order = f", order {number or entry.order.reference}" if entry is not None else ""
    return InputError(
        code="intake_refused",
        what=f'What was told of "{work.item.name}" does not fit',
        where=f'item "{work.item.name}"{order}',
        why="; ".join(dict.fromkeys(differences)),
        todo="Nothing is lost: what fits was taken in, the order stays as it is. Correct it and tell it again",
    )
