import "./desk.css";
import "./lists.css";
import "./forms.css";
import "./pages.css";
import "./form_pages.css";
import "./print.css";
import "./statement.css";
import "./plan.css";
import "./programme.css";
import "./paper.css";
import "./works.css";
import "./training.css";
import "./beside.css";
import "./webhooks.css";
import "./inbox.css";
import "./maps.css";
import "./dashboard.css";
import "./coverage.css";
import htmx from "htmx.org";
import "./inbox.js";
import "./seen.js";

// Pages carry no inline scripts and no expressions to evaluate: the content security policy can forbid both.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;

const OPENS_ITSELF = "a, button, input, select, textarea, label, summary";

/** Open the address of a row, in a new tab when the click asks for one. */
function openRow(row, event) {
  if (event.ctrlKey || event.metaKey || event.button === 1) {
    window.open(row.dataset.href, "_blank", "noopener");
  } else {
    window.location.assign(row.dataset.href);
  }
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  const selecting = String(window.getSelection()) !== "";
  if (row && !selecting && !event.target.closest(OPENS_ITSELF)) {
    openRow(row, event);
  }
});

/** Move the mark in the first list with data-keys by `step` rows and show it. */
function moveChoice(step) {
  const rows = [...document.querySelectorAll("[data-keys] tr[data-href]")];
  if (rows.length === 0) return;
  const now = rows.findIndex((row) => row.classList.contains("is-chosen"));
  const next = Math.min(Math.max(now + step, 0), rows.length - 1);
  rows[now]?.classList.remove("is-chosen");
  rows[next].classList.add("is-chosen");
  rows[next].scrollIntoView({ block: "nearest" });
  rows[next].querySelector("a")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") moveChoice(1);
  if (event.key === "k") moveChoice(-1);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// A button with data-copy puts the text of the field it names into the clipboard; without a secure page it selects it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.querySelector(button.dataset.copy);
  field.select();
  navigator.clipboard?.writeText(field.value);
});

// A select or date with data-submits sends its form when it changes: filters without a button.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});
