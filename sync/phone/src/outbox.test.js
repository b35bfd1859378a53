// The stories of tests/sync/outbox.json, which sync/outbox.py is held to as well.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as outbox from "./outbox.js";

const stories = JSON.parse(readFileSync(new URL("../../../tests/sync/outbox.json", import.meta.url), "utf8"));

/** Entries by the name of their sheet, changed as the sender of the app changes its store. */
class Box {
  entries = new Map();

  revisions = new Map();

  alter(sheet, change) {
    this.entries.set(sheet, change(this.entries.get(sheet)));
  }

  put({ at, sheet, instance, files }) {
    this.alter(sheet, (entry) => outbox.put(entry, { sha256: sheet, instanceId: instance, files }, at));
  }

  claim({ at, takes }) {
    const found = outbox.next([...this.entries.values()], at);
    assert.equal(found?.sha256 ?? null, takes);
    if (!found) return;
    this.revisions.set(takes, found.revision);
    this.alter(takes, (entry) => outbox.claimed(entry, at));
  }

  sent({ at, sheet, said }) {
    this.alter(sheet, (entry) => outbox.sent(entry, this.revisions.get(sheet), said, at));
  }

  failed({ at, sheet, error, spread }) {
    this.alter(sheet, (entry) => outbox.failed(entry, error, at, spread));
  }

  retry({ at, sheet }) {
    this.alter(sheet, (entry) => outbox.retry(entry, at));
  }

  recover({ at, gives }) {
    const open = [...this.entries.values()].filter((entry) => entry.state === outbox.SENDING);
    assert.equal(open.length, gives);
    for (const sheet of this.entries.keys()) this.alter(sheet, (entry) => outbox.recovered(entry, at));
  }

  forget({ before, gives }) {
    const gone = [...this.entries.values()].filter((entry) => outbox.isForgettable(entry, before));
    assert.equal(gone.length, gives);
    for (const entry of gone) this.entries.delete(entry.sha256);
  }

  get stand() {
    return [...this.entries.values()].sort((a, b) => a.queuedAt - b.queuedAt).map((entry) => ({
      sheet: entry.sha256, instance: entry.instanceId, state: entry.state, attempts: entry.attempts,
      revision: entry.revision, due: entry.dueAt, said: entry.said,
    }));
  }
}

for (const story of stories) {
  test(story.name, () => {
    const box = new Box();
    for (const [index, step] of story.steps.entries()) {
      box[step.do](step);
      assert.deepEqual(box.stand, step.then, `step ${index}: ${step.do} at ${step.at}`);
    }
  });
}

test("what goes into a rule comes out of it unchanged", () => {
  const entry = Object.freeze(outbox.put(undefined, { sha256: "A", instanceId: "uuid:A", files: Object.freeze({ a: "1" }) }, 0));
  for (const state of [outbox.WAITING, outbox.SENDING, outbox.SENT, outbox.REFUSED]) {
    const before = Object.freeze({ ...entry, state });
    outbox.put(before, { sha256: "A", instanceId: "uuid:A", files: { b: "2" } }, 1);
    outbox.claimed(before, 1);
    outbox.sent(before, 1, "", 1);
    outbox.failed(before, { kind: "unreachable", code: "x" }, 1, 0);
    outbox.retry(before, 1);
    outbox.recovered(before, 1);
    assert.deepEqual(before, { ...entry, state });
  }
});

test("what the app keeps of an entry besides stays with it", () => {
  const entry = { ...outbox.put(undefined, { sha256: "A", instanceId: "uuid:A", files: {} }, 0), person: "p", xml: "<a/>" };
  const later = outbox.sent(outbox.claimed(outbox.put(entry, { files: { a: "1" } }, 1), 2), 1, "OK", 3);
  assert.deepEqual([later.person, later.xml, later.state], ["p", "<a/>", outbox.SENT]);
});
