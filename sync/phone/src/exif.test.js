// What is written into a picture is read from it again; a picture that is broken says nothing and stops nobody.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readExif, writeExif } from "./exif.js";

/** Numbers of [0, 1), always the same ones for a seed. */
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const JFIF = [0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
const COMMENT = [0xff, 0xfe, 0, 6, 0x74, 0x68, 0xc3, 0xb4];
const PICTURE = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xd2, 0xff, 0, 0x7f, 0xff, 0xd9];
const jpeg = (...segments) => new Uint8Array([0xff, 0xd8, ...segments.flat(), ...PICTURE]);
const PLAIN = jpeg(JFIF, COMMENT);
const NOON = "2026:11:28 07:30:05";
const HERE = { latitude: 21.4713215, longitude: 107.3821547, altitude: 412.37 };

function near(found, place) {
  assert.ok(Math.abs(found.latitude - place.latitude) < 2e-8, `${found.latitude} for ${place.latitude}`);
  assert.ok(Math.abs(found.longitude - place.longitude) < 2e-8, `${found.longitude} for ${place.longitude}`);
  if (place.altitude === undefined) assert.ok(!("altitude" in found));
  else assert.ok(Math.abs(found.altitude - place.altitude) <= 0.005 + 1e-9, `${found.altitude} for ${place.altitude}`);
}

test("time and place come back, and the picture is as it was", () => {
  const written = writeExif(PLAIN, { time: NOON, place: HERE });
  const { time, place } = readExif(written);
  assert.equal(time, NOON);
  near(place, HERE);
  assert.deepEqual([...written.slice(-PICTURE.length)], PICTURE);
  assert.ok(Buffer.from(written).includes(Buffer.from([...JFIF, ...COMMENT])));
});

test("only what is given is written", () => {
  assert.deepEqual(readExif(writeExif(PLAIN, { time: NOON })), { time: NOON });
  const { time, place } = readExif(writeExif(PLAIN, { place: HERE }));
  assert.equal(time, undefined);
  near(place, HERE);
  assert.deepEqual(readExif(writeExif(PLAIN, {})), {});
});

test("what is written takes the place of what stood there", () => {
  const before = writeExif(PLAIN, { time: "2001:01:01 00:00:00", place: { latitude: -1, longitude: -2, altitude: -3 } });
  const after = writeExif(before, { time: NOON });
  assert.deepEqual(readExif(after), { time: NOON });
  assert.deepEqual(after, writeExif(PLAIN, { time: NOON }));
});

test("places north and south, east and west, above and below the sea come back", () => {
  const edges = [-180, -107.5, -1, -1 / 3, -1e-7, 0, 1e-7, 59 / 60, 1, 59.9999999999, 107.38215, 180];
  for (const longitude of edges) {
    for (const latitude of edges.filter((each) => Math.abs(each) <= 90)) {
      for (const altitude of [undefined, -12.5, 0, 3143]) near(readExif(writeExif(PLAIN, { place: { latitude, longitude, altitude } })).place, { latitude, longitude, altitude });
    }
  }
});

test("two thousand places and times at random come back", () => {
  const next = chance(7);
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  for (let count = 0; count < 2000; count += 1) {
    const place = {
      latitude: (next() - 0.5) * 180, longitude: (next() - 0.5) * 360,
      altitude: next() < 0.3 ? undefined : (next() - 0.2) * 5000,
    };
    const time = `${1990 + Math.floor(next() * 60)}:${two(1 + next() * 12)}:${two(1 + next() * 28)} ${two(next() * 24)}:${two(next() * 60)}:${two(next() * 60)}`;
    const found = readExif(writeExif(PLAIN, { time, place }));
    assert.equal(found.time, time);
    near(found.place, place);
  }
});

test("a picture without Exif, and what is no picture, say nothing", () => {
  for (const bytes of [PLAIN, new Uint8Array(), new Uint8Array([0xff]), new TextEncoder().encode("thôn bản"), jpeg()]) {
    assert.deepEqual(readExif(bytes), {});
  }
});

