# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the report in the guide (make pictures): a made-up estate, photographed by Chromium without a screen.

They are made anew when the page has changed, and never by hand. Run it in the development environment.
"""

from __future__ import annotations

import os
import sys
import tempfile
import typing as t
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "docs" / "docsite" / "rst" / "images"


class Picture(t.NamedTuple):
    """high: how much of the page is shown."""

    name: str
    language: str
    wide: int
    high: int
    dark: bool
    fragment: str = ""


PICTURES = (
    Picture("report_wide", "en", 1180, 1270, dark=False),
    Picture("report_wide_ja", "ja", 1180, 1270, dark=False),
    Picture("report_dark", "en", 1180, 760, dark=True, fragment="#load"),
    Picture("report_narrow_ja", "ja", 390, 1180, dark=True),
)


def main() -> None:
    places = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep)
    sys.path[:0] = [*places, str(REPOSITORY / "tests"), str(REPOSITORY / "tests" / "real")]
    from ansible_collections.inkan.tls.plugins.module_utils._report.changes import with_changes
    from ansible_collections.inkan.tls.plugins.module_utils._report.page import Links, report_page
    from ansible_collections.inkan.tls.tests.unit.plugins.module_utils._report.estate import estate, the_day_before
    from servers.chromium import Chromium

    report = estate(120)
    report = with_changes(report, the_day_before(report))
    forms = ("report.json", "report.csv", "report.md", "report.ics")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, Chromium(Path(place) / "profile") as browser:
        for picture in PICTURES:
            page = Path(place) / f"{picture.name}.html"
            page.write_text(report_page(report, picture.language, Links("#", forms)), "utf-8")
            with browser.tab(wide=picture.wide, high=picture.high, dark=picture.dark) as tab:
                tab.open(page, picture.fragment)
                tab.picture(FOLDER / f"{picture.name}.webp", kind="webp")
                if "--png" in sys.argv:  # for who can look at nothing else
                    tab.picture(Path(tempfile.gettempdir()) / f"{picture.name}.png")
            print(FOLDER / f"{picture.name}.webp", (FOLDER / f"{picture.name}.webp").stat().st_size)


if __name__ == "__main__":
    main()
