"""Style sheets and styles that somebody wrote: kept as they are, without what reaches out of them."""

import re
from collections.abc import Iterator

# What no mail program runs and no preview should be made to try.
_TRICK = re.compile(
    r"expression\s*\(|javascript:|vbscript:|behaviou?r\s*:|-moz-binding|position\s*:\s*fixed|@import|\\|<",
    re.IGNORECASE,
)
_URL = re.compile(r"url\((?!\s*['\"]?\s*https?://)", re.IGNORECASE)
# A word of a style sheet: what is quoted or in brackets is one, so that a semicolon in it ends nothing.
_WORD = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\((?:[^()\"'\n]|\"[^\"\n]*\"|'[^'\n]*')*\)|[^{};\"'(]+|.", re.DOTALL)
_REACHING = ("@import", "@charset", "@namespace")


def style(declarations: str) -> str | None:
    """Keep the declarations of a style that can do no harm."""
    kept = [
        words.strip()
        for words, _end in _pieces(declarations)
        if words.strip() and not (is_trick(words) or "<" in words)
    ]
    return ";".join(kept) or None


def sheet(css: str) -> str:
    """Keep a style sheet without what reaches out of it: whole declarations are left out, rules never torn apart."""
    kept: list[str] = []
    for words, end in _pieces(_without_comments(css)):
        if words.strip().lower().startswith(_REACHING):
            continue
        is_kept = end == "{" or ":" not in words or not is_trick(words)
        kept.append((words if is_kept else "") + end)
    return "".join(kept).replace("<", "")


def is_trick(declaration: str) -> bool:
    return bool(_TRICK.search(declaration) or _URL.search(declaration))


def _pieces(css: str) -> Iterator[tuple[str, str]]:
    """Cut a style sheet at its braces and semicolons: what stands before each, and which it is ("" at the end)."""
    words: list[str] = []
    for found in _WORD.finditer(css):
        if found.group() in "{};":
            yield "".join(words), found.group()
            words = []
        else:
            words.append(found.group())
    yield "".join(words), ""


def _without_comments(css: str) -> str:
    """Take comments out in one pass; one that nobody ends goes on to the end."""
    kept, place = [], 0
    while (start := css.find("/*", place)) >= 0:
        kept.append(css[place:start])
        end = css.find("*/", start + 2)
        place = end + 2 if end >= 0 else len(css)
    return "".join([*kept, css[place:]]).replace("<!--", "").replace("-->", "")
