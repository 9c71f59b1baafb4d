# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.calendar import Calendar, Freeze
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputCollector, InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._core.policy_renewal import (
    Choose,
    Due,
    Facts,
    Outcome,
    RenewalPolicy,
    decide,
    read_policy,
    renewal_day,
)
from ansible_collections.inkan.tls.plugins.module_utils._core.schedule import SellersWindow
from ansible_collections.inkan.tls.plugins.module_utils._core.wish import Live, OpenOrder


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


NAMES = ("shop.example.jp", "www.shop.example.jp")
#: 90 days; two thirds of them are over on 2026-11-30
LIVE = Live(at("2026-10-01"), at("2026-12-30"), NAMES, "ecdsa-p256", None, "1f")
POLICY = RenewalPolicy(fraction=2 / 3)
BEFORE, ON = at("2026-11-29T23:59:59"), at("2026-11-30")


def live(**changes: t.Any) -> Live:
    return Live(**{**LIVE.__dict__, **changes})


def due(
    now: datetime,
    *,
    has: Live | None = LIVE,
    order: OpenOrder | None = None,
    choose: Choose = Choose.RENEW,
    policy: RenewalPolicy = POLICY,
) -> Due:
    return decide(Facts("shop", NAMES, "ecdsa-p256", has, order), policy, choose, now)


def test_a_certificate_is_due_from_its_day_on() -> None:
    assert (due(BEFORE).outcome, due(BEFORE).code) == (Outcome.NOT_DUE, "not_due")
    assert (due(ON).outcome, due(ON).code) == (Outcome.DUE, "window_open")
    assert due(BEFORE).at == ON
    assert due(BEFORE).reason.endswith("its day of renewal is 2026-11-30T00:00:00Z")


def test_issue_does_not_count_the_day() -> None:
    assert due(at("2026-12-29"), choose=Choose.ISSUE).outcome is Outcome.NOT_DUE


def test_an_issued_certificate_that_waits_is_in_progress_when_nothing_is_asked() -> None:
    other = OpenOrder("deploy_pending", None, live(dns_names=("old.example.jp",)))
    assert due(ON, order=other).code == "names_changed"
    assert due(ON, order=other, choose=Choose.NONE).code == "order_open"


def test_nothing_is_chosen_when_nothing_is_asked() -> None:
    assert due(ON, has=None, choose=Choose.NONE).code == "not_asked"


@pytest.mark.parametrize("choose", [Choose.ISSUE, Choose.RENEW])
@pytest.mark.parametrize(
    ("has", "code"),
    [
        pytest.param(None, "no_certificate", id="no certificate"),
        pytest.param(live(not_after=at("2026-10-02")), "expired", id="an expired certificate"),
        pytest.param(live(matches=False), "key_mismatch", id="a certificate that is not of its key"),
        pytest.param(live(dns_names=NAMES[:1]), "names_changed", id="a name is missing"),
        pytest.param(live(dns_names=(*NAMES, "old.example.jp")), "names_changed", id="a name is no longer wanted"),
        pytest.param(live(key_type="rsa-2048"), "key_type_changed", id="another key type"),
    ],
)
def test_what_is_due_whatever_the_day(choose: Choose, has: Live | None, code: str) -> None:
    found = due(at("2026-10-10"), has=has, choose=choose)
    assert (found.outcome, found.code) == (Outcome.DUE, code)


@pytest.mark.parametrize("choose", [Choose.ISSUE, Choose.RENEW])
@pytest.mark.parametrize("state", ["revoked", "refused", "rolled_back"])
def test_a_revoked_certificate_is_replaced_whatever_the_orders_after_it_came_to(state: str, choose: Choose) -> None:
    """Also in a freeze: who visits the site is told that the certificate must not be trusted."""
    frozen = RenewalPolicy(calendar=Calendar((Freeze(at("2026-10-01"), at("2026-12-01"), "year-end sale"),)))
    found = due(at("2026-10-10"), order=OpenOrder(state, None, None, ("1f",)), choose=choose, policy=frozen)
    assert (found.outcome, found.code) == (Outcome.DUE, "revoked") and "1f" in found.reason


