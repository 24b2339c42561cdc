"""Serves the checkout: starts the server again when a Python file changes, and rebuilds the web client."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOOK_S = 0.5
STOP_WITHIN_S = 30


def newest() -> float:
    """Return when the youngest Python file was written."""
    return max(path.stat().st_mtime for path in (ROOT / "src").rglob("*.py"))


def main() -> None:
    """Run until Ctrl-C."""
    web = subprocess.Popen([sys.executable, ROOT / "hatch_build.py", "npm", "run", "build", "--", "--watch"])
    server = None
    try:
        while True:
            seen = newest()
            server = subprocess.Popen([Path(sys.executable).with_name("seriatim"), "serve", *sys.argv[1:]], cwd=ROOT)
            while newest() == seen:
                time.sleep(LOOK_S)
            server.terminate()
            server.wait(STOP_WITHIN_S)
    except KeyboardInterrupt:
        pass
    finally:
        web.terminate()
        if server is not None:
            server.terminate()
            server.wait(STOP_WITHIN_S)


if __name__ == "__main__":
    main()
