import "uplot/dist/uPlot.min.css";
import Plot from "uplot";

const HIGH = 220;
const LINES = [
  { colour: "--accent", dash: [] },
  { colour: "--not-met", dash: [6, 4] },
  { colour: "--warn", dash: [2, 3] },
  { colour: "--unknown", dash: [8, 3, 2, 3] },
];
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Seconds of an ISO day. */
function seconds(day) {
  return Date.parse(`${day}T00:00:00Z`) / 1000;
}

/** A day as readers write it: 30/06/2019, or 30 Jun 2019. */
function dayWords() {
  const vi = document.documentElement.lang !== "en";
  const format = vi ? { day: "2-digit", month: "2-digit", year: "numeric" } : { day: "numeric", month: "short", year: "numeric" };
  const made = new Intl.DateTimeFormat(vi ? "vi-VN" : "en-GB", { ...format, timeZone: "UTC" });
  return (value) => made.format(new Date(value * 1000));
}

/** The names of the lines with how each is drawn, for eyes that tell no colours apart. */
function legend(series) {
  const list = document.createElement("ul");
  list.className = "chart-legend small";
  series.forEach(({ name }, place) => {
    const item = document.createElement("li");
    item.className = `is-line-${place}`;
    item.textContent = name;
    list.append(item);
  });
  return list;
}

function options(wide, read, steps) {
  const words = dayWords();
  const lang = document.documentElement.lang === "en" ? "en-GB" : "vi-VN";
  const numbers = new Intl.NumberFormat(lang);
  const font = `12px ${token("--font")}`;
  const axis = { stroke: token("--ink-soft"), grid: { stroke: token("--edge"), width: 1 }, ticks: { stroke: token("--edge"), width: 1 }, font };
  const paths = steps ? Plot.paths.stepped({ align: 1 }) : undefined;
  return {
    width: wide,
    height: HIGH,
    tzDate: (value) => Plot.tzDate(new Date(value * 1000), "Etc/UTC"),
    legend: { show: true, live: true },
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.05, 1)] } },
    axes: [
      { ...axis, values: (_, marks) => marks.map((each) => String(new Date(each * 1000).getUTCFullYear())), space: 64, incrs: [1, 2, 5].map((n) => n * 365.25 * 86400) },
      { ...axis, size: 56, values: (_, marks) => marks.map((each) => (Number.isInteger(each) ? numbers.format(each) : "")) },
    ],
    series: [
      { label: lang === "en-GB" ? "Day" : "Ngày", value: (_, value) => (value == null ? "" : words(value)) },
      ...read.series.map(({ name }, place) => {
        const line = LINES[place % LINES.length];
        const value = (_, number) => (number == null ? "" : numbers.format(number));
        return { label: name, stroke: token(line.colour), dash: line.dash, width: 2, points: { show: read.x.length < 40, size: 6 }, paths, value };
      }),
    ],
  };
}

/** Fetches a series and draws it as lines, as wide as its figure; the table below says the same. */
export async function showChart(figure) {
  const answer = await fetch(figure.dataset.series, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`chart: ${answer.status}`);
  const read = await answer.json();
  if (read.x.length === 0) throw new Error("chart: no days");
  const place = document.createElement("div");
  place.className = "chart-view";
  place.role = "img";
  place.setAttribute("aria-label", figure.dataset.title ?? "");
  figure.prepend(place, legend(read.series));
  const data = [read.x.map(seconds), ...read.series.map((each) => each.values)];
  let plot;
  const draw = () => {
    plot?.destroy();
    plot = new Plot(options(place.clientWidth, read, "steps" in figure.dataset), data, place);
  };
  await document.fonts.load('12px "Be Vietnam Pro"');
  draw();
  dark.addEventListener("change", draw);
  new ResizeObserver(() => {
    if (plot.width !== place.clientWidth && place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: HIGH });
  }).observe(place);
}
