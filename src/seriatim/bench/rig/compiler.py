"""Compiles the C programs of the benches on the spot, once for each state of their source."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from seriatim.bench.rig.report import CannotMeasure

SOURCES = Path(__file__).parents[1] / "c"
_FLAGS = ("-O2", "-Wall")


class NoCompiler(CannotMeasure):
    """There is no C compiler: nothing is measured with anything slower instead."""


def program(name: str) -> Path:
    """Return the compiled program of `c/<name>.c`.

    Raises:
        NoCompiler: there is none, or it fails; the message says why.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler("no C compiler (cc) here")
    digest = hashlib.sha256(compiler.encode())
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.read_bytes())
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seriatim" / "bench"
    built = folder / f"{name}-{digest.hexdigest()[:16]}"
    if not built.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _compile(compiler, SOURCES / f"{name}.c", built)
    return built


def _compile(compiler: str, source: Path, built: Path) -> None:
    with tempfile.TemporaryDirectory(dir=built.parent) as folder:
        made = Path(folder) / "made"
        done = subprocess.run(  # noqa: S603 - our own source
            [compiler, *_FLAGS, "-o", str(made), str(source)], capture_output=True, text=True, check=False, timeout=120
        )
        if done.returncode != 0:
            raise NoCompiler(f"{compiler} fails: {done.stderr.strip()[:500]}")
        made.replace(built)  # whole or not at all, also when two benches compile at once
