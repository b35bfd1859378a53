"""The tables of docs/roles.md: who may do what, made from server/domain/roles.py and the words of the desk by
`python -m tests.kit.roles_page`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from babel.messages.pofile import read_po

from server.domain.powers import STATES, by_noun
from server.domain.roles import ROLES, Role
from tests.kit.source import ROOT

PAGE = ROOT / "docs" / "roles.md"


def texts(language: str) -> dict[str, str]:
    """The catalogue of the desk in one language."""
    path = ROOT / "server" / "translations" / "desk" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file)}


def page() -> str:
    """The page with its tables as they ought to be."""
    vi, en = texts("vi"), texts("en")
    roles = ["| Role | Vai trò | Meant for | May do |", "|---|---|---|---|", *_roles(vi, en)]
    states = ["| `state` | Tiếng Việt | English |", "|---|---|---|"]
    states += [f"| `{state}` | {vi[f'desk.grant.{state}']} | {en[f'desk.grant.{state}']} |" for state in STATES]
    written = PAGE.read_text(encoding="utf-8")
    for name, table in (("roles", roles), ("states", states)):
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = written.partition(begin)
        written = "\n".join([f"{before}{begin}", *table, f"{end}{rest.partition(end)[2]}"])
    return written


def _roles(vi: Mapping[str, str], en: Mapping[str, str]) -> Iterator[str]:
    for role in ROLES:
        name = f"desk.role.{role.system}"
        meant = role.meant_for or "—"
        yield f"| `{role.system}` ({role.id}) {en[name]} | {vi[name]} | {meant} | {_verbs(role, en)} |"


def _verbs(role: Role, words: Mapping[str, str]) -> str:
    about = by_noun(sorted(role.verbs)).items()
    told = (
        f"{words[f'desk.noun.{noun}']}: {', '.join(words[f'desk.act.{act}'] for act in acts)}" for noun, acts in about
    )
    return "; ".join(told)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