def test_a_revoked_certificate_that_is_not_live_is_no_reason_and_an_order_under_way_is_waited_for() -> None:
    day = at("2026-10-10")
    assert due(day, order=OpenOrder("revoked", None, None, ("2f",))).code == "not_due"
    assert due(day, has=live(serial=None), order=OpenOrder("revoked", None, None, ("1f",))).code == "not_due"
    assert due(day, order=OpenOrder("wanted", None, None, ("1f",))).code == "order_open"
    assert due(day, order=OpenOrder("revoked", None, None, ("1f",)), choose=Choose.NONE).code == "not_asked"


@pytest.mark.parametrize(
    "has",
    [
        pytest.param(live(dns_names=NAMES[::-1]), id="the order of the names"),
        pytest.param(live(dns_names=None, key_type=None), id="what is not known of the live certificate"),
    ],
)
def test_what_is_no_reason(has: Live) -> None:
    assert due(at("2026-10-10"), has=has).outcome is Outcome.NOT_DUE


def test_a_certificate_that_was_old_when_it_came_is_not_due_at_once() -> None:
    came_late = live(obtained_at=at("2026-12-20"))
    assert due(at("2026-12-21"), has=came_late).outcome is Outcome.NOT_DUE
    assert due(at("2026-12-26T16:00:00"), has=came_late).outcome is Outcome.DUE


def test_days_left_takes_the_place_of_the_fraction() -> None:
    policy = RenewalPolicy(days_left=10)
    assert due(at("2026-12-19T23:59:59"), policy=policy).outcome is Outcome.NOT_DUE
    assert due(at("2026-12-20"), policy=policy).outcome is Outcome.DUE


def test_a_certificate_shorter_than_days_left_is_not_due_on_the_day_it_came() -> None:
    policy = RenewalPolicy(fraction=0.5, days_left=120)
    assert renewal_day("shop", LIVE, policy) == at("2026-11-15")


def test_force_is_due_and_only_for_the_name() -> None:
    assert due(BEFORE, policy=RenewalPolicy(force=frozenset({"shop"}))).code == "forced"
    assert due(BEFORE, policy=RenewalPolicy(fraction=2 / 3, force=frozenset({"other"}))).code == "not_due"


FREEZE = Calendar((Freeze(at("2026-11-25"), at("2026-12-05"), "year-end sale"),))


@pytest.mark.parametrize(
    ("has", "choose", "policy", "code"),
    [
        pytest.param(LIVE, Choose.RENEW, RenewalPolicy(2 / 3, calendar=FREEZE), "frozen", id="a renewal is held back"),
        pytest.param(
            live(dns_names=NAMES[:1]), Choose.RENEW, RenewalPolicy(calendar=FREEZE), "frozen", id="and new names"
        ),
        pytest.param(
            live(dns_names=NAMES[:1]), Choose.ISSUE, RenewalPolicy(calendar=FREEZE), "names_changed", id="issue is not"
        ),
        pytest.param(None, Choose.RENEW, RenewalPolicy(calendar=FREEZE), "no_certificate", id="nor a missing one"),
        pytest.param(
            live(not_after=at("2026-12-04")),
            Choose.RENEW,
            RenewalPolicy(2 / 3, calendar=FREEZE),
            "window_open",
            id="nor one that would end in the freeze",
        ),
        pytest.param(
            LIVE,
            Choose.RENEW,
            RenewalPolicy(calendar=FREEZE, force=frozenset({"shop"})),
            "forced",
            id="nor a forced one",
        ),
    ],
)
def test_a_freeze(has: Live | None, choose: Choose, policy: RenewalPolicy, code: str) -> None:
    assert due(at("2026-12-01"), has=has, choose=choose, policy=policy).code == code


def test_a_freeze_ends() -> None:
    policy = RenewalPolicy(2 / 3, calendar=FREEZE)
    assert due(at("2026-12-01"), policy=policy).at == at("2026-12-05")
    assert due(at("2026-12-05"), policy=policy).code == "window_open"


@pytest.mark.parametrize("state", ["intended", "wanted", "validating", "issuing", "needs_person"])
@pytest.mark.parametrize("choose", Choose)
def test_an_open_order_is_always_worked_on(state: str, choose: Choose) -> None:
    policy = RenewalPolicy(force=frozenset({"shop"}))
    assert due(ON, order=OpenOrder(state, None, None), choose=choose, policy=policy).outcome is Outcome.IN_PROGRESS


