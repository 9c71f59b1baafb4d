# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one script of the page: it hides the rows that do not hold what was typed, and opens the folds of those that do.

It reads what the page shows and nothing else, writes no markup, and asks no network. Its hash stands in the policy of
the page, so that a browser runs this text and no other.

This file is private to the collection.
"""

from __future__ import annotations

SCRIPT = """
(() => {
  const box = document.querySelector(".find");
  if (!box) return;
  box.hidden = false;
  const field = box.querySelector("input");
  const output = box.querySelector("output");
  let rows = null;
  const folds = [...document.querySelectorAll(".rows details.fold")];
  const opened = folds.map((fold) => fold.open);
  const find = () => {
    rows = rows || [...document.querySelectorAll(".rows tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
    const wanted = field.value.trim().toLowerCase();
    let found = 0;
    for (const [row, text] of rows) {
      row.hidden = wanted !== "" && !text.includes(wanted);
      if (!row.hidden) found += 1;
    }
    folds.forEach((fold, number) => {
      const some = fold.querySelector("tbody tr:not([hidden])") !== null;
      fold.hidden = !some;
      fold.open = wanted === "" ? opened[number] : some;
    });
    output.textContent = wanted === "" ? "" : output.dataset.told.replace("##", rows.length).replace("#", found);
  };
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, 120);
  });
})();
"""
