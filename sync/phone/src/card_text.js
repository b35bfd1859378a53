// What stands on a card: a link, an address of ODK Collect, or the text of the picture of its settings (sync/settings.py).
const PLACE = /\/v1\/key\/([^/\s]+)\/projects\/(\d+)/;
const LINK = /#\/card\/(\d+)\/([^/?\s]+)/;
const ADDRESS = /https?:\/\/\S+/;

/** What a card says: {key, project, origin?, projectName?}; null when it is none of ours. `said`: a link, an address or
    the text of a picture. Throws nothing. */
export async function readCard(said) {
  const text = said.trim();
  try {
    const link = LINK.exec(text);
    if (link) return { project: Number(link[1]), key: decodeURIComponent(link[2]), origin: originOf(text) };
    return atPlace(text) ?? (await pictured(text));
  } catch {
    return null;
  }
}

function atPlace(text) {
  const place = PLACE.exec(text);
  return place && { project: Number(place[2]), key: decodeURIComponent(place[1]), origin: originOf(text) };
}

async function pictured(text) {
  const bytes = Uint8Array.from(atob(text.replace(/\s/g, "")), (sign) => sign.charCodeAt(0));
  const settings = JSON.parse(await inflate(bytes));
  const found = atPlace(String(settings.general?.server_url ?? ""));
  return found && { ...found, projectName: settings.project?.name };
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

/** Where the first address in a text leads, or undefined. */
function originOf(text) {
  try {
    return new URL(ADDRESS.exec(text)[0]).origin;
  } catch {
    return undefined;
  }
}