@pytest.mark.parametrize("state", ["none", "deployed", "refused", "expired", "cancelled", "rolled_back", "revoked"])
def test_an_order_that_ended_says_nothing(state: str) -> None:
    assert due(ON, order=OpenOrder(state, None, None)).code == "window_open"


def test_an_issued_certificate_that_waits_for_a_dead_host_is_renewed_on_its_own_day() -> None:
    waiting = OpenOrder("deploy_pending", None, LIVE)
    old = live(not_after=at("2026-10-05"))
    assert due(BEFORE, has=old, order=waiting).outcome is Outcome.IN_PROGRESS
    assert due(ON, has=old, order=waiting).code == "window_open"
    forced = RenewalPolicy(2 / 3, force=frozenset({"shop"}))
    assert due(BEFORE, has=old, order=waiting, policy=forced).outcome is Outcome.IN_PROGRESS


def test_jitter_is_the_same_each_time_never_late_and_spreads_names() -> None:
    policy = RenewalPolicy(fraction=2 / 3, jitter=timedelta(hours=48))
    days = [renewal_day(f"c{number}", LIVE, policy) for number in range(100)]
    assert days == [renewal_day(f"c{number}", LIVE, policy) for number in range(100)]
    assert all(ON - timedelta(hours=48) <= day <= ON for day in days)
    assert len(set(days)) > 90


def test_jitter_never_eats_more_than_half_of_the_wait() -> None:
    short = live(not_before=at("2026-10-01"), not_after=at("2026-10-02"))
    policy = RenewalPolicy(fraction=0.5, jitter=timedelta(days=30))
    assert min(renewal_day(f"c{n}", short, policy) for n in range(50)) == at("2026-10-01T06:00:00")


def test_the_policy_is_read_and_every_wrong_field_is_named() -> None:
    errors = InputCollector()
    raw = {
        "fraction": 1.5,
        "days_left": "soon",
        "freeze": [{"from": "2026-12-31", "to": "2026-12-01"}, {"from": "2026-12-01"}],
        "jiter_hours": 3,
    }
    read_policy(raw, errors)
    with pytest.raises(InputErrors) as caught:
        errors.refuse()
    text = str(caught.value)
    for word in ("5 errors", "renewal.fraction", "renewal.days_left", "freeze[0]", "freeze[1]", 'mean "jitter_hours"'):
        assert word in text


def test_every_word_of_the_policy_is_read() -> None:
    errors = InputCollector()
    policy = read_policy(
        {
            "fraction": "0.5",
            "days_left": 20,
            "force": ["shop"],
            "jitter_hours": 12,
            "contract_days": 40,
            "cliff_days": 7,
            "run_every_hours": 6,
        },
        errors,
    )
    assert policy == RenewalPolicy(
        fraction=0.5,
        days_left=20,
        force=frozenset({"shop"}),
        jitter=timedelta(hours=12),
        contract_days=40,
        cliff_days=7,
        run_every=timedelta(hours=6),
    )
    assert read_policy({}, errors) == read_policy(None, errors) == RenewalPolicy()
    assert not errors.errors


@pytest.mark.parametrize(
    ("word", "good", "bad"),
    [
        ("fraction", (0.1, 0.95, "0.5"), (0.09, 0.96, 0, "half", [])),
        ("days_left", (1, 397), (0, 398, "soon")),
        ("jitter_hours", (0, 720), (-1, 721)),
        ("contract_days", (0, 397), (-1, 398)),
        ("cliff_days", (0, 90), (-1, 91)),
        ("run_every_hours", (1, 168), (0, 169)),
    ],
)
def test_every_number_of_the_policy_has_its_bounds(word: str, good: tuple[t.Any, ...], bad: tuple[t.Any, ...]) -> None:
    for value in (*good, *bad):
        errors = InputCollector()
        policy = read_policy({word: value}, errors)
        assert [f"renewal.{word}" in str(one) for one in errors.errors] == [True] * (value in bad), value
        assert value not in bad or policy.fraction == RenewalPolicy().fraction


def test_a_bare_date_at_the_end_of_a_freeze_is_frozen() -> None:
    errors = InputCollector()
    policy = read_policy(
        {"freeze": [{"from": "2026-12-28T09:00:00+09:00", "to": "2027-01-03", "reason": "new year"}]}, errors
    )
    assert policy.calendar.freezes == (Freeze(at("2026-12-28"), at("2027-01-04"), "new year"),)
    assert not errors.errors


