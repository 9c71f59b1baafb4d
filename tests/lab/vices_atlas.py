# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the simulator of GlobalSign Atlas misbehaves; joined into vices.VICES."""

from __future__ import annotations

from .vice import Vice

VICES: tuple[Vice, ...] = (
    # --- atlas: the answers of its API ---
    Vice("atlas_too_many", "atlas", True, "429 without Retry-After, once for each call; no effect"),
    Vice("atlas_too_many_seconds", "atlas", False, "429 with Retry-After in seconds, once for each call; no effect"),
    Vice("atlas_too_many_date", "atlas", False, "429 with Retry-After as a date of the lab's clock, once; no effect"),
    Vice("atlas_too_many_skewed", "atlas", False, "the same date by a clock that is an hour ahead, as the Date is"),
    Vice("atlas_server_error", "atlas", True, "500 with a problem, once for each call; no effect"),
    Vice("atlas_server_page", "atlas", False, "502 with a page, once for each call; no effect"),
    Vice("atlas_unavailable", "atlas", True, "503 with a problem, once for each call; no effect"),
    Vice("atlas_unavailable_effect", "atlas", False, "503, once for each call: but the call has had its effect"),
    Vice("atlas_accepted", "atlas", False, "UNVERIFIED: 202 without a body, once for each call; no effect: ask again"),
    Vice("atlas_lost_answer", "atlas", True, "the call has its effect, then the connection closes; once for each"),
    Vice("atlas_cut_answer", "atlas", False, "the connection closes in the middle of the first answer to each call"),
    Vice("atlas_half_json", "atlas", False, "the first answer to each call is half of it, as if it were all"),
    Vice("atlas_html_for_json", "atlas", True, "200 with a page of HTML, once for each call; no effect"),
    Vice("atlas_redirect_to_page", "atlas", False, "302 to a page, once for each call; no effect"),
    Vice("atlas_huge_answer", "atlas", False, "the first look, list and chain has 32 MiB of white space before it"),
    Vice("atlas_slow_drip", "atlas", False, "the first answer to each call takes 2 seconds, drop by drop"),
    Vice("atlas_gzip_unasked", "atlas", False, "the first look, list and chain is compressed, asked or not"),
    Vice("atlas_bom_json", "atlas", False, "the first look, list and chain has a byte order mark before it"),
    Vice("atlas_token_ends", "atlas", False, "the token ends before its time, once for each call: 401 until a new one"),
    Vice("atlas_clock_skew", "atlas", False, "the Date of every answer is an hour ahead"),
    Vice("atlas_nulls_for_lists", "atlas", True, "empty lists are null"),
    Vice(
        "atlas_keys_left_out", "atlas", False, "what is not needed is left out: updated_at, created_at, expires_at, log"
    ),
    Vice("atlas_serial_header", "atlas", False, "no TLS client certificate is asked for: X-SSL-Client-Serial says it"),
    Vice("atlas_errors_explain", "atlas", False, "UNVERIFIED: the description of an error says why"),
    # --- atlas: what they say ---
    Vice("atlas_strange_status", "atlas", True, "the first look at a certificate shows a status that nobody knows"),
    Vice("atlas_strange_status_always", "atlas", False, "every look at a certificate shows it: nobody can go on"),
    Vice("atlas_strange_claim_first", "atlas", False, "the first look at a claim shows a status that nobody knows"),
    Vice("atlas_stale_answer_first", "atlas", False, "the first look after each change shows what was before"),
    Vice("atlas_certificate_missing_first", "atlas", False, "the first look at each certificate gets 404"),
    Vice("atlas_late_index", "atlas", False, "UNVERIFIED: new certificates are in /stats only after 2 seconds"),
    Vice("atlas_serials_padded", "atlas", False, "serials in /stats have 32 digits, with zeros before them"),
    Vice("atlas_serials_small", "atlas", False, "serials are written in small letters"),
    Vice("atlas_location_path", "atlas", False, "Location is a path, not a URL"),
    # --- atlas: claims ---
    Vice(
        "atlas_assert_late",
        "atlas",
        True,
        "the first assertion of each claim is only recorded (201), and looked at later",
    ),
    Vice("atlas_claim_once", "atlas", False, "UNVERIFIED: a second claim of a domain gets 422"),
    Vice("atlas_claim_shows_token", "atlas", False, "UNVERIFIED: looks at claims show their token, too"),
    Vice("atlas_token_bare", "atlas", False, "UNVERIFIED: tokens are 32 hex digits, without a name before them"),
    Vice("atlas_claims_398", "atlas", False, "UNVERIFIED: claims stay verified for 398 days, whatever the date"),
    Vice(
        "atlas_exact_only", "atlas", False, "UNVERIFIED: a claim by DNS or mail covers its domain and *. before it only"
    ),
    Vice("atlas_no_redirects", "atlas", False, "a file behind a redirect is not found"),
    # --- atlas: certificates ---
    Vice("atlas_not_ready", "atlas", True, "the first look at each certificate gets 202, without a body"),
    Vice("atlas_issuing_slow", "atlas", False, "a certificate is not ready (202) for 3 seconds"),
    Vice("atlas_crlf_pem", "atlas", True, "PEM texts have lines that end with CR LF"),
    Vice("atlas_pem_no_newline", "atlas", False, "PEM texts have no end of line at their end"),
    Vice("atlas_chain_reversed", "atlas", False, "the trust chain has the root first"),
    Vice(
        "atlas_new_intermediate",
        "atlas",
        False,
        "another CA signs, and its own certificate was renewed at the download",
    ),
    Vice(
        "atlas_chain_moved_on",
        "atlas",
        False,
        "once anything is issued, the trust chain is another issuing CA's, which has signed nothing of it",
    ),
    Vice("atlas_chain_late", "atlas", False, "the first trust chain for each credential is that of another issuing CA"),
    Vice("atlas_other_certificate", "atlas", False, "the first download of each certificate is one for another key"),
    Vice("atlas_wrong_key", "atlas", False, "every download is a certificate for another key: never deploy it"),
    Vice("atlas_wrong_chain", "atlas", False, "the intermediate has the issuer's name, not its key: never deploy it"),
    Vice("atlas_rekey", "atlas", False, "UNVERIFIED: POST /certificates/{serial}/rekey is there"),
    Vice("atlas_revoked_twice", "atlas", False, "UNVERIFIED: who revokes what is revoked gets 422"),
)
