# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GSS-TSIG (RFC 3645): a key is negotiated with the server once (TKEY, RFC 2930), then every message is signed with it.

    ──▶ TKEY with our token ──▶ the server's token ──▶ … until both sides are content; the last answer must be signed
    all over TCP: a repeated datagram would look like a replay and be refused

A server that has forgotten the key (restarted) says BADKEY; the next message negotiates anew.

This file is private to the collection.
"""

from __future__ import annotations

import base64
import secrets
import typing as t

from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InkanError, ProtocolError, RefusedError
from ansible_collections.inkan.tls.plugins.module_utils._dns.gss_library import Client, Context
from ansible_collections.inkan.tls.plugins.module_utils._dns.library import dns
from ansible_collections.inkan.tls.plugins.module_utils._dns.wire import TsigKey, WireExchange, bad_answer
from ansible_collections.inkan.tls.plugins.module_utils._io.clock import real_time

__all__ = ["GssExchange"]

#: token there and token back; Kerberos needs one, SPNEGO at most two more
_MAX_ROUNDS = 6
#: RFC 2930 §2.5
_GSS_API = 3
_LIFETIME = 3600
#: TSIG and TKEY errors (RFC 8945 §3, RFC 2930 §2.6)
_ERRORS = {
    16: "BADSIG",
    17: "BADKEY: it did not accept the token",
    18: "BADTIME: the clocks differ",
    19: "BADMODE: it does no GSS-API",
    20: "BADNAME: the name of the key is taken",
    21: "BADALG",
}


class GssExchange:
    """An ``Exchange`` to one server. context: made at the first message, and again after the server forgot the key."""

    def __init__(self, wire: t.Callable[[TsigKey | None], WireExchange], client: Client, new_context: NewContext):
        self._wire = wire
        self._plain = wire(None)
        self._client = client
        self._new_context = new_context
        self._signed: WireExchange | None = None
        self.where = self._plain.where

    def send(self, message: dns.message.Message) -> dns.message.Message:
        if self._signed is None:
            self._signed = self._wire(self._negotiated())
        try:
            return self._signed.send(message)
        except InkanError as error:
            if error.code == "tsig_bad_key":
                self._signed = None
            raise

    def _negotiated(self) -> TsigKey:
        context = self._new_context(self._client, f"server {self.where}")
        name = dns.name.from_text(f"{secrets.token_hex(8)}.{self._client.server_name}")
        # dnspython calls what signs the secret
        key = dns.tsig.Key(name, t.cast(t.Any, context), dns.tsig.GSS_TSIG)
        token = context.step()
        for _number in range(_MAX_ROUNDS):
            token, is_signed = self._round(key, context, token)
            if context.complete:
                if not is_signed:
                    raise self._unsigned()
                return TsigKey(f"GSS-TSIG of {self._client.service}", "gss-tsig", key)
        raise bad_answer(self.where, f"the negotiation of a key did not end after {_MAX_ROUNDS} rounds")

    def _round(self, key: dns.tsig.Key, context: Context, token: bytes | None) -> tuple[bytes | None, bool]:
        """Our next token, and whether the answer was signed with the key that its own token completes."""
        query = _tkey_query(key.name, token or b"")
        wire = self._plain.over_tcp(query.to_wire())
        taken: list[bytes | None] = []

        def ring(answer: dns.message.Message, _owner: dns.name.Name) -> dns.tsig.Key:
            """Called when the signature is reached: what stands before it has been read."""
            taken.append(context.step(self._token_of(answer, key.name)))
            return key

        try:
            answer = dns.message.from_wire(wire, keyring=ring, request_mac=b"", ignore_trailing=True)
        except InkanError:
            raise
        except Exception as failure:  # a parser of hostile bytes: whatever it raises is a bad answer
            raise bad_answer(self.where, f"{type(failure).__name__}: {failure}") from failure
        if not query.is_response(answer):
            raise bad_answer(self.where, "it does not belong to our question")
        if not taken:
            taken.append(context.step(self._token_of(answer, key.name)))
        return taken[0], bool(answer.had_tsig)

    def _token_of(self, answer: dns.message.Message, name: dns.name.Name) -> bytes:
        for rrset in answer.answer:
            if rrset.rdtype == dns.rdatatype.TKEY and rrset.name == name and len(rrset) == 1:
                rdata: t.Any = rrset[0]
                if rdata.error:
                    raise self._refused(_ERRORS.get(rdata.error, f"error {rdata.error}"))
                return t.cast(bytes, rdata.key)
        raise self._refused(f"{dns.rcode.to_text(answer.rcode())} and no TKEY record")

    def _refused(self, why: str) -> RefusedError:
        return RefusedError(
            code="tsig_gss_refused",
            what="The DNS server negotiates no key with us",
            where=f"server {self.where}, {self._client.service}",
            why=why,
            todo="Check that it does GSS-TSIG (BIND: tkey-gssapi-keytab with the key of this principal), that its host"
            " name is settings.server_name, and the clocks; its log says more",
            reference="RFC 3645 §4.1",
        )

    def _unsigned(self) -> ProtocolError:
        return ProtocolError(
            code="tsig_missing",
            what="The DNS server negotiated a key and did not sign its answer with it",
            where=f"server {self.where}, {self._client.service}",
            why="somebody else may have answered",
            todo="Look at what stands between this machine and the server",
            reference="RFC 3645 §3.1.3.1",
        )


NewContext = t.Callable[[Client, str], Context]


def _tkey_query(name: dns.name.Name, token: bytes) -> dns.message.Message:
    query = dns.message.make_query(name, dns.rdatatype.TKEY, dns.rdataclass.ANY)
    query.flags &= ~dns.flags.RD
    now = int(real_time())
    words = f"gss-tsig. {now} {now + _LIFETIME} {_GSS_API} 0 {base64.b64encode(token).decode()}"
    rdata = dns.rdata.from_text(dns.rdataclass.ANY, dns.rdatatype.TKEY, words)
    query.find_rrset(query.additional, name, dns.rdataclass.ANY, dns.rdatatype.TKEY, create=True).add(rdata, 0)
    return query
