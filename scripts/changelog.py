"""Prints the changelog's next section from changes.d; with a version, moves it into CHANGELOG.md and empties changes.d.

scripts/changelog.py               what is unreleased
scripts/changelog.py 0.2.0 DATE    write it down as 0.2.0, released on DATE
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MARK = "<!-- releases -->\n"
KINDS = ("added", "changed", "fixed", "security")


def unreleased(folder: Path) -> str:
    """Return the fragments as lists under their kinds, in the order of their names."""
    parts: list[str] = []
    for kind in KINDS:
        lines = [path.read_text(encoding="utf-8").strip() for path in sorted(folder.glob(f"*.{kind}.md"))]
        if lines:
            parts.append(f"### {kind.capitalize()}\n" + "".join(f"- {line}\n" for line in lines))
    return "\n".join(parts)


def release(version: str, date: str) -> None:
    """Write the fragments into the changelog as a version, and remove them."""
    folder, page = ROOT / "changes.d", ROOT / "CHANGELOG.md"
    before, mark, after = page.read_text(encoding="utf-8").partition(MARK)
    page.write_text(f"{before}{mark}\n## {version} ({date})\n\n{unreleased(folder)}{after}", encoding="utf-8")
    for kind in KINDS:
        for path in folder.glob(f"*.{kind}.md"):
            path.unlink()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        release(*sys.argv[1:])
    else:
        sys.stdout.write(unreleased(ROOT / "changes.d"))
