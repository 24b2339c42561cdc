"""The C programs: compiled once for each state of their source, and nothing in their place without a compiler."""

from pathlib import Path

import pytest

from seriatim.bench.rig import compiler
from seriatim.bench.rig.compiler import NoCompiler, program


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_without_a_compiler_there_is_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoCompiler, match="no C compiler"):
        program("writer")


def test_a_changed_source_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "c"
    source.mkdir()
    monkeypatch.setattr(compiler, "SOURCES", source)
    (source / "one.c").write_text("int main(void) { return 1; }")
    first = program("one")
    assert program("one") == first
    (source / "one.c").write_text("int main(void) { return 2; }")
    assert program("one") != first


def test_a_source_that_does_not_compile_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "c"
    source.mkdir()
    monkeypatch.setattr(compiler, "SOURCES", source)
    (source / "one.c").write_text("int main(void) { return nothing; }")
    with pytest.raises(NoCompiler, match="nothing"):
        program("one")
    assert not list((tmp_path / "cache").rglob("one-*"))