# -- what else makes it due -------------------------------------------------------------------------------------------


def decided(now: str, policy: RenewalPolicy = POLICY, choose: Choose = Choose.RENEW, **facts: t.Any) -> Due:
    known: dict[str, t.Any] = {"live": LIVE, "order": None, **facts}
    return decide(Facts("shop", NAMES, "ecdsa-p256", **known), policy, choose, at(now))


def window(opens: int = 30, closes: int = 21, renews: bool = True, hours: int = 9) -> SellersWindow:
    return SellersWindow(opens, closes, timedelta(hours=hours), renews, ("IIJ-20",), LIVE.not_after)


# the certificate ends at 2026-12-30T00:00:00Z, on 2026-12-30 in Japan: 30 days before is 2026-11-30 there
@pytest.mark.parametrize(
    ("now", "code"),
    [
        ("2026-11-29T14:59:59", "not_due"),
        ("2026-11-29T15:00:00", "window_open"),
        ("2026-12-09T14:59:59", "window_open"),
        ("2026-12-09T15:00:00", "seller_renews"),
        ("2026-12-30T00:00:01", "expired"),
    ],
)
def test_the_sellers_window_counts_by_its_own_calendar(now: str, code: str) -> None:
    found = decided(now, RenewalPolicy(fraction=0.1), window=window())
    assert found.code == code
    assert code == "not_due" or code == "expired" or "IIJ-20" in found.reason


def test_a_seller_that_does_not_renew_by_itself_is_asked_also_after_its_window() -> None:
    assert decided("2026-12-20", window=window(renews=False)).code == "window_open"


def test_the_users_own_day_counts_inside_the_window_and_is_brought_into_it_after_it_closed() -> None:
    inside, late = RenewalPolicy(days_left=25), RenewalPolicy(days_left=5)
    assert decided("2026-12-04T23:59:59", inside, window=window()).code == "not_due"
    assert decided("2026-12-05", inside, window=window()).code == "window_open"
    assert decided("2026-11-29T15:00:00", late, window=window()).code == "window_open"


def test_a_suggestion_of_the_ca_takes_the_place_of_the_own_day_and_of_every_freeze() -> None:
    has = live(suggested=(at("2026-10-05"), at("2026-10-07")))
    moment = decided("2026-10-01", live=has).at
    assert moment is not None and at("2026-10-05") <= moment <= at("2026-10-07")
    assert decided("2026-10-01", live=has).at == moment  # the same for a name, each time
    frozen = RenewalPolicy(calendar=Calendar((Freeze(at("2026-10-01"), at("2026-11-01"), "sale"),)))
    assert decided("2026-10-07", frozen, live=has).code == "ca_suggests"
    later = live(suggested=(at("2026-12-20"), at("2026-12-21")))
    assert decided("2026-12-10", live=later).code == "not_due"
    assert decided("2026-12-10", choose=Choose.NONE, live=has).code == "not_asked"


@pytest.mark.parametrize(
    ("now", "hours", "code"),
    [
        ("2026-12-20T03:00:00", 1, "not_due"),  # before the window
        ("2026-12-20T11:00:00", 1, "not_due"),  # inside it, before the share of this name, and there is time
        ("2026-12-20T11:00:00", 24, "ca_suggests"),  # the next run comes when it is over
        ("2026-12-20T03:00:00", 24, "ca_suggests"),  # so would this one's
        ("2026-12-20T23:59:00", 1, "ca_suggests"),  # its last hour
        ("2026-12-22T00:00:00", 1, "ca_suggests"),  # a window in the past means now
    ],
)
def test_a_window_that_would_be_over_at_the_next_run_is_now(now: str, hours: int, code: str) -> None:
    has = live(suggested=(at("2026-12-20T06:00:00"), at("2026-12-21")), explained="https://ca.example/why")
    found = decided(now, RenewalPolicy(run_every=timedelta(hours=hours), days_left=1), live=has)
    assert found.code == code
    assert ("https://ca.example/why" in found.reason) == (code == "ca_suggests")


