// A map as a plain picture: for machines without WebGL, and for paper.
const NS = "http://www.w3.org/2000/svg";
const WIDE = 640;
const MARGIN = 24;
const FEW = 25;
const MARKS = {
  good: "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0Z",
  unknown: "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0Z",
  bad: "M0 -8L8 7L-8 7Z",
  wait: "M0 -9L9 0L0 9L-9 0Z",
};

/** Every corner of a geometry. */
function* corners(coordinates) {
  if (typeof coordinates[0] === "number") yield coordinates;
  else for (const each of coordinates) yield* corners(each);
}

/** [[west, south], [east, north]] of features, a little wider than one point; null where nothing has a place. */
export function bounds(features) {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { geometry } of features.features) {
    if (!geometry) continue;
    for (const [x, y] of corners(geometry.coordinates)) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
  }
  if (west > east) return null;
  const least = 0.01;
  return [
    [west - least, south - least],
    [east + least, north + least],
  ];
}

function element(name, attributes) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** The centre of the box around a geometry: where its mark stands. */
function middle(geometry) {
  const [[west, south], [east, north]] = bounds({ features: [{ geometry }] });
  return [(west + east) / 2, (south + north) / 2];
}

function rings(geometry) {
  if (geometry.type === "Polygon") return geometry.coordinates;
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flat();
  return [];
}

/** An SVG of the features: areas, their edges, a mark for each, names while they are few. */
export function drawFlat(features, title) {
  const [[west, south], [east, north]] = bounds(features);
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180) || 1;
  const scale = (WIDE - 2 * MARGIN) / Math.max((east - west) * squeeze, north - south);
  const wide = (east - west) * squeeze * scale + 2 * MARGIN;
  const place = ([x, y]) => [MARGIN + (x - west) * squeeze * scale, MARGIN + (north - y) * scale];
  const picture = element("svg", { viewBox: `0 0 ${wide} ${(north - south) * scale + 2 * MARGIN}`, role: "img", "aria-label": title });
  picture.classList.add("map-flat");
  const placed = features.features.filter((each) => each.geometry);
  const marked = placed.filter((each) => each.properties.symbol in MARKS);
  for (const { geometry, properties } of placed) {
    const path = rings(geometry).map((ring) => `M${ring.map((each) => place(each).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`);
    if (path.length > 0) picture.append(element("path", { d: path.join(""), class: `area is-${properties.symbol}`, "fill-rule": "evenodd" }));
  }
  for (const { geometry, properties } of marked) {
    const [x, y] = place(middle(geometry));
    const group = element("g", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
    group.append(element("path", { d: MARKS[properties.symbol], class: `mark is-${properties.symbol}` }));
    if (marked.length <= FEW) {
      const right = x > wide / 2;
      const name = element("text", { x: right ? -12 : 12, y: 4, class: right ? "is-left" : "" });
      name.textContent = properties.name ?? "";
      group.append(name);
    }
    picture.append(group);
  }
  return picture;
}
