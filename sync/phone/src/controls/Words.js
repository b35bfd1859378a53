// Text of a form: its Markdown as elements, never as HTML, so that no form can put a script into a page.
import { h } from "vue";

const ALLOWED = new Set(["h1", "h2", "h3", "h4", "h5", "h6", "div", "p", "span", "em", "strong", "u", "ul", "ol", "li", "br"]);
const HEADING = /^h[1-6]$/;

function draw(node) {
  if (node.role === "child") return node.value;
  if (node.role === "line-break") return h("br");
  if (node.role === "html") return node.unsafeHtml.replaceAll(/<[^>]*>/g, "");
  const name = HEADING.test(node.elementName) ? "strong" : ALLOWED.has(node.elementName) ? node.elementName : "span";
  return h(name, {}, (node.children ?? []).map(draw));
}

export default function Words(props) {
  const { text } = props;
  if (!text) return null;
  const formatted = text.formatted ?? [];
  return h("span", { class: "words" }, formatted.length ? formatted.map(draw) : text.asString);
}
Words.props = { text: { type: Object, default: null } };
