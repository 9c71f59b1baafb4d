# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's page in a real browser: wide and narrow, light and dark, by keyboard, without a script, audited by axe.

No time is judged here; how fast a page opens is a figure of ``make bench``.
"""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._report.changes import with_changes
from ansible_collections.inkan.tls.plugins.module_utils._report.model import Report
from ansible_collections.inkan.tls.plugins.module_utils._report.page import Links, report_page
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.estate import estate, the_day_before
from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.hostile import TEXTS, hostile_report
from servers.absent import skipped_if_absent
from servers.chromium import Chromium, Tab
from servers.process import Missing, program

REPOSITORY = Path(__file__).resolve().parents[2]
FEW, MANY = 40, 1000
#: elements of the page with 1,000 certificates, and its size: what a browser has to work through
MOST_ELEMENTS, MOST_BYTES = 40_000, 2_000_000
TAB, ENTER = 9, 13
FONT = Path("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Chromium]:
    with skipped_if_absent():
        program("chromium", "chromium")
    with Chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


def reports(number: int) -> Report:
    report = estate(number)
    return with_changes(report, the_day_before(report))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    links = Links("en-40.html", ("report.json", "report.ics"))
    for number in (FEW, MANY):
        report = reports(number)
        for language in ("en", "ja"):
            (folder / f"{language}-{number}.html").write_text(report_page(report, language, links), "utf-8")
    for number, text in enumerate(TEXTS.values()):
        page = report_page(hostile_report(text), "ja" if number % 2 else "en").encode("utf-8", "backslashreplace")
        (folder / f"hostile-{number}.html").write_bytes(page)
    return folder


@pytest.fixture(scope="module")
def axe() -> str:
    """Its script; what cannot be had is told of as a missing server is."""
    with skipped_if_absent():
        found = subprocess.run(
            [REPOSITORY / "scripts" / "axe"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if found.returncode != 0:
            raise Missing("axe-core (scripts/axe)", "npm")
    return Path(found.stdout.strip()).read_text("utf-8")


# -- it opens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("number", [FEW, MANY])
def test_a_page_opens_without_a_word_on_the_console_or_a_request(
    browser: Chromium, pages: Path, language: str, number: int
) -> None:
    page = pages / f"{language}-{number}.html"
    with browser.tab() as tab:
        tab.open(page)
        assert tab.run("document.documentElement.lang") == language
        assert tab.run("document.querySelectorAll('.estate tbody tr').length") == number
        assert tab.trouble() == []
        elements = tab.run("document.querySelectorAll('*').length")
    assert elements < MOST_ELEMENTS * number / MANY + 1500 and page.stat().st_size < MOST_BYTES


@pytest.mark.parametrize("number", range(len(TEXTS)), ids=list(TEXTS))
def test_no_text_of_others_runs_or_loads_anything(browser: Chromium, pages: Path, number: int) -> None:
    with browser.tab() as tab:
        tab.open(pages / f"hostile-{number}.html")
        assert tab.run("document.querySelectorAll('.estate tbody tr').length") == 2
        assert tab.run("document.querySelectorAll('script, img, iframe, object, base, form').length") == 0
        assert tab.run("[...document.querySelectorAll('*')].some((one) => one.onmouseover)") is False
        assert tab.trouble() == []


def test_a_script_that_got_in_would_not_run(browser: Chromium, pages: Path, tmp_path: Path) -> None:
    """The policy of the page is not only there: it holds."""
    text = (pages / "en-40.html").read_text("utf-8")
    hole = "<script>window.ran = 1</script><img src='https://x.example/' onerror='window.ran = 1'>"
    (tmp_path / "hole.html").write_text(text.replace("<main", f"{hole}<main", 1), "utf-8")
    with browser.tab() as tab:
        tab.open(tmp_path / "hole.html")
        assert tab.run("window.ran === undefined") is True
        assert any("Content Security Policy" in told for told in tab.trouble())


# -- everybody can use it ---------------------------------------------------------------------------------------------


def audited(tab: Tab, axe: str) -> list[t.Any]:
    tab.run(axe + "\n;0")
    found: list[t.Any] = tab.run(
        "axe.run(document, {resultTypes: ['violations']}).then((said) => said.violations.map((one) =>"
        " [one.impact, one.id, one.nodes.length, one.nodes[0].html.slice(0, 200),"
        " (one.nodes[0].failureSummary || '').slice(0, 300)]))"
    )
    return found


@pytest.mark.parametrize(
    ("page", "wide", "dark"),
    [
        pytest.param("en-40", 1280, False, id="wide and light"),
        pytest.param("en-40", 1280, True, id="wide and dark"),
        pytest.param("ja-40", 360, False, id="narrow and light, Japanese"),
        pytest.param("ja-40", 360, True, id="narrow and dark, Japanese"),
        pytest.param("en-1000", 1280, False, id="a thousand certificates"),
    ],
)
def test_the_audit_finds_nothing(browser: Chromium, pages: Path, axe: str, page: str, wide: int, dark: bool) -> None:
    """All rules of WCAG 2.2 A and AA and of good practice, with every fold open."""
    with browser.tab(wide=wide, dark=dark) as tab:
        tab.open(pages / f"{page}.html")
        if page.endswith("-40"):
            tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found = audited(tab, axe)
    assert found == []


def test_the_audit_would_find_something(browser: Chromium, pages: Path, axe: str) -> None:
    with browser.tab() as tab:
        tab.open(pages / "en-40.html")
        tab.run("document.querySelector('.find label').remove()")
        tab.run("document.querySelectorAll('th').forEach((one) => one.setAttribute('role', 'nothing'))")
        assert {"label", "aria-roles"} <= {one[1] for one in audited(tab, axe)}


@pytest.mark.parametrize(("wide", "page"), [(320, "ja-40"), (320, "en-1000"), (768, "en-40"), (1920, "en-40")])
def test_nothing_is_wider_than_the_window(browser: Chromium, pages: Path, wide: int, page: str) -> None:
    with browser.tab(wide=wide) as tab:
        tab.open(pages / f"{page}.html")
        assert tab.run("document.documentElement.scrollWidth") <= wide


def test_the_keyboard_reaches_everything_in_the_order_in_which_it_stands(browser: Chromium, pages: Path) -> None:
    with browser.tab() as tab:
        tab.open(pages / "en-40.html")
        tab.run(
            "window.order = [...document.querySelectorAll('a[href], summary, input, [tabindex=\"0\"]')]"
            ".filter((one) => one.checkVisibility())"
        )
        number = tab.run("order.length")
        seen = []
        for _step in range(number):
            tab.press("Tab", TAB)
            seen.append(
                tab.run(
                    "[order.indexOf(document.activeElement), getComputedStyle(document.activeElement).outlineStyle,"
                    " document.activeElement.getBoundingClientRect().left >= 0]"
                )
            )
        assert number > 60 and seen == [[index, "solid", True] for index in range(number)]


def test_the_first_stop_leads_past_the_head(browser: Chromium, pages: Path) -> None:
    with browser.tab() as tab:
        tab.open(pages / "en-40.html")
        tab.press("Tab", TAB)
        tab.press("Enter", ENTER, "\r")
        assert tab.run("document.activeElement.id") == "content"


def test_a_link_to_a_certificate_opens_the_fold_that_it_is_in(browser: Chromium, pages: Path) -> None:
    with browser.tab() as tab:
        tab.open(pages / "en-1000.html")
        name = tab.run("[...document.querySelectorAll('#in_order details tbody tr')].pop().id")
        assert tab.run(f"document.getElementById({name!r}).checkVisibility()") is False
        tab.run(f"location.hash = {name!r}")
        assert tab.run(f"document.getElementById({name!r}).checkVisibility()") is True


def test_what_is_typed_filters_the_rows(browser: Chromium, pages: Path) -> None:
    shown = "[...document.querySelectorAll('.rows tbody tr')].filter((one) => one.checkVisibility()).length"
    with browser.tab() as tab:
        tab.open(pages / "en-1000.html")
        before = tab.run(shown)
        tab.run("document.querySelector('#find').focus()")
        tab.call("Input.insertText", text="Shop-000")
        assert tab.run(SETTLED) == "1 of 1000 certificates"
        assert tab.run(shown) == 1
        tab.run("document.querySelector('#find').select()")
        tab.call("Input.insertText", text=" ")
        assert tab.run(SETTLED) == "" and tab.run(shown) == before
        assert tab.trouble() == []


#: what the filter says once it has said something else than before
SETTLED = (
    "new Promise((done) => { const said = document.querySelector('.find output');"
    " new MutationObserver(() => done(said.textContent)).observe(said, {childList: true}); })"
)


def test_without_a_script_all_of_it_is_there_but_the_filter(browser: Chromium, pages: Path) -> None:
    with browser.tab(script=False) as tab:
        tab.open(pages / "en-40.html")
        # the protocol asks for the tree, as no script may
        root = tab.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        rows = tab.call("DOM.querySelectorAll", nodeId=root, selector=".estate tbody tr")["nodeIds"]
        hidden = tab.call("DOM.querySelectorAll", nodeId=root, selector=".find[hidden]")["nodeIds"]
        assert (len(rows), len(hidden)) == (FEW, 1)


def test_it_prints(browser: Chromium, pages: Path) -> None:
    with browser.tab() as tab:
        tab.open(pages / "en-40.html")
        tab.call("Emulation.setEmulatedMedia", media="print")
        assert tab.run("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert len(tab.call("Page.printToPDF", printBackground=False)["data"]) > 50_000


def test_the_fonts_of_this_machine_have_japanese(browser: Chromium, pages: Path) -> None:
    """Else nobody would see that the Japanese page is broken, and the pictures of the docs would show boxes."""
    with skipped_if_absent():
        if not FONT.is_file():
            raise Missing("a font with Japanese letters", "fonts-ipafont-gothic")
    with browser.tab() as tab:
        tab.open(pages / "ja-40.html")
        root = tab.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        tab.call("CSS.enable")
        node = tab.call("DOM.querySelector", nodeId=root, selector="h1")["nodeId"]
        fonts = tab.call("CSS.getPlatformFontsForNode", nodeId=node)["fonts"]
        assert any("Gothic" in font["familyName"] or "CJK" in font["familyName"] for font in fonts), fonts
