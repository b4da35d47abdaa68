"""`telemed demo`: the main job without a human, and a demo that starts, stops and starts again cleanly."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil

from telemed.demo.region import DEMO_LOGINS
from tests.processes import ROOT, free_port

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("TELEMED_", "DATABASE_"))}


async def finished(*arguments: str | Path, within: float = 90, **environment: str) -> tuple[int, str]:
    """Exit code and output of `telemed …`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telemed", *arguments, cwd=ROOT, env=CLEAN | environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), within)
    return process.returncode or 0, said.decode()


async def test_the_main_job_without_a_human() -> None:
    code, said = await finished("demo", "--call")
    assert code == 0, said
    frames = [int(number) for number in re.findall(r"sees (\d+) frames", said)]
    heard = [float(number) for number in re.findall(r"hears ([\d.]+) s", said)]
    assert len(frames) == 2 and min(frames) >= 60, said
    assert len(heard) == 2 and min(heard) >= 2, said
    assert "fulfilled" in said


@asynccontextmanager
async def demo(data: Path, port: int) -> AsyncIterator[list[str]]:
    """A running demo, ended by Ctrl-C; yields the lines it said until it was ready, and then adds the rest."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telemed", "demo", "--data-dir", data, "--port", str(port), cwd=ROOT, env=CLEAN,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(60):
        while "Ctrl-C stops." not in "".join(said):
            line = await process.stdout.readline()
            assert line, "".join(said)
            said.append(line.decode())
    family = psutil.Process(process.pid).children(recursive=True)
    try:
        yield said
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.2)
        if process.returncode is None:
            process.send_signal(signal.SIGINT)  # the impatient press it twice
        rest, _ = await asyncio.wait_for(process.communicate(), 30)
        said.append(rest.decode())
    assert process.returncode == 0, "".join(said)[-2000:]
    left = [child.pid for child in family if child.is_running()]
    assert not left, f"still running: {left}"
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(data) in " ".join(p.info["cmdline"] or [])]


async def test_it_starts_stops_and_keeps_its_data(tmp_path: Path) -> None:
    port = free_port()
    async with demo(tmp_path / "demo", port) as said:
        shown = "".join(said)
        assert f"http://localhost:{port}/practice" in shown
        assert all(login.login in shown for login in DEMO_LOGINS)
        assert f"lie in {tmp_path / 'demo' / 'sent'}." in shown
        code = await book(port)
        async with aiohttp.ClientSession() as session, session.get(f"http://localhost:{port}/") as page:
            assert page.status == 200
            ticket = await session.post(f"http://localhost:{port}/api/v1/prechecks/tickets")
            probe = (await ticket.json())["url"]
            assert (await session.get(f"{probe}/health")).status == 200, "a line can be measured"
    assert "Stopped." in said[-1]
    async with demo(tmp_path / "demo", port), aiohttp.ClientSession() as session:
        answer = await session.post(f"http://localhost:{port}/api/v1/sessions/guest", json={"code": code})
        assert answer.status == 201, "the appointment did not survive"


async def book(port: int) -> str:
    api = f"http://localhost:{port}/api/v1"
    async with aiohttp.ClientSession() as session:
        found = await (await session.get(f"{api}/practitioners", params={"where": "17268", "sort": "earliest"})).json()
        first = found["practitioners"][0]
        wish = {
            "service": first["earliest_service"], "start": first["earliest"],
            "patient": {"name": "Frieda Feldlerche", "birth_date": "1948-05-17"},
        }  # fmt: skip
        booked = await session.post(f"{api}/appointments", json=wish)
        assert booked.status == 201
        return str((await booked.json())["code"])


async def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = await finished("demo", "--data-dir", tmp_path / "demo", "--port", str(port))
    assert code == 1
    assert said.strip().splitlines()[-1].startswith(f"Error: Port {port} is taken by another program.")
    assert "Traceback" not in said


async def test_a_misspelt_setting_is_one_clear_line() -> None:
    code, said = await finished("check", TELEMED_PROT="1")
    assert (code, said) == (1, "Error: TELEMED_PROT is not a setting. Did you mean TELEMED_PORT?\n")


async def test_an_unreachable_database_is_one_clear_line() -> None:
    code, said = await finished("serve", DATABASE_URL="postgresql://telemed_app@127.0.0.1:1/telemed")
    assert code == 1
    assert said.startswith("Error: The database does not answer")
    assert "Traceback" not in said


async def test_an_installation_by_hand(tmp_path: Path) -> None:
    """migrate, check, person add: on the embedded database, with nothing set but where its data lie."""
    here = {"TELEMED_DATA_DIR": str(tmp_path / "var")}
    code, said = await finished("check", **here)
    assert code == 1 and "Run `telemed migrate` first" in said, said
    assert await finished("migrate", **here) == (0, "The database is up to date.\n")
    code, said = await finished("check", **here)
    assert code == 0 and "The database is ready.\n" in said and "run `telemed work`" in said, said[-500:]
    ada = ("person", "add", "ada", "--name", "Ada Adler", "--role", "admin")
    code, said = await finished(*ada, "--password", "kurz", **here)
    assert code == 1 and "at least 12 characters" in said, said
    code, said = await finished(*ada, "--password", "ein sicherer Satz", **here)
    assert code == 0 and said.startswith("ada can log in now"), said
    code, said = await finished(*ada, "--password", "ein sicherer Satz", **here)
    assert code == 1 and "This login is taken" in said, said
