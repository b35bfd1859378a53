// Sheets that came back: what is said of them, and how one is opened to be corrected.
import { copyOf } from "./copies.js";
import { edit, serialise } from "./engine.js";
import { all, digest, saveDraft } from "./store.js";
import { layout, plain, progress, screens } from "./walk.js";
import { WireError } from "./wire.js";

/** Sheets of a person that came back and are not yet being corrected, newest first. */
export function returnedOf(person, entries, drafts) {
  const sheets = person?.told?.sheets ?? [];
  return sheets.filter((sheet) => sheet.state === "returned").map((sheet) => {
    const draft = drafts.find((each) => each.root === sheet.rootInstanceId);
    const sent = entries.find((each) => each.root === sheet.rootInstanceId && !sheet.instanceIds.includes(each.instanceId));
    return { sheet, draft, sent };
  });
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
