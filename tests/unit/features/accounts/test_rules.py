"""What names and passwords may be."""

import pytest

from seriatim.core.errors import BadRequest
from seriatim.features.accounts.rules import check_device, check_password, clean_name, name_key
from seriatim.protocol.resources import NewDevice


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


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("hunter2hunter2", "common"),
        ("HUNTER2HUNTER2", "common"),
        ("ada lovelace", "name"),
        ("ABABABABABAB", "repeated"),
    ],
)
def test_passwords_that_are_tried_first_are_refused(password: str, reason: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_password(password, "Ada Lovelace", {"hunter2hunter2"})
    assert (refused.value.path, refused.value.reason) == ("$.password", reason)


def test_a_long_unusual_password_is_taken() -> None:
    check_password("correct giraffe battery", "Ada", {"hunter2hunter2"})


@pytest.mark.parametrize(
    ("device", "path"),
    [
        (NewDevice(name="a\nb"), "$.device.name"),
        (NewDevice(name="laptop", kind="we\u202eb"), "$.device.kind"),
    ],
)
def test_a_device_that_could_not_be_listed_is_refused(device: NewDevice, path: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_device(device)
    assert refused.value.path == path
