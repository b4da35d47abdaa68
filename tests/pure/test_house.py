"""The house keeps its walls: who imports whom, how long a file is, and that every rule test names a known rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "telemed"
DOMAINS = {"identity", "directory", "scheduling", "consultation", "precheck", "stations"}
EVERYTHING = {
    "app",
    "__main__",
    "cli",
    "serving",
    "working",
    "demo",
    "importing",
    "visit",
    "desk",
    "counter",
    "notices",
    "gateway",
}  # the rooms that see every domain
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 300


def imports(file: Path) -> set[str]:
    """The telemed modules that a file imports, `scheduling.types`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "telemed":
            base = node.module.removeprefix("telemed").lstrip(".")
            found |= {".".join(filter(None, (base, alias.name))) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("telemed.") for alias in node.names if alias.name.startswith("telemed.")}
    return found


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_stay_within_the_walls(file: Path) -> None:
    here = room(file)
    if here in EVERYTHING:
        return
    for imported in imports(file):
        first, *rest = imported.split(".")
        if first in EVERYTHING:
            pytest.fail(f"{file.name} imports {imported}: only app and cli stand above the domains")
        if first in DOMAINS and first not in (here, "identity") and (rest[:1] or [""])[0] != "types":
            pytest.fail(f"{file.name} imports {imported}: of another domain only its types")
        if first in DOMAINS and first != here and (rest[:1] or [""])[0] in ("api", "pages"):
            pytest.fail(f"{file.name} imports {imported}: nobody imports another domain's api or pages")


def test_pure_files_do_no_io() -> None:
    for name in (
        "scheduling/hours/rules.py",
        "scheduling/hours/checks.py",
        "desk/grid.py",
        "consultation/room.py",
        "directory/places.py",
        "precheck/measure.py",
        "precheck/verdict.py",
    ):
        for imported in imports(PACKAGE / name):
            assert not re.match(r"db|clock|http|html|keys", imported), f"{name} imports {imported}"
        assert "await " not in (PACKAGE / name).read_text(encoding="utf-8"), f"{name} awaits"


def test_files_are_small() -> None:
    sources = [*FILES, *PACKAGE.rglob("*.js"), *PACKAGE.rglob("*.html")]
    lengths = {file.relative_to(PACKAGE): len(file.read_text(encoding="utf-8").splitlines()) for file in sources}
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}
    assert sorted(lengths.values())[len(lengths) // 2] <= 120


def test_sql_lives_in_sql_files() -> None:
    words = re.compile(r"""["'](SELECT|INSERT INTO|UPDATE|DELETE FROM) """)
    # The owner's own statements: roles and databases cannot be parameters, and they run before any schema exists.
    excepted = {"pg.py", "db.py"}
    found = [
        str(f.relative_to(PACKAGE)) for f in FILES if f.name not in excepted and words.search(f.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.rule("P-04")
def test_no_way_leads_from_a_booking_to_a_prescription() -> None:
    """No page, message or table knows of one, but for the sentence that it comes from the practice."""
    words = re.compile(r"rezept|einlös|prescription|redeem", re.IGNORECASE)
    sources = [PACKAGE.parent / "sql" / "schema.sql"]
    for kind in ("py", "html", "js", "po"):
        sources += PACKAGE.rglob(f"*.{kind}")
    lines = [line for file in sources for line in file.read_text(encoding="utf-8").splitlines() if words.search(line)]
    said = "Prescriptions and letters come from the practice, not from us."
    assert len(lines) == 3 and sum(said in line for line in lines) == 2, lines  # the page, the sentence and its German


def test_nothing_records() -> None:
    for file in PACKAGE.rglob("*.js"):
        assert "MediaRecorder" not in file.read_text(encoding="utf-8")
