"""People of the page's tests: one at a page, driven by what a reader sees and a keyboard does; one over HTTP."""

import re
import uuid
from dataclasses import dataclass
from typing import Any, Self

import httpx
from playwright.sync_api import BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from seriatim.core.ids import uuid7

PASSWORD = "correct horse battery"
REACHED = re.compile("^(Sent|Delivered|Read)")
"""What stands beside a message of one's own that the server has."""
MESSAGE_BOX = re.compile("^Message ")
WATCH = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
STILL = """
async (feed) => {
  let before = "", since = performance.now();
  while (performance.now() - since < 500) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = `${feed.scrollTop} ${feed.scrollHeight} ${feed.querySelectorAll("article").length}`;
    if (now !== before) since = performance.now();
    before = now;
  }
}
"""
EXPECTED = re.compile(r"Failed to load resource|WebSocket connection|ERR_INTERNET_DISCONNECTED")
"""What a browser says by itself when the network is away or a refusal comes back."""


def unique(name: str) -> str:
    """Return a name that no other test uses."""
    return f"{name} {uuid.uuid4().hex[:8]}"


def watched(context: BrowserContext) -> list[str]:
    """Return the list that fills with whatever goes wrong on the pages of this context."""
    faults: list[str] = []
    context.add_init_script(WATCH)
    context.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    context.on("weberror", lambda error: faults.append(f"error: {error.error}"))
    context.on(
        "console",
        lambda said: (
            faults.append(f"console: {said.text}") if said.type == "error" and not EXPECTED.search(said.text) else None
        ),
    )
    return faults


@dataclass
class Person:
    """Somebody at a page."""

    page: Page
    name: str

    @classmethod
    def sign_up(cls, page: Page, name: str) -> Self:
        page.goto("/")
        sign_up_here(page, name)
        return cls(page, name)

    @classmethod
    def log_in(cls, page: Page, name: str) -> Self:
        """Let somebody who has an account use another device."""
        page.goto("/")
        page.get_by_role("button", name="Log in").click()
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
        return cls(page, name)

    def with_person(self, name: str) -> None:
        """Start (or find again) the direct conversation with somebody."""
        self.page.get_by_role("button", name="New conversation").first.click()
        self.page.get_by_label("Search people by name").fill(name)
        self.page.get_by_role("dialog").get_by_role("button", name=name).click()
        expect(self.box).to_be_visible()

    def open(self, title: str) -> None:
        self.line(title).click()
        expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible()

    def wait_until_live(self) -> None:
        expect(self.page.locator("[data-link=live]")).to_be_attached(timeout=15_000)

    def write(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def to_newest(self) -> None:
        button = self.page.get_by_role("button", name="To the newest message")
        button.click()
        expect(button).to_have_count(0)
        self.wait_until_still()

    def scroll_up(self, pixels: int) -> None:
        self.feed.evaluate("(feed, pixels) => { feed.scrollTop -= pixels }", pixels)
        expect(self.page.get_by_role("button", name="To the newest message")).to_be_visible()
        self.wait_until_still()

    def wait_until_still(self) -> None:
        """Wait until nothing has come or moved in the list for a while: its first rows are there and measured."""
        self.feed.evaluate(STILL)

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name=MESSAGE_BOX)

    @property
    def feed(self) -> Locator:
        return self.page.get_by_role("feed")

    def line(self, title: str) -> Locator:
        """Return the conversation's line in the list."""
        return self.page.get_by_role("navigation", name="Conversations").get_by_role("link", name=title)

    def row(self, text: str) -> Locator:
        return self.feed.locator("article", has_text=text)

    def act(self, row: Locator, action: str) -> None:
        """Click one of a message's actions; where the list moves under the pointer meanwhile, point again."""
        button = row.get_by_role("button", name=action, exact=True)
        for _ in range(2):
            row.hover()
            try:
                button.click(timeout=3_000)
            except NotInTime:
                continue
            return
        row.hover()
        button.click()

    def choose(self, row: Locator, action: str) -> None:
        """Choose an action from a message's menu."""
        self.act(row, "More actions")
        self.page.get_by_role("menuitem", name=action, exact=True).click()

    def bodies(self) -> list[str]:
        """Return the texts on screen, from the top."""
        return self.feed.evaluate(
            """(feed) => [...feed.querySelectorAll("article")]
              .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
              .flatMap((row) => [...row.querySelectorAll(".body")].map((body) => body.textContent))"""
        )


def sign_up_here(page: Page, name: str) -> None:
    """Fill the first screen in and wait for the chat."""
    page.get_by_label("Name").wait_for()
    if page.get_by_role("heading", name="Create your account").count() == 0:
        page.get_by_role("button", name="Sign up").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()


