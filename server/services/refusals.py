"""The errors behind the refusals of the intake table, as a script over REST meets them."""

from __future__ import annotations

from server.domain.errors import (
    Deleted,
    DomainError,
    Exists,
    Forbidden,
    FormClosed,
    Invalid,
    Missing,
    OriginalUnknown,
    Outdated,
    VersionUnknown,
)
from server.services.judge import Judged
from sync.decide import Decision, Outcome


def refusal(decision: Decision, judged: Judged) -> DomainError:
    """The error for a decision that refuses."""
    params = {"instance": judged.instance_id, "form": judged.form.xml_form_id}
    kinds: dict[Outcome, type[DomainError]] = {
        Outcome.LATE: FormClosed,
        Outcome.DELETED: Deleted,
        Outcome.CONFLICT: Outdated,
        Outcome.FOREIGN: Forbidden,
        Outcome.HELD: OriginalUnknown,
    }
    if decision.outcome is Outcome.VERSION_UNKNOWN:
        return VersionUnknown(decision.message, version=judged.instance.version or "", **params)
    if decision.outcome is Outcome.NO_INSTANCE_ID:
        return Missing(decision.message, field="instanceID", **params)
    if decision.outcome is Outcome.NO_ORIGINAL_NAMED:
        return Invalid(decision.message, field="deprecatedID", **params)
    kind = kinds.get(decision.outcome)
    if kind is not None:
        return kind(decision.message, **params)
    return Exists(decision.message, fields=["instanceId"], values=[judged.instance_id], **params)
