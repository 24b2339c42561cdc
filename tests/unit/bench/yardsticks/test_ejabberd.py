"""What an XMPP yardstick needs is looked for before anything is started."""

from pathlib import Path

import pytest

from seriatim.bench.yardsticks import ejabberd


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ejabberd, "_ERL", tmp_path / "erl")
    with pytest.raises(ejabberd.NotInstalled, match="apt-get install ejabberd erlang-p1-pgsql"):
        ejabberd.found()


def test_the_generator_hears_of_people_chats_and_rooms(tmp_path: Path) -> None:
    ejabberd._write_people(tmp_path / "people", 3, [[0, 1], [0, 1, 2]])
    lines = (tmp_path / "people").read_text().splitlines()
    assert lines[0] == "people 3"
    assert lines[1] == "u0 - AHUwAHNlY3JldA==", "base64 of NUL, name, NUL, password (RFC 4616)"
    assert lines[4:] == ["conversations 2", "room0 2 0 1", "room1 3 0 1 2"]
