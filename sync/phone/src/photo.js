// Photos as the form wants them: no longer side than its max-pixels, when it was taken, and where only if the form asks
// for a place itself. Everything else that a camera writes into a picture is left out.
import { readExif, writeExif } from "./exif.js";

const QUALITY = 0.85;
const LARGEST = 20_000_000;

/** The file to keep. `maxPixels`: longest side or null; `place`: whether the form asks for one. */
export async function prepare(file, maxPixels, place) {
  if (!file.type.startsWith("image/") || file.type === "image/svg+xml") return file;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const taken = readExif(bytes);
  let drawn;
  try {
    drawn = await draw(file, maxPixels);
  } catch {
    // a kind of picture that this browser cannot read goes as it is
    return file;
  }
  const facts = { time: taken.time ?? localTime(file.lastModified || Date.now()), place: place ? taken.place : undefined };
  const content = writeExif(new Uint8Array(await drawn.arrayBuffer()), facts);
  return new File([content], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
}

async function draw(file, maxPixels) {
  if (file.size > LARGEST && !maxPixels) maxPixels = 4096;
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const factor = maxPixels ? Math.min(1, maxPixels / Math.max(picture.width, picture.height)) : 1;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * factor));
  canvas.height = Math.max(1, Math.round(picture.height * factor));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("canvas"))), "image/jpeg", QUALITY);
  });
}

/** A moment as pictures carry it, in the clock of this device: "2026:11:28 07:30:05". */
export function localTime(moment) {
  const at = new Date(moment);
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}:${two(at.getMonth() + 1)}:${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
