"""What the names of people and bots may be."""

import pytest

from seriatim.core.errors import BadRequest
from seriatim.core.names import clean_name, name_key


@pytest.mark.parametrize("name", ["Ada", "Åsa Öst", "李小龍", "محمد", "O'Neil-Smith", "x", "emoji 🎉", "a" * 64])
def test_ordinary_names_of_any_script_are_kept_as_they_are(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (" ada", "blank"),
        ("ada ", "blank"),
        ("ada  lovelace", "blank"),
        ("a" * 65, "length"),
        ("ada\u200bl", "characters"),  # zero width space
        ("ada\u202eada", "characters"),  # right-to-left override
        ("ada\u2066ada", "characters"),  # isolate
        ("ada\nada", "characters"),
        ("ada\tada", "characters"),
        ("ada\u00a0ada", "characters"),  # a blank that looks like the other blank
        ("ada\ufe0f", "characters"),  # variation selector
        ("\u3164", "characters"),  # a letter that shows nothing
        ("\ud800", "characters"),  # half a pair
        ("\ue000", "characters"),  # private use
    ],
)
def test_names_that_deceive_are_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(BadRequest) as refused:
        clean_name(name)
    assert (refused.value.path, refused.value.reason) == ("$.name", reason)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "aDA"), ("Stra\u00dfe", "STRASSE"), ("\u00c5sa", "A\u030asa"), ("\u1e9b\u0323", "\u1e9b\u0323")],
)
def test_names_that_differ_by_case_or_composition_are_one(one: str, other: str) -> None:
    assert name_key(clean_name(one)) == name_key(clean_name(other))


def test_a_decomposed_name_is_stored_composed() -> None:
    assert clean_name("A\u030asa") == "\u00c5sa"
