"""The shape of the tree: sizes, mirrors, who may touch what, and what the locks and the documents say."""

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "seriatim"
UNIT = ROOT / "tests" / "unit"
GENERATED = {ROOT / "web/src/core/protocol/types.ts"}
HISTORY = SOURCE / "storage/postgres/migrations"
"""It only ever grows: the cap on folders is not for it."""

LONGEST, LONG, MEDIAN, CROWD = 500, 300, 150, 12
WIRING = 200
"""Lines in a file of app/."""

PSYCOPG_LAYERS = {"log", "storage"}
PSYCOPG_FILES = {"store.py", "follow.py"}
PSYCOPG_EXCEPTIONS = {"app/seed.py", "bench/chaos/database.py"}
PSYCOPG_FOLDERS = ("bench/yardsticks",)


def files_of(folder: Path, *suffixes: str) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix in suffixes and "node_modules" not in path.parts)
    return sorted(path for path in found if path not in GENERATED and path.name != "__init__.py")


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


CODE = {
    "src": files_of(SOURCE, ".py"),
    "tests": files_of(ROOT / "tests", ".py"),
    "web": files_of(ROOT / "web/src", ".ts", ".svelte"),
}
MODULES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in CODE["src"]}


@pytest.mark.parametrize("tree", CODE)
def test_no_file_is_longer_than_500_lines(tree: str) -> None:
    assert [f"{relative(path)}: {lines(path)}" for path in CODE[tree] if lines(path) > LONGEST] == []


@pytest.mark.parametrize("tree", CODE)
def test_the_median_is_at_most_150_lines_and_nine_of_ten_files_at_most_300(tree: str) -> None:
    sizes = sorted(map(lines, CODE[tree]))
    assert sizes[len(sizes) // 2] <= MEDIAN
    assert sizes[len(sizes) * 9 // 10] <= LONG


def test_the_wiring_in_app_stays_short() -> None:
    found = (path for path in CODE["src"] if path.is_relative_to(SOURCE / "app"))
    assert [f"{relative(path)}: {lines(path)}" for path in found if lines(path) > WIRING] == []


@pytest.mark.parametrize("tree", ["src", "web"])
def test_no_folder_holds_more_than_12_files(tree: str) -> None:
    counted = (path for path in CODE[tree] if path.parent != HISTORY and not path.name.endswith(".test.ts"))
    crowds = Counter(path.parent for path in counted)
    assert [f"{relative(folder)}: {count}" for folder, count in crowds.items() if count > CROWD] == []


def test_every_python_file_begins_with_what_it_is_for() -> None:
    assert [relative(path) for path, module in MODULES.items() if not ast.get_docstring(module)] == []


def test_the_tree_of_unit_tests_mirrors_the_source() -> None:
    strangers: list[str] = []
    for path in files_of(UNIT, ".py"):
        if path.parent == UNIT or not path.name.startswith("test_"):  # those at the top test the tree itself
            continue
        tested = SOURCE / path.parent.relative_to(UNIT) / path.stem.removeprefix("test_")
        if not tested.with_suffix(".py").is_file() and not tested.is_dir():
            strangers.append(relative(path))
    assert strangers == []


def test_psycopg_is_touched_only_where_sql_lives() -> None:
    strangers: list[str] = []
    for path, module in MODULES.items():
        place = path.relative_to(SOURCE)
        allowed = (
            place.parts[0] in PSYCOPG_LAYERS
            or place.name in PSYCOPG_FILES
            or place.as_posix() in PSYCOPG_EXCEPTIONS
            or place.as_posix().startswith(PSYCOPG_FOLDERS)
        )
        if not allowed and imported(module) & {"psycopg", "psycopg_pool"}:
            strangers.append(relative(path))
    assert strangers == []


def imported(module: ast.Module) -> set[str]:
    """Return the top names of everything imported anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_tasks_are_started_only_in_a_task_group() -> None:
    loose: list[str] = []
    for path, module in MODULES.items():
        groups = task_groups(module)
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "create_task":
                receiver = ast.unparse(node.func.value)
                if receiver not in groups:
                    loose.append(f"{relative(path)}:{node.lineno}: {receiver}.create_task")
    assert loose == []


def task_groups(module: ast.Module) -> set[str]:
    """Return the expressions known to be a TaskGroup: bound by `async with`, annotated, or assigned from those."""
    groups: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.withitem(context_expr=ast.Call() as call, optional_vars=ast.expr() as name):
                if ast.unparse(call.func).endswith("TaskGroup"):
                    groups.add(ast.unparse(name))
            case (
                ast.arg(arg=name, annotation=ast.expr() as annotation)
                | ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), annotation=annotation)
            ):
                if "TaskGroup" in ast.unparse(annotation):
                    groups |= {name, f"self.{name}"}
            case _:
                pass
    for node in ast.walk(module):
        if isinstance(node, ast.Assign):
            value = ast.unparse(node.value)
            if value in groups or value.endswith("TaskGroup()"):
                groups |= {ast.unparse(target) for target in node.targets}
    return groups


def test_locks_name_no_host() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        assert all("--hash=" in entry for entry in re.findall(r"(?m)^\S+==.*?(?=^\S|\Z)", text, re.DOTALL))
    assert '"resolved"' not in (ROOT / "web/package-lock.json").read_text(encoding="utf-8")


def test_the_documents_name_real_files_and_folders() -> None:
    documents = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    layers = "|".join(sorted(path.name for path in SOURCE.iterdir() if path.is_dir() and path.name[0] not in "_."))
    named = re.compile(rf"`((?:src|tests|web|docs|scripts|changes\.d|{layers})/[\w./-]*)`")
    missing: list[str] = []
    for document in documents:
        if document.is_file():
            names = named.findall(document.read_text(encoding="utf-8"))
            gone = (name for name in names if not (ROOT / name).exists() and not (SOURCE / name).exists())
            missing.extend(f"{relative(document)}: {name}" for name in gone)
    assert missing == []


def test_nothing_that_is_made_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    made = re.compile(r"(^|/)(node_modules|__pycache__|\.venv|\.data)/|^src/seriatim/static/")
    assert [name for name in listed.stdout.splitlines() if made.search(name)] == []
