// A path or an area that was walked, as a picture without a map and in metres. Points are [latitude, longitude].
const METRES = 111_320;

/** The points in metres east and north of the first one: near enough for what a person walks. */
function flat(points) {
  const [latitude, longitude] = points[0];
  const narrow = Math.cos((latitude * Math.PI) / 180);
  return points.map(([north, east]) => [(east - longitude) * METRES * narrow, (north - latitude) * METRES]);
}

/** Metres from point to point; of an area back to the first one. */
export function lengthOf(points, closed) {
  if (points.length < 2) return 0;
  const at = flat(points);
  const way = closed && at.length > 2 ? [...at, at[0]] : at;
  return way.slice(1).reduce((sum, [x, y], index) => sum + Math.hypot(x - way[index][0], y - way[index][1]), 0);
}

/** Square metres within. */
export function areaOf(points) {
  if (points.length < 3) return 0;
  const at = flat(points);
  const doubled = at.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = at[(index + 1) % at.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.abs(doubled) / 2;
}

/** The points in a square of `size`, north above. */
export function drawn(points, size) {
  const at = flat(points);
  const [xs, ys] = [at.map(([x]) => x), at.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.max(...ys)];
  const span = Math.max(Math.max(...xs) - left, top - Math.min(...ys)) || 1;
  return at.map(([x, y]) => [((x - left) / span) * size, ((top - y) / span) * size]);
}