def test_many_certificates_are_spread_over_the_window() -> None:
    """RFC 9773 §4.2: uniformly, and the same moment for a certificate each time."""
    start, end = at("2026-12-01"), at("2026-12-11")
    has = live(suggested=(start, end))
    moments = []
    for number in range(200):
        facts = Facts(f"shop{number}", NAMES, "ecdsa-p256", live=has, order=None)
        moment = decide(facts, POLICY, Choose.RENEW, at("2026-11-01")).at
        assert moment == decide(facts, POLICY, Choose.RENEW, at("2026-11-08")).at and moment is not None
        moments.append(moment)
    days = [sum((one - start).days == day for one in moments) for day in range(10)]
    assert min(days) >= 9 and max(days) <= 33, days  # 20 a day, give or take three standard deviations
    assert start <= min(moments) and max(moments) <= end


def test_the_reasons_are_in_their_order() -> None:
    """ARI, revoked or mismatched key, names, window, contract end, cliff: the first one that holds is told."""
    wrong = {
        "live": live(suggested=(at("2026-10-05"), at("2026-10-07")), matches=False, dns_names=NAMES[:1]),
        "order": OpenOrder("deployed", None, None, ("1f",)),
        "contract_ends": at("2026-12-20"),
        "method_ends": date(2026, 12, 1),
    }
    codes = []
    for mended in (
        {},
        {"suggested": None},
        {"matches": True},
        {"serial": "2f"},
        {"dns_names": NAMES},
    ):
        wrong["live"] = live(**{**wrong["live"].__dict__, **mended})
        codes.append(decided("2026-12-01", **wrong).code)
    assert codes == ["ca_suggests", "key_mismatch", "revoked", "names_changed", "window_open"]
    late = RenewalPolicy(fraction=0.95)
    assert decided("2026-11-25", late, contract_ends=wrong["contract_ends"], method_ends=date(2026, 12, 1)).code == (
        "contract_ends"
    )
    assert decided("2026-11-25", late, method_ends=date(2026, 12, 1)).code == "cliff_ahead"


@pytest.mark.parametrize(
    ("now", "policy", "code"),
    [
        pytest.param("2026-11-19T23:59:59", RenewalPolicy(0.95), "not_due", id="31 days before"),
        pytest.param("2026-11-20", RenewalPolicy(0.95), "contract_ends", id="30 days before"),
        pytest.param("2026-11-20", RenewalPolicy(0.95, contract_days=0), "not_due", id="turned off"),
        pytest.param("2026-12-20", RenewalPolicy(0.95), "not_due", id="the contract is over"),
        pytest.param("2026-11-20", RenewalPolicy(0.95, calendar=FREEZE), "contract_ends", id="before a freeze"),
        pytest.param("2026-11-26", RenewalPolicy(0.95, calendar=FREEZE), "frozen", id="in a freeze"),
    ],
)
def test_the_end_of_the_contract(now: str, policy: RenewalPolicy, code: str) -> None:
    assert decided(now, policy, contract_ends=at("2026-12-20")).code == code


def test_a_contract_whose_end_was_not_corrected_does_not_order_every_day() -> None:
    has = live(obtained_at=at("2026-11-21"))
    assert decided("2026-11-22", RenewalPolicy(0.95), live=has, contract_ends=at("2026-12-20")).code == "not_due"


@pytest.mark.parametrize(
    ("now", "ends", "policy", "code"),
    [
        pytest.param("2026-11-30", date(2026, 12, 15), RenewalPolicy(0.95), "not_due", id="15 days before"),
        pytest.param("2026-12-01", date(2026, 12, 15), RenewalPolicy(0.95), "cliff_ahead", id="14 days before"),
        pytest.param("2026-12-14", date(2026, 12, 15), RenewalPolicy(0.95), "cliff_ahead", id="the last day"),
        pytest.param("2026-12-15", date(2026, 12, 15), RenewalPolicy(0.95), "not_due", id="too late"),
        pytest.param("2026-12-01", date(2026, 12, 15), RenewalPolicy(0.95, cliff_days=0), "not_due", id="turned off"),
        pytest.param("2026-12-20", date(2026, 12, 27), RenewalPolicy(0.95), "not_due", id="its day comes before"),
    ],
)
def test_a_cliff_ahead(now: str, ends: date, policy: RenewalPolicy, code: str) -> None:
    assert decided(now, policy, method_ends=ends).code == code


