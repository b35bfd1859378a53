// Copies of sheets that came back, kept whole on the device while there is a line: they can be corrected without one.
import { all, database, digest, filesOf } from "./store.js";
import { address, ask, asText } from "./wire.js";

/** Whose copy of a sheet stands in the store of files. */
const owner = (instanceId) => `returned:${instanceId}`;
const XML = "submission.xml";

/** Fetches what this device lacks of the sheets that came back. Throws WireError; what came is kept. */
export async function fetchCopies(person, sheets) {
  for (const sheet of sheets) if (sheet.state === "returned") await copyOf(person, sheet);
}

/** A sheet as the server has it: {xml, files}, from this device as far as it is here. Throws WireError. */
export async function copyOf(person, sheet) {
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
  for (const name of sheet.files.names) {
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
