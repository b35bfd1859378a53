// The inbox by keyboard: j k move, Enter or o opens, a approves, r returns, x chooses, u undoes, ? tells these keys.
// Everything a key does is a link or a button of the page too: without this file nothing is missing but the keys.
const list = document.querySelector("[data-inbox]");

const rows = () => [...document.querySelectorAll("[data-row]")];
const chosenRow = () => document.querySelector("[data-row].is-chosen");

/** Mark a row, show it and put the focus on what it opens. */
function choose(row) {
  if (!row) return;
  chosenRow()?.classList.remove("is-chosen");
  row.classList.add("is-chosen");
  row.scrollIntoView({ block: "nearest" });
  (row.querySelector("[data-open]") ?? row.querySelector("button"))?.focus({ preventScroll: true });
}

function move(step) {
  const all = rows();
  const here = all.indexOf(chosenRow());
  choose(all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)]);
}

/** The first row from here on that still waits. */
function nextWaiting(row) {
  const all = rows();
  const here = all.indexOf(row);
  return all.slice(here + 1).find((each) => !each.classList.contains("is-done")) ?? row;
}

function openReason(row) {
  const box = row?.querySelector("details");
  if (!box) return;
  box.open = true;
  box.querySelector("textarea").focus();
}

function countChosen() {
  const count = document.querySelectorAll("[data-choose]:checked").length;
  const told = document.querySelector("[data-chosen]");
  if (!told) return;
  told.hidden = count === 0;
  told.querySelector("[data-number]").textContent = String(count);
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => chosenRow()?.querySelector("[data-open]")?.click(),
  a: () => chosenRow()?.querySelector("[data-approve]")?.click(),
  r: () => openReason(chosenRow()),
  x: () => chosenRow()?.querySelector("[data-choose]")?.click(),
  // what was decided last; its button stands in the line that it took
  u: () => ([...document.querySelectorAll("[data-undo][data-last]")].pop() ?? document.querySelector("[data-undo]"))?.click(),
  "?": () => toggleHelp(),
};

function toggleHelp() {
  const box = document.querySelector("[data-keys-dialog]");
  if (!box) return;
  if (box.open) box.close();
  else box.showModal();
}

const isWriting = (element) => Boolean(element?.closest("input:not([type=checkbox]), select, textarea"));

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isWriting(event.target)) {
    if (event.key === "Escape") event.target.closest("details.inbox-return")?.querySelector("summary").focus();
    return;
  }
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

if (list) {
  document.addEventListener("keydown", press);
  document.addEventListener("change", (event) => event.target.matches("[data-choose]") && countChosen());
  document.addEventListener("click", (event) => event.target.closest("[data-keys-help]") && toggleHelp());
  for (const button of document.querySelectorAll("[data-keys-help]")) button.hidden = false;
  // once it has settled: until then the new line has the class of the one that it replaces. The list settles at once
  // (settle:0ms), so that no key finds the new line with the mark still on another
  document.addEventListener("htmx:afterSettle", (event) => {
    const id = event.detail.target?.id;
    const fresh = id ? document.getElementById(id) : null;
    countChosen();
    if (!fresh?.matches("[data-row]")) return;
    for (const each of document.querySelectorAll("[data-undo][data-last]")) delete each.dataset.last;
    const undo = fresh.querySelector("[data-undo]");
    if (undo) undo.dataset.last = "";
    // an answer that comes late takes nobody out of the words that they write: the next letters would be keys
    if (isWriting(document.activeElement)) return;
    choose(fresh.classList.contains("is-done") ? nextWaiting(fresh) : fresh);
  });
  const told = document.getElementById("inbox-unsent");
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => {
      told.hidden = false;
      told.scrollIntoView({ block: "nearest" });
    });
  }
  document.addEventListener("htmx:beforeRequest", () => {
    told.hidden = true;
  });
}
