// The queue of what is to be sent, as rules over one entry: the states and pauses of sync/outbox.py, and held to the same
// vectors (tests/sync/outbox.json). Nothing here reads a clock, a store or the line: times are seconds since 1970.
//
//   waiting ──claim──► sending ──sent──► sent ──new files──► waiting
//      ▲                  │  └──refused──► refused ──retry (a person)──► waiting
//      └──── postponed ◄──┘  unreachable, or the server is ill

export const WAITING = "waiting";
export const SENDING = "sending";
export const SENT = "sent";
export const REFUSED = "refused";

export const FIRST_PAUSE = 30;
export const LONGEST_PAUSE = 6 * 3600;
export const CLAIM = 3600;

/** Seconds to wait after so many failures in a row (at least 1); `spread` in [0, 1) takes off up to a quarter. */
export function pause(attempts, spread) {
  return Math.min(FIRST_PAUSE * 2 ** Math.min(attempts - 1, 20), LONGEST_PAUSE) * (1 - spread / 4);
}

/** Whether the server knows the thing and will not have it; everything else passes. `error`: {kind, status}. */
export function stateAfter(error) {
  const passing = error.status >= 500 || [408, 425, 429].includes(error.status);
  return error.kind === "refused" && !passing ? REFUSED : WAITING;
}

/** A new entry, or the known one with the files that are new to it; one that is being sent stays its sender's until the
    claim has run out. `files`: {name: sha256}. */
export function put(entry, { sha256, instanceId, files }, now) {
  const known = entry ?? {
    sha256, instanceId, files: {}, state: WAITING, revision: 0, attempts: 0, queuedAt: now, dueAt: now, said: "",
  };
  const fresh = Object.keys(files).filter((name) => known.files[name] !== files[name]);
  if (fresh.length === 0) return known;
  return {
    ...known,
    files: { ...known.files, ...files },
    revision: known.revision + 1,
    attempts: 0,
    ...(known.state === SENDING ? {} : { state: WAITING, dueAt: Math.min(known.dueAt, now) }),
  };
}

/** Whether an entry may be sent now. What would be due later than any pause lasts was written under a wrong clock. */
export function isDue(entry, now) {
  const open = entry.state === WAITING || entry.state === SENDING;
  return open && (entry.dueAt <= now || entry.dueAt > now + LONGEST_PAUSE);
}

/** The entry that has waited longest among those due, or undefined. */
export function next(entries, now) {
  return entries.filter((entry) => isDue(entry, now)).sort((a, b) => a.queuedAt - b.queuedAt)[0];
}

export const claimed = (entry, now) => ({ ...entry, state: SENDING, dueAt: now + CLAIM });

/** The server has it, as it stood at `revision`; when files came to it meanwhile, it waits again. */
export function sent(entry, revision, said, now) {
  return { ...entry, state: entry.revision === revision ? SENT : WAITING, attempts: 0, dueAt: now, said };
}

/** The server has not got it, or nobody knows. `error`: {kind, status, code, message}. */
export function failed(entry, error, now, spread) {
  const attempts = entry.attempts + 1;
  const said = (error.kind === "refused" && error.message) || error.code;
  return { ...entry, state: stateAfter(error), attempts, dueAt: now + pause(attempts, spread), said };
}

/** Somebody has mended what was wrong: at the head of its turn, also a refused one. */
export const retry = (entry, now) =>
  entry.state === SENT ? entry : { ...entry, state: WAITING, attempts: 0, dueAt: now };

/** For the only sender, when it starts: what was being sent is sent again at once. */
export const recovered = (entry, now) => (entry.state === SENDING ? { ...entry, state: WAITING, dueAt: now } : entry);

/** Whether a sent entry may go: sent before that time, and found whole on the server's list. */
export const isForgettable = (entry, before) => entry.state === SENT && entry.dueAt < before;
