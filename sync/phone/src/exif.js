// The two facts of a JPEG that are kept: when (DateTimeOriginal) and where (the GPS directory), read from and written as
// Exif 2.32. A picture that says neither, or says it in a broken way, is read as saying nothing.
const TIME = 0x9003;
const EXIF = 0x8769;
const GPS = 0x8825;
const HEAD = [0x45, 0x78, 0x69, 0x66, 0, 0];
const SIZES = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8 };

/** {time: "2026:11:28 07:30:05"?, place: {latitude, longitude, altitude?}?} of a JPEG's bytes. */
export function readExif(bytes) {
  try {
    const found = segment(bytes);
    return found ? facts(new DataView(found.buffer, found.byteOffset, found.length)) : {};
  } catch {
    return {};
  }
}

/** What stands between the head of the Exif segment and its end: nothing in it may lead outside. */
function segment(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  let at = 2;
  while (at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    const end = at + 2 + length;
    if (bytes[at + 1] === 0xe1 && HEAD.every((byte, index) => bytes[at + 4 + index] === byte)) {
      return bytes.subarray(at + 10, end);
    }
    at = end;
  }
  return undefined;
}

function facts(view) {
  const little = view.getUint16(0) === 0x4949;
  const first = directory(view, view.getUint32(4, little), little);
  const found = {};
  if (first[EXIF]) {
    const time = text(view, directory(view, long(view, first[EXIF], little), little)[TIME]);
    if (/^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d$/.test(time)) found.time = time;
  }
  if (first[GPS]) {
    const place = where(view, directory(view, long(view, first[GPS], little), little), little);
    if (place) found.place = place;
  }
  return found;
}

function directory(view, at, little) {
  const found = {};
  const count = view.getUint16(at, little);
  for (let index = 0; index < count; index += 1) {
    const entry = at + 2 + index * 12;
    const type = view.getUint16(entry + 2, little);
    const size = (SIZES[type] ?? 1) * view.getUint32(entry + 4, little);
    found[view.getUint16(entry, little)] = { at: size > 4 ? view.getUint32(entry + 8, little) : entry + 8, size };
  }
  return found;
}

const long = (view, entry, little) => view.getUint32(entry.at, little);

function text(view, entry) {
  if (!entry) return "";
  const signs = new Uint8Array(view.buffer, view.byteOffset + entry.at, entry.size);
  return new TextDecoder().decode(signs).replace(/\0.*$/s, "");
}

function where(view, gps, little) {
  const rational = (at) => view.getUint32(at, little) / view.getUint32(at + 4, little);
  const angle = (entry) => rational(entry.at) + rational(entry.at + 8) / 60 + rational(entry.at + 16) / 3600;
  if (gps[2]?.size !== 24 || gps[4]?.size !== 24) return undefined;
  const latitude = angle(gps[2]) * (text(view, gps[1]).startsWith("S") ? -1 : 1);
  const longitude = angle(gps[4]) * (text(view, gps[3]).startsWith("W") ? -1 : 1);
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined;
  const altitude = gps[6] ? rational(gps[6].at) * (gps[5] && view.getUint8(gps[5].at) === 1 ? -1 : 1) : undefined;
  return { latitude, longitude, ...(Number.isFinite(altitude) ? { altitude } : {}) };
}

/** The JPEG with exactly these facts, and nothing else of its old Exif. */
export function writeExif(jpeg, { time, place }) {
  const pieces = [jpeg.subarray(0, 2), app1(time, place), ...withoutExif(jpeg)];
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function withoutExif(jpeg) {
  const kept = [];
  let at = 2;
  while (at + 4 < jpeg.length && jpeg[at] === 0xff && jpeg[at + 1] !== 0xda) {
    const end = at + 2 + ((jpeg[at + 2] << 8) | jpeg[at + 3]);
    if (jpeg[at + 1] !== 0xe1) kept.push(jpeg.subarray(at, end));
    at = end;
  }
  return [...kept, jpeg.subarray(at)];
}

const ascii = (said) => [...`${said}\0`].map((sign) => sign.charCodeAt(0));
const fourBytes = (number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
const twoBytes = (number) => [(number >>> 8) & 255, number & 255];
const ratio = (number, by) => [...fourBytes(Math.round(number * by)), ...fourBytes(by)];

function degrees(angle) {
  const whole = Math.floor(angle);
  const minutes = Math.floor((angle - whole) * 60);
  const seconds = (angle - whole - minutes / 60) * 3600;
  return [...ratio(whole, 1), ...ratio(minutes, 1), ...ratio(Math.max(0, seconds), 10_000)];
}

/** A directory at `at`: entries [tag, type, count, bytes]; what does not fit in four bytes follows it. */
function written(at, entries) {
  const head = [...twoBytes(entries.length)];
  const tail = [];
  const after = at + 2 + entries.length * 12 + 4;
  for (const [tag, type, count, content] of entries) {
    head.push(...twoBytes(tag), ...twoBytes(type), ...fourBytes(count));
    if (content.length <= 4) head.push(...content, ...Array(4 - content.length).fill(0));
    else {
      head.push(...fourBytes(after + tail.length));
      tail.push(...content, ...(content.length % 2 ? [0] : []));
    }
  }
  return [...head, ...fourBytes(0), ...tail];
}

function app1(time, place) {
  const exif = time ? [[TIME, 2, 20, ascii(time)]] : [];
  const gps = place ? [
    [1, 2, 2, ascii(place.latitude < 0 ? "S" : "N")], [2, 5, 3, degrees(Math.abs(place.latitude))],
    [3, 2, 2, ascii(place.longitude < 0 ? "W" : "E")], [4, 5, 3, degrees(Math.abs(place.longitude))],
    ...(place.altitude === undefined ? [] : [
      [5, 1, 1, [place.altitude < 0 ? 1 : 0]], [6, 5, 1, ratio(Math.abs(place.altitude), 100)],
    ]),
  ] : [];
  const count = (exif.length ? 1 : 0) + (gps.length ? 1 : 0);
  const exifAt = 8 + 2 + count * 12 + 4;
  const exifBytes = exif.length ? written(exifAt, exif) : [];
  const gpsAt = exifAt + exifBytes.length;
  const first = [
    ...(exif.length ? [[EXIF, 4, 1, fourBytes(exifAt)]] : []), ...(gps.length ? [[GPS, 4, 1, fourBytes(gpsAt)]] : []),
  ];
  const tiff = [0x4d, 0x4d, 0, 42, ...fourBytes(8), ...written(8, first), ...exifBytes, ...(gps.length ? written(gpsAt, gps) : [])];
  const length = 2 + HEAD.length + tiff.length;
  return new Uint8Array([0xff, 0xe1, ...twoBytes(length), ...HEAD, ...tiff]);
}
