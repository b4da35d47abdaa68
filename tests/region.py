"""A database of its own with all German places and the demo region in it, made once a run."""

from __future__ import annotations

import asyncpg

from telemed import clock, pg
from telemed.demo import region
from telemed.directory.load import load
from tests.conftest import clone

NAME = "telemed_region"
_made: dict[tuple[str, str], pg.Urls] = {}


async def arrive(template: pg.Urls, name: str = NAME) -> pg.Urls:
    """The urls of that database. Tests leave it as they found it; those that cannot, take one by another `name`."""
    if (template.owner, name) not in _made:
        urls = pg.Urls(*(url.replace("template_telemed", name) for url in template))
        await clone(template.owner, name)
        owner = await asyncpg.connect(urls.owner)
        await load(owner)
        await region.load(owner, clock.now().date())
        await owner.close()
        _made[template.owner, name] = urls
    return _made[template.owner, name]
