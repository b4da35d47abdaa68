"""The floors: the least that any server must do. `python -m tests.bench.floor PORT DATABASE_URL`.

`POST /insert` does the one insert with bare asyncpg; `/relay/<room>` passes frames between two sockets and no more.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from datetime import datetime, timedelta

import asyncpg
import uvloop
from aiohttp import WSMsgType, web

_INSERT = """
    INSERT INTO appointment (id, practitioner, service, site, mode, status, during, reserved, code_digest, patient_key,
                             patient_name, birth_date)
    VALUES ($1, $2, $3, $4, 'video', 'booked', tstzrange($5, $6), tstzrange($5, $6), $7, $7, $8, '1950-01-01')
    ON CONFLICT DO NOTHING RETURNING id
"""
POOL = web.AppKey("pool", asyncpg.Pool)
rooms: dict[str, list[web.WebSocketResponse]] = {}


async def insert(request: web.Request) -> web.Response:
    wish = await request.json()
    made = uuid.uuid4()
    start = datetime.fromisoformat(wish["start"])
    async with request.app[POOL].acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('telemed.role', 'system', true)")
        row = await connection.fetchval(
            _INSERT, made, uuid.UUID(wish["practitioner"]), uuid.UUID(wish["service"]), uuid.UUID(wish["site"]),
            start, start + timedelta(minutes=15), made.bytes, wish["patient"]["name"],
        )  # fmt: skip
    return web.json_response({"id": str(row)}, status=201 if row else 409)


async def relay(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    room = rooms.setdefault(request.match_info["room"], [])
    room.append(socket)
    if len(room) == 2:
        for member in room:
            await member.send_str(json.dumps({"type": "ready"}))
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            for other in room:
                if other is not socket:
                    await other.send_str(message.data)
    room.remove(socket)
    return socket


async def main(port: int, url: str) -> None:
    app = web.Application()
    app[POOL] = await asyncpg.create_pool(url, min_size=10, max_size=10)
    app.router.add_post("/insert", insert)
    app.router.add_get("/relay/{room}", relay)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("Serving on", port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(main(int(sys.argv[1]), sys.argv[2]))
