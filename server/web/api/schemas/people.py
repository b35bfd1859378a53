"""Bodies of sessions, users, app users, roles and assignments."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import INCLUDE, Schema, fields, pre_load

from server.web.api.schemas.fields import Body, Moment


class _NothingIsMissing(Body):
    """Null and an empty text count as left out."""

    @pre_load
    def drop_nothing(self, data: Any, **_options: Any) -> Any:
        """Leaves them out."""
        return {key: each for key, each in data.items() if each not in (None, "")} if isinstance(data, dict) else data


class Credentials(_NothingIsMissing):
    """What signing in takes."""

    example: ClassVar[Any] = {"email": "lan@example.vn", "password": "một mật khẩu thật dài"}

    email = fields.String(required=True)
    password = fields.String(required=True)


class NewSession(Schema):
    """A web session that has begun."""

    token = fields.String()
    csrf = fields.String()
    created_at = Moment(data_key="createdAt")
    expires_at = Moment(data_key="expiresAt")


class LiveSession(Schema):
    """A web session that holds."""

    created_at = Moment(data_key="createdAt")
    expires_at = Moment(data_key="expiresAt")


class NewUserBody(Body):
    """A person to be."""

    example: ClassVar[Any] = {"email": "lan@example.vn", "displayName": "Đỗ Thị Lan"}

    email = fields.String(required=True)
    password = fields.String(allow_none=True, load_default=None)
    display_name = fields.String(allow_none=True, load_default=None, data_key="displayName")


class UserChangeBody(Body):
    """What shall be different in a person."""

    example: ClassVar[Any] = {"displayName": "Đỗ Thị Lan"}

    email = fields.String()
    display_name = fields.String(data_key="displayName")


class PasswordBody(_NothingIsMissing):
    """Another password, and the one before."""

    example: ClassVar[Any] = {"old": "một mật khẩu thật dài", "new": "mật khẩu mới tinh"}

    old = fields.String(required=True)
    new = fields.String(required=True)


class NewPasswordBody(_NothingIsMissing):
    """A password where the old one is forgotten."""

    example: ClassVar[Any] = {"new": "mật khẩu mới tinh"}

    new = fields.String(required=True)


class ResetBody(Body):
    """Whose password is forgotten."""

    example: ClassVar[Any] = {"email": "lan@example.vn"}

    email = fields.String(allow_none=True, load_default=None)


class LinkBody(Schema):
    """A link to set a password."""

    url = fields.String()
    expiresAt = fields.String()  # noqa: N815 - the wire's own name


class PreferenceBody(Schema):
    """What somebody set in a client: any JSON."""

    example: ClassVar[Any] = {"propertyValue": [1, 2]}

    class Meta:
        """Settings of marshmallow."""

        unknown = INCLUDE

    propertyValue = fields.Raw(allow_none=True)  # noqa: N815 - the wire's own name


class UserBody(Schema):
    """A person who signs in."""

    id = fields.Integer()
    type = fields.Constant("user")
    name = fields.String(data_key="displayName")
    email = fields.String()
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt", allow_none=True)
    deleted_at = Moment(data_key="deletedAt", allow_none=True)


class CurrentUser(Schema):
    """Who asks. `verbs`: what he or she may do on the whole site; `preferences`: {site, projects}. Both when asked."""

    optional = frozenset({"verbs", "preferences"})

    id = fields.Integer()
    type = fields.Constant("user")
    name = fields.String(data_key="displayName")
    email = fields.String()
    locale = fields.String()
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt", allow_none=True)
    deleted_at = fields.Constant(None, data_key="deletedAt")
    verbs = fields.List(fields.String())
    preferences = fields.Dict()


class NewAppUserBody(Body):
    """A phone's key holder to be."""

    example: ClassVar[Any] = {"displayName": "Trưởng thôn Ngàn Chi"}

    display_name = fields.String(required=True, data_key="displayName")


class AppUserBody(Schema):
    """A phone's key holder."""

    project_id = fields.Integer(data_key="projectId")
    id = fields.Integer()
    type = fields.Constant("field_key")
    name = fields.String(data_key="displayName")
    token = fields.String(allow_none=True)
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt", allow_none=True)
    deleted_at = fields.Constant(None, data_key="deletedAt")


ROLE_NAMES = {
    "admin": "Administrator",
    "app-user": "App User",
    "pwreset": "Password Reset Token",
    "manager": "Project Manager",
    "viewer": "Project Viewer",
    "formview": "Form Viewer",
    "formfill": "Data Collector",
    "pub-link": "Public Link",
    "commune_supervisor": "Commune Supervisor",
    "district_reviewer": "District Reviewer",
    "province_reviewer": "Province Reviewer",
    "village_head": "Village Head",
    "programme_admin": "Programme Administrator",
    "analyst": "Analyst",
    "auditor": "Auditor",
    "trainer": "Trainer",
}
"""As clients of ODK Central show them."""


class RoleBody(Schema):
    """A role and what it may do."""

    id = fields.Integer()
    system = fields.String()
    name = fields.Function(lambda role: ROLE_NAMES[role.system], metadata={"type": "string"})
    verbs = fields.Function(lambda role: sorted(role.verbs), metadata={"type": "array", "items": {"type": "string"}})
    created_at = fields.Constant(None, data_key="createdAt")
    updated_at = fields.Constant(None, data_key="updatedAt")


class ActorBody(Schema):
    """Somebody who acts: a person or a phone's key holder."""

    id = fields.Integer()
    kind = fields.String(data_key="type")
    name = fields.String(data_key="displayName")
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt", allow_none=True)
    deleted_at = Moment(data_key="deletedAt", allow_none=True)


class AssignmentBody(Schema):
    """A role that somebody has. `actor`: when asked for more; `xmlFormId`: in lists of forms; the area and the dates
    (ours) only where the role is so limited."""

    optional = frozenset({"xmlFormId", "areaId", "validFrom", "validTo", "actor"})

    actorId = fields.Integer()  # noqa: N815 - the wire's own names
    roleId = fields.Integer()  # noqa: N815
    xmlFormId = fields.String()  # noqa: N815
    areaId = fields.String()  # noqa: N815
    validFrom = fields.Date()  # noqa: N815
    validTo = fields.Date()  # noqa: N815
    actor = fields.Nested(ActorBody)
