"""Expressions with what JavaRosa, the engine of ODK Collect, answered: held against what we answer.

A file of that shape has one row a line: ``doc`` (key into a second file, a JSON object of XML documents), ``node`` (the
path of the context node), ``expr``, ``tz`` and ``javarosa``: ``type``, ``value`` and ``string``, of nodes ``refs`` and
``size``; ``error`` where it stopped.
"""

import argparse
import json
import math
import re
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.parsers import expat
from zoneinfo import ZoneInfo

from forms.errors import FormsError
from forms.xpath.compile import compile_expression
from forms.xpath.context import Context, World
from forms.xpath.values import Node, Value, scalar_to_string, unpack
from tests.kit import javarosa

MEASURED = datetime(2026, 11, 7, 12, tzinfo=UTC)
"""When the engines were asked."""
Row = dict[str, Any]
PROPERTIES = {"deviceid": "oracle:device-1", "username": "oracle", "version": "7"}
"""What the engines were told of the device, and the version of the forms."""
MOST_REFS = 200
"""How many nodes of an answer a row lists."""
UNEXPLAINED = "not explained"


@dataclass(frozen=True)
class Outcome:
    """One row and our answer: a value, or the error that we raised. ``reason``: why it differs, '' when it does not."""

    row: Row
    ours: Value | FormsError
    reason: str


class Document:
    """A document as nodes, with the prefixes that its elements were written with.

    In a file of documents it is the XML, or an object: ``xml``; ``types``, bind types by path; ``irrelevant``, paths;
    ``instances``, the XML of secondary instances by id; ``texts``, those of the form by id; ``form``, the XForm that
    has all of these.
    """

    def __init__(self, source: str, types: Mapping[str, str] | None = None) -> None:
        self.top = Node("")
        self.types = types or {}
        self.instances: dict[str, Node] = {}
        self.texts: dict[str, str] = {}
        self.prefixes: dict[int, str] = {}
        self._here, self._path, self._texts = self.top, "", [""]
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._open, self._close
        parser.CharacterDataHandler = self._say
        parser.Parse(source.encode(), True)

    @classmethod
    def read(cls, entry: str | Mapping[str, Any]) -> "Document":
        """A document as it stands in a file of documents."""
        if isinstance(entry, str):
            return cls(entry)
        made = cls(entry["xml"], entry.get("types"))
        made.instances = {key: cls(xml).top.children[0] for key, xml in entry.get("instances", {}).items()}
        made.texts = dict(entry.get("texts", {}))
        for path in entry.get("irrelevant", ()):
            made.at(path).relevant = False
        return made

    def _open(self, name: str, attributes: Mapping[str, str]) -> None:
        prefix, _, local = name.rpartition(":")
        self._path = f"{self._path}/{local}"
        self._here = self._here.add(Node(local, data_type=self.types.get(self._path, "string")))
        self._here.attributes = {key: value for key, value in attributes.items() if not key.startswith("xmlns")}
        self.prefixes[id(self._here)] = prefix
        self._texts.append("")

    def _say(self, text: str) -> None:
        self._texts[-1] += text

    def _close(self, _: str) -> None:
        node, text = self._here, self._texts.pop()
        node.text = "" if node.children else text
        assert node.parent is not None
        self._here, self._path = node.parent, self._path.rpartition("/")[0]

    def prefix_of(self, node: Node) -> str:
        """What stood before an element's name."""
        return self.prefixes.get(id(node), "")

    def at(self, path: str) -> Node:
        """The node at "/data/rep[2]/x" or "/*[1]/*[2]"; "/" is the document."""
        node = self.top
        for name, place in re.findall(r"/([^/\[]+)(?:\[(\d+)\])?", path):
            found = node.children if name == "*" else node.named(name.rpartition(":")[2])
            node = found[int(place or 1) - 1]
        return node


def reference(node: Node) -> str:
    """The node's path with a place at every step but the root's."""
    if node.parent is None or not node.parent.name:
        return f"/{node.name}"
    place = "" if node.name.startswith("@") else f"[{node.position()}]"
    return f"{reference(node.parent)}/{node.name}{place}"