const whole = writeExif(PLAIN, { time: NOON, place: HERE });
const exifEnd = 2 + 2 + ((whole[4] << 8) | whole[5]);

test("a picture cut off within its Exif says nothing that it did not say whole", () => {
  const said = readExif(whole);
  for (let length = 0; length < whole.length; length += 1) {
    const found = readExif(whole.slice(0, length));
    if (length < exifEnd - 26) assert.deepEqual(found, {}, `cut at ${length}`);
    for (const name of Object.keys(found)) assert.deepEqual(found[name], said[name], `cut at ${length}`);
  }
});

test("what lies behind a cut in the same memory is not read", () => {
  for (let length = 0; length < exifEnd - 26; length += 1) assert.deepEqual(readExif(whole.subarray(0, length)), {});
});

test("broken bytes stop nobody, and what is read of them is a time and a place", () => {
  const next = chance(11);
  let silent = 0;
  for (let count = 0; count < 5000; count += 1) {
    const broken = whole.slice();
    for (let times = 1 + Math.floor(next() * 4); times > 0; times -= 1) {
      broken[12 + Math.floor(next() * (exifEnd - 12))] = Math.floor(next() * 256);
    }
    const { time, place } = readExif(broken);
    if (time !== undefined) assert.match(time, /^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d$/);
    if (place) {
      assert.ok(Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180);
      assert.ok(place.altitude === undefined || Number.isFinite(place.altitude));
    }
    if (!time && !place) silent += 1;
    // and it can be written over
    assert.deepEqual(readExif(writeExif(broken, { time: NOON })), { time: NOON });
  }
  assert.ok(silent > 100, `${silent} said nothing`);
});

const APP1 = (tiff) => [0xff, 0xe1, ((tiff.length + 8) >> 8) & 255, (tiff.length + 8) & 255, 0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
const little = (...words) => words.flatMap(([number, size]) => [...Array(size).keys()].map((byte) => (number >>> (8 * byte)) & 255));

test("a camera that writes its numbers the other way round is read", () => {
  const ratios = (...each) => little(...each.flatMap(([a, b]) => [[a, 4], [b, 4]]));
  const tiff = [
    0x49, 0x49, ...little([42, 2], [8, 4], [1, 2], [0x8825, 2], [4, 2], [1, 4], [26, 4], [0, 4]),
    ...little([4, 2], [1, 2], [2, 2], [2, 4]), 0x53, 0, 0, 0, ...little([2, 2], [5, 2], [3, 4], [80, 4]),
    ...little([3, 2], [2, 2], [2, 4]), 0x57, 0, 0, 0, ...little([4, 2], [5, 2], [3, 4], [104, 4], [0, 4]),
    ...ratios([21, 1], [30, 1], [0, 1]), ...ratios([107, 1], [1530, 100], [0, 1]),
  ];
  assert.deepEqual(readExif(jpeg(APP1(tiff))), { place: { latitude: -21.5, longitude: -107.255 } });
});

test("an angle without its minutes, or over nothing, is no place", () => {
  const place = (count, under) => [
    0x49, 0x49, ...little([42, 2], [8, 4], [1, 2], [0x8825, 2], [4, 2], [1, 4], [26, 4], [0, 4]),
    ...little([2, 2], [2, 2], [5, 2], [count, 4], [56, 4], [4, 2], [5, 2], [3, 4], [56, 4], [0, 4]),
    ...little([21, 4], [under, 4], [0, 4], [1, 4], [0, 4], [1, 4]),
  ];
  assert.deepEqual(readExif(jpeg(APP1(place(3, 1)))), { place: { latitude: 21, longitude: 21 } });
  assert.deepEqual(readExif(jpeg(APP1(place(1, 1)))), {});
  assert.deepEqual(readExif(jpeg(APP1(place(3, 0)))), {});
});
