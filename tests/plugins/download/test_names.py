"""What files are called inside an archive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.download.names import MAX_BYTES, Names, safe_name


@pytest.mark.parametrize(("original", "name"), [
    ("holiday.jpg", "holiday.jpg"), ("no extension.jpg", "no extension.jpg"), ("a:b?c*.jpg", "abc.jpg"),
    ("Été à la mer.jpg", "Été à la mer.jpg"), ("../../etc/passwd.jpg", "....etcpasswd.jpg"), ("a/b\\c.jpg", "abc.jpg"),
    ("", "unnamed"), ("...", "unnamed"), ("?.", "unnamed"), ("CON.jpg", "unnamed"), ("com1", "unnamed"),
    ("com10.jpg", "com10.jpg"), ("console.jpg", "console.jpg"), ("end. . ", "end"),
    ("tab\there\n.jpg", "tabhere.jpg"), (".hidden", ".hidden"),
    ("家" * 100 + ".jpg", "家" * 83 + ".jpg"), ("a" * 300, "a" * 255),
])
def test_safe_names(original: str, name: str) -> None:
    assert safe_name(original) == name


def test_repeated_names() -> None:
    names = Names()
    assert [names.unique("a.jpg") for _ in range(3)] == ["a.jpg", "a+1.jpg", "a+2.jpg"]
    assert names.unique("A.JPG") == "A+3.JPG"
    assert [names.unique("noext") for _ in range(2)] == ["noext", "noext+1"]


def test_names_that_look_like_ours() -> None:
    names = Names()
    assert [names.unique(name) for name in ("a.jpg", "a+1.jpg", "a.jpg", "a+1.jpg")] == [
        "a.jpg", "a+1.jpg", "a+2.jpg", "a+1+1.jpg"]


ALIKE = ["a.jpg", "A.jpg", "a+1.jpg", "ﬀ.jpg", "FF.jpg", "x" * 300 + ".jpg"]


@given(st.lists(st.one_of(st.sampled_from(ALIKE), st.text()), max_size=30))
def test_every_file_gets_a_name_of_its_own(originals: list[str]) -> None:
    names = Names()
    given_ = [names.unique(original) for original in originals]
    assert len({name.casefold() for name in given_}) == len(originals)
    for name in given_:
        assert 0 < len(name.encode()) <= MAX_BYTES
        assert name not in (".", "..") and not set(name) & set('/\\:*?"<>|\0')


def test_many_of_the_same_name_take_no_longer_each() -> None:
    names = Names()
    for _ in range(50_000):
        last = names.unique("IMG_0001.jpg")
    assert last == "IMG_0001+49999.jpg"
