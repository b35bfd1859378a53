// The service worker as the page sees it: what starts without a line, what sends when the page is closed, and how a
// newer app comes in: never under somebody's hands.
import { state } from "./state.js";

let waiting;

export async function watchWorker() {
  if (!navigator.serviceWorker) return;
  try {
    const registration = await navigator.serviceWorker.register("./sw.js", { scope: "./", updateViaCache: "none" });
    const look = () => {
      waiting = registration.waiting;
      state.update = Boolean(waiting && navigator.serviceWorker.controller);
    };
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", look);
    });
    look();
    // what waits to be sent is sent by the browser when there is a line, the page open or not
    await askSync(registration);
    document.addEventListener("visibilitychange", () => {
      const left = state.entries.some((entry) => entry.state !== "sent");
      if (document.visibilityState === "hidden" && left) void askSync(registration);
    });
  } catch {
    // without one (no https, a private window) the page works as long as it is open, and says so
  }
}

async function askSync(registration) {
  try {
    await registration.sync?.register("outbox");
  } catch {
    // not allowed here: the page sends at each start and whenever the line comes back
  }
}

/** Asks the browser to send in the background. */
export async function sendLater() {
  const registration = await navigator.serviceWorker?.getRegistration("./");
  if (registration?.active) await askSync(registration);
}

/** Lets the newer app take over, and opens it. */
export function takeUpdate() {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  waiting?.postMessage("take-over");
}