def judge(rows: Iterable[Row], documents: Mapping[str, Document]) -> Iterator[Outcome]:
    """Our answer to each row."""
    for row in rows:
        document = documents[str(row["doc"])]
        now = MEASURED.astimezone(ZoneInfo(row.get("tz") or "GMT"))
        ours = answer(document, str(row.get("node") or "/"), str(row["expr"]), now)
        agrees = same(ours, row["javarosa"], now)
        yield Outcome(row, ours, "" if agrees else _reason(row, ours))


def answer(document: Document, node: str, source: str, now: datetime) -> Value | FormsError:
    """The value of an expression at a node, or the error that we raise."""
    world = World(
        document.top.children[0],
        now,
        document.instances,
        itext=lambda identifier: document.texts.get(identifier, ""),
        properties=PROPERTIES,
        prefix_of=document.prefix_of,
    )
    try:
        return compile_expression(source, late=True).evaluate(Context(document.at(node), world))
    except FormsError as error:
        return error


def same(ours: Value | FormsError, theirs: Mapping[str, Any], now: datetime) -> bool:
    """Whether an answer is that of the phone."""
    kind = theirs.get("type")
    if isinstance(ours, FormsError) or kind is None or kind == "error":
        return isinstance(ours, FormsError) and (kind is None or kind == "error")
    if kind == "nodeset":
        return isinstance(ours, list) and _same_nodes(ours, theirs, now)
    if isinstance(ours, list):
        return False
    if kind == "boolean":
        return ours is theirs["value"]
    if kind == "number":
        return isinstance(ours, float) and not isinstance(ours, bool) and _close(ours, float(str(theirs["value"])))
    if kind == "date":
        return isinstance(ours, datetime) and scalar_to_string(ours) == theirs.get("string", theirs["value"])
    return isinstance(ours, str) and ours == theirs["value"]


def _same_nodes(ours: list[Node], theirs: Mapping[str, Any], now: datetime) -> bool:
    refs = theirs["refs"]
    if len(ours) != theirs.get("size", len(refs)) or [reference(node) for node in ours[:MOST_REFS]] != refs:
        return False
    return "string" not in theirs or scalar_to_string(unpack(ours, now)) == theirs["string"]


