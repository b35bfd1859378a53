import "maplibre-gl/dist/maplibre-gl.css";
import { AttributionControl, Map as View, NavigationControl, Popup, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { bounds, drawFlat } from "./flat_map.js";

// The worker is a file of ours: the content security policy allows no other.
setWorkerUrl(new URL(workerUrl, import.meta.url).href);

const WORDS = {
  vi: {
    "NavigationControl.ZoomIn": "Phóng to",
    "NavigationControl.ZoomOut": "Thu nhỏ",
    "AttributionControl.ToggleAttribution": "Nguồn bản đồ nền",
    "Popup.Close": "Đóng",
    open: "Mở",
  },
  en: {
    "NavigationControl.ZoomIn": "Zoom in",
    "NavigationControl.ZoomOut": "Zoom out",
    "AttributionControl.ToggleAttribution": "Source of the ground map",
    "Popup.Close": "Close",
    open: "Open",
  },
};
const COLOURS = { good: "--met", bad: "--not-met", unknown: "--unknown", wait: "--warn" };
const SIZE = 22;
const RATIO = 2;
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** The tokens of the present theme. */
function tokens() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
}

/** A symbol as an image: its shape says as much as its colour. */
function symbolImage(kind, token) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  const pen = canvas.getContext("2d");
  pen.scale(RATIO, RATIO);
  pen.beginPath();
  const [mid, far] = [SIZE / 2, SIZE / 2 - 4];
  if (kind === "bad") {
    pen.moveTo(mid, mid - far);
    pen.lineTo(mid + far, mid + far);
    pen.lineTo(mid - far, mid + far);
    pen.closePath();
  } else if (kind === "wait") {
    pen.moveTo(mid, mid - far - 1);
    pen.lineTo(mid + far + 1, mid);
    pen.lineTo(mid, mid + far + 1);
    pen.lineTo(mid - far - 1, mid);
    pen.closePath();
  } else {
    pen.arc(mid, mid, far, 0, 2 * Math.PI);
  }
  pen.fillStyle = kind === "unknown" ? token("--surface") : token(COLOURS[kind]);
  pen.strokeStyle = kind === "unknown" ? token(COLOURS[kind]) : token("--surface");
  pen.lineWidth = 2;
  if (kind === "unknown") pen.setLineDash([3, 2]);
  pen.fill();
  pen.stroke();
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** The colour of a feature by its symbol, as MapLibre reads it. */
function byState(token) {
  const pairs = Object.entries(COLOURS).flatMap(([kind, name]) => [kind, token(name)]);
  return ["match", ["get", "symbol"], ...pairs, token("--ink-soft")];
}

/** Words as they stand: MapLibre takes an attribution for HTML. */
function plain(words) {
  const place = document.createElement("span");
  place.textContent = words ?? "";
  return place.innerHTML;
}

/** The ground, if one was set up: raster tiles by their address; without it the plain paper. */
function ground() {
  const tiles = document.querySelector("meta[name=map-tiles]");
  if (!tiles) return { sources: {}, layers: [] };
  const source = { type: "raster", tiles: [tiles.content], tileSize: 256, attribution: plain(tiles.dataset.attribution) };
  const paint = dark.matches ? { "raster-brightness-max": 0.55, "raster-saturation": -0.4 } : {};
  return { sources: { ground: source }, layers: [{ id: "ground", type: "raster", source: "ground", paint }] };
}

