# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How claims are made, and how the CA looks whether they are true: in the DNS of every server, and on the web."""

from __future__ import annotations

import secrets
import string
import typing as t
from dataclasses import replace
from datetime import timedelta

from lab.clock import LabClock
from lab.history import History
from lab.looking import Fetcher, Resolver, in_all
from lab.names import CONTACT_LABEL, LOCAL_PARTS, bare, tidy
from lab.refusal import Refused
from lab.vices import Switches

from .application import Application, ChosenMail, broken
from .book import CA
from .methods import CNAME, DYNAMIC, EMAIL, FILES, FQDN, TXT
from .terms import TOKEN_DAYS
from .values import Claim, Link, parents

TARGET = "dcv.digicert.com"
LABEL = "_dnsauth"
FOLDER = "/.well-known/pki-validation"
LETTERS = string.ascii_lowercase + string.digits
MOST_BYTES, MOST_REDIRECTS = 5000, 5
#: what check-dcv says while there is nothing to be found
NOT_FOUND = {
    TXT: ("invalid_dns_txt", "Unable to find the random value in a TXT record for: {names}."),
    CNAME: ("invalid_dns_method", "Unable to find the random value in a CNAME record for: {names}."),
    **dict.fromkeys(FILES, ("file_random_value_not_found", "Unable to find the random value in the file at: {names}.")),
}


class Registrar(t.Protocol):
    def registered_domain(self, name: str) -> str | None: ...


