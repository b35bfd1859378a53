"""What publishing a form does to entity lists, in the words of ODK Central. Here it does nothing: what phones send in
entity blocks is kept with the submission. Which lists and properties a form names is told all the same."""

from __future__ import annotations

from typing import Any

from forms.definition import FormDefinition
from server.domain.errors import NotFound
from server.services.definitions import definition_of
from server.web.api.drafts import DRAFT
from server.web.api.forms import FORM, draft_of, nouns
from server.web.api.nouns import Here
from server.web.api.schemas.forms import ListDiffBody
from server.web.context import current_session


@nouns.view(f"GET {FORM}/dataset-diff", "form.read", answer=ListDiffBody(many=True))
def list_entity_lists(here: Here) -> list[dict[str, Any]]:
    """The entity lists that the published form names, with the properties it gives. No list is made of them here."""
    if here.form.current is None:
        raise NotFound("form.not_published", form=here.form.xml_form_id)
    return entity_lists(definition_of(current_session(), here.form.current.sha256))


@nouns.view(f"GET {DRAFT}/dataset-diff", "form.read", answer=ListDiffBody(many=True))
def list_draft_entity_lists(here: Here) -> list[dict[str, Any]]:
    """The same of the draft; `isNew` is false throughout: publishing makes no list and no property here."""
    found = entity_lists(definition_of(current_session(), draft_of(here).sha256))
    for each in found:
        each["isNew"] = False
        each["properties"] = [known | {"isNew": False} for known in each["properties"]]
    return found


def entity_lists(definition: FormDefinition) -> list[dict[str, Any]]:
    """The lists by the order in which the form names them; one that several blocks name stands once."""
    named: dict[str, dict[str, None]] = {}
    for each in definition.entities:
        named.setdefault(each.dataset, {}).update(dict.fromkeys(each.properties))
    return [
        {"name": name, "properties": [{"name": known, "inForm": True} for known in properties]}
        for name, properties in named.items()
    ]
