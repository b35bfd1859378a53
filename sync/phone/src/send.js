// Sends the outbox: answers first and each photo in a request of its own, so that a bad line loses one photo's worth.
// What has arrived is noted file by file; a cut resumes at the next file. One sender at a time, page or service worker.
import * as outbox from "./outbox.js";
import { refreshSheets } from "./refresh.js";
import { all, change, dropFiles, filesOf, get } from "./store.js";
import { post, WireError } from "./wire.js";

const LOCK = "thonban-outbox";
const seconds = () => Date.now() / 1000;

/** Runs `work` as the only sender; when another one is at it, waits for its turn or gives undefined at once. */
function alone(work, patient) {
  if (!navigator.locks) return work();
  return navigator.locks.request(LOCK, { ifAvailable: !patient }, (lock) => (lock ? work() : undefined));
}

/** Whether anything is left to be sent of those whose card is on the device. */
export const isLeft = async () =>
  (await sendable()).some((entry) => [outbox.WAITING, outbox.SENDING].includes(entry.state));

/** Sends what is due and checks it against the server's list. `tell()` is called after every step; `hurry`: also what is
    not due yet; `patient`: after another sender. Gives {sent, postponed, refused}, or undefined when another is at work. */
export function sendAll({ tell = () => {}, hurry = false, patient = false } = {}) {
  return alone(async () => {
    const tally = { sent: 0, postponed: 0, refused: 0 };
    for (const entry of await sendable()) {
      if (entry.state === outbox.SENDING) await step(entry, (kept) => outbox.recovered(kept, seconds()));
      else if (hurry && entry.state === outbox.WAITING) await step(entry, (kept) => outbox.retry(kept, seconds()));
    }
    for (;;) {
      const found = outbox.next(await sendable(), seconds());
      if (!found) break;
      const entry = await step(found, (kept) => outbox.claimed(kept, seconds()));
      tell();
      const ended = await sendOne(entry, tell);
      tally[ended === outbox.SENT ? "sent" : ended === outbox.REFUSED ? "refused" : "postponed"] += 1;
      tell();
      // a dead line ends the round; a refusal holds up nobody
      if (ended === "unreachable") break;
    }
    await confirm(tell);
    return tally;
  }, patient);
}

/** Entries of people whose card is on the device; those of the others wait for it. */
async function sendable() {
  const here = new Set((await all("people")).filter((person) => person.key).map((person) => person.id));
  return (await all("entries")).filter((entry) => here.has(entry.person));
}

const step = (entry, alter) => change("entries", entry.sha256, alter);

async function sendOne(entry, tell) {
  try {
    const person = await get("people", entry.person);
    const files = await filesOf(entry.sha256);
    const waiting = files.filter((file) => entry.arrived?.[file.name] !== file.sha256);
    let said = entry.said;
    if (!entry.answers || waiting.length === 0) {
      said = await post(person, { ...asSent(entry, person), last: waiting.length === 0 });
      await step(entry, (kept) => ({ ...kept, answers: true, said }));
      tell();
    }
    for (const [index, file] of waiting.entries()) {
      said = await post(person, { ...asSent(entry, person), file, last: index === waiting.length - 1 });
      await step(entry, (kept) => ({ ...kept, arrived: { ...kept.arrived, [file.name]: file.sha256 } }));
      tell();
    }
    await step(entry, (kept) => outbox.sent(kept, entry.revision, said, seconds()));
    return outbox.SENT;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const after = await step(entry, (kept) => outbox.failed(kept, error.plain, seconds(), Math.random()));
    if (error.status === 401 || error.status === 403) {
      await change("people", entry.person, (kept) => ({ ...kept, refused: error.status, refusedSaid: error.said }));
    }
    return error.kind === "unreachable" ? "unreachable" : after.state;
  }
}

const asSent = (entry, person) => ({ xml: entry.xml, language: person.language });

/** What was sent is looked for on the server's list: found whole, its photos may leave the device; not found, or with
    photos missing, it is sent once more. Nothing is removed on the word of a receipt alone. */
export async function confirm(tell = () => {}) {
  const open = (await all("entries")).filter((entry) => entry.state === outbox.SENT && !entry.confirmed);
  for (const id of new Set(open.map((entry) => entry.person))) {
    const person = await get("people", id);
    if (!person?.key) continue;
    let told;
    try {
      told = (await refreshSheets(person))?.told;
    } catch (error) {
      if (error instanceof WireError) continue;
      throw error;
    }
    for (const entry of open.filter((each) => each.person === id)) {
      await settle(entry, told?.sheets ?? []);
      tell();
    }
  }
}

/** Kept apart for people to look over: it is on the server, whatever becomes of it. */
const isApart = (sheet, entry) => sheet.apart.some((each) => each.sha256 === entry.sha256);

async function settle(entry, sheets) {
  const found = sheets.find((sheet) => sheet.instanceIds.includes(entry.instanceId) || isApart(sheet, entry));
  const here = found !== undefined && (found.sha256s.includes(entry.sha256) || isApart(found, entry));
  // of a sheet that was corrected meanwhile the list speaks of the newer text's files
  const newest = found?.instanceId === entry.instanceId;
  const lacks = newest ? found.files.missing.filter((name) => name in entry.files) : [];
  if (here && lacks.length === 0) {
    await step(entry, (kept) => ({ ...kept, confirmed: true, receipt: found.receipt }));
    await dropFiles(entry.sha256);
    return;
  }
  await step(entry, (kept) => {
    const again = (kept.again ?? 0) + 1;
    const arrived = here ? withoutThose(kept.arrived, lacks) : {};
    // a list that lags is asked again before anything is sent twice; repeats do no harm, but cost a bad line
    return { ...kept, again, arrived, answers: here, state: outbox.WAITING, dueAt: seconds() + outbox.pause(again, 0) };
  });
}

const withoutThose = (arrived, names) =>
  Object.fromEntries(Object.entries(arrived ?? {}).filter(([name]) => !names.includes(name)));
