// Fetches what a person needs for weeks without a line: forms, their files and lists, and what became of what was sent.
// Asked with ETags and hashes, so that a poll of what has not changed costs one round trip; resumed where it broke off,
// as each file is kept when it is whole.
import { fetchCopies } from "./copies.js";
import { readFormList, readManifest } from "./openrosa.js";
import { all, change, get, remove, save } from "./store.js";
import { address, ask, asText, clock, WireError } from "./wire.js";

/** Refreshes everything of a person. `tell(done, of)` says how far it is. Throws WireError; what came is kept. */
export async function refresh(person, tell = () => {}) {
  try {
    await refreshForms(person, tell);
    await refreshSheets(person);
    await change("people", person.id, (kept) => ({ ...kept, heardAt: Date.now(), refused: 0, refusedSaid: "" }));
  } catch (error) {
    if (error instanceof WireError && error.kind === "refused" && [401, 403].includes(error.status)) {
      await change("people", person.id, (kept) => ({ ...kept, refused: error.status, refusedSaid: error.said }));
    }
    throw error;
  }
}

async function refreshForms(person, tell) {
  const list = await ask(address(person, "formList"), {
    kind: "text/xml", language: person.language, etag: person.formsWhole ? person.formsTag : undefined,
  });
  const forms = list.unchanged ? person.formList : readFormList(asText(list));
  if (forms === null) throw new WireError("protocol", "server.not_openrosa");
  const whole = [];
  for (const [index, form] of forms.entries()) {
    tell(index, forms.length);
    whole.push(await refreshForm(person, form));
  }
  await leaveOld(person, whole);
  await change("people", person.id, (kept) => ({
    ...kept, formList: forms, formsTag: list.unchanged ? kept.formsTag : list.etag, formsWhole: true,
  }));
  tell(forms.length, forms.length);
}

/** The key of this version of a form as it is now, fetched as far as it is not here. */
async function refreshForm(person, form) {
  const id = [person.id, form.formId, form.hash].join("|");
  const kept = await get("forms", id);
  const xml = kept?.xml ?? asText(await ask(address(person, "forms", `${form.formId}.xml`), { kind: "xml" }));
  let media = kept?.media ?? [];
  let tag = kept?.mediaTag ?? "";
  if (form.hasFiles) {
    const manifest = await ask(address(person, "forms", form.formId, "manifest"), {
      kind: "text/xml", etag: tag || undefined, language: person.language,
    });
    if (!manifest.unchanged) {
      const listed = readManifest(asText(manifest));
      if (listed === null) throw new WireError("protocol", "server.not_openrosa");
      media = [];
      for (const file of listed) media.push(await refreshFile(person, form, file));
      tag = manifest.etag;
    }
  }
  const name = form.name;
  await save("forms", {
    ...kept, id, person: person.id, formId: form.formId, version: form.version, hash: form.hash, name, xml, media,
    mediaTag: media.every((file) => !file.missing) ? tag : "", current: true, fetchedAt: Date.now(),
  });
  return id;
}

async function refreshFile(person, form, file) {
  // lists differ between people: a hash stands for the bytes, whoever asked
  if (await get("media", file.hash)) return file;
  try {
    const answer = await ask(address(person, "forms", form.formId, "attachments", file.name), {});
    const type = answer.headers.get("Content-Type") ?? "application/octet-stream";
    await save("media", { hash: file.hash, type, bytes: answer.body });
    return file;
  } catch (error) {
    if (error instanceof WireError && error.status === 404) return { ...file, missing: true };
    throw error;
  }
}

/** Forms that are not current go, unless a draft was begun with them; files that no form names go with them. */
async function leaveOld(person, current) {
  const drafts = await all("drafts");
  const needed = new Set(drafts.map((draft) => draft.formKey));
  for (const form of await all("forms")) {
    if (form.person !== person.id || current.includes(form.id)) continue;
    if (needed.has(form.id)) await save("forms", { ...form, current: false });
    else await remove("forms", form.id);
  }
  const named = new Set((await all("forms")).flatMap((form) => form.media.map((file) => file.hash)));
  for (const file of await all("media")) if (!named.has(file.hash)) await remove("media", file.hash);
}

/** What the server says of this person's sheets: states, missing photos, reasons of what came back. */
export async function refreshSheets(person) {
  const url = address(person, "sheets");
  const answer = await ask(url, { kind: "application/json", etag: person.sheetsTag, language: person.language });
  if (answer.unchanged) return get("people", person.id);
  let told;
  try {
    told = JSON.parse(asText(answer));
  } catch {
    throw new WireError("protocol", "server.not_openrosa", { status: 200 });
  }
  let trouble;
  try {
    // what is shown as returned can be corrected at once, line or not
    await fetchCopies(person, told.sheets);
  } catch (error) {
    trouble = error;
  }
  const after = await change("people", person.id, (kept) => ({
    ...kept, told, sheetsTag: trouble ? "" : answer.etag, name: told.person ?? kept.name, projectName: told.project?.name ?? kept.projectName,
    area: told.area, ahead: clock.known ? clock.ahead : kept.ahead,
  }));
  if (trouble) throw trouble;
  return after;
}
