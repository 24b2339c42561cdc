"""Bodies and names made to break a page: nothing runs, nothing leaks out of its row, the layout holds."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.people import Api, Person, unique

POLYGLOTS = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '"><svg/onload=alert(1)>',
    (
        "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//</stYle/</titLe/</teXtarEa/</scRipt/--!>"
        "\\x3csVg/<sVg/oNloAd=alert()//>"
    ),
    "[click](javascript:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "![picture](https://elsewhere.example/pixel.png)",
    "<javascript:alert(1)>",
    "[link][1]\n\n[1]: javascript:alert(1)",
    '<a href="javascript:alert(1)">x</a>',
    "&#x3C;script&#x3E;alert(1)&#x3C;/script&#x3E;",
    "{@html alert(1)} {{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>*{display:none}</style>",
    "<form action=//elsewhere.example><button>log in</button></form>",
]


def test_nothing_in_a_body_runs_or_becomes_markup(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada = person(unique("Ada <b onmouseover=alert(1)>"), viewport={"width": 1280, "height": 2_000})
    grace = api(unique("<img src=x onerror=alert(1)>"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    for body in POLYGLOTS:
        grace.send(conversation, body)
    ada.page.goto(f"/c/{conversation}")
    expect(ada.row("log in")).to_be_visible()
    assert ada.feed.locator("script, iframe, form, img, style, [onerror], [onload]").count() == 0
    schemes = ada.page.evaluate("[...document.querySelectorAll('a')].map((link) => new URL(link.href).protocol)")
    assert set(schemes) <= {"http:", "https:", "mailto:"}
    for link in ada.feed.locator("a").all():
        assert link.get_attribute("rel") == "noopener noreferrer"


@pytest.mark.parametrize(
    "body",
    [
        "x" * 16_384,
        "\u202e" + "right to left override " * 20,
        "א" * 4_000,
        "👩‍👩‍👧‍👦" * 600,
        "> " * 200 + "deep",
        "`" * 9_000,
    ],
    ids=["no-spaces", "bidi", "hebrew", "families", "deep-quote", "ticks"],
)
def test_a_body_of_any_shape_stays_within_its_row(
    body: str, person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    grace.send(conversation, body)
    grace.send(conversation, "after it")
    ada.page.goto(f"/c/{conversation}")
    expect(ada.row("after it")).to_be_visible()
    assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert ada.feed.evaluate("(feed) => feed.scrollWidth <= feed.clientWidth")


def test_a_message_that_is_too_long_is_said_before_it_is_sent(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    ada.with_person(grace.name)
    ada.box.fill("é" * 8_192)
    expect(ada.page.get_by_text("0 bytes left")).to_be_visible()
    ada.box.fill("é" * 8_193)
    expect(ada.page.get_by_text("2 bytes too many")).to_be_visible()
    expect(ada.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    ada.box.press("Enter")
    expect(ada.box).to_have_value("é" * 8_193)