def test_the_last_time_by_a_dying_method_is_once() -> None:
    has = live(not_before=at("2026-12-02"), not_after=at("2027-03-11"))
    assert decided("2026-12-03", RenewalPolicy(0.95), live=has, method_ends=date(2026, 12, 15)).code == "not_due"


# -- three kinds of orders, and one answer that is none ---------------------------------------------------------------

PAID = at("2027-10-01")
KINDS = [
    pytest.param("2026-11-20", {"live": None}, "issue", id="no certificate"),
    pytest.param("2026-12-01", {}, "renew", id="its day has come"),
    pytest.param("2027-01-01", {}, "renew", id="it is expired"),
    pytest.param("2026-11-20", {"live": live(matches=False)}, "renew", id="a lost key, no reissue at this seller"),
    pytest.param("2026-11-20", {"live": live(matches=False), "reissues": "certificate"}, "reissue", id="a lost key"),
    pytest.param(
        "2026-12-01", {"live": live(matches=False), "reissues": "certificate"}, "renew", id="when it is due anyway"
    ),
    pytest.param(
        "2026-11-20", {"live": live(dns_names=NAMES[:1]), "reissues": "certificate"}, "reissue", id="another name"
    ),
    pytest.param(
        "2026-12-01", {"reissues": "certificate", "contract_ends": PAID}, "renew", id="one term a certificate"
    ),
    pytest.param("2026-12-01", {"reissues": "contract", "contract_ends": PAID}, "reissue", id="a term of years"),
    pytest.param("2026-12-01", {"reissues": "contract"}, "renew", id="a term that nobody declared"),
    pytest.param(
        "2026-12-01", {"reissues": "contract", "contract_ends": at("2026-12-20")}, "renew", id="its last days"
    ),
    pytest.param("2027-01-01", {"reissues": "contract", "contract_ends": PAID}, "reissue", id="expired inside it"),
    pytest.param("2026-11-20", {}, None, id="nothing is due"),
    pytest.param(
        "2026-11-20",
        {"live": live(suggested=(at("2026-11-20T01:00:00"), at("2026-11-20T23:00:00"))), "reissues": "certificate"},
        "renew",
        id="its CA suggests it, and the next run may come later",
    ),
]


@pytest.mark.parametrize(("now", "facts", "kind"), KINDS)
def test_renew_reissue_and_issue_are_different(now: str, facts: dict[str, t.Any], kind: str | None) -> None:
    found = decided(now, **facts)
    assert (found.kind, found.outcome is Outcome.DUE) == (kind, kind is not None)


def test_a_validation_that_ends_is_made_anew_without_an_order() -> None:
    facts = {"validation_ends": date(2026, 11, 25), "revalidate_days": 14}
    assert decided("2026-11-10T23:59:59", **facts).code == "not_due"
    found = decided("2026-11-11", **facts)
    assert (found.outcome, found.code, found.kind) == (Outcome.NOT_DUE, "validation_ends", "revalidate")
    assert decided("2026-12-01", **facts).kind == "renew"  # an order validates, too
    assert decided("2026-11-11", choose=Choose.ISSUE, **facts).kind is None
    assert decided("2026-11-11", validation_ends=date(2026, 11, 25)).kind is None  # the seller has no such thing


def test_an_issued_certificate_that_waits_for_a_dead_host_is_used_once_more_before_its_method_ends() -> None:
    waiting = OpenOrder("deploy_pending", None, LIVE)
    for ends, outcome in ((date(2026, 11, 25), Outcome.DUE), (date(2027, 6, 1), Outcome.IN_PROGRESS)):
        assert decided("2026-11-20", live=None, order=waiting, method_ends=ends).outcome is outcome


# -- edges ------------------------------------------------------------------------------------------------------------

AGAIN = {"reissues": "certificate"}
CONTRACT = at("2026-12-20")


