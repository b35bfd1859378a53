"""The rules of the phone app that need no browser: its own tests, and its answers beside those of Python.

Skips where Node is not there: `make assets` brings one where the machine has none.
"""

import base64
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image

from server.domain.photo_time import taken_at, taken_where
from sync.errors import ProtocolError
from sync.settings import decode_settings, encode_settings, field_settings

PHONE = Path(__file__).parents[2] / "sync" / "phone"
CARDS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("cards.json").read_text(encoding="utf-8"))
OLDEST = (20, 0)
"""The Node that the app is built with at least."""
PICTURE = io.BytesIO()
Image.new("RGB", (8, 8), (90, 120, 60)).save(PICTURE, "JPEG")
PATIENCE = 120

WRITE = """
const bytesOf = (said) => Uint8Array.from(Buffer.from(said, "base64"));
const pictures = given.map(({ jpeg, time, place }) => writeExif(bytesOf(jpeg), { time, place }));
console.log(JSON.stringify(pictures.map((bytes) => Buffer.from(bytes).toString("base64"))));
"""
READ = 'console.log(JSON.stringify(given.map((jpeg) => readExif(Uint8Array.from(Buffer.from(jpeg, "base64"))))));'
CARD = "console.log(JSON.stringify(await Promise.all(given.map(readCard))));"


@cache
def node_program() -> Path | None:
    """Node, of the machine or of the environment; None where there is none that is new enough."""
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)))
    for folder in folders.split(os.pathsep):
        found = shutil.which("node", path=folder)
        if found is None:
            continue
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        numbers = re.match(r"v(\d+)\.(\d+)", said)
        if numbers and tuple(map(int, numbers.groups())) >= OLDEST:
            return Path(found)
    return None


@pytest.fixture
def node() -> Path:
    """The program."""
    found = node_program()
    if found is None:
        pytest.skip(f"no Node {OLDEST[0]} or newer on the path or beside Python (`make assets` installs one)")
    return found


