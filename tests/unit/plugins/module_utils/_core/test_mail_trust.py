# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose word about a sender counts."""

from __future__ import annotations

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.mail_trust import Border, authentication_error

OURS = Border("mx.example.jp", ("store.example.jp",))
MICROSOFT = Border(microsoft=True)
SENDER = "info@jprs.jp"
AR = "Authentication-Results"
PASS = (AR, "mx.example.jp; dmarc=pass (p=reject dis=none) header.from=jprs.jp")
IN = ("Received", "from mail.jprs.jp (mail.jprs.jp [192.0.2.1]) by mx.example.jp (Postfix) with ESMTPS id 1")
STORE = ("Received", "from mx.example.jp by store.example.jp with LMTP")
FOREIGN = ("Received", "from a by relay.jprs.jp with ESMTP")
OF_MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=jprs.jp; dkim=pass (signature was verified) header.d=jprs.jp;"
    "dmarc=pass action=none header.from=jprs.jp;compauth=pass"
)

CASES: list[tuple[str, list[tuple[str, str]], Border, str]] = [
    ("above our Received", [PASS, IN, FOREIGN], OURS, ""),
    ("below our Received, as Gmail has it", [STORE, IN, PASS, FOREIGN], OURS, ""),
    ("below somebody else's", [IN, FOREIGN, PASS], OURS, "authentication_missing"),
    ("of somebody else", [(AR, "mx.evil.example; dmarc=pass"), IN], OURS, "authentication_missing"),
    ("one that fails beside one that passes", [(AR, "mx.example.jp; dmarc=fail"), IN, PASS], OURS,
     "authentication_failed"),
    ("our name within another", [(AR, "mx.example.jp.evil.example; dmarc=pass"), IN], OURS, "authentication_missing"),
    ("our name in a comment", [(AR, "evil.example (mx.example.jp; dmarc=pass)"), IN], OURS, "authentication_missing"),
    ("a pass in a comment", [(AR, "mx.example.jp; dmarc=none (dmarc=pass); x=y"), IN], OURS, "authentication_none"),
    ("a pass of another domain", [(AR, "mx.example.jp; dmarc=pass header.from=evil.example"), IN], OURS,
     "authentication_other_domain"),
    ("DKIM of the domain", [(AR, "mx.example.jp; dkim=pass header.d=jprs.jp header.s=a"), IN], OURS, ""),
    ("DKIM of one that the row names", [(AR, "mx.example.jp; dkim=pass header.i=@signer.example"), IN], OURS, ""),
    ("DKIM of another", [(AR, "mx.example.jp; dkim=pass header.d=evil.example"), IN], OURS,
     "authentication_other_domain"),
    ("DKIM of what is above", [(AR, "mx.example.jp; dkim=pass header.d=jp"), IN], OURS, "authentication_other_domain"),
    ("a record of the domain that cannot be read", [(AR, "mx.example.jp; dmarc=permerror; dkim=pass header.d=jprs.jp"),
     IN], OURS, "authentication_failed"),
    ("a record of the domain that was not there", [(AR, "mx.example.jp; dmarc=temperror; dkim=pass header.d=jprs.jp"),
     IN], OURS, "authentication_failed"),
    ("DKIM that fails", [(AR, "mx.example.jp; dkim=fail header.d=jprs.jp"), IN], OURS, "authentication_failed"),
    ("DKIM that fails beside one that passes", [(AR, "mx.example.jp; dkim=fail header.d=jprs.jp"), IN,
     (AR, "mx.example.jp; dkim=pass header.d=JPRS.jp.")], OURS, ""),
    ("DKIM that passes for nobody", [(AR, "mx.example.jp; dkim=pass"), IN], OURS, "authentication_none"),
    ("DMARC for whom it does not say", [(AR, "mx.example.jp; dmarc=pass"), IN], OURS, ""),
    ("SPF alone", [(AR, "mx.example.jp; spf=pass smtp.mailfrom=jprs.jp"), IN], OURS, "authentication_none"),
    ("a version behind the name", [(AR, "mx.example.jp 1; dmarc=pass header.from=jprs.jp"), IN], OURS, ""),
    ("none at all", [IN], OURS, "authentication_missing"),
    ("no name is set", [PASS, IN], Border(), "authentication_unset"),
    ("Microsoft's, without a name", [(AR, OF_MICROSOFT), IN], MICROSOFT, ""),
    ("Microsoft's second, forged", [(AR, "spf=fail; dkim=none; dmarc=fail"), IN, (AR, "dmarc=pass")], MICROSOFT,
     "authentication_failed"),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "border", "code"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_only_our_own_servers_word_counts(headers: list[tuple[str, str]], border: Border, code: str) -> None:
    found = authentication_error(headers, border, SENDER, ("signer.example",))
    assert (found[0] if found else "") == code
