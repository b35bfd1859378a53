"""Bodies of sessions, users, app users and roles."""

from __future__ import annotations

from marshmallow import Schema, fields

from server.web.api.schemas.fields import Body, Moment


class Credentials(Body):
    """What signing in takes."""

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

    email = fields.String(required=True)
    password = fields.String(allow_none=True, load_default=None)
    display_name = fields.String(allow_none=True, load_default=None, data_key="displayName")


class UserBody(Schema):
    """A person who signs in."""

    id = fields.Integer()
    type = fields.Constant("user")
    name = fields.String(data_key="displayName")
    email = fields.String()
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt")
    deleted_at = fields.Constant(None, data_key="deletedAt")


class CurrentUser(Schema):
    """Who asks. `verbs`: what he or she may do on the whole site."""

    id = fields.Integer()
    type = fields.String()
    name = fields.String(data_key="displayName")
    email = fields.String(allow_none=True)
    locale = fields.String()
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt")
    deleted_at = fields.Constant(None, data_key="deletedAt")
    verbs = fields.List(fields.String())


class NewAppUserBody(Body):
    """A phone's key holder to be."""

    display_name = fields.String(required=True, data_key="displayName")


class AppUserBody(Schema):
    """A phone's key holder."""

    project_id = fields.Integer(data_key="projectId")
    id = fields.Integer()
    type = fields.Constant("field_key")
    name = fields.String(data_key="displayName")
    token = fields.String(allow_none=True)
    created_at = Moment(data_key="createdAt")
    updated_at = Moment(data_key="updatedAt")
    deleted_at = fields.Constant(None, data_key="deletedAt")


class RoleBody(Schema):
    """A role and what it may do."""

    id = fields.Integer()
    system = fields.String()
    name = fields.Function(lambda role: role.system)
    verbs = fields.Function(lambda role: sorted(role.verbs))
