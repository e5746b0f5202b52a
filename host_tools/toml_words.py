"""What is wrong with a line that is not TOML, and what to write instead.

A parser tells what it expected; who wrote the line meant something. A line is looked at without
its comment and with every text that is closed as "", so that nothing inside of one is taken for a
mistake. The first of the patterns that is found has the sentence.
"""

import re

_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
_NAME = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_ANY_LINE = (
    ("[\u00a0\u2007\u2009\u200b\u202f\ufeff]", "has a blank of a word processor; type it anew"),
    ("[“”„‟«»‘’‚‛]", 'has the quotes of a word processor; write plain ones, "'),
    (r"^\s*(?://|;|/\*|--)|\s//", "a comment begins with #"),
)
_END = r"\s*(?:$|[,}\]])"
_SETTING = (
    (rf"(?:^|[{{,])\s*({_NAME})\s*:", "write = behind {0}, not :"),
    (rf"^\s*({_NAME})\s+(?:\"\"|[\d.]+|true|false)\s*$", "write = behind {0}"),
    (r"^[^=]*$", "a setting is written as name = value; there is no = in this line"),
    (r"^[^=]*==", "write one =, not =="),
    (rf"^\s*(?!{_NAME}\s*=)[^\"'=]*=", "a name has letters from a to z, digits, - and _ alone"),
    (r"^[^\"]*\"[^\"]*$|^[^']*'[^']*$", "the text is not closed; write the quote at its end, too"),
    (rf"={_END}", "there is no value behind ="),
    (rf"=\s*(-?\d+),(\d+){_END}", "write a decimal point, not a comma: {0}.{1}"),
    (rf"=\s*(?i:true|false|yes|no|on|off|ja|nein){_END}", "write true or false, in small letters"),
    (rf"=\s*0X(\w+){_END}", "write 0x{0}, with a small x"),
    (rf"=\s*-?0\d+{_END}", "a number has no 0 in front"),
    (rf"=\s*-?(?:\d+\.|\.\d+){_END}", "a number has digits on both sides of its point"),
    (rf"=\s*(-?[\d.]+ ?[^\W\d][^,;}}]*?){_END}", 'a text needs quotes: "{0}"'),
    (rf"=\s*(-?[\d.]+ ?[°%][^,;}}]*?){_END}", 'a text needs quotes: "{0}"'),
    (rf"=\s*([^\W\d][^\"',;=}}]*?){_END}", 'a text needs quotes: "{0}"'),
    (r"=\s*\[(?:[^\]]*,)?\s*[^\W\d]", 'texts in a list need quotes: ["one", "two"]'),
    (r"=\s*\[[^\]]*[\"\w]\s+[\"\w]", "a comma is missing in the list"),
    (r"=\s*\[[^\]]*$", "the list is not closed; write ]"),
    (r",\s*\}", "there must be no comma before the }}"),
    (r"=\s*\{[^}]*$", "a table in {{ }} ends in the line in which it begins; write }} there"),
    (r"=\s*(?:\"\"|[\w.+-]+)\s*[,;]\s*$", "nothing stands behind a value: take away the , or ;"),
    (r"^[^={[]*=\s*(?:\"\"|[\w.+-]+[\s,;])[\s,;]*[^\s,;]", "a value stands in its line alone"),
)
"""Patterns, and sentences with a place for each of their groups."""


def meant(line: str) -> str | None:
    """The sentence about a line that is not TOML; None where nothing is known of such."""
    bare = _TEXT.sub('""', line).partition("#")[0]
    found = _first(_ANY_LINE, bare)
    if found:
        return found
    if re.match(r"\s*\[|[^=]*\]\s*$", bare):
        return _of_heading(bare.strip())
    if "\\" in line and _first(_SETTING, bare) is None:
        return r"write \\ for \ in a text, or / in a path"
    return _first(_SETTING, bare)


def meant_in_list(line: str, start: int) -> str:
    """The sentence about a line inside a list that begins further up, in the line `start`."""
    bare = _TEXT.sub('""', line).partition("#")[0]
    if re.match(r"[\s,]*[^\W\d]", bare):
        return 'texts in a list need quotes: ["one", "two"]'
    missing = f"a comma is missing, or the ] of the list that begins in line {start}"
    return _first(_ANY_LINE, bare) or missing


def _first(patterns: tuple, bare: str) -> str | None:
    for pattern, sentence in patterns:
        if found := re.search(pattern, bare):
            return sentence.format(*found.groups())
    return None


def _of_heading(bare: str) -> str | None:
    name = bare.strip("[] ")
    if not re.fullmatch(_NAME, name):
        return "a name in a heading has letters from a to z, digits, - and _ alone"
    depth = 2 if "[[" in bare or "]]" in bare else 1
    return f"the brackets do not match; write {'[' * depth}{name}{']' * depth}"


def written_twice(line: str) -> str:
    """The sentence about a line whose name is there already."""
    heading = line.strip()
    if heading.startswith("[["):
        return f"it is no list further up; write {heading} there, too"
    if heading.startswith("["):
        return f"the same table is written twice; each entry of a list is written [{heading}]"
    return "the same key is written twice"
