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
a repeat           has not as many rows as its count says             repeat-count (warning)
empty or blank     asked for and required                             required (error)
empty or blank     else                                               none: constraint and type are not looked at
filled             cannot be read as its type                         type (error; warning when nothing asks for it)
filled             not in the choice list as it stands                choice (error)
filled             outside the ends of a range question               range (error)
filled             asked for, constraint does not hold                constraint (error)
filled             calculated, and made anew it says otherwise        calculation (info); never anything else
an entity block    that no server could carry out                     entity (error)
=================  =================================================  ==================================================

"Asked for" means that the body has a control for it: JavaRosa and ODK Web Forms look at required and constraint of no
other node. As on a phone, an answer that cannot be read, or that is not among the choices written in the body, is empty
to every expression. A rule that cannot be evaluated, mostly for want of a file, is the finding not-evaluated (warning),
once per rule; a submission that cannot be is not-evaluable (info: encrypted) or unreadable (error: another root).
Sources: JavaRosa 5.1 and ODK Web Forms 0.22 as measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from forms.definition import FormDefinition
from forms.entities import entity_findings
from forms.errors import FAULTS, Finding, Severity
from forms.evaluate import BLANKS, Evaluation, JudgeContext, Unmade, generic_path, reason_of
from forms.instance import Instance, Paths
from forms.plan import NodePlan, files_of
from forms.types import CHECKS
from forms.xpath.compile import Expression
from forms.xpath.values import Node, cut

__all__ = ["JudgeContext", "judge"]


def judge(definition: FormDefinition, instance: Instance, context: JudgeContext) -> tuple[Finding, ...]:
    """What the form's rules say of a submission: see the table above. Raises nothing.

    Writes relevance and data types into the instance's nodes; their texts stay as sent.
    """
    root = instance.root
    plan = definition.plan.root
    if instance.encrypted:
        return (Finding("not-evaluable", f"/{root.name}", "info"),)
    if root.name != plan.name:
        params = {"root": root.name, "expected": plan.name}
        return (Finding("unreadable", f"/{root.name}", "error", None, {}, params),)
    evaluation = Evaluation(definition, root, context)
    evaluation.gather(root, plan)
    evaluation.settle()
    findings: list[Finding] = []
    paths = Paths()
    _Judge(evaluation, findings, paths).walk(root, plan)
    if definition.entities:
        findings.extend(entity_findings(definition, instance, paths))
    evaluation.restore()
    for node, sent, made in evaluation.changed:
        if sent == made.strip(BLANKS):
            continue
        kind = definition.fields[generic_path(node)].type
        check = CHECKS.get(kind)
        if sent and check is not None and not check(sent):
            findings.append(Finding("type", paths.of(node), "warning", sent, {}, {"type": kind}))
        findings.append(Finding("calculation", paths.of(node), "info", sent, {}, {"calculated": made}))
    findings.extend(_unmade(evaluation, paths))
    evaluation.release()
    return tuple(findings)


def _unmade(evaluation: Evaluation, paths: Paths) -> Iterator[Finding]:
    """Each rule that could not be evaluated, once, at the first node where it was wanted."""
    told = {(each.rule, each.source, generic_path(each.node)): each for each in reversed(evaluation.unmade)}
    for each in reversed(told.values()):
        params = {"rule": each.rule, "expression": each.source, "reason": each.reason}
        yield Finding("not-evaluated", paths.of(each.node), "warning", None, {}, params)


