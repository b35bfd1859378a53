// What the pages show, read from the device, and what they let happen. One object for the whole app.
import { reactive } from "vue";
import { currentForms, problemOf } from "./engine.js";
import { refresh } from "./refresh.js";
import { sendAll } from "./send.js";
import { all, change, database, keepSetting, setting } from "./store.js";
import { WireError } from "./wire.js";
import { language } from "./words.js";

export const state = reactive({
  ready: false, broken: "", person: null, people: [], forms: [], drafts: [], entries: [],
  online: navigator.onLine, sending: false, fetching: null, trouble: null, training: false, update: null,
});

const channel = "BroadcastChannel" in self ? new BroadcastChannel("thonban") : null;
const RETRY = 60_000;

/** Opens the device's store and begins to keep up with the server. */
export async function begin() {
  try {
    await database();
  } catch (error) {
    state.broken = error.name === "VersionError" ? "error.newer" : "error.blocked";
    return;
  }
  state.training = Boolean(await setting("training"));
  await reload();
  state.ready = true;
  addEventListener("online", () => {
    state.online = true;
    void keepUp({ hurry: true });
  });
  addEventListener("offline", () => (state.online = false));
  channel?.addEventListener("message", () => void reload());
  setInterval(() => void keepUp({ quiet: true }), RETRY);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void keepUp({ quiet: true });
  });
  void navigator.storage?.persist?.();
  void keepUp({ hurry: true });
}

/** Reads again what is on the device. */
export async function reload() {
  const [people, drafts, entries, id] = await Promise.all([all("people"), all("drafts"), all("entries"), setting("person")]);
  state.people = people.sort((a, b) => a.addedAt - b.addedAt);
  state.person = people.find((each) => each.id === id) ?? null;
  if (state.person) language.now = state.person.language;
  document.documentElement.lang = language.now;
  const own = (each) => each.person === state.person?.id;
  state.drafts = drafts.filter(own).sort((a, b) => b.savedAt - a.savedAt);
  state.entries = entries.filter(own).sort((a, b) => b.queuedAt - a.queuedAt);
  state.forms = state.person ? await currentForms(state.person) : [];
}

/** Sends what waits and fetches what is new, as far as there is a line. */
export async function keepUp({ quiet = false, hurry = false } = {}) {
  if (!state.person?.key || state.fetching || (quiet && !navigator.onLine)) return;
  if (!quiet) state.trouble = null;
  await send({ hurry });
  if (!quiet || due()) await fetchAll({ quiet });
}

const QUIET = 15 * 60_000;
const due = () => state.online && Date.now() - (state.person?.triedAt ?? 0) > QUIET;

export async function send({ hurry = false } = {}) {
  if (state.sending || !state.person?.key) return;
  state.sending = true;
  try {
    await sendAll({ hurry, patient: hurry, tell: () => void reload() });
  } catch (error) {
    note(error);
  } finally {
    state.sending = false;
    await reload();
  }
}

export async function fetchAll({ quiet = false } = {}) {
  const person = state.person;
  if (!person?.key || state.fetching) return;
  state.fetching = { done: 0, of: 0 };
  try {
    const asked = await change("people", person.id, (kept) => ({ ...kept, triedAt: Date.now() }));
    await refresh(asked, (done, of) => {
      state.fetching = { done, of };
      // the forms that came are shown, however long the line takes for the rest
      if (done === of) void reload();
    });
    state.trouble = null;
  } catch (error) {
    if (!quiet || !(error instanceof WireError) || error.kind === "refused") note(error);
  } finally {
    state.fetching = null;
    await reload();
  }
  await look();
}

/** Tries each form that is new here, so that one that cannot be shown is known before the walk to the village. */
async function look() {
  for (const form of state.forms) {
    const lists = form.media.map((file) => file.hash).join();
    if (form.looked === lists) continue;
    const problem = await problemOf({ ...form });
    await change("forms", form.id, (kept) => ({ ...kept, looked: lists, problem }));
  }
  await reload();
}

/** Says what went wrong; `unreached`: what to say when there is no line. */
export function note(error, unreached = "error.unreachable") {
  if (!(error instanceof WireError)) {
    state.trouble = { key: error.name === "QuotaExceededError" ? "fill.not_saved" : "error.unreachable" };
    console.error(error);
    return;
  }
  if (error.status === 401 || error.status === 403) state.trouble = null;
  else if (error.kind === "unreachable") state.trouble = { key: unreached };
  else state.trouble = { key: `error.${error.kind}`, said: error.said || String(error.status) };
}

export async function setTraining(on) {
  state.training = on;
  await keepSetting("training", on);
}

export async function setLanguage(chosen) {
  language.now = chosen;
  document.documentElement.lang = chosen;
  if (state.person) await change("people", state.person.id, (kept) => ({ ...kept, language: chosen, formsTag: undefined }));
  await reload();
}

/** A value of the store out of what Vue watches. */
export const plainCopy = (value) => JSON.parse(JSON.stringify(value));
