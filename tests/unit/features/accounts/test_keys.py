"""The server's secret: made once, kept, private."""

from pathlib import Path

import pytest

from seriatim.features.accounts.keys import derived, server_secret


def test_the_first_start_makes_a_secret_that_later_starts_find(tmp_path: Path) -> None:
    secret = server_secret(tmp_path)
    assert len(secret) >= 32
    assert server_secret(tmp_path) == secret
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_only_its_owner_may_read_the_secret(tmp_path: Path) -> None:
    server_secret(tmp_path)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_two_servers_have_two_secrets_in_folders_that_a_first_start_makes(tmp_path: Path) -> None:
    assert server_secret(tmp_path / "one") != server_secret(tmp_path / "two")


def test_a_given_secret_is_used_and_writes_nothing(tmp_path: Path) -> None:
    given = "x" * 32
    assert server_secret(tmp_path, given) == given.encode()
    assert list(tmp_path.iterdir()) == []


def test_a_given_secret_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 characters"):
        server_secret(tmp_path, "hunter2")


def test_each_purpose_has_its_own_bytes() -> None:
    assert derived(b"s" * 32, "one") != derived(b"s" * 32, "two")
    assert derived(b"s" * 32, "one") == derived(b"s" * 32, "one")
    assert len(derived(b"s" * 32, "one")) == 32
