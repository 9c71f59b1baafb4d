# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the ACME CA misbehaves, and in which ways it can be another CA than it usually is."""

from __future__ import annotations

from .vice import Vice

ROOM = "acme_ca"

_ROWS: tuple[tuple[str, bool, str], ...] = (
    # --- answers ---
    ("acme_bad_nonce", True, "badNonce though the nonce is good, once for each call; no effect"),
    ("acme_server_error", True, "500 serverInternal, once for each call; no effect"),
    ("acme_lost_answer", True, "the call has its effect, then the connection closes; once for each call"),
    ("acme_too_many_seconds", True, "429 rateLimited with Retry-After in seconds, once for each call; no effect"),
    ("acme_too_many_date", False, "429 with Retry-After as a date of the lab's clock, once; no effect"),
    ("acme_too_many_skewed", False, "the same date by a clock that is an hour ahead, as the answer's Date is"),
    ("acme_too_many", False, "429 without Retry-After, once for each call; no effect"),
    ("acme_error_page", False, "500 with a page, once for each call; no effect"),
    ("acme_unavailable", False, "503 with a page and Retry-After, once for each call; no effect"),
    ("acme_gateway_lost_effect", False, "502 with a page, once for each call: but it has had its effect"),
    ("acme_html_for_json", False, "200 with a page of HTML, once for each call; no effect"),
    ("acme_redirect_to_page", False, "302 to a page, once for each call; no effect"),
    ("acme_half_json", False, "the first answer to each call is half of it, as if it were all"),
    ("acme_cut_answer", False, "the connection closes in the middle of the first answer to each call"),
    ("acme_slow_drip", False, "the first answer to each call takes 2 seconds, drop by drop"),
    ("acme_gzip_unasked", False, "the first answer to each call is compressed, asked or not"),
    ("acme_huge_answer", False, "the first look, directory, renewalInfo and download has 32 MiB before it"),
    ("acme_no_nonce_in_errors", False, "errors bring no new nonce"),
    # --- orders ---
    ("acme_strange_status", True, "the first look at each order shows a status that nobody knows"),
    ("acme_strange_status_always", False, "every look at an order shows it: nobody can go on"),
    ("acme_stale_answer_first", False, "the first look after each change shows the order as it was before"),
    ("acme_missing_first", False, "the first look at each order gets 404"),
    ("acme_validation_slow", False, "a challenge is `processing` for 2 seconds"),
    ("acme_validation_fails_first", False, "the first look for each name's proof fails: the order is lost"),
    ("acme_processing_first", True, "finalize answers `processing`, the next look says `valid`"),
    ("acme_processing_slow", False, "an order is `processing` for 2 seconds"),
    ("acme_fails_at_issuing", False, "the first order for each set of names is `invalid` after finalize"),
    ("acme_unknown_challenge", True, "the first challenge of each authorization is of a kind that nobody knows"),
    # --- certificates ---
    ("acme_new_intermediate", False, "another intermediate signs, and its own certificate was renewed at the download"),
    ("acme_other_certificate", False, "the first download of each certificate is one for another key"),
    ("acme_wrong_key", False, "every download is a certificate for another key: never deploy it"),
    ("acme_wrong_chain", False, "the intermediate has the issuer's name, not its key: never deploy it"),
    ("acme_root_included", False, "the chain ends with the root"),
    ("acme_chain_reversed", False, "the issuers come in the wrong order, X1 first, the leaf's own last"),
    ("acme_crlf_pem", False, "PEM texts have lines that end with CR LF"),
    ("acme_pem_spaced", False, "PEM texts have empty lines between certificates"),
    ("acme_pem_no_newline", False, "PEM texts have no end of line at their end"),
    # --- renewalInfo ---
    ("acme_ari_past", False, "every window has passed: renew now"),
    ("acme_ari_end_before_start", False, "every window ends before it starts"),
    ("acme_ari_absurd", False, "every window is from the year 1 to the year 9999"),
    ("acme_ari_after_expiry", False, "every window is after the certificate's end"),
    ("acme_ari_no_retry_after", False, "renewalInfo comes without Retry-After"),
    # --- another CA ---
    ("acme_no_ari", False, "no renewalInfo"),
    ("acme_no_profiles", False, "no profiles"),
    ("acme_no_new_authz", False, "no pre-authorization, as at Let's Encrypt"),
    ("acme_no_alternates", False, "no alternate chain"),
    ("acme_no_reuse", False, "what was proven is asked again in each order"),
    ("acme_orders_anew", False, "newOrder makes a new order though one for the same is on its way"),
    ("acme_orders_list", False, "accounts have the list of their orders, two a page"),
    ("acme_only_old_challenges", False, "only http-01 and dns-01"),
    ("acme_persist_00", False, "dns-persist-01 as of draft -00: the account's URL, issuer-domain-names"),
    ("acme_persist_01", False, "dns-persist-01 as of draft -01: the same, with accounturi in the challenge"),
    ("acme_persist_above", False, "a record of dns-persist-01 with policy=wildcard counts for names below, too"),
    ("acme_persist_at_once", False, "a record of dns-persist-01 that is there makes a new authorization valid at once"),
    ("acme_eab_required", False, "new accounts need externalAccountBinding"),
    ("acme_eab_once", False, "a key of externalAccountBinding is good for one account"),
    ("acme_only_linked", False, "UNVERIFIED shape: names of domains that are not with the reseller are rejected"),
    ("acme_terms_changed", False, "newOrder gets 403 userActionRequired: a person has to agree to new terms"),
    ("acme_rate_limits", False, "the rate limits of Let's Encrypt, by the lab's clock; whoever replaces is exempt"),
    ("acme_retry_after_date", False, "these limits say Retry-After as a date"),
)
VICES: tuple[Vice, ...] = tuple(Vice(name, ROOM, default, what) for name, default, what in _ROWS)