class Api:
    """Somebody without a page: prepares conversations, reads the log."""

    def __init__(self, client: httpx.Client, user_id: int, name: str) -> None:
        self._client = client
        self.user_id = user_id
        self.name = name

    @classmethod
    def sign_up(cls, url: str, name: str) -> Self:
        client = httpx.Client(base_url=url, timeout=30)
        answer = client.post(
            "/v1/auth/sign-up", json={"name": name, "password": PASSWORD, "device": {"name": "test", "kind": "other"}}
        )
        return cls._entered(client, answer)

    @classmethod
    def log_in(cls, url: str, name: str) -> Self:
        client = httpx.Client(base_url=url, timeout=30)
        answer = client.post(
            "/v1/auth/log-in", json={"name": name, "password": PASSWORD, "device": {"name": "test", "kind": "other"}}
        )
        return cls._entered(client, answer)

    @classmethod
    def _entered(cls, client: httpx.Client, answer: httpx.Response) -> Self:
        given = answer.raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {given['access_token']}"
        return cls(client, given["user_id"], given["name"])

    def close(self) -> None:
        self._client.close()

    def create(self, kind: str, members: list[int], title: str | None = None, visibility: str = "private") -> int:
        wish = {"client_id": str(uuid7()), "kind": kind, "members": members, "visibility": visibility}
        if title is not None:
            wish["title"] = title
        return int(self._post("/v1/conversations", wish)["conversation_id"])

    def send(self, conversation_id: int, body: str, **more: Any) -> int:
        wish = {"client_id": str(uuid7()), "body": body, **more}
        return int(self._post(f"/v1/conversations/{conversation_id}/send", wish)["seq"])

    def act(self, conversation_id: int, command: str, **fields: Any) -> int:
        """Run a command in a conversation, and return the seq of its entry."""
        wish = {"client_id": str(uuid7()), **fields}
        return int(self._post(f"/v1/conversations/{conversation_id}/{command}", wish)["seq"])

    def tell(self, path: str, wish: dict[str, Any]) -> None:
        """Ask for something that is answered with nothing."""
        self._client.post(path, json=wish).raise_for_status()

    def read(self, conversation_id: int, seq: int) -> None:
        self._client.post(f"/v1/conversations/{conversation_id}/read", json={"seq": seq}).raise_for_status()

    def set_role(self, conversation_id: int, user_id: int, role: str) -> None:
        wish = {"client_id": str(uuid7()), "user_id": user_id, "role": role}
        self._post(f"/v1/conversations/{conversation_id}/set_role", wish)

    def block(self, user_id: int) -> None:
        self._client.put(f"/v1/blocks/{user_id}").raise_for_status()

    def reset_link(self, user_id: int) -> str:
        """Make a link for who forgot his password, as an admin of the server."""
        return str(self._post(f"/v1/admin/users/{user_id}/reset-link", {})["url"])

    def is_guest(self) -> bool:
        return bool(self._client.get("/v1/me").raise_for_status().json()["guest"])

    def take_reports(self, conversation_id: int) -> None:
        """Deal with what is reported there, as a moderator."""
        found = self._client.get(f"/v1/conversations/{conversation_id}/reports").raise_for_status().json()["reports"]
        for one in found:
            self._client.post(f"/v1/reports/{one['report_id']}/take").raise_for_status()

    def change_group(self, name: str, user_ids: list[int]) -> None:
        """Let others be in a group of people, as an admin of the server."""
        groups = self._client.get("/v1/groups").raise_for_status().json()["groups"]
        group_id = next(one["group_id"] for one in groups if one["name"] == name)
        self._client.patch(f"/v1/groups/{group_id}", json={"user_ids": user_ids}).raise_for_status()

    def user_id_of(self, name: str) -> int:
        found = self._client.get("/v1/users", params={"name": name}).raise_for_status().json()["users"]
        return int(found[0]["user_id"])

    def conversations(self) -> list[dict[str, Any]]:
        return self._client.get("/v1/conversations").raise_for_status().json()["conversations"]

    def messages(self, conversation_id: int) -> list[dict[str, Any]]:
        """Return every message of a conversation, as the server's log has them."""
        entries: list[dict[str, Any]] = []
        while True:
            after = entries[-1]["seq"] if entries else 0
            page = self._client.get(
                f"/v1/conversations/{conversation_id}/entries", params={"after": after, "limit": 200}
            ).raise_for_status()
            entries += page.json()["entries"]
            if page.json()["complete"]:
                return [entry for entry in entries if entry["kind"] == "message_sent"]

    def _post(self, path: str, wish: dict[str, Any]) -> dict[str, Any]:
        return self._client.post(path, json=wish).raise_for_status().json()
