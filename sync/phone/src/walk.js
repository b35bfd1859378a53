// From the tree of a sheet to what stands on one screen: a question, a group shown together (field-list), or the list
// of a repeat. Groups of the body that are no part of the answers ("flat") are no nodes of the engine: they are read
// from the form itself.
const FIELD_LIST = /(^|\s)field-list(\s|$)/;
const QUESTIONS = new Set(["input", "select", "upload", "range", "rank", "trigger", "note"]);

/** A reference without the positions of repeats. */
export const plain = (reference) => reference.replaceAll(/\[\d+\]/g, "");

function itext(xform) {
  const found = new Map();
  for (const translation of xform.getElementsByTagName("translation")) {
    const texts = new Map();
    for (const text of translation.getElementsByTagName("text")) {
      const value = [...text.children].find((child) => child.localName === "value" && !child.getAttribute("form"));
      texts.set(text.getAttribute("id"), value?.textContent.trim() ?? "");
    }
    found.set(translation.getAttribute("lang"), texts);
  }
  return found;
}

/** What the body of a form groups: {groupOf(reference), labelOf(group, language), hasPlace}. */
export function layout(xml) {
  const xform = new DOMParser().parseFromString(xml, "text/xml");
  const body = [...xform.documentElement.children].find((child) => child.localName === "body");
  const texts = itext(xform);
  const of = new Map();
  let count = 0;
  const visit = (element, group) => {
    for (const child of element.children) {
      let inner = group;
      if (child.localName === "group" && FIELD_LIST.test(child.getAttribute("appearance") ?? "")) {
        const label = [...child.children].find((each) => each.localName === "label");
        inner = group ?? { id: `g${(count += 1)}`, label };
      }
      const reference = child.getAttribute("ref") ?? child.getAttribute("nodeset");
      if (reference && inner && child.localName !== "itemset") of.set(reference.trim(), inner);
      if (["group", "repeat"].includes(child.localName)) visit(child, inner);
    }
  };
  if (body) visit(body);
  return {
    groupOf: (reference) => of.get(plain(reference)),
    labelOf(group, language) {
      const id = /^jr:itext\('(.*)'\)$/.exec(group?.label?.getAttribute("ref") ?? "")?.[1];
      return (id ? texts.get(language)?.get(id) : group?.label?.textContent.trim()) ?? "";
    },
    hasPlace: [...xform.getElementsByTagName("bind")].some((bind) => /^geo/.test(bind.getAttribute("type") ?? "")),
  };
}

const shown = (node) => node.currentState.relevant;

function* items(node, form, within) {
  if (!shown(node)) return;
  if (node.nodeType.startsWith("repeat-range")) {
    for (const instance of node.currentState.children) {
      if (shown(instance)) for (const child of instance.currentState.children) yield* items(child, form, instance);
    }
    if (node.nodeType === "repeat-range:uncontrolled") yield { range: node, within };
  } else if (QUESTIONS.has(node.nodeType)) {
    yield { node, within };
  } else if (node.nodeType === "root" || node.nodeType === "group") {
    for (const child of node.currentState.children) yield* items(child, form, within);
  }
}

/** The screens of a sheet in order: [{key, group, instance, nodes, range}]. */
export function screens(root, form) {
  const pages = [];
  for (const { node, range, within } of items(root, form)) {
    const group = form.groupOf((node ?? range).currentState.reference);
    const key = range ? `r${range.nodeId}` : group ? `${group.id}@${within?.nodeId ?? ""}` : node.nodeId;
    const last = pages.at(-1);
    if (node && last?.key === key) last.nodes.push(node);
    else pages.push({ key, group: range ? undefined : group, instance: within, nodes: node ? [node] : [], range });
  }
  return pages;
}

export const isBlank = (node) => node.currentState.instanceValue === "";
export const isQuestion = (node) => node.nodeType !== "note";

/** How many of the questions that count are answered: {done, of}. */
export function progress(pages) {
  const asked = pages.flatMap((page) => page.nodes).filter(isQuestion);
  return { done: asked.filter((node) => !isBlank(node)).length, of: asked.length };
}

const bare = (said) => said.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");

let unread = new Map();

/** Where it is written down what was typed and is no answer, by the id of the question's node (unread.js). */
export const heedUnread = (kept) => (unread = kept);

/** Which rule of the form an answer breaks ({condition, message}), or null. Looked at besides what the engine says: in a
    sheet that was put aside and taken up, it takes an answer for given that a filter has taken off its list since; and
    nothing but blanks is an answer to it, which it is to no server. */
export function violationOf(node) {
  const { relevant, required, instanceValue } = node.currentState;
  if (!relevant || !isQuestion(node)) return null;
  if (unread.has(node.nodeId)) return { condition: "number", valid: false, message: null };
  if (bare(instanceValue) === "") return required ? missing(node) : null;
  return node.validationState?.violation ?? null;
}

function missing(node) {
  const told = node.validationState?.required;
  return told?.valid === false ? told : { condition: "required", valid: false, message: null };
}

/** What lacks on a screen: the questions whose answer breaks a rule of the form. */
export const lacking = (page) => page.nodes.filter(violationOf);

/** Takes off the blanks around what was typed, as whoever reads the sheet does: what rests on it says the same then here and
    there. */
export function tidy(pages) {
  for (const node of pages.flatMap((page) => page.nodes)) {
    if (node.nodeType !== "input" || node.valueType !== "string" || node.currentState.readonly) continue;
    const said = node.currentState.instanceValue;
    if (bare(said) !== said) node.setValue(bare(said));
  }
}

/** The name of a repeat's instance among its own: 1, 2, 3 … */
export const position = (instance) => instance.parent.currentState.children.indexOf(instance) + 1;
