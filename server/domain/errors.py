"""What people can do wrong here, and what can be away. Nobody below the web knows HTTP.

DomainError
├── NotSignedIn            nobody we know, or a wrong password
├── Forbidden              known, but not allowed this
│   └── SecondPhone        a key that is pinned to another phone, in a project that refuses a second one
├── NotFound               no such thing, or none that this person may see
│   ├── VersionUnknown     the form exists, this version of it does not
│   ├── OriginalUnknown    an edit of something that is not here
│   └── DraftLinkEnded     a test link of a draft that was published or deleted
├── Invalid                what was sent cannot be used as it is
│   ├── Missing            a parameter that must be there is not
│   ├── Unreadable         the body is not what it says it is
│   ├── Rejected           an XLSForm or XForm that cannot become a form here
│   ├── Warned             an XLSForm with warnings that nobody agreed to ignore
│   └── RowsRefused        a table with rows that cannot be used; nothing of it was written
├── Conflict               it cannot be so beside what is already there
│   ├── Exists             the same key is taken
│   ├── FormClosed         the form takes nothing in at present
│   ├── Outdated           an edit of a version that is no longer the current one
│   ├── Deleted            it was deleted and may not come again this way
│   └── VersionTaken       this version of the form is published already
├── TooMany                tried too often of late
├── TooLarge               past the limit of this server
└── Unavailable            the disk is full or the database is away; what was sent must be sent again
"""


class DomainError(Exception):
    """`code` is a message id of the catalogue `errors`, `params` what its text needs."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.code, self.params)


def _restore(kind: type[DomainError], code: str, params: dict[str, object]) -> DomainError:
    return kind(code, **params)


class NotSignedIn(DomainError):
    """Nobody we know, or a wrong password."""


class Forbidden(DomainError):
    """Known, but not allowed this."""


class SecondPhone(Forbidden):
    """A key that is pinned to another phone, in a project that refuses a second one."""


class NotFound(DomainError):
    """No such thing, or none that this person may see."""


class VersionUnknown(NotFound):
    """The form exists, this version of it does not."""


class OriginalUnknown(NotFound):
    """An edit of something that is not here."""


class DraftLinkEnded(NotFound):
    """A test link of a draft that was published or deleted."""


class Invalid(DomainError):
    """What was sent cannot be used as it is."""


class Missing(Invalid):
    """A parameter that must be there is not."""


class Unreadable(Invalid):
    """The body is not what it says it is."""


class Rejected(Invalid):
    """An XLSForm or XForm that cannot become a form here."""


class Warned(Invalid):
    """A form with warnings that nobody agreed to ignore. Params: `said`, pyxform's own sentences; `problems`, those of
    lint; `flow`, what would become of what was sent."""


class RowsRefused(Invalid):
    """A table with rows that cannot be used; nothing of it was written. Params: `problems` (forms.errors.Problem, by
    row), `count`."""


class Conflict(DomainError):
    """It cannot be so beside what is already there."""


class Exists(Conflict):
    """The same key is taken. Params: `fields`, `values`."""


class FormClosed(Conflict):
    """The form takes nothing in at present."""


class Outdated(Conflict):
    """An edit of a version that is no longer the current one."""


class Deleted(Conflict):
    """It was deleted and may not come again this way."""


class VersionTaken(Conflict):
    """This version of the form is published already."""


class TooMany(DomainError):
    """Tried too often of late. Params: `seconds` until it may be tried again."""


class TooLarge(DomainError):
    """Past the limit of this server."""


class Unavailable(DomainError):
    """The disk is full or the database is away; what was sent must be sent again."""
