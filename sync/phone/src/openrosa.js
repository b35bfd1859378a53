// Form lists and manifests, read from XML. One entry that lacks its mandatory parts is left out, never the whole list.
const children = (element, name) => [...element.children].filter((child) => child.localName === name);
const textOf = (element, name) => children(element, name)[0]?.textContent.trim() ?? "";

function entries(xml, root, name) {
  const parsed = new DOMParser().parseFromString(xml, "text/xml");
  if (parsed.documentElement.localName !== root) return null;
  return children(parsed.documentElement, name);
}

/** [{formId, name, version, hash}], or null when this is no form list. */
export function readFormList(xml) {
  return entries(xml, "xforms", "xform")?.map((each) => ({
    formId: textOf(each, "formID"),
    name: textOf(each, "name"),
    version: textOf(each, "version"),
    hash: textOf(each, "hash"),
    hasFiles: textOf(each, "manifestUrl") !== "",
  })).filter((form) => form.formId && form.hash) ?? null;
}

/** [{name, hash}], or null when this is no manifest. */
export function readManifest(xml) {
  return entries(xml, "manifest", "mediaFile")?.map((each) => ({
    name: textOf(each, "filename"),
    hash: textOf(each, "hash"),
  })).filter((file) => file.name && file.hash) ?? null;
}
