# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the IIJ DNS Platform Service of the lab misbehaves."""

from __future__ import annotations

from .vice import Vice

ROOM = "dpf"

_ROWS: tuple[tuple[str, bool, str], ...] = (
    # --- answers ---
    ("dpf_too_many", True, "429 without Retry-After, once for each call; no effect"),
    ("dpf_server_error", True, "500 SystemError, once for each call; no effect"),
    ("dpf_lost_answer", True, "the call has its effect, then the connection closes; once for each call"),
    ("dpf_too_many_seconds", False, "UNVERIFIED: 429 with Retry-After in seconds, once for each call; no effect"),
    ("dpf_too_many_date", False, "UNVERIFIED: 429 with Retry-After as a date, once for each call; no effect"),
    ("dpf_unavailable", False, "503 ServiceUnavailable, once for each call; no effect"),
    ("dpf_busy", False, "503 SystemBusy, once for each call; no effect"),
    ("dpf_gateway_lost_effect", False, "504 GatewayTimeout, once for each call: but it has had its effect"),
    ("dpf_blocked", False, "406 NotAcceptable with a block_id, once for each call; no effect"),
    ("dpf_plain_text_error", False, "500 with plain text, once for each call; no effect"),
    ("dpf_html_for_json", False, "200 with a page of HTML, once for each call; no effect"),
    ("dpf_redirect_to_page", False, "302 to a page, once for each call; no effect"),
    ("dpf_half_json", False, "the first answer to each call is half of it, as if it were all"),
    ("dpf_cut_answer", False, "the connection closes in the middle of the first answer to each call"),
    ("dpf_slow_drip", False, "the first answer to each call takes 2 seconds, drop by drop"),
    ("dpf_gzip_unasked", False, "the first answer to each call is compressed, asked or not"),
    ("dpf_huge_answer", False, "the first list and job has 32 MiB before it"),
    ("dpf_rate_limit", False, "429 from the 21st request within one second on (the number is the simulator's own)"),
    # --- jobs ---
    ("dpf_job_running_first", True, "the first look at each job says RUNNING"),
    ("dpf_job_slow", False, "each job takes 2 seconds"),
    ("dpf_job_fails_first", False, "the first job of each zone is FAILED, and had no effect"),
    ("dpf_job_missing_first", False, "the first look at each job gets 400 not_found | request_id"),
    ("dpf_job_strange_status", False, "the second look at each job shows a status that nobody knows"),
    ("dpf_job_never_ends", False, "every job stays RUNNING, and has no effect"),
    # --- other people ---
    ("dpf_foreign_edit", False, "right after the first edit in each zone was staged, somebody stages another"),
    ("dpf_foreign_publish", False, "right after the first edit in each zone was staged, somebody publishes the zone"),
    # --- what is not known of the real one ---
    ("dpf_publish_own_only", False, "UNVERIFIED: publishing and undoing are of one's own edits only"),
    ("dpf_publish_nothing_refused", False, "UNVERIFIED: to publish without an edit is refused"),
    ("dpf_soa_fixed", False, "UNVERIFIED: the SOA cannot be changed: 400 forbidden | record"),
    ("dpf_names_exact", False, "UNVERIFIED: _keywords_name[] finds whole names only, not parts of them"),
    ("dpf_names_without_dot", False, "names of records come without the last dot, as in some samples"),
    ("dpf_diff_half_left_out", False, "UNVERIFIED: what is not there in a difference is left out, not null"),
    ("dpf_long_text_split", False, "UNVERIFIED: a text of more than 255 characters is split, not refused"),
)
VICES: tuple[Vice, ...] = tuple(Vice(name, ROOM, default, what) for name, default, what in _ROWS)