def _close(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or one == other or math.isclose(one, other, rel_tol=1e-12)


def _is_smallest(row: Row, _: Value | FormsError) -> bool:
    theirs = row["javarosa"]
    return "max(" in row["expr"] and str(theirs.get("value")) in ("4.9E-324", "5e-324", "4.9e-324")


def _is_digit(row: Row, ours: Value | FormsError) -> bool:
    try:
        return isinstance(ours, str) and math.isclose(float(ours), float(row["javarosa"]["value"]), rel_tol=1e-15)
    except (KeyError, TypeError, ValueError):
        return False


def _calls(*names: str) -> Callable[[Row, Value | FormsError], bool]:
    pattern = re.compile("|".join(rf"(?<![\w.:-]){re.escape(name)}\s*\(" for name in names))
    return lambda row, _: pattern.search(row["expr"]) is not None


# Where we differ and know why. What hangs on the clock or on chance cannot be held against an answer of another day.
REASONS: dict[str, Callable[[Row, Value | FormsError], bool]] = {
    "max() of numbers none of which is positive is 4.9E-324 on a phone, a plain defect; ours is the true maximum": (
        _is_smallest
    ),
    "intersects() is newer than this JavaRosa, which does not know it": _calls("intersects"),
    "hangs on the clock or on chance": _calls("now", "today", "random", "uuid"),
    "Java 17 writes some doubles with a digit more than are needed": _is_digit,
    "dates before 1582 and after 9999 are of another calendar": lambda row, _: (
        re.search(r"(?<!\d)(0\d{3}|1[0-5]\d\d|\d{5,})-\d", str(row)) is not None
    ),
    "variables ($name) have no values in forms: a syntax error": lambda row, _: "$" in row["expr"],
}


def _reason(row: Row, ours: Value | FormsError) -> str:
    return next((reason for reason, holds in REASONS.items() if holds(row, ours)), UNEXPLAINED)


# -- files and the command ---------------------------------------------------------------------------------------------


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def read_documents(path: Path) -> dict[str, Document]:
    """The documents that rows name, by key."""
    return {key: Document.read(entry) for key, entry in json.loads(path.read_text(encoding="utf-8")).items()}


def asked(rows: Iterable[Row], path: Path, zone: str) -> list[Row]:
    """The rows as JavaRosa answers them now; all are asked in one zone."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    by_document: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_document[str(row["doc"])].append(row)
    jobs = []
    for key, wanted in by_document.items():
        entry = entries[key]
        source = {"doc": entry} if isinstance(entry, str) else {"formXml": entry["form"], "instanceXml": entry["xml"]}
        places = [{"ctx": row["node"], "expr": row["expr"]} for row in wanted]
        jobs.append({"id": key, "nodes": False, "eval": places, **source})
    said = {str(result["id"]): result["eval"] for result in javarosa.ask(jobs, zone)}
    return [
        {**row, "tz": zone, "javarosa": answer}
        for key, wanted in by_document.items()
        for row, answer in zip(wanted, said[key], strict=True)
    ]


def open_archive(archive: Path, folder: Path) -> tuple[Path, Path]:
    """An archive unpacked into ``folder``: the rows and the documents."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return next(folder.rglob("*.jsonl")), next(folder.rglob("*docs.json"))


def _found(vectors: Path, docs: str, shared: Path, folder: Path) -> tuple[Path, Path]:
    if vectors.suffix in (".gz", ".tgz"):
        rows, documents = open_archive(vectors, folder)
        return rows, Path(docs) if docs else documents
    if docs:
        return vectors, Path(docs)
    beside = [path for path in (vectors.with_name("xpath-docs.json"), vectors.with_name("docs.json")) if path.is_file()]
    if beside:
        return vectors, beside[0]
    if shared.is_file():
        return vectors, open_archive(shared, folder)[1]
    raise FileNotFoundError("DOCS=FILE is needed: a JSON object of the documents by the keys that the rows name")


def main(arguments: list[str] | None = None) -> int:
    """``python -m tests.kit.vectors VECTORS [DOCS]``: the differences by reason, and the last line's count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("vectors", type=Path, help="rows (.jsonl), or an archive of rows and documents (.tar.gz)")
    parser.add_argument("docs", nargs="?", default="", help="documents (.json)")
    parser.add_argument("--shared", type=Path, default=Path("../shared/vectors/xpath.tar.gz"), help="where DOCS are")
    given = parser.parse_args(arguments)
    if not given.vectors.is_file():
        print(f"There is no {given.vectors}: say VECTORS=FILE DOCS=FILE", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        try:
            rows, docs = _found(given.vectors, given.docs, given.shared, Path(folder))
            documents = read_documents(docs)
        except OSError as error:
            print(error, file=sys.stderr)
            return 2
        outcomes = list(judge(read_rows(rows), documents))
    tell(outcomes)
    return 0


def tell(outcomes: list[Outcome]) -> None:
    """Print what differs, by reason, and how much is equal."""
    differing: dict[str, list[Outcome]] = defaultdict(list)
    for each in outcomes:
        if each.reason:
            differing[each.reason].append(each)
    for reason, found in sorted(differing.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(found)} · {reason}")
        for each in found:
            row, theirs = each.row, each.row["javarosa"]
            said = theirs.get("error") or theirs.get("refs", theirs.get("value"))
            ours = [reference(node) for node in each.ours] if isinstance(each.ours, list) else str(each.ours)
            print(f"    row {row.get('id', '?')} at {row.get('node')}: {row['expr'].strip()}")
            print(f"        ours {str(ours)[:160]} · phone {str(said)[:160]}")
    matched = sum(1 for each in outcomes if not each.reason)
    print(f"\n{matched / max(1, len(outcomes)):.2%} as on a phone")
    print(f"matched {matched} of {len(outcomes)}")


if __name__ == "__main__":
    sys.exit(main())
