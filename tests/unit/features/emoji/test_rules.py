"""What an emoji of a server's own may be called."""

import pytest

from seriatim.core.errors import BadRequest, Conflict
from seriatim.features.emoji.rules import check_name
from seriatim.features.emoji.shortcodes import shortcodes


@pytest.mark.parametrize("name", ["ok2", "party_parrot", "c++", "a-b", "x" * 32])
def test_these_are_names(name: str) -> None:
    check_name(name, shortcodes())


@pytest.mark.parametrize("name", ["", "a", "x" * 33, "Party", "a b", ":ab:", "é1", "ab\n", "a/b", "a.b"])
def test_these_are_none(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_name(name, shortcodes())
    assert (refused.value.path, refused.value.reason) == ("$.name", "emoji_name")


@pytest.mark.parametrize("name", ["smile", "+1", "heart", "tada"])
def test_standard_ones_keep_their_meaning(name: str) -> None:
    with pytest.raises(Conflict) as refused:
        check_name(name, shortcodes())
    assert refused.value.reason == "standard"
