"""What stands in the way of `make demo` is told in one clear line: an old Python, a full disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from telemed.cluster import ClusterError
from telemed.demo import show
from telemed.settings import Settings

ROOT = Path(__file__).parents[2]
# A lock file of this name was never installed from, so the script gets as far as its checks.
RUN = "import runpy, shutil, sys; sys.argv = ['bootstrap.py', 'LICENSE']; {}; runpy.run_path('scripts/bootstrap.py')"


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("sys.version_info = (3, 9, 2)", "telemed needs Python 3.11 or newer; this is "),
        ("shutil.disk_usage = lambda _: type('', (), {'free': 5 << 20})", "Only 5 MiB are free on this disk; "),
    ],
)
def test_installing_says_what_is_lacking(lacking: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", RUN.format(lacking)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(said) and done.stderr.count("\n") == 1, done.stderr


async def test_the_demo_says_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5 << 20}))
    with pytest.raises(ClusterError, match=r"^Only 5 MiB are free where .*; the demo needs 300\.$"):
        await show.run(Settings(data_dir=tmp_path, port=0, demo=True), call=False, reset=False)
