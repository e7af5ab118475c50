"""Comparing texts the way people do."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immich_flask.infra.texts import normalized, sort_key


@pytest.mark.parametrize(("one", "other"), [
    ("Été.JPG", "ete.jpg"),
    ("Straße", "STRASSE"),
    ("ZÜRICH", "zurich"),
    ("Łódź", "lodz"),
    ("Smørrebrød", "smorrebrod"),
    ("Œuvre", "oeuvre"),
    ("İstanbul", "istanbul"),
    ("ΆΝΟΙΞΗ", "ανοιξη"),
    ("Ёлка", "елка"),
    ("שָׁלוֹם", "שלום"),
    ("مُحَمَّد", "محمد"),
    ("أحمد", "احمد"),
    ("ﾃｽﾄ", "テスト"),
    ("ＩＭＧ＿１", "img_1"),
    (unicodedata.normalize("NFD", "ガイド"), "ガイド"),
    (unicodedata.normalize("NFD", "한국어"), "한국어"),
])
def test_the_same_to_a_reader(one: str, other: str) -> None:
    assert normalized(one) == normalized(other)


@pytest.mark.parametrize(("one", "other"), [("バス", "ハス"), ("家族", "家旅"), ("หมา", "หมี"), ("कल", "कला")])
def test_not_the_same_to_a_reader(one: str, other: str) -> None:
    assert normalized(one) != normalized(other)


@given(st.text())
def test_once_is_enough(text: str) -> None:
    assert normalized(normalized(text)) == normalized(text)


@given(st.text(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_however_it_is_written(text: str, form: str) -> None:
    assert normalized(unicodedata.normalize(form, text)) == normalized(text)


@pytest.mark.parametrize("order", [
    ["Andalusia", "Île-de-France", "Marrakesh-Safi", "New York", "Shanghai", "State of Berlin", "St.-Petersburg"],
    ["Canon", "NIKON CORPORATION", "samsung", "SONY"],
    ["1", "10", "2", "a", "A", "á", "a-b", "ac", "B", "éa", "eb"],
])
def test_in_the_order_of_a_dictionary(order: list[str]) -> None:
    assert sorted(reversed(order), key=sort_key) == order
