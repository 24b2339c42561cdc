"""Which PostgreSQL is chosen, and why."""

from pathlib import Path
from typing import NamedTuple

import pytest

from seriatim.storage.postgres import finder
from seriatim.storage.postgres.finder import NoPostgres, find


class Wanted(NamedTuple):
    database_url: str | None = None
    pg_bin: Path | None = None


def binaries(folder: Path, major: int) -> Path:
    """Make a folder whose `postgres` says it is of this version."""
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.3'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finder, "_from_wheel", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")


def test_a_url_comes_before_everything(tmp_path: Path) -> None:
    found = find(Wanted("postgresql://db/chat", binaries(tmp_path / "bin", 18)))
    assert (found.kind, found.url, found.bin_dir) == ("url", "postgresql://db/chat", None)


def test_binaries_that_were_named_come_before_the_wheel(tmp_path: Path) -> None:
    found = find(Wanted(pg_bin=binaries(tmp_path / "bin", 16)))
    assert (found.kind, found.bin_dir) == ("pg_bin", tmp_path / "bin")
    assert "16" in found.why


def test_binaries_that_were_named_and_are_too_old_are_refused_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(NoPostgres, match="SERIATIM_PG_BIN"):
        find(Wanted(pg_bin=binaries(tmp_path / "bin", 14)))


def test_the_wheel_comes_before_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binaries(tmp_path / "99" / "bin", 99)
    monkeypatch.setattr(finder, "SYSTEM_FOLDERS", (tmp_path,))
    assert find(Wanted()).kind == "wheel"


@pytest.mark.usefixtures("no_wheel")
def test_the_newest_of_the_system_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for major in (15, 17, 9):
        binaries(tmp_path / str(major) / "bin", major)
    monkeypatch.setattr(finder, "SYSTEM_FOLDERS", (tmp_path,))
    found = find(Wanted())
    assert (found.kind, found.bin_dir) == ("system", tmp_path / "17" / "bin")


@pytest.mark.usefixtures("no_wheel")
def test_with_none_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binaries(tmp_path / "14" / "bin", 14)
    monkeypatch.setattr(finder, "SYSTEM_FOLDERS", (tmp_path,))
    with pytest.raises(NoPostgres, match="SERIATIM_DATABASE_URL"):
        find(Wanted())
