# Copyright: The inkan.tls developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS services and their secrets, worded once."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  dns_services:
    description:
      - The DNS services that may be written to, by name, as in the variable C(inkan_dns_services) without its secrets.
      - Each has C(service), the kind of service; C(settings), what the kind needs; and C(zones), the list of zones that
        it serves (names, or dictionaries with C(name) and C(rname), the mailbox that M(inkan.tls.soa_rname) sets). A
        zone has one service.
      - 'Service V(rfc2136) (dynamic update with TSIG; BIND, Knot, PowerDNS) has the settings C(server) (IP address of
        the primary server), C(port) (default V(53)), C(key_name), C(key_algorithm) (default V(hmac-sha256);
        V(hmac-md5) is refused) and C(timeout) (seconds, default V(5)); and the secret C(key_secret) (base64). With
        C(gss_tsig) it signs by Kerberos (the controller then needs the PyPI package gssapi), and has the settings
        C(server_name) (host name in the principal of the server), C(keytab) (a path, or in place of it the secret
        C(keytab), in base64) and C(principal) in place of the key.'
      - 'Service V(iij_dpf) (IIJ DNS Platform Service) has the settings C(service_code), C(requests_per_second) (default
        V(1)), C(burst) (default V(5)), C(job_timeout) (seconds, default V(120)), C(job_interval) (seconds, default
        V(1)), C(timeout) (seconds, default V(60)), C(url) and C(ca_bundle) (PEM file), none of which is needed; and the
        secret C(access_token).'
      - 'Service V(lexicon) (the PyPI package dns-lexicon, which the controller then needs) has the settings C(driver),
        C(options) (of the driver, not secret) and C(timeout) (seconds, default V(30)); and the secrets of the driver.'
      - 'Service V(powerdns) (HTTP API of PowerDNS) has the settings C(url) (where the API is, https), C(server_id)
        (default V(localhost)), C(timeout) (seconds, default V(10)) and C(ca_bundle) (PEM file); and the secret
        C(api_key).'
    type: dict
    required: true
  secrets:
    description:
      - The secrets of the services. Service name to secret name to value.
      - A value of fewer than 8 characters is refused, because masking it would star out harmless words.
    type: dict
    default: {}
"""