class _Judge:
    """The second walk: what is settled is held against the rules."""

    __slots__ = ("evaluation", "findings", "path")

    def __init__(self, evaluation: Evaluation, findings: list[Finding], paths: Paths) -> None:
        self.evaluation = evaluation
        self.findings = findings
        self.path = paths.of
        for ghost, plan, below in evaluation.ghosts:
            if ghost.relevant and (ghost.parent is None or ghost.parent.relevant) and not plan.within_meta:
                try:
                    self._missing(ghost, plan, below)
                except FAULTS as fault:
                    self._left(ghost, plan, reason_of(fault))
        strange = {(id(node.parent), node.name): node for node in reversed(evaluation.unknown) if node.relevant}
        for node in reversed(strange.values()):
            findings.append(Finding("unknown-node", self.path(node), "info", node.text or None))

    def walk(self, node: Node, plan: NodePlan) -> None:
        """Judge all below a node."""
        evaluation = self.evaluation
        ignored, lost = evaluation.ignored, evaluation.lost
        plans = plan.children
        for child in node.children:
            below = plans.get(child.name)
            if below is None:
                continue
            if not child.relevant:
                if id(child) in ignored:
                    self.findings.append(Finding("duplicate", self.path(child), "warning", child.text or None))
                else:
                    self._hidden(child, below)
            elif below.children:
                self.walk(child, below)
            elif not below.idle:
                text = lost.get(id(child)) or child.text
                if not text and not below.required:
                    continue
                if evaluation.lacking and not evaluation.lacking.isdisjoint(below.reads):
                    self._without(child, below, text)
                    continue
                try:
                    self._leaf(child, below, text)
                except FAULTS as fault:
                    self._left(child, below, reason_of(fault))
        for repeat in plan.counted:
            try:
                self._counted(node, repeat)
            except FAULTS as fault:
                ghost = Node(repeat.name, parent=node)
                count = repeat.field.count
                evaluation.unmade.append(Unmade(ghost, "repeat_count", count.source if count else "", reason_of(fault)))

    def _leaf(self, node: Node, plan: NodePlan, text: str) -> None:
        if not text:
            self._empty(node, plan, "error")
        elif plan.check is not None and not plan.check(text):
            self._unreadable(node, plan, text)
        elif (not plan.chooses or self._listed(node, plan, text)) and plan.bounded:
            self._constrained(node, plan, text)

    # -- what cannot be evaluated -----------------------------------------------------------------------------------

    def _without(self, node: Node, plan: NodePlan, text: str) -> None:
        """Hold an answer against those rules that read no file that is lacking."""
        itemset, search = plan.itemset, plan.field.search
        if not text:
            if not self._lacks(node, "required", plan.field.bind.required):
                self._empty(node, plan, "error")
            return
        if plan.check is not None and not plan.check(text):
            self._unreadable(node, plan, text)
            return
        if search is not None and search.file_name in self.evaluation.lacking:
            self.evaluation.unmade.append(Unmade(node, "choice_filter", search.source, search.file_name))
        else:
            lacks = self._lacks(node, "choice_filter", itemset.nodeset if itemset is not None else None)
            if not lacks and not self._listed(node, plan, text):
                return
        if not self._lacks(node, "constraint", plan.constraint):
            self._constrained(node, plan, text)

    def _lacks(self, node: Node, rule: str, expression: Expression | None) -> bool:
        """Whether a rule reads a file that is not at hand, which is then noted."""
        evaluation = self.evaluation
        if expression is None:
            return False
        gone = evaluation.lacking & files_of(expression, evaluation.definition.plan.external)
        if gone:
            evaluation.unmade.append(Unmade(node, rule, expression.source, min(gone)))
        return bool(gone)

    def _left(self, node: Node, plan: NodePlan, reason: str) -> None:
        bind = plan.field.bind
        rules = (("required", bind.required), ("constraint", bind.constraint))
        itemset = plan.itemset.nodeset if plan.itemset else None
        rule, expression = next((each for each in rules if each[1] is not None), ("choice_filter", itemset))
        source = expression.source if expression is not None else ""
        self.evaluation.unmade.append(Unmade(node, rule, source, reason))

    # -- nodes ------------------------------------------------------------------------------------------------------

    def _counted(self, parent: Node, plan: NodePlan) -> None:
        count, relevant = plan.field.count, plan.field.bind.relevant
        evaluation = self.evaluation
        rows = [row for row in parent.named(plan.name) if row.relevant]
        place = evaluation.at(rows[0] if rows else Node(plan.name, parent=parent))
        if count is None or (not rows and (parent.named(plan.name) or (relevant and not relevant.boolean(place)))):
            return
        if self._lacks(place.node, "repeat_count", count):
            return
        wanted = count.number(place)
        if wanted == wanted and max(0, cut(wanted)) != len(rows):
            path = f"{self.path(parent)}/{plan.name}"
            params = {"expected": max(0, cut(wanted)), "rows": len(rows)}
            self.findings.append(Finding("repeat-count", path, "warning", str(len(rows)), {}, params))

    def _missing(self, ghost: Node, plan: NodePlan, below: bool) -> None:
        if plan.field.name == "meta":
            return
        if not below:
            self.findings.append(Finding("missing-node", self.path(ghost), "warning"))
        if plan.required and self.evaluation.lacking.isdisjoint(plan.reads):
            self._empty(ghost, plan, "warning")

    def _hidden(self, node: Node, plan: NodePlan) -> None:
        if plan.children:
            for child in node.children:
                below = plan.children.get(child.name)
                if below is not None:
                    self._hidden(child, below)
            return
        text = self.evaluation.lost.get(id(node)) or node.text
        if text and not plan.calculated:
            self.findings.append(Finding("relevance", self.path(node), "warning", text, {}, self._why(plan)))

    @staticmethod
    def _why(plan: NodePlan) -> dict[str, object]:
        relevant = plan.field.bind.relevant
        return {"expression": relevant.source.strip()} if relevant is not None else {}

    def _empty(self, node: Node, plan: NodePlan, severity: Severity) -> None:
        required = plan.required
        if required is None or (not isinstance(required, bool) and not required.boolean(self.evaluation.at(node))):
            return
        message = self.evaluation.render(plan.field.bind.required_message, node)
        self.findings.append(Finding("required", self.path(node), severity, node.text or None, message))

    # -- filled -----------------------------------------------------------------------------------------------------

    def _unreadable(self, node: Node, plan: NodePlan, text: str) -> None:
        if not plan.calculated:
            severity: Severity = "error" if plan.field.control is not None else "warning"
            self._add("type", node, text, {"type": plan.type}, severity)

    def _listed(self, node: Node, plan: NodePlan, text: str) -> bool:
        names = plan.names
        if names is not None:
            if text in names if not plan.many else names.issuperset(text.split()):
                return True
            wrong = [name for name in text.split() if name not in names] if plan.many else [text]
            self._unlisted(node, plan, text, wrong)
            return False
        if plan.itemset is None and plan.field.search is None:
            return True
        allows = self.evaluation.allows
        if allows(node, plan, text.split() if plan.many else [text]):
            return True
        wrong = [name for name in text.split() if not allows(node, plan, [name])] if plan.many else [text]
        self._unlisted(node, plan, text, wrong)
        return False

    def _unlisted(self, node: Node, plan: NodePlan, text: str, wrong: list[str]) -> None:
        """From here on the answer is without what its list does not offer."""
        params: dict[str, object] = {"names": " ".join(dict.fromkeys(wrong))}
        if plan.names is None:
            asked = plan.itemset or plan.field.search
            params["expression"] = asked.source.strip() if asked is not None else ""
        self._add("choice", node, text, params)
        self.evaluation.clear(node, " ".join(name for name in text.split() if name not in wrong) if plan.many else "")

    def _constrained(self, node: Node, plan: NodePlan, text: str) -> None:
        ends = plan.field.range
        if ends is not None and not self._within(text, ends.start, ends.end):
            self._add("range", node, text, {"start": ends.start, "end": ends.end})
            return
        constraint = plan.constraint
        if constraint is not None and not constraint.boolean(self.evaluation.at(node)):
            message = self.evaluation.render(plan.field.bind.constraint_message, node)
            params = {"expression": constraint.source.strip()}
            self.findings.append(Finding("constraint", self.path(node), "error", text, message, params))

    @staticmethod
    def _within(text: str, start: float, end: float) -> bool:
        try:
            return min(start, end) <= float(text) <= max(start, end)
        except ValueError:
            return False

    def _add(self, kind: str, node: Node, text: str, params: dict[str, object], severity: Severity = "error") -> None:
        self.findings.append(Finding(kind, self.path(node), severity, text, {}, params))
