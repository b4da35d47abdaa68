"""The wheel serves too: installed in a clean environment, away from the source, it plays the main job."""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.processes import ROOT

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("TELEMED_", "DATABASE_", "PYTHON"))}


async def run(*command: str | Path, cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=CLEAN, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, f"{command[0]}: {said.decode()[-3000:]}"
    return said.decode()


@pytest.mark.timeout(600)
async def test_the_wheel_plays_the_main_job(tmp_path: Path) -> None:
    await run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "telemed/_sql/queries/scheduling.sql", "telemed/_sql/migrations/0001_house.sql", "telemed/templates/base.html",
        "telemed/locale/de/patient.po", "telemed/directory/data/places.tsv.gz", "telemed/static/css/app.css",
        "telemed/directory/data/ATTRIBUTION.md", "telemed/py.typed",
    ):  # fmt: skip
        assert needed in names, needed
    assert not [name for name in names if name.startswith(("tests/", "scripts/"))]

    # What telemed needs is what these tests run with, from the lock file; telemed itself is the wheel's alone.
    venv.create(tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    place = Path(
        (await run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path)).strip()
    )
    (place / "needed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (python.parent / "dbmate").symlink_to(Path(sys.executable).parent / "dbmate")
    await run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", wheel, cwd=tmp_path)
    found = await run(python, "-c", "import telemed; print(telemed.__file__)", cwd=tmp_path)
    assert Path(found.strip()).is_relative_to(place)
    said = await run(tmp_path / "env" / "bin" / "telemed", "demo", "--call", cwd=tmp_path)
    assert "fulfilled" in said
    assert "Doctor   sees" in said and "Patient  sees" in said
