// Who one is on this device: the card of an app user, as a link, as the picture of ODK Collect's settings, or typed.
import { retry } from "./outbox.js";
import { all, change, get, keepSetting, save, setting } from "./store.js";

export { readCard } from "./card_text.js";

/** The id of this device, made once. */
export async function deviceId() {
  const known = await setting("deviceId");
  if (known) return known;
  const made = `thonban-phone:${crypto.randomUUID()}`;
  await keepSetting("deviceId", made);
  return made;
}

/** Keeps a card; a new card of somebody known (`instead`: that person's id) takes the place of the old one. */
export async function keepCard(card, instead) {
  const id = instead ?? crypto.randomUUID();
  const before = await get("people", id);
  const person = {
    language: "vi", deviceId: await deviceId(), name: "", addedAt: Date.now(), formList: [], ...before,
    id, key: card.key, project: card.project, projectName: card.projectName ?? before?.projectName ?? "", refused: 0,
    // another key sees other lists: everything is asked for anew
    formsTag: undefined, formsWhole: false, sheetsTag: undefined, signedOut: false,
  };
  await save("people", person);
  await keepSetting("person", id);
  // what the old card was refused for is sent with the new one
  for (const entry of await all("entries")) {
    if (entry.person === id) await change("entries", entry.sha256, (kept) => retry(kept, Date.now() / 1000));
  }
  return person;
}

/** Signs out: the card goes, and what was not sent stays until a card of this person comes back. */
export async function signOut(person) {
  await change("people", person.id, (kept) => ({ ...kept, key: "", signedOut: true }));
  if ((await setting("person")) === person.id) await keepSetting("person", null);
}
