// The form engine, loaded when the first sheet is opened and kept. A sheet is an instance of it that Vue watches.
import { reactive } from "vue";
import { all, get } from "./store.js";

const ATTACHMENT = /^jr:\/\/[a-z-]+\/(.+)$/;
const SHEET = "xml_submission_file";
const KEPT = 20;

let loading;
const forms = new Map();

const engine = () => (loading ??= import("@getodk/xforms-engine"));

const idle = (work) => (self.requestIdleCallback ?? setTimeout)(work);

/** Makes the engine and these forms ready while nobody waits for them. */
export function warm(list) {
  idle(() => void engine().catch(() => (loading = undefined)));
  for (const form of list) idle(() => void get("forms", form.id).then((kept) => kept && load(kept)).catch(() => undefined));
}

/** What the engine does not know of a form, or "" when it can show it. Throws nothing. */
export async function problemOf(form) {
  if (/<submission\b[^>]*\bbase64RsaPublicKey=/.test(form.xml)) return "encrypted";
  try {
    await load(form);
    return "";
  } catch {
    return "engine";
  }
}

/** The form, ready to be filled. Rejects when the engine cannot read it. */
export async function load(form) {
  const known = forms.get(form.id);
  const lists = form.media.map((file) => file.hash).join();
  if (known?.lists === lists) return known.result;
  const { loadForm } = await engine();
  const result = await loadForm(form.xml, {
    fetchFormAttachment: (url) => attachment(form, url),
    missingResourceBehavior: "BLANK",
  });
  if (result.status === "failure") throw result.error;
  forms.set(form.id, { lists, result });
  if (forms.size > KEPT) forms.delete(forms.keys().next().value);
  return result;
}

const EMPTY = { csv: ["name,label\n", "text/csv"], xml: ["<root/>", "text/xml"], geojson: ['{"type":"FeatureCollection","features":[]}', "application/geo+json"] };

async function attachment(form, url) {
  const name = decodeURIComponent(ATTACHMENT.exec(String(url))?.[1] ?? "");
  const file = form.media.find((each) => each.name === name);
  const kept = file && (await get("media", file.hash));
  if (kept) return new Response(kept.bytes, { headers: { "Content-Type": kept.type } });
  const [content, type] = EMPTY[name.split(".").pop().toLowerCase()] ?? ["", "application/octet-stream"];
  return new Response(content, { headers: { "Content-Type": type } });
}

/** The media a label speaks of ({bytes, type}), or undefined. */
export async function media(form, url) {
  const name = ATTACHMENT.exec(String(url))?.[1];
  const file = form.media.find((each) => each.name === decodeURIComponent(name ?? ""));
  return file && get("media", file.hash);
}

const config = (person, names) => ({
  stateFactory: reactive,
  preloadProperties: { deviceID: person.deviceId, username: person.name },
  instanceAttachments: { fileNameFactory: ({ basename, extension }) => names(basename, extension ?? "") },
});

/** A name that no other file of a sheet has: a moment in milliseconds, as phones write it. */
export function fileNames() {
  let last = 0;
  return (_basename, extension) => `${(last = Math.max(last + 1, Date.now()))}${extension.toLowerCase()}`;
}

const bundle = (xml, files) => {
  const data = new FormData();
  data.append(SHEET, new File([xml], SHEET, { type: "text/xml" }));
  for (const file of files) data.append(file.name, new File([file.bytes], file.name, { type: file.type }));
  return { data: [data] };
};

/** A new sheet. */
export async function create(form, person) {
  return (await load(form)).createInstance(config(person, fileNames())).root;
}

/** A draft as it was after its last answer. */
export async function restore(form, person, xml, files) {
  return whole((await (await load(form)).restoreInstance(bundle(xml, files), config(person, fileNames()))).root);
}

/** A sheet that was sent, opened again: it takes a new id and names the one it stands in for. */
export async function edit(form, person, xml, files) {
  const input = { inputType: "FORM_INSTANCE_INPUT_RESOLVED", ...bundle(xml, files) };
  return whole((await (await load(form)).editInstance(input, config(person, fileNames()))).root);
}

/** The tree once its files are in it: the engine brings them one turn later, and has none until then. */
async function whole(root) {
  for (let turn = 0; turn < 200 && [...uploads(root)].some((node) => node.currentState.attachmentState?.loading); turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return root;
}

function* uploads(node) {
  if (node.nodeType === "upload") yield node;
  for (const child of node.currentState.children ?? []) yield* uploads(child);
}

/** The sheet as it would be sent: {xml, files: [{name, type, file}]}. What lacks in it is for walk.js to say. */
export async function serialise(root) {
  const payload = await root.prepareInstancePayload({ payloadType: "monolithic" });
  const files = [];
  let xml = "";
  for (const [name, file] of payload.data[0].entries()) {
    if (name === SHEET) xml = await file.text();
    else files.push({ name, type: file.type, file });
  }
  return { xml: `<?xml version="1.0" encoding="UTF-8"?>${xml}`, files };
}

/** The forms a person may begin, in the server's order. */
export async function currentForms(person) {
  const kept = (await all("forms")).filter((form) => form.person === person.id && form.current);
  const order = new Map((person.formList ?? []).map((form, index) => [form.formId, index]));
  return kept.sort((a, b) => (order.get(a.formId) ?? 999) - (order.get(b.formId) ?? 999));
}
