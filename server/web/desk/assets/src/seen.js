// Maps and charts are fetched when they come into view: a page that has none, or whose reader never scrolls there, pays nothing.
const LOADERS = {
  map: () => import("./map.js").then((module) => module.showMap),
  chart: () => import("./chart.js").then((module) => module.showChart),
};

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) {
        watcher.unobserve(target);
        show(target);
      }
    }
  },
  { rootMargin: "200px" },
);

/** Draws a figure once; one that cannot be drawn keeps what stands in it, and the list beside it says the same. */
async function show(figure) {
  const kind = "map" in figure.dataset ? "map" : "chart";
  try {
    const draw = await LOADERS[kind]();
    await draw(figure);
  } catch {
    figure.classList.add("is-missing");
  }
  figure.classList.add("is-ready");
}

function watch(root) {
  for (const figure of root.querySelectorAll("figure[data-map], figure[data-chart]")) {
    if (!figure.classList.contains("is-ready")) watcher.observe(figure);
  }
}

watch(document);
// what htmx brings in later
document.addEventListener("htmx:load", (event) => watch(event.target.parentElement ?? document));
