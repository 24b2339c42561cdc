"""One fixture world for the page's tests: a real server process, Debian's Chromium, people in their own contexts."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from e2e.people import Api, Person, unique, watched

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "src/seriatim/static/index.html"
READY_WITHIN_S = 60.0
SHOWN_WITHIN_MS = 10_000
"""What a test waits for comes sooner; two of them may share a busy machine. What has to come in time says so itself."""
MANY = {"per_s": 1_000, "burst": 1_000}
RATES = (
    "send",
    "conversation_send",
    "create",
    "invite",
    "log_in_account",
    "log_in_address",
    "sign_up_address",
    "refresh",
)

expect.set_options(timeout=SHOWN_WITHIN_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say why a machine without Chromium runs none of these."""
    if CHROMIUM.exists():
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=f"needs {CHROMIUM} (apt install chromium)"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": FLAGS}


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return the URL of a server for all tests that can share one."""
    with serving() as url:
        yield url


@contextmanager
def serving(**changes: str) -> Iterator[str]:
    """Run a server process with its own database and rates that tests do not meet; `changes` are of its environment."""
    if not BUILT.exists():
        pytest.fail(f"the page is not built: {BUILT} is missing (make web)")
    folder = Path(tempfile.mkdtemp(prefix="seriatim-e2e-"))
    folder.chmod(0o755)
    port = _free_port()
    environment = {**os.environ, "SERIATIM_RATES": json.dumps(dict.fromkeys(RATES, MANY)), **changes}
    with (folder / "server.log").open("wb") as log:
        command = [str(Path(sys.executable).with_name("seriatim")), "serve", "--port", str(port), "--data", str(folder)]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    url = f"http://localhost:{port}"
    try:
        _wait_until_ready(url, process, folder / "server.log")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def api(server: str) -> Iterator[Callable[[str], Api]]:
    """Sign people up over HTTP, to prepare what a test begins with and to read the log afterwards."""
    opened: list[Api] = []

    def sign_up(name: str) -> Api:
        opened.append(Api.sign_up(server, name))
        return opened[-1]

    yield sign_up
    for one in opened:
        one.close()


@pytest.fixture
def context_of(browser: Browser, server: str) -> Iterator[Callable[..., BrowserContext]]:
    """Open browser contexts in which nothing may go wrong: no dialog, no policy violation, no error on the page."""
    opened: list[tuple[BrowserContext, list[str]]] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=server, **{"viewport": {"width": 1280, "height": 800}, **options})
        opened.append((context, watched(context)))
        return context

    yield make
    wrong = [fault for _, faults in opened for fault in faults]
    for context, _ in opened:
        context.close()
    assert wrong == []


@pytest.fixture
def person(context_of: Callable[..., BrowserContext]) -> Callable[..., Person]:
    """Sign somebody up through the page, in a context of his own."""

    def sign_up(name: str, **options: Any) -> Person:
        return Person.sign_up(context_of(**options).new_page(), name)

    return sign_up


@pytest.fixture(scope="module")
def couple(browser: Browser, server: str) -> Iterator[tuple[Person, Person]]:
    """Return two people at their pages, for all tests of a module: each test has a conversation of its own."""
    opened = [browser.new_context(base_url=server, viewport={"width": 1280, "height": 800}) for _ in range(2)]
    faults = [watched(context) for context in opened]
    ada, grace = (
        Person.sign_up(context.new_page(), unique(name)) for context, name in zip(opened, ("Ada", "Grace"), strict=True)
    )
    yield ada, grace
    for context in opened:
        context.close()
    assert faults == [[], []]


@pytest.fixture
def room(couple: tuple[Person, Person], api: Callable[[str], Api]) -> str:
    """Return the title of a fresh group that both have open, as its admins."""
    maker, title = api(unique("Maker")), unique("Room")
    members = [maker.user_id_of(one.name) for one in couple]
    group = maker.create("group", members, title)
    for user_id in members:
        maker.set_role(group, user_id, "admin")
    for one in couple:
        one.page.goto(f"/c/{group}")
        expect(one.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        one.wait_until_live()
    return title


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/health", timeout=1).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the server is not ready:\n{log.read_text()[-3_000:]}")
