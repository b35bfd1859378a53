"""What somebody may do where, and why, on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from server.catalogues import read_catalogue
from server.domain.powers import IN_FORCE, Held, Power, by_noun
from server.services.explain import Explanation, NamedArea, areas_of


class Words:
    """The texts of the desk in one language."""

    def __init__(self, language: str) -> None:
        self._catalogue = read_catalogue("desk", language)
        self._language = language

    def say(self, message_id: str, **params: object) -> str:
        """The text of a message id."""
        text = self._catalogue.gettext(message_id)
        return text % params if params else text

    def day(self, day: date) -> str:
        """30/06/2025, or 30 Jun 2025."""
        return day.strftime("%d/%m/%Y") if self._language == "vi" else f"{day.day} {day.strftime('%b %Y')}"

    def verbs(self, verbs: Iterable[str]) -> list[str]:
        """Verbs in words, a line for each thing they are about."""
        return [
            f"{self.say(f'desk.noun.{noun}')}: {', '.join(self.say(f'desk.act.{act}') for act in acts)}"
            for noun, acts in by_noun(verbs).items()
        ]


def print_explanation(console: Console, told: Explanation, language: str) -> None:
    """Prints what was granted and why it holds or not, and the sum of it."""
    words = Words(language)
    name = f"{told.actor.name} <{told.email}>" if told.email else f"{told.actor.name} ({told.actor.id})"
    console.print(f"[bold]{escape(name)}[/], {words.say('desk.may.on', day=words.day(told.meaning.on))}")
    roles = Tree(words.say("desk.people.roles"))
    for held in told.meaning.held:
        role, place, state = (escape(each) for each in _lines(told, held, words))
        twig = roles.add(f"[bold]{role}[/]: {state}", style="green" if held.state == IN_FORCE else "yellow")
        twig.add(place, style="default")
    if not told.meaning.held:
        roles.add(words.say("desk.people.no_role"))
    console.print(roles)
    tree = Tree(words.say("desk.may.title"))
    for each in told.meaning.sums:
        branch = tree.add(escape(_project(told, each.project_id, words)), style="bold")
        for power in each.powers:
            twig = branch.add(escape(_reach(told, power, words)), style="not bold green")
            for line in words.verbs(power.verbs):
                twig.add(escape(line), style="not bold default")
    if not told.meaning.sums:
        tree.add(words.say("desk.may.nothing"))
    console.print(tree)


def _lines(told: Explanation, held: Held, words: Words) -> tuple[str, str, str]:
    """The role, where and when it was granted, and whether it holds."""
    grant = held.grant
    place = [_project(told, grant.project_id, words)]
    if grant.form_id is not None:
        place.append(words.say("desk.person.of_form", form=told.forms.get(grant.form_id, grant.form_id)))
    if grant.area_id is not None:
        place.append(", ".join((told.areas[grant.area_id].name, *told.areas[grant.area_id].above)))
    role = words.say(f"desk.role.{grant.role}").removeprefix("desk.role.")
    return role, " · ".join((*place, _dates(held, words))), _state(told, held, words)


def _dates(held: Held, words: Words) -> str:
    grant = held.grant
    parts = []
    if grant.valid_from is not None:
        parts.append(words.say("desk.may.from", day=words.day(grant.valid_from)))
    if grant.valid_to is not None:
        parts.append(words.say("desk.may.before", day=words.day(grant.valid_to)))
    return " ".join(parts) or words.say("desk.may.always")


def _state(told: Explanation, held: Held, words: Words) -> str:
    said = words.say(f"desk.grant.{held.state}")
    if held.until is None:
        return said
    heirs = [
        told.areas[heir].name if extent == "whole" else words.say("desk.may.part", area=told.areas[heir].name)
        for heir, extent in held.heirs
    ]
    day = words.day(held.until)
    into = (
        words.say("desk.may.into", day=day, areas=", ".join(heirs))
        if heirs
        else words.say("desk.may.ended_on", day=day)
    )
    return f"{said} {into}"


def _project(told: Explanation, project_id: int | None, words: Words) -> str:
    if project_id is None:
        return words.say("desk.may.site")
    name = told.projects.get(project_id)
    return words.say("desk.may.project", name=name) if name else words.say("desk.may.deleted", id=project_id)


def _reach(told: Explanation, power: Power, words: Words) -> str:
    areas = areas_of(told, power.reach)
    said = "; ".join(_area(area, words) for area in areas) if areas else words.say("desk.may.everywhere")
    if power.form_id is None:
        return said
    return f"{words.say('desk.may.form', form=told.forms.get(power.form_id, power.form_id))}: {said}"


def _area(area: NamedArea, words: Words) -> str:
    path = ", ".join((area.name, *area.above))
    if area.communes > 1:
        return f"{path} ({words.say('desk.may.below', communes=area.communes, villages=area.villages)})"
    return f"{path} ({words.say('desk.may.villages', villages=area.villages)})" if area.villages > 1 else path
