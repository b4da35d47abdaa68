"""Walk-ins and doctors on call for programs: the same steps as on the pages, over JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from telemed import clock
from telemed.db import Database
from telemed.identity.tokens import Keys
from tests import logins, people
from tests.booking import CODES
from tests.people import CALLERS
from tests.refusals import Client, problem

pytestmark = pytest.mark.usefixtures("early")
WALK_INS, ON_CALL = "/api/v1/walk-ins", "/api/v1/on-call"


def coming(name: str, **more: Any) -> dict[str, Any]:
    patient = {"name": name, "birth_date": "1948-05-17"}
    return {"station": str(people.STATION), "specialty": "general", "patient": patient} | more


@pytest.mark.rule("B-11")
async def test_from_the_counter_to_the_doctor(api: Client, cast: Database, keys: Keys) -> None:
    petra, bob = (logins.bearer(keys, CALLERS[who]) for who in ("petra", "bob"))
    once = petra | {"Idempotency-Key": "key-of-a-program"}
    slips = [await (await api.post(WALK_INS, json=coming("Anna Probe"), headers=once)).json() for _ in range(2)]
    anna = slips[0]["id"]
    assert slips[0] == slips[1] and CODES.digest(slips[0]["code"]) is not None
    for headers, body, refused in (
        (once, coming("Berta Probe"), (422, "idempotency_key_reused")),
        (petra, coming("Anna Probe"), (409, "already_waiting")),
        (petra, coming("\u202eAnna"), (422, "invalid")),
        (petra, coming("Carl Probe", specialty="magic"), (422, "invalid")),
        (petra, coming("Carl Probe", station=str(people.STATION_GRAMZOW)), (404, "not_found")),
    ):
        assert await problem(await api.post(WALK_INS, json=body, headers=headers)) == refused
    until = {"until": (clock.now() + timedelta(hours=2)).isoformat()}
    assert (await api.put(ON_CALL, json=until, headers=bob)).status == 204
    told = await (await api.get(WALK_INS, headers=petra)).json()
    assert [one["id"] for one in told["walk_ins"]] == [anna] and told["outlook"]["waiting"] == {anna: 0}
    desk = await (await api.get(ON_CALL, headers=bob)).json()
    assert (desk["offered"]["id"], desk["offered"]["patient_name"], desk["waiting"]) == (anna, "Anna Probe", 0)
    taken = [await api.post(f"{WALK_INS}/{anna}/acceptance", headers=bob) for _ in range(2)]
    assert [(one.status, await one.json()) for one in taken] == [(201, {"appointment": anna})] * 2
    assert (await (await api.get(ON_CALL, headers=bob)).json())["accepted"][0]["id"] == anna
    assert await problem(await api.delete(f"{WALK_INS}/{anna}", headers=petra)) == (404, "not_found")
    with clock.shifted(timedelta(minutes=20)):
        berta = (await (await api.post(WALK_INS, json=coming("Berta Probe"), headers=petra)).json())["id"]
        # Bob has not come to Anna, so she is the first in the queue again.
        told = await (await api.get(WALK_INS, headers=petra)).json()
        assert [(one["id"], one["status"]) for one in told["walk_ins"]] == [(anna, "waiting"), (berta, "waiting")]
        for one, way, body in ((anna, "declining", {"reason": "practice"}), (berta, "handing-on", {"urgent": True})):
            assert (await (await api.get(ON_CALL, headers=bob)).json())["offered"]["id"] == one
            assert (await api.post(f"{WALK_INS}/{one}/{way}", json=body, headers=bob)).status == 204
            again = await api.post(f"{WALK_INS}/{one}/{way}", json=body, headers=bob)
            assert await problem(again) == (404, "walk_in_gone")
        first, second = (await (await api.get(WALK_INS, headers=petra)).json())["walk_ins"]
        assert (first["reason"], second["status"], second["urgent"]) == ("practice", "waiting", True)
        assert (await api.delete(f"{WALK_INS}/{berta}", headers=petra)).status == 204
        assert (await api.delete(ON_CALL, headers=bob)).status == 204
        assert (await (await api.get(ON_CALL, headers=bob)).json())["doctor"]["until"] is None
