// What is kept on the device: one IndexedDB for everybody who uses it. Every change of more than one thing is one
// transaction with strict durability: when it is done, it is on the disk.
//
//   people   a card: its key, name and project, the answers of the server last seen
//   forms    one version of one form for one person: XForm, media by hash; kept while a draft needs it
//   media    bytes by hash
//   drafts   a sheet that is being filled: its XML after the last answer
//   files    photos and other files of drafts and entries: [owner, name]
//   entries  the outbox and what was sent (outbox.js has the states)
//   settings by name
import { openDB } from "idb";

export const DATABASE = "thonban";
export const VERSION = 1;
const STORES = {
  people: { keyPath: "id" },
  forms: { keyPath: "id" },
  media: { keyPath: "hash" },
  drafts: { keyPath: "id" },
  files: { keyPath: ["owner", "name"] },
  entries: { keyPath: "sha256" },
  settings: {},
};
const STRICT = { durability: "strict" };

let opened;

/** The database. Rejects with VersionError when a newer app has been here: nothing is touched then. */
export function database() {
  opened ??= openDB(DATABASE, VERSION, {
    upgrade(db) {
      for (const [name, options] of Object.entries(STORES)) {
        if (!db.objectStoreNames.contains(name)) db.createObjectStore(name, options);
      }
    },
    blocking(_current, _blocked, event) {
      // a newer app waits in another tab: let it, what is here is on disk
      event.target.close();
      opened = undefined;
    },
    terminated() {
      opened = undefined;
    },
  }).catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

export const get = async (store, key) => (await database()).get(store, key);
export const all = async (store) => (await database()).getAll(store);

/** Runs one transaction: `work(transaction)` gives its requests. All of it is on disk afterwards, or nothing: also when
    a request is refused at once, as by a storage that is full, what was asked for before it is undone. */
async function written(stores, work) {
  const transaction = (await database()).transaction(stores, "readwrite", STRICT);
  // looked at below; an abort must not count as unheard
  transaction.done.catch(() => undefined);
  try {
    await Promise.all(work(transaction));
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // it has ended by itself
    }
    throw error;
  }
  await transaction.done;
}

export const save = (store, value, key) => written(store, (transaction) => [transaction.store.put(value, key)]);

export const remove = (store, key) => written(store, (transaction) => [transaction.store.delete(key)]);

/** Reads one value, lets `alter` make another of it (undefined: leave it), writes it: one transaction. */
export async function change(store, key, alter) {
  const transaction = (await database()).transaction(store, "readwrite", STRICT);
  const before = await transaction.store.get(key);
  const after = before === undefined ? undefined : alter(before);
  if (after !== undefined && after !== before) await transaction.store.put(after);
  await transaction.done;
  return after ?? before;
}

const within = (owner) => IDBKeyRange.bound([owner], [owner, []]);

/** Files of a draft or an entry: {owner, name, type, bytes, sha256}. */
export const filesOf = async (owner) => (await database()).getAll("files", within(owner));

/** Saves a draft, with the files that came since and without those that went: one transaction. */
export const saveDraft = (draft, added = [], removed = []) =>
  written(["drafts", "files"], (transaction) => {
    const files = transaction.objectStore("files");
    return [
      transaction.objectStore("drafts").put(draft),
      ...added.map((file) => files.put(file)),
      ...removed.map((name) => files.delete([draft.id, name])),
    ];
  });

/** Removes a draft and its files. */
export const removeDraft = (id) =>
  written(["drafts", "files"], (transaction) => [
    transaction.objectStore("drafts").delete(id),
    transaction.objectStore("files").delete(within(id)),
  ]);

/** Ends a draft as an entry of the outbox, its files with it: all or nothing. */
export const finish = (draftId, entry, files) =>
  written(["drafts", "files", "entries"], (transaction) => {
    const kept = transaction.objectStore("files");
    return [
      transaction.objectStore("drafts").delete(draftId),
      kept.delete(within(draftId)),
      ...files.map((file) => kept.put({ ...file, owner: entry.sha256 })),
      transaction.objectStore("entries").put(entry),
    ];
  });

/** Removes the files of an entry that the server holds whole; the sheet itself stays to be looked at. */
export async function dropFiles(sha256) {
  await remove("files", within(sha256));
}

export const setting = async (name) => get("settings", name);
export const keepSetting = async (name, value) => save("settings", value, name);

export async function digest(bytes) {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