def run(node: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Node in the folder of the app."""
    return subprocess.run(
        [node, *arguments],
        cwd=PHONE,
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE,
    )


def asks(node: Path, names: str, module: str, script: str, given: object) -> Any:
    """What a piece of JavaScript says of a value, with some names of a module of the app."""
    head = (
        f'import {{ {names} }} from "./src/{module}";\nimport {{ readFileSync }} from "node:fs";\n'
        'const given = JSON.parse(readFileSync(0, "utf8"));\n'
    )
    done = run(node, "--input-type=module", "--eval", head + script, given=json.dumps(given))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_tests_of_the_app_itself_pass(node: Path) -> None:
    done = run(node, "--test", "--test-reporter=tap")
    assert done.returncode == 0, done.stdout + done.stderr
    passed = {name: int(count) for name, count in re.findall(r"^# (\w+) (\d+)$", done.stdout, re.MULTILINE)}
    stories = json.loads(Path(__file__).with_name("outbox.json").read_text(encoding="utf-8"))
    assert passed["pass"] == passed["tests"] > len(stories) + len(CARDS)
    told = re.findall(r"^ *ok \d+ - (.*)$", done.stdout, re.MULTILINE)
    assert {story["name"] for story in stories} <= {name.replace("\\#", "#") for name in told}


@pytest.mark.parametrize("card", CARDS, ids=lambda card: str(card["name"]))
def test_a_card_that_is_a_picture_is_read_by_both(card: dict[str, Any]) -> None:
    try:
        settings = decode_settings(card["said"])
    except ProtocolError:
        assert card["card"] is None or "/" in card["said"], "only links and addresses are cards without being pictures"
        return
    if card["card"] is None:
        assert "/v1/key/" not in str(settings.general.get("server_url"))
        return
    assert settings.general["server_url"].startswith(card["card"]["origin"])
    assert settings.general["server_url"].endswith(f"/projects/{card['card']['project']}")
    assert settings.project.get("name") == card["card"].get("projectName")


def test_a_picture_of_today_is_read_by_the_app(node: Path) -> None:
    pick = random.Random(3)
    cards = []
    for project in range(1, 40):
        key = "".join(pick.choices("abcXYZ019$!-_", k=64)).replace("$", "%24")
        url = f"https://thon.example.vn:8443/v1/key/{key}/projects/{project}"
        cards.append((key.replace("%24", "$"), project, encode_settings(field_settings(url, f"Xã số {project}"))))
    read = asks(node, "readCard", "card_text.js", CARD, [text for *_, text in cards])
    assert [(card["key"], card["project"], card["origin"], card["projectName"]) for card in read] == [
        (key, project, "https://thon.example.vn:8443", f"Xã số {project}") for key, project, _ in cards
    ]


def pictures(seed: int, number: int) -> list[dict[str, Any]]:
    """What a picture may say, in all four quarters of the earth."""
    pick = random.Random(seed)
    made = []
    for count in range(number):
        place = {"latitude": pick.uniform(-90, 90), "longitude": pick.uniform(-180, 180)}
        if count % 2:
            place["altitude"] = pick.uniform(-400, 3143)
        moment = datetime(1999, 12, 31) + timedelta(seconds=pick.randrange(10**9))
        made.append({"time": moment.strftime("%Y:%m:%d %H:%M:%S"), "place": place if count % 5 else None})
    return made


def test_what_the_app_writes_into_a_picture_the_server_and_pillow_read(node: Path) -> None:
    said = pictures(5, 60)
    plain = base64.b64encode(PICTURE.getvalue()).decode()
    given = [{"jpeg": plain, **each} for each in said]
    for each, written in zip(said, asks(node, "writeExif", "exif.js", WRITE, given), strict=True):
        content = base64.b64decode(written)
        moment, place = taken_at(content), taken_where(content)
        assert moment is not None
        assert moment.strftime("%Y:%m:%d %H:%M:%S") == each["time"]
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            exif = picture.getexif()
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == each["time"]
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        if each["place"] is None:
            assert place is None
            assert gps == {}
            continue
        assert place == pytest.approx((each["place"]["longitude"], each["place"]["latitude"]), abs=2e-8)
        assert gps[ExifTags.GPS.GPSLatitudeRef] == "SN"[each["place"]["latitude"] >= 0]
        assert gps[ExifTags.GPS.GPSLongitudeRef] == "WE"[each["place"]["longitude"] >= 0]
        if "altitude" in each["place"]:
            assert float(gps[ExifTags.GPS.GPSAltitude]) == pytest.approx(abs(each["place"]["altitude"]), abs=0.006)


def test_what_pillow_writes_into_a_picture_the_app_reads(node: Path) -> None:
    said = pictures(6, 60)
    given = []
    for each in said:
        exif = Image.Exif()
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = each["time"]
        if each["place"] is not None:
            exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps_of(each["place"]))
        made = io.BytesIO()
        Image.new("RGB", (8, 8)).save(made, "JPEG", exif=exif)
        given.append(base64.b64encode(made.getvalue()).decode())
    for each, read in zip(said, asks(node, "readExif", "exif.js", READ, given), strict=True):
        assert read["time"] == each["time"]
        assert read.get("place") == (each["place"] and pytest.approx(each["place"], abs=2e-6))


def gps_of(place: dict[str, float]) -> dict[int, Any]:
    """The GPS directory of a place."""

    def angle(number: float) -> tuple[float, float, float]:
        whole, rest = divmod(abs(number) * 3600, 3600)
        return whole, rest // 60, rest % 60

    made: dict[int, Any] = {
        ExifTags.GPS.GPSLatitudeRef: "S" if place["latitude"] < 0 else "N",
        ExifTags.GPS.GPSLatitude: angle(place["latitude"]),
        ExifTags.GPS.GPSLongitudeRef: "W" if place["longitude"] < 0 else "E",
        ExifTags.GPS.GPSLongitude: angle(place["longitude"]),
    }
    if "altitude" in place:
        made[ExifTags.GPS.GPSAltitudeRef] = b"\x01" if place["altitude"] < 0 else b"\x00"
        made[ExifTags.GPS.GPSAltitude] = abs(place["altitude"])
    return made
