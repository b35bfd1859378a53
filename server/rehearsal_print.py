"""A rehearsal as people read it: what changes, what that does to what was sent, and the conclusion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from forms.changes import WEIGHTS as WEIGHT_ORDER
from forms.changes import Change
from forms.definition import Labels
from server.rehearsal_words import CHANGES, FINDINGS, SAID, TYPES, WEIGHTS
from server.sentences import Sentence
from server.services.rehearse import Example, Rehearsal, Tally

SHOWN_ROWS = 15
SHOWN_NOTES = 5
SHOWN_EXAMPLES = 2
LONGEST_TEXT = 90
MARKS = {"loses answers": "✗", "changes meaning": "!", "harmless": "·", "error": "✗", "warning": "!", "info": "·"}


def print_both(console: Console, text: Sentence) -> None:
    """Prints a sentence, Vietnamese first."""
    console.print(text.vi, markup=False)
    console.print(text.en, style="dim", markup=False)


def show(rehearsal: Rehearsal, console: Console) -> None:
    """Prints a rehearsal: the conclusion stands last, where a terminal stops."""
    if rehearsal.old_version is None:
        print_both(console, SAID["unpublished"].filled({"form": rehearsal.form_id}))
        return
    params = {"form": rehearsal.form_id, "old": rehearsal.old_version or "–", "new": rehearsal.new_version or "–"}
    print_both(console, SAID["head"].filled(params | {"looked": rehearsal.looked, "total": rehearsal.total}))
    if rehearsal.old_version == rehearsal.new_version:
        print_both(console, SAID["same_version"].filled({"version": rehearsal.new_version}))
    _show_changes(rehearsal.changes, console)
    if rehearsal.lost:
        answers = {"answers": rehearsal.answers_lost, "submissions": rehearsal.losing}
        _title(console, "lost", SAID["lost_sum"].filled(answers))
        _show_tallies(rehearsal.lost, console)
    for severity in ("error", "warning", "info"):
        found = [each for each in rehearsal.findings if each.severity == severity]
        if found:
            total = {"submissions": rehearsal.with_errors}
            _title(console, severity, SAID["errors_sum"].filled(total) if severity == "error" else None)
            _show_tallies(found, console)
    console.print()
    _conclude(rehearsal, console)


def _title(console: Console, name: str, more: Sentence | None = None) -> None:
    said = SAID[name]
    console.print()
    console.print(f"{said.vi}{': ' + more.vi if more else ''}", style="bold", markup=False, end="")
    console.print(f" · {said.en}{': ' + more.en if more else ''}", style="dim", markup=False)


def _row(console: Console, mark: str, head: str, said: Sentence) -> None:
    console.print(f"  {mark} {head}  {said.vi}", markup=False, end="")
    console.print(f" · {said.en}", style="dim", markup=False)


def _show_changes(changes: Sequence[Change], console: Console) -> None:
    _title(console, "changes")
    if not changes:
        print_both(console, SAID["none"])
    for weight in WEIGHT_ORDER:
        found = [each for each in changes if each.weight == weight]
        if found:
            console.print(f" {WEIGHTS[weight].vi}", markup=False, end="")
            console.print(f" · {WEIGHTS[weight].en} ({len(found)})", style="dim", markup=False)
        for change in found[:SHOWN_ROWS]:
            _row(console, MARKS[weight], place_of(change), tell_change(change))
            for line in details_of(change):
                console.print(f"      {line}", style="dim", markup=False)
        _more(console, len(found) - SHOWN_ROWS)


def _more(console: Console, count: int) -> None:
    if count > 0:
        said = SAID["more"].filled({"count": count})
        console.print(f"    {said.vi} · {said.en}", style="dim", markup=False)


def place_of(change: Change) -> str:
    """Where a change is: the path below the root, before and after where these differ."""
    paths = [_short(path) for path in (change.old, change.new) if path is not None]
    return " → ".join(dict.fromkeys(paths)) or "/"


def _short(path: str) -> str:
    return "/".join(path.split("/")[2:]) or "/"


def tell_change(change: Change) -> Sentence:
    """What a change is, in words."""
    said = Sentence(_filled(change, CHANGES[change.kind].vi, "vi"), _filled(change, CHANGES[change.kind].en, "en"))
    more = []
    if change.likeness is not None:
        more.append(SAID["guess"].filled({"percent": round(100 * change.likeness)}))
    if "readable" in change.params:
        more.append(SAID["readable" if change.params["readable"] else "not_readable"])
    if "fields" in change.params:
        more.append(SAID["holds"].filled(change.params))
    return Sentence(_bracketed(said.vi, [each.vi for each in more]), _bracketed(said.en, [each.en for each in more]))


def _filled(change: Change, text: str, language: str) -> str:
    ends = {"before": change.before, "after": change.after}
    if change.kind == "type":
        ends = {name: _type(kind or "–", language) for name, kind in ends.items()}
    return text.format(**ends, **change.params)


def _type(kind: str, language: str) -> str:
    said = TYPES.get(kind)
    return kind if said is None else said.vi if language == "vi" else said.en


def _bracketed(text: str, more: Sequence[str]) -> str:
    return f"{text} ({', '.join(more)})" if more else text


def details_of(change: Change) -> Iterator[str]:
    """What stood there and what stands there now, where the head does not say so."""
    if change.kind in ("type", "choice-renamed"):
        return
    if change.before is not None and change.before == change.after:
        yield _cut(change.before)
        return
    if change.before is not None:
        yield f"- {_cut(change.before)}"
    if change.after is not None:
        yield f"+ {_cut(change.after)}"


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_TEXT else f"{flat[: LONGEST_TEXT - 1]}…"


def _show_tallies(tallies: Sequence[Tally], console: Console) -> None:
    rows = SHOWN_ROWS if tallies[0].severity != "info" else SHOWN_NOTES
    for tally in tallies[:rows]:
        name = "count_once" if tally.count == tally.submissions else "count"
        counted = SAID[name].filled({"count": tally.count, "submissions": tally.submissions})
        said = FINDINGS.get(tally.kind)
        texts = [f"{said.vi}: {counted.vi}", f"{said.en}: {counted.en}"] if said else [counted.vi, counted.en]
        _row(console, MARKS[tally.severity], _short(tally.path), Sentence(*texts))
        label = _label(tally.labels)
        if label:
            console.print(f"      {_cut(label)}", markup=False)
        for example in tally.examples[:SHOWN_EXAMPLES]:
            console.print(f"      {SAID['example'].vi} · {_example(example)}", style="dim", markup=False)
    _more(console, len(tallies) - rows)


def _example(example: Example) -> str:
    """A submission by its own name and its id, with what it said."""
    value = _cut(example.value) if example.value else ""
    if example.calculated is not None:
        value = f"{value or '–'} → {example.calculated or '–'}"
    return ", ".join(filter(None, (example.name and _cut(example.name), example.instance_id, value)))


def _label(labels: Labels) -> str:
    return next((text for text in labels.values() if text), "")


def _conclude(rehearsal: Rehearsal, console: Console) -> None:
    if rehearsal.unjudged:
        print_both(console, SAID["unjudged"].filled({"count": rehearsal.unjudged}))
    if rehearsal.looked < rehearsal.total:
        print_both(console, SAID["part"].filled({"looked": rehearsal.looked, "total": rehearsal.total}))
    if rehearsal.keeps_everything:
        print_both(console, SAID["kept"])
        if rehearsal.with_errors:
            print_both(console, SAID["kept_errors"].filled({"submissions": rehearsal.with_errors}))
        return
    counts = {
        "lost": rehearsal.answers_lost,
        "unreadable": rehearsal.unreadable,
        "no_choice": rehearsal.no_choice,
    }
    print_both(console, SAID["not_kept"].filled(counts))
    print_both(console, SAID["advice"])
