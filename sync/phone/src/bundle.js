// The way out without a line: everything that the server has not confirmed, as one zip with a manifest of hashes
// (docs/bundles.md). It holds no key. Taking it in twice, or sending the same sheets later, doubles nothing.
import { zip } from "fflate";
import { digest, filesOf } from "./store.js";

const FORMAT = "thonban-bundle/1";

/** The zip as bytes, and its name. `entries`: of one person, in the order of the outbox. */
export async function makeBundle(person, entries, { version, at = new Date() }) {
  // the manifest stands first, so that a file that was cut off still says what it held
  const content = { "manifest.json": new Uint8Array() };
  const sheets = [];
  for (const [index, entry] of entries.entries()) {
    const folder = `sheets/${index + 1}`;
    const xml = new TextEncoder().encode(entry.xml);
    const name = `${folder}/submission.xml`;
    content[name] = xml;
    const files = [];
    for (const [number, file] of (await filesOf(entry.sha256)).entries()) {
      const path = `${folder}/files/${number + 1}`;
      const bytes = new Uint8Array(file.bytes);
      // photos are pressed already
      content[path] = [bytes, { level: 0 }];
      files.push({ as: file.name, name: path, type: file.type, sha256: await digest(bytes), bytes: bytes.length });
    }
    sheets.push({
      instanceId: entry.instanceId, xmlFormId: entry.formId, version: entry.version,
      finishedAt: new Date(entry.queuedAt * 1000).toISOString(),
      xml: { name, sha256: entry.sha256, bytes: xml.length }, files,
    });
  }
  const manifest = {
    format: FORMAT, madeAt: at.toISOString(), app: `thonban-phone/${version}`, server: self.location.origin,
    project: person.project, person: person.name, sender: person.told?.sender ?? null, deviceId: person.deviceId, sheets,
  };
  content["manifest.json"] = new TextEncoder().encode(JSON.stringify(manifest, null, 1));
  const bytes = await new Promise((resolve, reject) => {
    zip(content, { level: 6, mtime: at }, (error, made) => (error ? reject(error) : resolve(made)));
  });
  return { bytes, name: fileName(person, at) };
}

function fileName(person, at) {
  const who = (person.name || "phieu").normalize("NFD").replace(/[̀-ͯ]/g, "").replace(/đ/gi, "d")
    .replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "").toLowerCase();
  const two = (number) => String(number).padStart(2, "0");
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}`;
  return `thonban-${who || "phieu"}-${day}.zip`;
}
