"""Names that are like another: by the three-letter pieces that they have in common, as PostgreSQL's `pg_trgm` does it,
so that slips of the pen are forgiven. In Python, so that both databases find the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from immich_flask.infra.texts import normalized

ENOUGH = 0.5
"""Of the pieces of what is looked for, how many must be found (server/src/repositories/person.repository.ts)."""

_LONGEST = 100
"""Characters of a text that are looked at; nobody's name is longer, and the work grows with the square of it."""

_WORD = re.compile(r"[^\W_]+")


class Names:
    """Names by id, to look among."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._names = list(names)

    def like(self, text: str) -> list[str]:
        """The ids of the names that contain something like `text`, the most alike first."""
        wanted = pieces(text)
        if not wanted:
            return []
        found = []
        for person_id, name in self._names:
            of_name = pieces(name)
            likeness = word_similarity(wanted, of_name)
            if likeness >= ENOUGH:
                found.append((-likeness, -similarity(wanted, of_name), normalized(name), person_id))
        return [person_id for *_, person_id in sorted(found)]


def pieces(text: str) -> list[str]:
    """Of each word, between two blanks and one, all sequences of three: "max" has "  m", " ma", "max", "ax "."""
    words = (f"  {word} " for word in _WORD.findall(normalized(text[:_LONGEST])))
    return [word[at:at + 3] for word in words for at in range(len(word) - 2)]


def similarity(one: Iterable[str], other: Iterable[str]) -> float:
    """What two texts have in common, of all that they have: 0 to 1."""
    one, other = set(one), set(other)
    return len(one & other) / len(one | other) if one or other else 0.0


def word_similarity(wanted: Iterable[str], text: list[str]) -> float:
    """The similarity of the most similar stretch of `text`."""
    wanted, best = set(wanted), 0.0
    for start, first in enumerate(text):
        if first not in wanted:
            continue
        seen: set[str] = set()
        common = 0
        for piece in text[start:]:
            if piece not in seen:
                seen.add(piece)
                common += piece in wanted
                best = max(best, common / (len(wanted) + len(seen) - common))
    return best
