"""The page of guarantees tells the truth: rows name what exists, tests name rows, and every row has its test."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE, TESTS = ROOT / "src/seriatim", ROOT / "tests"
PAGE = ROOT / "docs/guarantees.md"
PLANNED = {
    "D8": "latency at the rated load",
    "M1": "uploads resume",
    "M2": "no message points to a missing file",
    "M3": "only re-encoded media is shown",
    "E1": "the server cannot read encrypted content",
    "E2": "ghost devices get nothing",
    "E3": "encrypted for exactly the members of its time",
    "E4": "one-time keys once",
    "E5": "who was removed reads nothing later",
    "E6": "replays and splices never show as proved",
    "E7": "delivery never waits for decryption",
    "I2": "a noisy user does not slow the others",
    "F2": "a worker killed",
    "F3": "the broker killed or flushed",
    "F8": "partitions",
}
"""Promises that are not built and proven yet. It only shrinks: a promise that is kept gets its row on the page."""

ROW = re.compile(r"^\| ([A-Z]\d+) \|(.*)\|$", re.MULTILINE)
MARK = re.compile(r'mark\.promise\("([A-Z]\d+)"\)')
NAMED = re.compile(r"`([\w./-]+\.(?:py|sql))`")


def rows() -> dict[str, list[str]]:
    found = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len({id_ for id_, _ in found}) == len(found), "an id stands twice"
    return {id_: [cell.strip() for cell in rest.split("|")] for id_, rest in found}


def marked() -> dict[str, set[str]]:
    """Return the test files that carry each promise's id."""
    found: dict[str, set[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for id_ in MARK.findall(path.read_text(encoding="utf-8")):
            found.setdefault(id_, set()).add(path.relative_to(TESTS).as_posix())
    return found


def test_every_row_is_whole_and_names_modules_and_tests_that_exist() -> None:
    assert rows()
    for id_, cells in rows().items():
        promise, kept_by, proven_by, counted, ends = cells
        assert promise.startswith("**"), id_
        assert counted, id_
        assert ends, id_
        modules, tests = NAMED.findall(kept_by), NAMED.findall(proven_by)
        assert modules, id_
        assert tests, id_
        assert [name for name in modules if not (SOURCE / name).is_file()] == [], id_
        assert [name for name in tests if not (TESTS / name).is_file()] == [], id_


def test_every_row_is_proven_by_files_that_carry_its_id() -> None:
    found = marked()
    for id_, cells in rows().items():
        assert sorted(set(NAMED.findall(cells[2])) - found.get(id_, set())) == [], id_


def test_every_promise_of_a_test_has_its_row() -> None:
    assert sorted(set(marked()) - set(rows())) == [], "write the row, and take it out of PLANNED"


def test_what_is_planned_is_not_promised() -> None:
    assert sorted(set(PLANNED) & set(rows())) == []
