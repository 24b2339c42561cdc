"""Every language has every screen: nothing is left in English, nothing is cut off, and Arabic runs from the right."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.people import PASSWORD, Api, Person, unique
from e2e.test_screens import RESTED, Looker

SPEAK = "if (location.origin !== 'null') localStorage.setItem('seriatim:language', '{}')"
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ACCENTED = "áƀćđéƒǵĥíĵķłɱñóƥɋŕśţúṽŵẋýžÁƁĆĐÉƑǴĤÍĴĶŁṀÑÓƤɊŔŚŢÚṼŴẊÝŽ"
WORDS = {
    "Sign up": ("Registrieren", "إنشاء حساب"),
    "Name": ("Name", "الاسم"),
    "Password": ("Passwort", "كلمة المرور"),
    "Conversations": ("Unterhaltungen", "المحادثات"),
    "New conversation": ("Neue Unterhaltung", "محادثة جديدة"),
    "Channel": ("Kanal", "قناة"),
    "Details": ("Details", "التفاصيل"),
    "Close": ("Schließen", "إغلاق"),
    "Back": ("Zurück", "رجوع"),
    "More actions": ("Weitere Aktionen", "إجراءات أخرى"),
    "Later": ("Später", "لاحقًا"),
}
UNSPOKEN = """() => {
    const found = new Set();
    const own = "bdi, button[lang], time, kbd, code, option, .body, .last, .avatar, .name, .written, [role=log]";
    const strange = (text) => /[A-Za-z]{2,}/.test(text) && !/^[^A-Za-z]*\\[.*\\][^A-Za-z]*$/s.test(text);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const at = node.parentElement;
        const text = node.data.trim();
        if (at.closest(own) === null && at.getClientRects().length > 0 && strange(text)) found.add(text);
    }
    for (const name of ["aria-label", "title", "placeholder"])
        for (const one of document.querySelectorAll(`[${name}]`)) {
            const text = one.getAttribute(name);
            if (one.closest("time, bdi") === null && strange(text)) found.add(`${name}: ${text}`);
        }
    return [...found];
}"""
"""What is read on this screen and stands in no catalogue: names, words of people and times aside."""
CUT = """() => {
    const all = [...document.querySelectorAll("button, label, h1, h2, h3, p, dt, [role=radio]")];
    const cut = all.filter((one) => {
        const { display, textOverflow } = getComputedStyle(one);
        const shown = one.clientWidth > 0 && one.closest(".visually-hidden") === null && display !== "inline";
        return shown && textOverflow !== "ellipsis" && one.scrollWidth > one.clientWidth + 1;
    });
    const wide = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
    return [...wide, ...cut.map((one) => `${one.tagName} ${one.className}: ${one.textContent.trim().slice(0, 60)}`)];
}"""
"""What has no room for what it says, and does not say so by dots."""


class Walk:
    """Goes through the main screens in a language, and keeps what is wrong with them."""

    def __init__(self, page: Page, language: str, name: str, *, narrow: bool) -> None:
        self._page = page
        self._language = language
        self._narrow = narrow
        self._looker = Looker(page, name)
        self.faults: list[str] = []

    def say(self, english: str) -> str:
        if self._language == "pseudo":
            said = english.translate(str.maketrans(PLAIN, ACCENTED))
            longer = re.sub("~{8}", "~~~~~~~ ", "~" * -(-len(english) * 2 // 5))
            return f"[{said}{longer}]"
        return WORDS[english][("de", "ar").index(self._language)]

    def press(self, english: str) -> None:
        self._page.get_by_role("button", name=self.say(english), exact=True).first.click()

    def look(self, screen: str) -> None:
        # The others have what axe looks at in common with English.
        if (self._language, self._narrow) == ("ar", True):
            self._looker.look(screen)
        else:
            self._page.evaluate(RESTED)
            self._looker.picture(screen)
        self.faults += [f"{screen} is cut: {one}" for one in self._page.evaluate(CUT)]
        if self._language == "pseudo":
            self.faults += [f"{screen} says: {one}" for one in self._page.evaluate(UNSPOKEN)]
        self.faults += self._looker.faults
        self._looker.faults.clear()


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("pseudo", "light", 1280), ("de", "light", 320), ("ar", "light", 1280), ("ar", "dark", 360)],
)
def test_every_screen_is_spoken_whole_and_has_room(
    language: str, scheme: str, width: int, context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context = context_of(color_scheme=scheme, viewport={"width": width, "height": 800})
    context.add_init_script(SPEAK.format(language))
    page = context.new_page()
    walk = Walk(page, language, f"{language}-{scheme}-{width}", narrow=width < 640)
    page.goto("/")
    walk.press("Sign up")
    walk.look("sign-up")
    grace, name = api(unique("Grace")), unique("Ada")
    page.get_by_label(walk.say("Name"), exact=True).fill(name)
    page.get_by_label(walk.say("Password"), exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name=walk.say("Conversations"))).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == ("en" if language == "pseudo" else language)
    assert page.evaluate("getComputedStyle(document.body).direction") == ("rtl" if language == "ar" else "ltr")
    _fill(grace, name)
    page.get_by_role("link", name="engineering").wait_for()
    walk.look("list")
    page.get_by_role("link", name="engineering").click()
    row = page.get_by_role("article").filter(has_text="the lock time-out")
    row.hover()
    walk.look("conversation")
    row.get_by_role("button", name=walk.say("More actions")).click()
    walk.look("message-menu")
    page.keyboard.press("Escape")
    _look_at_what_lies_above(page, walk, narrow=width < 640)
    assert walk.faults == []


def _look_at_what_lies_above(page: Page, walk: Walk, *, narrow: bool) -> None:
    walk.press("Details")
    page.get_by_role("region", name=walk.say("Details")).get_by_text("Grace").first.wait_for()
    walk.look("details")
    page.get_by_role("region", name=walk.say("Details")).get_by_role("button", name=walk.say("Close")).click()
    if narrow:
        walk.press("Back")
    walk.press("New conversation")
    page.get_by_role("radio", name=walk.say("Channel")).click()
    walk.look("new-channel")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for keys, screen in (("Control+k", "switcher"), ("Control+/", "shortcuts"), ("Control+,", "settings")):
        page.keyboard.press(keys)
        expect(page.get_by_role("dialog")).to_be_visible()
        if screen == "settings":
            page.wait_for_load_state("networkidle")
        walk.look(screen)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def _fill(grace: Api, name: str) -> None:
    own = grace.user_id_of(name)
    channel = grace.create("channel", [own], "engineering", "public")
    grace.set_role(channel, own, "owner")
    seq = grace.send(channel, "Was it the lock time-out after all?")
    grace.send(channel, "سنلتقي بعد الغداء (14:00)، أليس كذلك؟")
    grace.send(channel, "a reply in a thread", thread_seq=seq)
    grace.send(grace.create("direct", [own]), "Do you have a minute?")


def test_a_language_is_chosen_and_what_was_being_written_stays(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    page = ada.page
    grace.create("direct", [grace.user_id_of(ada.name)])
    ada.open(grace.name)
    ada.box.fill("half a thought")
    page.keyboard.press("Control+,")
    page.get_by_label("Language").select_option(label="Deutsch")
    expect(page.get_by_role("navigation", name="Unterhaltungen")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    expect(page.get_by_role("textbox", name=re.compile("^Nachricht an"))).to_have_value("half a thought")
    page.keyboard.press("Control+,")
    page.get_by_label("Sprache").select_option(label="Wie im Browser")
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()


def test_the_browser_decides_where_nothing_was_chosen(context_of: Callable[..., BrowserContext]) -> None:
    page = context_of(locale="ar-EG").new_page()
    page.goto("/")
    expect(page.get_by_role("button", name="إنشاء حساب").first).to_be_visible()
    assert page.evaluate("document.documentElement.dir") == "rtl"
