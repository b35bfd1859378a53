"""A crowd of phones over a line that breaks: what they count as sent is here, and a loss would be noticed."""

import random
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from server.services.fleet import Plan, compare, drop_keys, make_keys, run_fleet
from sync.line import BreakingLine
from tests.kit.world import World, world_fixture

__all__ = ["world_fixture"]

PLAN = Plan(phones=4, seconds=2, pause=0.2, patience=120)


def test_all_that_phones_count_as_sent_is_here_and_a_loss_is_noticed(world: World, tmp_path: Path) -> None:
    world.publishes()
    caller = world.server_itself
    keys = make_keys(world.session, world.home, caller, PLAN, ["water_point"])
    heard: list[float] = []
    with (
        world.server() as url,
        BreakingLine("127.0.0.1", urlsplit(url).port or 80, 0.4, random.Random(3).random) as line,
    ):
        urls = [f"{line.url}/v1/key/{key}/projects/1" for _, key in keys]
        tally, sent = run_fleet(urls, PLAN, tmp_path, lambda seconds, *_: heard.append(seconds))
    drop_keys(world.session, caller, keys)
    assert world.api.get("projects/1/app-users").get_json() == []
    assert line.tally.cut > 0
    assert heard

    tally = compare(world.session, tally, sent, world.home.blobs.has)
    assert (tally.phones, tally.good) == (4, True)
    # what a broken line held up to the end is still on its phone
    assert tally.made == tally.sent + tally.unsent
    assert tally.sent == tally.whole > 0

    instance_id, envelope = next((key, each) for key, each in sent.items() if each.attachments)
    photo = envelope.attachments[0].sha256
    again = compare(world.session, tally, {instance_id: envelope}, lambda digest: digest != photo)
    assert (again.lost, again.good) == ([instance_id], False)


def test_a_form_that_is_not_here_is_said_before_anything_is_made(world: World) -> None:
    with pytest.raises(LookupError, match="nowhere"):
        make_keys(world.session, world.home, world.server_itself, PLAN, ["nowhere"])
    assert world.api.get("projects/1/app-users").get_json() == []
