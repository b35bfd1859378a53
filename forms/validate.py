"""(definition, instance, context) → findings.

=================  =================================================  ==================================================
node is            and                                                finding (severity)
=================  =================================================  ==================================================
irrelevant         holds an answer                                    relevance (warning)
irrelevant         is empty                                           none
not sent           relevant, not in meta                              missing-node (warning)
not sent           relevant, asked for and required                   required (warning), besides
sent twice         no repeat                                          duplicate (warning): the first one counts
of no field        —                                                  unknown-node (info)
empty or blank     asked for and required                             required (error)
empty or blank     else                                               none: constraint and type are not looked at
filled             cannot be read as its type                         type (error; warning when nothing asks for it)
filled             not in the choice list as it stands                choice (error)
filled             outside the ends of a range question               range (error)
filled             asked for, constraint does not hold                constraint (error)
filled             calculated, and made anew it says otherwise        calculation (info); never anything else
=================  =================================================  ==================================================

"Asked for" means that the body has a control for it: JavaRosa and ODK Web Forms look at required and constraint of no
other node. A table that is not at hand gives no finding. Sources: JavaRosa 5.1 and ODK Web Forms 0.22 as measured.
"""

from __future__ import annotations

from forms.definition import FormDefinition
from forms.errors import Finding, Severity
from forms.evaluate import Evaluation, JudgeContext
from forms.instance import Instance
from forms.plan import NodePlan
from forms.xpath.values import Node

__all__ = ["JudgeContext", "judge"]


def judge(definition: FormDefinition, instance: Instance, context: JudgeContext) -> tuple[Finding, ...]:
    """What the form's rules say of a submission: see the table above. Raises nothing.

    Writes relevance and data types into the instance's nodes; their texts stay as sent.
    """
    root = instance.root
    plan = definition.plan.root
    if instance.encrypted:
        return (Finding("unreadable", f"/{root.name}", "info"),)
    if root.name != plan.name:
        params = {"root": root.name, "expected": plan.name}
        return (Finding("unreadable", f"/{root.name}", "error", None, {}, params),)
    evaluation = Evaluation(definition, root, context)
    evaluation.gather(root, plan)
    evaluation.settle()
    findings: list[Finding] = []
    _Judge(evaluation, findings).walk(root, plan)
    if evaluation.changed:
        evaluation.restore()
        findings.extend(
            Finding("calculation", node.path(), "info", sent, {}, {"calculated": made})
            for node, sent, made in evaluation.changed
        )
    return tuple(findings)


class _Judge:
    """The second walk: what is settled is held against the rules."""

    __slots__ = ("evaluation", "findings")

    def __init__(self, evaluation: Evaluation, findings: list[Finding]) -> None:
        self.evaluation = evaluation
        self.findings = findings
        for ghost, plan in evaluation.ghosts:
            if ghost.relevant and (ghost.parent is None or ghost.parent.relevant) and not plan.within_meta:
                self._missing(ghost, plan)
        for node in evaluation.unknown:
            if node.relevant:
                findings.append(Finding("unknown-node", node.path(), "info", node.text or None))

    def walk(self, node: Node, plan: NodePlan) -> None:
        """Judge all below a node."""
        ignored = self.evaluation.ignored
        plans = plan.children
        for child in node.children:
            below = plans.get(child.name)
            if below is None:
                continue
            if not child.relevant:
                if id(child) in ignored:
                    self.findings.append(Finding("duplicate", child.path(), "warning", child.text or None))
                else:
                    self._hidden(child, below)
            elif below.children:
                self.walk(child, below)
            elif not below.idle:
                text = child.text
                if text and not text.isspace():
                    self._filled(child, below, text)
                elif below.required:
                    self._empty(child, below, "error")

    def _missing(self, ghost: Node, plan: NodePlan) -> None:
        if plan.field.name == "meta":
            return
        self.findings.append(Finding("missing-node", ghost.path(), "warning"))
        if plan.required:
            self._empty(ghost, plan, "warning")

    def _hidden(self, node: Node, plan: NodePlan) -> None:
        if plan.children:
            for child in node.children:
                below = plan.children.get(child.name)
                if below is not None:
                    self._hidden(child, below)
        elif node.text and not node.text.isspace() and not plan.calculated:
            self.findings.append(Finding("relevance", node.path(), "warning", node.text))

    def _empty(self, node: Node, plan: NodePlan, severity: Severity) -> None:
        required = plan.required
        if required is None or (not isinstance(required, bool) and not required.boolean(self.evaluation.at(node))):
            return
        message = self.evaluation.render(plan.field.bind.required_message, node)
        self.findings.append(Finding("required", node.path(), severity, node.text or None, message))

    def _filled(self, node: Node, plan: NodePlan, text: str) -> None:
        check = plan.check
        if check is not None and not check(text):
            if not plan.calculated:
                severity: Severity = "error" if plan.field.control is not None else "warning"
                self._add("type", node, severity, {"type": plan.type})
            return
        names = plan.names
        if names is not None:
            if text not in names if not plan.many else not names.issuperset(text.split()):
                wrong = " ".join(name for name in text.split() if name not in names) if plan.many else text
                self._add("choice", node, "error", {"names": wrong})
                return
        elif plan.itemset is not None and not self.evaluation.allows(node, plan, text.split() if plan.many else [text]):
            self._add("choice", node, "error", {"names": text})
            return
        ends = plan.field.range
        if ends is not None and not self._within(text, ends.start, ends.end):
            self._add("range", node, "error", {"start": ends.start, "end": ends.end})
            return
        constraint = plan.constraint
        if constraint is not None and not constraint.boolean(self.evaluation.at(node)):
            message = self.evaluation.render(plan.field.bind.constraint_message, node)
            self.findings.append(Finding("constraint", node.path(), "error", text, message))

    @staticmethod
    def _within(text: str, start: float, end: float) -> bool:
        try:
            return min(start, end) <= float(text) <= max(start, end)
        except ValueError:
            return False

    def _add(self, kind: str, node: Node, severity: Severity, params: dict[str, object]) -> None:
        self.findings.append(Finding(kind, node.path(), severity, node.text, {}, params))
