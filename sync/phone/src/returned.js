// Sheets that came back: kept whole on the device while there is a line, so that they can be corrected without one.
import { edit, serialise } from "./engine.js";
import { all, database, digest, filesOf, get, saveDraft } from "./store.js";
import { address, ask, asText, WireError } from "./wire.js";
import { layout, plain, progress, screens } from "./walk.js";

/** Whose copy of a sheet stands in the store of files. */
const owner = (instanceId) => `returned:${instanceId}`;
const XML = "submission.xml";

/** Sheets of a person that came back and are not yet being corrected, newest first. */
export function returnedOf(person, entries, drafts) {
  const sheets = person?.told?.sheets ?? [];
  return sheets.filter((sheet) => sheet.state === "returned").map((sheet) => {
    const draft = drafts.find((each) => each.root === sheet.rootInstanceId);
    const sent = entries.find((each) => each.root === sheet.rootInstanceId && !sheet.instanceIds.includes(each.instanceId));
    return { sheet, draft, sent };
  });
}

/** Fetches the copies that this device lacks. Throws WireError; what came is kept. */
export async function prefetchReturned(personId) {
  const person = await get("people", personId);
  for (const sheet of person?.told?.sheets ?? []) if (sheet.state === "returned") await copyOf(person, sheet);
}

async function copyOf(person, sheet) {
  const mine = (await all("entries")).find((entry) => entry.instanceId === sheet.instanceId);
  const kept = new Map((await filesOf(owner(sheet.instanceId))).map((file) => [file.name, file]));
  const here = mine ? new Map((await filesOf(mine.sha256)).map((file) => [file.name, file])) : new Map();
  let xml = mine?.xml ?? (kept.has(XML) ? new TextDecoder().decode(kept.get(XML).bytes) : "");
  if (!xml) {
    const answer = await ask(address(person, "sheets", `${sheet.instanceId}.xml`), { kind: "xml" });
    await keep(sheet, XML, "text/xml", answer.body);
    xml = asText(answer);
  }
  const files = [];
  for (const name of sheet.files.names ?? []) {
    let file = here.get(name) ?? kept.get(name);
    if (!file && !sheet.files.missing.includes(name)) {
      const answer = await ask(address(person, "sheets", sheet.instanceId, "attachments", name), {});
      file = await keep(sheet, name, answer.headers.get("Content-Type") ?? "", answer.body);
    }
    if (file) files.push({ name, type: file.type, bytes: file.bytes });
  }
  return { xml, files };
}

async function keep(sheet, name, type, bytes) {
  const file = { owner: owner(sheet.instanceId), name, type, bytes, sha256: await digest(bytes) };
  await (await database()).put("files", file);
  return file;
}

/** Opens a sheet that came back as a draft, and gives its id. Throws WireError when a copy is needed and there is no
    line, and Error "form" when the form is not here. */
export async function openReturned(person, sheet) {
  const forms = (await all("forms")).filter((form) => form.person === person.id && form.formId === sheet.xmlFormId);
  const form = forms.find((each) => each.version === sheet.version) ?? forms.find((each) => each.current);
  if (!form) throw new WireError("unreachable", "form.missing");
  const { xml, files } = await copyOf(person, sheet);
  const root = await edit(form, person, xml, files);
  const made = await serialise(root);
  const draft = {
    id: crypto.randomUUID(), person: person.id, formKey: form.id, formId: form.formId, formName: form.name,
    version: form.version, root: sheet.rootInstanceId, edits: sheet.instanceId, startedAt: Date.now(), savedAt: Date.now(),
    xml: made.xml, page: 0, training: false, ...progress(screens(root, layout(form.xml))),
  };
  const kept = [];
  for (const file of files) kept.push({ ...file, owner: draft.id, sha256: await digest(file.bytes) });
  await saveDraft(draft, kept);
  return draft.id;
}

/** What the reviewer said of the answer at a reference (`/data/row[2]/head`), or undefined when nothing. */
export function reasonOf(sheet, reference) {
  const rows = [...reference.matchAll(/\[(\d+)\]/g)].map((found) => Number(found[1]));
  const named = (each) => each.path === plain(reference) && each.rows.every((row, index) => row === rows[index]);
  return sheet?.returned?.questions.find(named)?.words;
}
