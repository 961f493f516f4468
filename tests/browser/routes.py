"""All pages of the console, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """`path` within a workspace; `{connection}` in it stands for a connection's id. `api` is the route that the page
    cannot do without: its failure is shown, with a way to try again. `is_empty_at_first`: it lists what a newcomer
    does not have yet.
    """

    path: str
    api: str | None = None
    is_empty_at_first: bool = False


PUBLIC = (
    "/sign-in",
    "/sign-up",
    "/set-up#token=none",
    "/invitation#token=none",
    "/verify-email",
    "/reset-password",
    "/reset-password#token=none",
)

PAGES = (
    Page("/home", "/api/v2/usage", is_empty_at_first=True),
    Page("/integrations", "/api/v2/integrations"),
    Page("/integrations/gmail", "/api/v2/integrations/gmail"),
    Page("/integrations/gmail/actions/send-email", "/api/v2/integrations/gmail/actions/send-email"),
    Page("/integrations/new", "/api/v2/organizations"),
    Page("/connections", "/api/v2/connections", is_empty_at_first=True),
    Page("/connections/links", "/api/v2/connect-links", is_empty_at_first=True),
    Page("/connections/{connection}", "/api/v2/connections/{connection}"),
    Page("/playground", "/api/v2/connections", is_empty_at_first=True),
    Page("/logs", "/api/v2/logs", is_empty_at_first=True),
    Page("/usage", "/api/v2/usage", is_empty_at_first=True),
    Page("/api-keys", "/api/v2/api-keys", is_empty_at_first=True),
    Page("/settings/profile", "/api/v2/auth/sessions"),
    Page("/settings/members", "/api/v2/workspaces/{workspace}/members"),
    Page("/settings/invitations", "/api/v2/invitations", is_empty_at_first=True),
    Page("/settings/workspaces"),
    Page("/settings/organization"),
    Page("/settings/organization/members", "/api/v2/organizations/{organization}/members"),
    Page("/settings/oauth-clients", "/api/v2/oauth-clients"),
    Page("/settings/webhooks", "/api/v2/webhooks", is_empty_at_first=True),
)