function styleOf(features) {
  const token = tokens();
  const below = ground();
  const colour = byState(token);
  const marked = ["all", ["has", "symbol"], ["!=", ["get", "symbol"], "boundary"]];
  const area = ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false];
  return {
    version: 8,
    sources: { ...below.sources, things: { type: "geojson", data: features, generateId: true } },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": token("--sunken") } },
      ...below.layers,
      { id: "areas", type: "fill", source: "things", filter: ["all", area, marked], paint: { "fill-color": colour, "fill-opacity": 0.25 } },
      { id: "edges", type: "line", source: "things", filter: area, paint: { "line-color": token("--ink-soft"), "line-width": 1 } },
      {
        id: "marks",
        type: "symbol",
        source: "things",
        filter: marked,
        layout: {
          "icon-image": ["get", "symbol"],
          "icon-size": ["interpolate", ["linear"], ["zoom"], 5, 0.5, 9, 0.8, 12, 1],
          "icon-allow-overlap": true,
          "text-field": ["get", "name"],
          "text-font": ["Be Vietnam Pro"],
          "text-size": 12,
          "text-anchor": "top",
          "text-offset": [0, 0.8],
          "text-optional": true,
          "text-max-width": 12,
        },
        paint: { "text-color": token("--ink"), "text-halo-color": token("--surface"), "text-halo-width": 1.5 },
      },
    ],
  };
}

/** What a feature says when it is pointed at: its name, its state, a note, and where it leads. */
function telling(properties, words) {
  const box = document.createElement("div");
  for (const [name, tag] of [["name", "strong"], ["state", "span"], ["note", "span"]]) {
    if (!properties[name]) continue;
    const line = document.createElement(tag);
    line.textContent = properties[name];
    box.append(line);
  }
  // addresses within the desk alone
  if (String(properties.href ?? "").startsWith("/")) {
    const link = document.createElement("a");
    link.href = properties.href;
    link.textContent = words.open;
    box.append(link);
  }
  return box;
}

/** The map with its pictures and hands; raises where there is no WebGL. */
function openView(place, features, title) {
  const words = WORDS[document.documentElement.lang] ?? WORDS.vi;
  const view = new View({
    container: place,
    style: styleOf(features),
    bounds: bounds(features),
    fitBoundsOptions: { padding: 32, maxZoom: 12, animate: false },
    maxZoom: 17,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    cooperativeGestures: false,
    scrollZoom: false,
    localIdeographFontFamily: "Be Vietnam Pro, sans-serif",
    locale: { ...words, "Map.Title": title },
  });
  view.touchZoomRotate.disableRotation();
  view.setMissingStyleImageResolver((kind) => {
    if (kind in COLOURS && !view.hasImage(kind)) view.addImage(kind, symbolImage(kind, tokens()), { pixelRatio: RATIO });
  });
  view.addControl(new NavigationControl({ showCompass: false }), "top-right");
  if (document.querySelector("meta[name=map-tiles]")) view.addControl(new AttributionControl());
  for (const layer of ["marks", "areas"]) {
    view.on("click", layer, (event) => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      const [feature] = event.features;
      new Popup({ maxWidth: "18rem" }).setLngLat(event.lngLat).setDOMContent(telling(feature.properties, words)).addTo(view);
    });
    view.on("mouseenter", layer, () => (view.getCanvas().style.cursor = "pointer"));
    view.on("mouseleave", layer, () => (view.getCanvas().style.cursor = ""));
  }
  dark.addEventListener("change", () => {
    for (const kind of Object.keys(COLOURS)) if (view.hasImage(kind)) view.removeImage(kind);
    view.setStyle(styleOf(features), { diff: false });
  });
  return view;
}

/** Fetches the features of a figure and draws them, flat where the machine has no WebGL; on paper always flat. */
export async function showMap(figure) {
  const answer = await fetch(figure.dataset.geojson, { headers: { Accept: "application/geo+json, application/json" } });
  if (!answer.ok) throw new Error(`map: ${answer.status}`);
  const features = await answer.json();
  if (!bounds(features)) throw new Error("map: nothing has a place");
  const title = figure.dataset.title ?? "";
  const flat = drawFlat(features, title);
  const place = document.createElement("div");
  place.className = "map-view no-print";
  figure.prepend(place);
  try {
    await document.fonts.load('12px "Be Vietnam Pro"');
    const view = openView(place, features, title);
    flat.classList.add("only-print");
    figure.prepend(flat);
    await new Promise((done) => view.once("idle", done));
    figure.dataset.drawn = "webgl";
  } catch {
    place.remove();
    figure.prepend(flat);
    figure.dataset.drawn = "flat";
  }
}
