// Talking to the server: what went wrong is told apart as sync/errors.py does. An address holds the person's key, so no
// error and no log ever shows one.
export class WireError extends Error {
  constructor(kind, code, { status = 0, message = "" } = {}) {
    super(code);
    Object.assign(this, { kind, code, status, said: message });
  }

  /** As outbox.js wants it. */
  get plain() {
    return { kind: this.kind, code: this.code, status: this.status, message: this.said };
  }
}

const TIMEOUT = 60_000;
const VERSION = { "X-OpenRosa-Version": "1.0" };

/** The clock of the server minus the clock of this device in milliseconds, as of its last answer. */
export const clock = { ahead: 0, known: false };

/** An address of a person's project, below the address this app came from. It names the device: who may use a card on
    one phone only is known by it. */
export function address(person, ...segments) {
  const path = ["v1", "key", person.key, "projects", String(person.project), ...segments];
  const device = encodeURIComponent(person.deviceId);
  return new URL(`../${path.map(encodeURIComponent).join("/")}?deviceID=${device}`, base()).href;
}

function base() {
  // of the page …/phone/, of the service worker …/phone/sw.js
  return new URL(".", self.registration?.scope ?? self.document?.baseURI ?? self.location.href);
}

async function reach(url, options, seconds) {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), seconds);
  try {
    const answer = await fetch(url, {
      ...options, signal: ended.signal, redirect: "error", cache: "no-store", credentials: "omit",
    });
    const body = await answer.arrayBuffer();
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (date) Object.assign(clock, { ahead: date - Date.now(), known: true });
    return { status: answer.status, headers: answer.headers, body };
  } catch {
    throw new WireError("unreachable", "server.unreachable");
  } finally {
    clearTimeout(timer);
  }
}

const text = (body) => new TextDecoder().decode(body);

function sentence(answer) {
  const body = text(answer.body);
  if (body.includes("OpenRosaResponse")) return /<message[^>]*>([^<]*)<\/message>/.exec(body)?.[1]?.trim() ?? "";
  try {
    return String(JSON.parse(body).message ?? "");
  } catch {
    return "";
  }
}

const unescape = (said) =>
  said.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&apos;", "'")
    .replaceAll("&#39;", "'").replaceAll("&amp;", "&");

function refusal(answer) {
  if (answer.status < 400) return new WireError("protocol", "server.not_openrosa", { status: answer.status });
  return new WireError("refused", "server.refused", { status: answer.status, message: unescape(sentence(answer)) });
}

/** Asks for something. Gives {unchanged: true} for a 304, else {body, etag, headers}. Throws WireError. */
export async function ask(url, { etag, kind, language = "vi", wait = TIMEOUT } = {}) {
  const headers = { ...VERSION, "Accept-Language": language };
  if (etag) headers["If-None-Match"] = etag;
  const answer = await reach(url, { headers }, wait);
  if (answer.status === 304) return { unchanged: true };
  if (answer.status !== 200) throw refusal(answer);
  const type = answer.headers.get("Content-Type") ?? "";
  // what a sign-in page of a hotel says is no answer
  if (kind && !type.includes(kind)) throw new WireError("protocol", "server.not_openrosa", { status: 200 });
  return { body: answer.body, etag: answer.headers.get("ETag") ?? "", headers: answer.headers };
}

export const asText = (answer) => text(answer.body);

/** Sends an instance with at most one of its files. Gives the server's sentence; throws WireError. */
export async function post(person, { xml, file, last, language = "vi" }) {
  const form = new FormData();
  form.append("xml_submission_file", new Blob([xml], { type: "text/xml" }), "submission.xml");
  if (file) form.append(file.name, new Blob([file.bytes], { type: file.type }), file.name);
  if (!last) form.append("*isIncomplete*", "yes");
  const url = address(person, "submission");
  const headers = { ...VERSION, "Accept-Language": language };
  const answer = await reach(url, { method: "POST", headers, body: form }, TIMEOUT * 5);
  if (answer.status !== 201 && answer.status !== 202) throw refusal(answer);
  const said = text(answer.body);
  if (!said.includes("OpenRosaResponse")) {
    throw new WireError("protocol", "submission.not_openrosa", { status: answer.status });
  }
  return unescape(sentence(answer));
}
