"""What a group may be called, and which names are one."""

import pytest

from seriatim.core.errors import BadRequest
from seriatim.features.groups.rules import clean_name, name_key


@pytest.mark.parametrize("name", ["backend", "Backend-2", "a", "Ärzte", "q.a", "on_call"])
def test_a_name_is_one_word(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize("name", ["", "two words", "-a", "a-", "_a", ".", "a/b", "@a", "a\u200bb", "a\n", "\u202ea"])
def test_what_is_no_word_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        clean_name(name)


def test_names_that_look_alike_are_one() -> None:
    assert clean_name("A\u0308rzte") == "\u00c4rzte"
    assert name_key("\u00c4rzte") == name_key("\u00e4RZTE")
    assert name_key("\uff21dmin") == name_key("admin")