@pytest.mark.parametrize(
    ("now", "facts", "code", "kind"),
    [
        pytest.param(
            "2026-11-20", {**AGAIN, "contract_ends": CONTRACT}, "contract_ends", "renew", id="the contract ends"
        ),
        pytest.param(
            "2026-11-20", {**AGAIN, "method_ends": date(2026, 11, 25)}, "cliff_ahead", "renew", id="the method ends"
        ),
        pytest.param(
            "2026-11-30", {**AGAIN, "live": live(matches=False)}, "key_mismatch", "renew", id="on its very day"
        ),
        pytest.param(
            "2026-11-29T23:59:59",
            {**AGAIN, "live": live(matches=False)},
            "key_mismatch",
            "reissue",
            id="a second before",
        ),
        pytest.param(
            "2026-12-15",
            {"reissues": "contract", "contract_ends": at("2027-01-10")},
            "window_open",
            "renew",
            id="in the last days of a term that is longer than the certificate",
        ),
        pytest.param(
            "2026-12-11",
            {"reissues": "contract", "contract_ends": at("2027-01-10")},
            "window_open",
            "renew",
            id="on the first of them",
        ),
        pytest.param(
            "2026-12-10T23:59:59",
            {"reissues": "contract", "contract_ends": at("2027-01-10")},
            "window_open",
            "reissue",
            id="a second before them",
        ),
        pytest.param(
            "2026-11-30",
            {"reissues": "contract", "contract_ends": LIVE.not_after, "policy": RenewalPolicy(2 / 3, contract_days=0)},
            "window_open",
            "renew",
            id="a term that ends with the certificate",
        ),
    ],
)
def test_what_is_paid_is_used_until_it_ends(now: str, facts: dict[str, t.Any], code: str, kind: str) -> None:
    found = decided(now, **facts)
    assert (found.outcome, found.code, found.kind) == (Outcome.DUE, code, kind)


@pytest.mark.parametrize(
    ("choose", "now", "reason"),
    [
        (
            Choose.ISSUE,
            "2026-11-29",
            "there is a live certificate as wished, its day of renewal is 2026-11-30T00:00:00Z",
        ),
        (Choose.ISSUE, "2026-11-30", "there is a live certificate as wished"),
        (
            Choose.RENEW,
            "2026-11-29",
            "there is a live certificate as wished, its day of renewal is 2026-11-30T00:00:00Z",
        ),
    ],
)
def test_a_day_of_renewal_is_told_while_it_is_ahead(choose: Choose, now: str, reason: str) -> None:
    found = decided(now, choose=choose)
    assert (found.outcome, found.code, found.reason, found.at) == (Outcome.NOT_DUE, "not_due", reason, ON)


@pytest.mark.parametrize(("now", "code"), [("2026-12-30T00:00:00", "window_open"), ("2026-12-30T00:00:01", "expired")])
def test_it_is_expired_after_its_last_second(now: str, code: str) -> None:
    assert decided(now).code == code


@pytest.mark.parametrize(
    ("now", "facts", "code"),
    [
        pytest.param(
            "2026-11-20", {"contract_ends": CONTRACT}, "contract_ends", id="thirty days before the contract ends"
        ),
        pytest.param("2026-11-19T23:59:59", {"contract_ends": CONTRACT}, "not_due", id="a second earlier"),
        pytest.param(
            "2026-11-21",
            {"contract_ends": CONTRACT, "live": live(not_before=at("2026-11-20"), not_after=at("2027-02-18"))},
            "not_due",
            id="renewed on that very day",
        ),
        pytest.param("2026-11-20", {"contract_ends": at("2026-11-20")}, "not_due", id="the contract has ended"),
        pytest.param("2026-11-20", {"method_ends": date(2026, 11, 20)}, "not_due", id="the method ended today"),
        pytest.param("2026-11-19", {"method_ends": date(2026, 11, 20)}, "cliff_ahead", id="it ends tomorrow"),
        pytest.param(
            "2026-11-16", {"method_ends": date(2026, 11, 30)}, "cliff_ahead", id="it ends on the day of renewal"
        ),
        pytest.param("2026-11-17", {"method_ends": date(2026, 12, 1)}, "not_due", id="it ends the day after"),
        pytest.param("2026-11-11", {"method_ends": date(2026, 11, 25)}, "cliff_ahead", id="fourteen days before"),
        pytest.param(
            "2026-11-10T23:59:59", {"method_ends": date(2026, 11, 25)}, "not_due", id="a second earlier still"
        ),
        pytest.param(
            "2026-11-12",
            {"method_ends": date(2026, 11, 25), "live": live(not_before=at("2026-11-11"), not_after=at("2027-02-09"))},
            "not_due",
            id="renewed on that day",
        ),
    ],
)
def test_reasons_begin_and_end_on_their_day(now: str, facts: dict[str, t.Any], code: str) -> None:
    assert decided(now, **facts).code == code


