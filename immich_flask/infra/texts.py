"""Texts as they are compared in searches: without case, accents, or the ways in which one letter can be written.

    normalized("Été") == normalized("ETE")      normalized("Straße") == normalized("STRASSE")

Both sides of a comparison go through `normalized`, in Python, so that SQLite and PostgreSQL find the same.
"""

from __future__ import annotations

import re
import unicodedata

# Accents and vowel points. Marks of other scripts make letters of their own to their readers: が is not か.
_MARKS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # Latin, Greek, Cyrillic
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"  # Arabic, its tatweel
)

# Letters with a stroke or hook, and joined ones, which Unicode does not take apart.
_LETTERS = str.maketrans({
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ı": "i", "ŧ": "t", "ŋ": "n",
})


def normalized(text: str) -> str:
    """`text` for comparing: case folded, compatibility forms replaced, accents taken off, composed.

    Blanks are kept. Of marks alone nothing remains.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", folded).translate(_LETTERS))


def sort_key(text: str) -> tuple[str, ...]:
    """Puts texts into the order of a dictionary, as Immich's database does in its usual locale: by letters and digits,
    whatever stands between them; then by accents, small letters before capitals, and the rest."""
    letters = "".join(letter for letter in text if letter.isalnum())
    return normalized(letters), letters.casefold(), letters.swapcase(), text