class Proving:
    def __init__(
        self,
        *,
        clock: LabClock,
        history: History,
        switches: Switches,
        resolver: Resolver,
        fetcher: Fetcher,
        registrar: Registrar,
    ) -> None:
        self._clock, self._history, self._switches = clock, history, switches
        self._resolver, self._fetcher, self._registrar = resolver, fetcher, registrar

    # --- claims ---

    def base(self, name: str) -> str:
        """The registered domain of the name. Nobody certifies a name without one."""
        registered = self._registrar.registered_domain(bare(name))
        if registered is None:
            raise broken(f"{name} is not below a registered domain.")
        return registered

    def claims(
        self, application: Application, names: t.Sequence[str], before: t.Sequence[Claim] = ()
    ) -> tuple[Claim, ...]:
        """Of a DV order, for these of its names: one token for all of them."""
        if application.method == EMAIL:
            return self._mail_claims(application, names)
        found = [self._claim(name, application.method, application.scope) for name in dict.fromkeys(map(bare, names))]
        return self.with_token(found, before)

    def _claim(self, name: str, method: str, scope: str) -> Claim:
        alone = scope == FQDN or method in FILES
        return Claim(name, (name,), method, up_to=name if alone else self.base(name), is_exact=alone)

    def with_token(self, claims: t.Sequence[Claim], before: t.Sequence[Claim] = ()) -> tuple[Claim, ...]:
        """One random value for all of them: that of the claims before, while it lives and will do. Mails need none."""
        if not claims or claims[0].method == EMAIL:
            return tuple(claims)
        method, now = claims[0].method, self._clock.now()
        old = next((one for one in before if fits(one.token, method) and one.token_ends and now < one.token_ends), None)
        token, ends = (old.token, old.token_ends) if old else (new_token(method), now + timedelta(days=TOKEN_DAYS))
        return tuple(replace(one, token=token, token_ends=ends, path=one.path or _path(method)) for one in claims)

    def domain_claim(self, name: str, method: str, addresses: t.Sequence[str] = ()) -> Claim:
        """Of a domain of the account."""
        claim = Claim(name, (name,), method, up_to=name, is_exact=method in FILES)
        if method == EMAIL:
            return replace(claim, links=self.links(addresses or self.addresses(name)))
        return self.with_token([claim])[0]

    def links(self, addresses: t.Iterable[str]) -> tuple[Link, ...]:
        now = self._clock.now()
        return tuple(Link(address, secrets.token_urlsafe(24), now, now) for address in dict.fromkeys(addresses))

    def _mail_claims(self, application: Application, names: t.Sequence[str]) -> tuple[Claim, ...]:
        to: dict[str, list[str]] = {}
        speaks_for: dict[str, list[str]] = {}
        for name in names:
            chosen = [mail for mail in application.mails if mail.dns_name == name]
            for mail in chosen:
                self.judge_mail(mail)
                to.setdefault(mail.email_domain, []).append(mail.email)
                speaks_for.setdefault(mail.email_domain, []).append(bare(name))
            if not chosen:
                domain = bare(name) if application.scope == FQDN else self.base(name)
                to.setdefault(domain, []).extend(self.addresses(domain))
                speaks_for.setdefault(domain, []).append(bare(name))
        alone = application.scope == FQDN
        return tuple(
            Claim(domain, tuple(dict.fromkeys(speaks_for[domain])), EMAIL, links=self.links(to[domain]), is_exact=alone)
            for domain in to
        )

    def judge_mail(self, mail: ChosenMail) -> None:
        """Refused if nobody can approve this name at this address."""
        if mail.email_domain not in parents(mail.dns_name, self.base(mail.dns_name)):
            raise broken(f"{mail.email_domain} cannot approve {mail.dns_name}.")
        if mail.email not in self.addresses(mail.email_domain):
            raise broken(f"{mail.email} is no approver of {mail.email_domain}.")

    def addresses(self, domain: str) -> list[str]:
        """Who may approve: the five that are always there, and whom the DNS names."""
        return [*constructed(domain), *self.published(domain)]

    def published(self, domain: str) -> list[str]:
        owner = f"{CONTACT_LABEL}.{domain}"
        seen = self._resolver.txt_everywhere(owner)
        found = sorted(filter(None, map(tidy, in_all(seen))))
        self._history.add("contact_look", ca=CA, name=owner, found=found)
        return found

    # --- looking ---

    def is_true(self, claim: Claim, **about: t.Any) -> bool:
        """``about``: whose claim it is, for the history."""
        if claim.method == EMAIL or claim.token_ends is None or self._clock.now() >= claim.token_ends:
            return False
        if claim.method in FILES:
            return self._file_is_there(claim, about)
        domains = parents(claim.domain, claim.up_to)
        if self._switches.is_on("dc_token_only_at_name"):
            domains = domains[:1]
        look = self._txt_is_there if claim.method == TXT else self._alias_is_there
        return any(look(claim, domain, about) for domain in domains)

    def _txt_is_there(self, claim: Claim, domain: str, about: t.Mapping[str, t.Any]) -> bool:
        owners = [domain] if self._switches.is_on("dc_no_dnsauth") else [domain, f"{LABEL}.{domain}"]
        for owner in owners:
            seen = self._resolver.txt_everywhere(owner)
            servers = {server: claim.token in values for server, values in seen.items()}
            self._history.add("look", ca=CA, name=owner, type="TXT", servers=servers, **about)
            if claim.token in in_all(seen):
                return True
        return False

    def _alias_is_there(self, claim: Claim, domain: str, about: t.Mapping[str, t.Any]) -> bool:
        wanted = [(f"{claim.token}.{domain}", TARGET), (f"{LABEL}.{domain}", f"{claim.token}.{TARGET}")]
        if self._switches.is_on("dc_cname_without_value"):
            wanted.append((f"{LABEL}.{domain}", TARGET))
        for owner, target in wanted:
            seen = self._resolver.alias_everywhere(owner)
            servers = {server: alias.lower() == target for server, alias in seen.items()}
            self._history.add("look", ca=CA, name=owner, type="CNAME", servers=servers, **about)
            if servers and all(servers.values()):
                return True
        return False

    def _file_is_there(self, claim: Claim, about: t.Mapping[str, t.Any]) -> bool:
        """By https or by http, at every address of the name."""
        return any(self._is_at(claim, f"{scheme}://{claim.domain}{claim.path}", about) for scheme in ("https", "http"))

    def _is_at(self, claim: Claim, url: str, about: t.Mapping[str, t.Any]) -> bool:
        everywhere = True
        for seen in self._fetcher.fetch(url):
            found = (
                200 <= seen.status < 300 and len(seen.body) <= MOST_BYTES and claim.token.encode() == seen.body.strip()
            )
            if seen.hops and self._switches.is_on("dc_no_redirects"):
                found = False
            everywhere = everywhere and found
            self._history.add(
                "fetch", ca=CA, url=url, name=claim.domain, address=seen.address, found=found, status=seen.status,
                hops=list(seen.hops), why=seen.why, **about,
            )  # fmt: skip
        return everywhere

    # --- CAA ---

    def forbidden(self, names: t.Iterable[str]) -> str:
        """The first name whose CAA records keep this CA out; empty: none."""
        for name in names:
            records = self._resolver.caa(bare(name))
            tags = [tag for tag, _value in records]
            tag = "issuewild" if name.startswith("*.") and "issuewild" in tags else "issue"
            allowed = [value.partition(";")[0].strip().lower() for its, value in records if its == tag]
            if allowed and "digicert.com" not in allowed:
                return name
        return ""


def new_token(method: str) -> str:
    """At least 112 bits. As a label of the DNS it begins with an underscore (BR 3.2.2.4.7)."""
    random = "".join(secrets.choice(LETTERS) for _unused in range(32))
    return f"_{random}" if method == CNAME else random


def fits(token: str, method: str) -> bool:
    """A value for one method may not do for another."""
    return bool(token) and (method == CNAME) == token.startswith("_")


def not_found(method: str, names: t.Iterable[str]) -> Refused:
    code, message = NOT_FOUND[method]
    return Refused(400, code, message.format(names=", ".join(names)))


def constructed(domain: str) -> list[str]:
    return [f"{local}@{domain}" for local in LOCAL_PARTS]


def _path(method: str) -> str:
    """The value must not be in the URL (BR 3.2.2.4.18)."""
    if method == DYNAMIC:
        return f"{FOLDER}/{secrets.token_hex(16)}.txt"
    return f"{FOLDER}/fileauth.txt" if method in FILES else ""
