// A sheet under way: opened from the device, saved after every answer, ended as an entry of the outbox.
import { create, currentForms, restore, serialise } from "./engine.js";
import { put } from "./outbox.js";
import { digest, filesOf, finish, get, saveDraft } from "./store.js";
import { unread } from "./unread.js";
import { lacking, layout, progress, screens, tidy } from "./walk.js";

const INSTANCE = /<(?:\w+:)?instanceID>([^<]+)<\/(?:\w+:)?instanceID>/;
const TITLE = /<(?:\w+:)?instanceName>([^<]+)<\/(?:\w+:)?instanceName>/;

const unescape = (said) =>
  said.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");

const META = /<((?:\w+:)?)meta\b[^>]*>/;

/** The text of a sheet that stands in for `edits`: it says so. The engine says it when a sheet is opened to be
    corrected, and no more once it was put away as a draft of a form that has no such element. */
function naming(xml, edits) {
  if (!edits || /<(?:\w+:)?deprecatedID>/.test(xml)) return xml;
  const said = edits.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return xml.replace(META, (open, prefix) => `${open}<${prefix}deprecatedID>${said}</${prefix}deprecatedID>`);
}

let begun;

/** Begins a sheet of a form as it is now, and gives the id of its draft. `watched`: the form as it was shown. */
export async function begin(watched, person, training) {
  let form = await get("forms", watched.id);
  if (!form?.current) form = (await currentForms(person)).find((each) => each.formId === watched.formId) ?? form;
  const root = await create(form, person);
  const { xml } = await serialise(root);
  const shape = layout(form.xml);
  const draft = {
    id: crypto.randomUUID(), person: person.id, formKey: form.id, formId: form.formId, formName: form.name,
    version: form.version, root: null, edits: null, startedAt: Date.now(), savedAt: Date.now(), xml, page: 0, training,
    ...progress(screens(root, shape)),
  };
  await saveDraft(draft);
  // the page that opens next need not build it again
  begun = { draft, form, person, root, shape, kept: new Set() };
  return draft.id;
}

/** A draft with its form and its tree: {draft, form, root, shape, files}. Rejects when it cannot be opened. */
export async function open(id) {
  unread.clear();
  if (begun?.draft.id === id) {
    const fresh = begun;
    begun = undefined;
    return fresh;
  }
  const draft = await get("drafts", id);
  if (!draft) return null;
  const form = await get("forms", draft.formKey);
  const person = await get("people", draft.person);
  const files = await filesOf(id);
  const root = await restore(form, person, draft.xml, files);
  return { draft, form, person, root, shape: layout(form.xml), kept: new Set(files.map((file) => file.name)) };
}

/** Saves a sheet as it is now. One save at a time, and one more after it when an answer came meanwhile. */
export function saver(sheet, told) {
  let running;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await saveNow(sheet);
    } while (again);
  };
  return function saveSoon() {
    if (running) {
      again = true;
      return running;
    }
    running = run().then(
      () => told(null),
      (error) => told(error),
    ).finally(() => (running = undefined));
    return running;
  };
}

async function saveNow(sheet) {
  const { xml, files } = await serialise(sheet.root);
  const names = new Set(files.map((file) => file.name));
  const added = [];
  for (const file of files.filter((each) => !sheet.kept.has(each.name))) added.push(await stored(sheet.draft.id, file));
  // a file goes only when no answer names it any more, whatever the engine holds of it
  const removed = [...sheet.kept].filter((name) => !names.has(name) && !xml.includes(`>${name}<`));
  Object.assign(sheet.draft, {
    xml, savedAt: Date.now(), title: unescape(TITLE.exec(xml)?.[1] ?? ""), ...progress(screens(sheet.root, sheet.shape)),
  });
  await saveDraft(sheet.draft, added, removed);
  sheet.kept = new Set([...names, ...sheet.kept].filter((name) => !removed.includes(name)));
}

async function stored(owner, { name, type, file }) {
  const bytes = await file.arrayBuffer();
  return { owner, name, type, bytes, sha256: await digest(bytes) };
}

/** Ends a sheet: into the outbox with all its files, or nowhere when it was for practice. Gives the entry, or null when
    rules of the form are broken still. */
export async function end(sheet) {
  tidy(screens(sheet.root, sheet.shape));
  if (screens(sheet.root, sheet.shape).some((page) => lacking(page).length)) return null;
  const { xml: written, files } = await serialise(sheet.root);
  const { draft } = sheet;
  const xml = naming(written, draft.edits);
  const whole = [];
  for (const file of files) whole.push(await stored(draft.id, file));
  for (const file of await filesOf(draft.id)) {
    if (!files.some((each) => each.name === file.name) && xml.includes(`>${file.name}<`)) whole.push(file);
  }
  const bytes = new TextEncoder().encode(xml);
  const sha256 = await digest(bytes);
  const instanceId = INSTANCE.exec(xml)?.[1] ?? "";
  const now = Date.now() / 1000;
  const hashes = Object.fromEntries(whole.map((file) => [file.name, file.sha256]));
  const entry = {
    ...put(undefined, { sha256, instanceId, files: hashes }, now), files: hashes, xml, person: draft.person,
    formId: draft.formId, formName: draft.formName, version: draft.version, title: draft.title ?? "",
    root: draft.root ?? instanceId, arrived: {}, answers: false, confirmed: false,
  };
  await finish(draft.id, entry, whole);
  return entry;
}
