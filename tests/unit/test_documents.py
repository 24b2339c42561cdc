"""The pages name what there is: make targets, sub-commands and their options, links, changelog fragments."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FRAGMENT = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|security)\.md")
KINDS = ("added", "changed", "fixed", "security")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


TEXTS = {relative(path): path.read_text(encoding="utf-8") for path in PAGES}


def test_the_pages_that_every_newcomer_looks_for_are_there() -> None:
    wanted = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}
    wanted |= {f"docs/{name}.md" for name in ("protocol", "guarantees", "security", "scaling", "operations")}
    wanted |= {"docs/tutorial.md", "docs/glossary.md"}
    assert wanted <= set(TEXTS)


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_to_files(page: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)[^)]*\)", TEXTS[page])
    folder = (ROOT / page).parent
    assert [link for link in links if not (folder / link).exists()] == []


@pytest.mark.parametrize("page", TEXTS)
def test_make_targets_exist(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", TEXTS[page], re.MULTILINE)) <= targets


def test_make_names_every_bench() -> None:
    from seriatim.app.cli.bench import Bench  # noqa: PLC0415 - the names only

    (named,) = re.findall(r"name one: make bench NAME=(\w+) \((.*?)\)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert [named[0], *named[1].split(", ")] == list(Bench)


def test_commands_of_the_pages_exist() -> None:
    from seriatim.app.cli import COMMANDS  # noqa: PLC0415 - the table only

    named = {
        (page, command)
        for page, text in TEXTS.items()
        for command in re.findall(r"(?:`|^|\.venv/bin/|until |\$\()seriatim ([a-z]+)", text, re.MULTILINE)
    }
    assert named
    assert sorted((page, command) for page, command in named if command not in COMMANDS) == []


def test_decisions_are_numbered_without_gaps_and_have_their_parts() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        for part in ("**Context.**", "**Choice", "**Rejected.**", "**We would notice that it was wrong"):
            assert part in text, f"{path.name}: {part}"


def test_fragments_have_names_and_one_sentence_or_two_each() -> None:
    fragments = [path for path in (ROOT / "changes.d").iterdir() if path.name != "README.md"]
    assert [path.name for path in fragments if not FRAGMENT.fullmatch(path.name)] == []
    for path in fragments:
        text = path.read_text(encoding="utf-8")
        assert text.endswith(".\n"), path.name
        assert text.count("\n") == 1, path.name


def test_the_changelog_is_built_from_the_fragments() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from changelog import unreleased  # noqa: PLC0415 # pyright: ignore[reportMissingImports]
    finally:
        sys.path.pop(0)
    text = unreleased(ROOT / "changes.d")
    for path in (ROOT / "changes.d").glob("*.*.md"):
        assert path.read_text(encoding="utf-8").strip() in text
    assert [kind for kind in KINDS if f"### {kind.capitalize()}" in text] == sorted(
        {path.name.split(".")[1] for path in (ROOT / "changes.d").glob("*.*.md")}
    )


def test_no_page_is_written_to_be_found_elsewhere() -> None:
    """A page stands on its own: no paths of somebody's machine."""
    assert [page for page, text in TEXTS.items() if re.search(r"(?<![\w.])/(?:work|home|root)/", text)] == []
