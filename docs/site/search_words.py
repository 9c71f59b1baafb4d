# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the search cuts text into words, the same in Python (the index) and in the browser (what is asked for).

Japanese has no spaces between words. Every pair of neighbouring characters is a word of the index; what is asked for is
cut into pairs, too, and a page is found that has all of them. Latin words stay whole.
"""

from __future__ import annotations

import re

from sphinx.search.en import SearchEnglish

#: kana, kanji, the long vowel mark and the marks of repetition
_CJK = "\u3005-\u3007\u3041-\u309f\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f"
_RUNS = re.compile(f"[{_CJK}]+|[^\\W{_CJK}]+")
_IS_CJK = re.compile(f"[{_CJK}]")


def words_of(text: str) -> list[str]:
    found: list[str] = []
    for run in _RUNS.findall(text):
        if len(run) > 1 and _IS_CJK.match(run):
            found += [run[at : at + 2] for at in range(len(run) - 1)]
        else:
            found.append(run)
    return found


class BothLanguages(SearchEnglish):  # type: ignore[misc]
    lang = "en-ja"
    language_name = "English and Japanese"
    js_splitter_code = """
function splitQuery(query) {
  const cjk = "\\\\u3005-\\\\u3007\\\\u3041-\\\\u309f\\\\u30a1-\\\\u30ff" +
    "\\\\u3400-\\\\u4dbf\\\\u4e00-\\\\u9fff\\\\uff66-\\\\uff9f";
  const runs = query.match(new RegExp("[" + cjk + "]+|(?:(?![" + cjk + "])[\\\\p{L}\\\\p{N}_])+", "gu")) || [];
  const isCjk = new RegExp("^[" + cjk + "]", "u");
  return runs.flatMap((run) => {
    if (run.length < 2 || !isCjk.test(run)) return [run];
    return Array.from({ length: run.length - 1 }, (_, at) => run.slice(at, at + 2));
  });
}
"""

    def split(self, input: str) -> list[str]:
        return words_of(input)

    def word_filter(self, word: str) -> bool:
        return bool(_IS_CJK.match(word)) or bool(super().word_filter(word))
