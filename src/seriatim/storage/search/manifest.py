"""What lies in the folder of the index: which generation is asked, its slices, and who may write.

    search/lock                    held by the process that writes
    search/current                 the name of the generation that is asked
    search/<generation>/manifest   JSON: its slices, the oldest first
    search/<generation>/<slice>/   one engine's index each

Both files are replaced as a whole. Readers look at them again when their times of change move.
"""

from pathlib import Path
from typing import Final

import msgspec

CURRENT: Final = "current"
MANIFEST: Final = "manifest"
NOWHERE: Final = (2**63 - 1, -1)
"""`low` and `high` of a slice that holds nothing."""


class SliceState(msgspec.Struct, kw_only=True):
    """A slice: `commits` moves with each commit, and all of its places are in `low..high`."""

    name: str
    commits: int = 0
    low: int = NOWHERE[0]
    high: int = NOWHERE[1]


class Manifest(msgspec.Struct, kw_only=True):
    """A generation. `whole`: it has once reached the end of the log."""

    version: int
    epoch: str
    whole: bool = False
    slices: list[SliceState] = []


def current(root: Path) -> Path | None:
    """Return the folder of the generation that is asked, if there is one."""
    try:
        name = (root / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return root / name if name and name == Path(name).name else None


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of this generation; None: there is none that can be read."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of this generation."""
    replace(folder / MANIFEST, msgspec.json.encode(manifest))


def replace(path: Path, content: bytes) -> None:
    """Replace a file as a whole: whoever reads it reads the old or the new one.

    It is not forced to disk: what a power cut damages is built anew.
    """
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)
