"""The desk: pages for supervisors and officials. Each noun registers its views on the one blueprint."""

from server.web.desk import (
    apart,
    app_users,
    audits,
    built,
    cards,
    drafts,
    forms,
    heads,
    pages,
    passwords,
    people,
    quarantine,
    reference,
    rounds,
    signing_in,
    submissions,
    villages,
)
from server.web.desk.blueprint import blueprint

__all__ = [
    "apart",
    "app_users",
    "audits",
    "blueprint",
    "built",
    "cards",
    "drafts",
    "forms",
    "heads",
    "pages",
    "passwords",
    "people",
    "quarantine",
    "reference",
    "rounds",
    "signing_in",
    "submissions",
    "villages",
]
