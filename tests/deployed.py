"""The files of deploy/, read for tests, and the programs that know them."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
UNPACKED = ROOT / ".venv" / "proxies"
"""Where scripts/proxies puts what this machine has not installed."""
Document = dict[str, Any]


def files() -> list[Path]:
    return sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def documents(text: str) -> list[Document]:
    return [found for found in yaml.safe_load_all(text) if found is not None]


def program(name: str) -> tuple[str, dict[str, str]]:
    """Return the path of a program and the environment that it needs; without it the test is skipped."""
    libraries = ":".join(map(str, UNPACKED.glob("usr/lib/*-linux-gnu")))
    beside = ROOT / ".venv" / "bin" / name
    for path in (str(beside), shutil.which(name), shutil.which(name, path="/usr/sbin")):
        if path is not None and os.access(path, os.X_OK):
            return path, {}
    unpacked = UNPACKED / "usr" / "sbin" / name
    if unpacked.is_file():
        return str(unpacked), {"LD_LIBRARY_PATH": libraries}
    pytest.skip(f"no {name}: what it would say of deploy/ is not known")