@pytest.mark.parametrize(
    ("now", "hours", "code"),
    [
        ("2026-12-20T00:00:00", 24, "not_due"),  # the next run comes with its last second
        ("2026-12-20T00:00:01", 24, "ca_suggests"),
    ],
)
def test_a_window_of_the_ca_ends_after_its_last_second(now: str, hours: int, code: str) -> None:
    has = live(suggested=(at("2026-12-20T06:00:00"), at("2026-12-21")))
    assert decided(now, RenewalPolicy(run_every=timedelta(hours=hours), days_left=1), live=has).code == code


def test_the_moment_of_the_ca_is_its_first() -> None:
    has = live(suggested=(at("2026-12-20"), at("2026-12-25")))
    often = RenewalPolicy(run_every=timedelta(hours=1), days_left=1)
    moment = decided("2026-11-01", often, live=has).at
    assert moment is not None
    before = decide(Facts("shop", NAMES, "ecdsa-p256", has, None), often, Choose.RENEW, moment - timedelta(seconds=1))
    then = decide(Facts("shop", NAMES, "ecdsa-p256", has, None), often, Choose.RENEW, moment)
    assert (before.code, then.code) == ("not_due", "ca_suggests")


def test_names_that_differ_are_told() -> None:
    assert decided("2026-11-20", live=live(dns_names=NAMES[:1])).reason == (
        "the names differ from the live certificate (new: www.shop.example.jp)"
    )
    assert decided("2026-11-20", live=live(dns_names=(*NAMES, "b.jp", "a.jp"))).reason == (
        "the names differ from the live certificate (no longer: a.jp, b.jp)"
    )
    assert decided("2026-11-20", live=live(dns_names=("a.jp", NAMES[0]))).reason.endswith(
        "(new: www.shop.example.jp; no longer: a.jp)"
    )


def test_without_a_certificate_a_word_of_a_person_goes_before_a_refusal() -> None:
    assert decided("2026-11-20", live=None, held="no").outcome is Outcome.NOT_DUE
    found = decided("2026-11-20", RenewalPolicy(force=frozenset({"shop"})), live=None, held="no")
    assert (found.outcome, found.code, found.kind) == (Outcome.DUE, "forced", "issue")
    held = decided("2026-11-20", live=None, held="no", held_code="order_cancelled")
    assert (held.code, held.reason, held.kind) == ("order_cancelled", "no", None)


@pytest.mark.parametrize(("has", "day"), [(LIVE, ON), (None, None)])
def test_an_open_order_is_told_with_the_day_of_what_is_live(has: Live | None, day: datetime | None) -> None:
    found = decided("2026-11-20", live=has, order=OpenOrder("validating", None, None))
    assert (found.outcome, found.code, found.at) == (Outcome.IN_PROGRESS, "order_open", day)


#: its window is over at 2026-12-09T15:00:00
CLOSES = at("2026-12-09T15:00:00")


@pytest.mark.parametrize(
    ("ends", "facts", "code"),
    [
        pytest.param(CLOSES, {}, "frozen", id="a freeze until the window closes"),
        pytest.param(CLOSES + timedelta(seconds=1), {}, "window_open", id="a second longer: it would be too late"),
        pytest.param(
            CLOSES + timedelta(days=2), {"live": live(dns_names=NAMES[:1])}, "frozen", id="what no window is for waits"
        ),
        pytest.param(LIVE.not_after, {"live": live(dns_names=NAMES[:1])}, "frozen", id="until the certificate ends"),
        pytest.param(
            LIVE.not_after + timedelta(seconds=1),
            {"live": live(dns_names=NAMES[:1])},
            "names_changed",
            id="but no longer",
        ),
    ],
)
def test_a_freeze_holds_back_what_can_wait(ends: datetime, facts: dict[str, t.Any], code: str) -> None:
    freeze = Freeze(at("2026-12-05"), ends, "sale")
    policy = RenewalPolicy(fraction=2 / 3, calendar=Calendar((freeze,)))
    found = decided("2026-12-06", policy, window=window(renews=False), **facts)
    assert found.code == code
    assert code != "frozen" or found.at == ends
