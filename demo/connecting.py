"""Steps: an account, and connections to four services."""

from demo.api import check
from demo.rows import redirect, redirections
from demo.tour import ADA, Tour


def point_at_standins(tour: Tour) -> None:
    """Only where the services are changes; how they are used stays as shipped."""
    changes = redirections(tour.standins.addresses)
    tour.admin_url = tour.gateway.admin_url()
    tour.say.text("As the database's owner (`portway db url --admin`), for each of the four integrations:")
    tour.say.sql("""
        UPDATE integrations SET base_url = …,
            auth_config = auth_config || '{"authorization_url": …, "token_url": …, …}' WHERE slug = …
    """)
    tour.say.table([(change.slug, change.base_url) for change in changes])
    found = redirect(tour.admin_url, changes)
    check(found == len(changes), f"{found} of the {len(changes)} shipped integrations were there")
    tour.say.proved("Their actions, parameters, scopes and handlers are the shipped ones.")


def sign_up(tour: Tour) -> None:
    """The first account, with its organization and workspace."""
    account = {"email": ADA, "password": tour.password, "name": "Ada Lovelace"}
    made = tour.call(
        "POST",
        "/api/v2/auth/sign-up",
        account,
        expect=201,
        shown=("access_token", "organization_id", "workspace_id"),
    ).body
    tour.say.hide(made["access_token"], made["refresh_token"])
    tour.api.bearer = made["access_token"]
    tour.workspace_id = made["workspace_id"]
    workspace = tour.call("GET", f"/api/v2/workspaces/{tour.workspace_id}", shown=("name", "role")).body
    check(workspace["role"] == "owner", f"the role in the workspace is {workspace['role']}")
    tour.say.proved("An account with an organization and a workspace.")


def connect_gmail(tour: Tour) -> None:
    """OAuth 2 with PKCE and a state, by a browser that keeps cookies and fills in the pages it is shown."""
    connection = tour.connect("gmail", "Ada's mail", ADA)
    tour.say.answer("the connection", {name: connection[name] for name in ("id", "status", "scopes")})
    granted = [event for event in tour.standins.events() if event["type"] == "grant.success"]
    check(granted[-1]["account"] == ADA, "the authorization server granted nothing to Ada")
    tour.say.proved(
        "The code was exchanged with PKCE, and the tokens are encrypted in the database; no answer ever has one."
    )


def connect_drive_and_sheets(tour: Tour) -> None:
    """The same for two more of Google's services."""
    for slug, name in (("google-drive", "Ada's files"), ("google-sheets", "Ada's tables")):
        tour.connect(slug, name, ADA)
    tour.say.proved("Two connections, each with no more than its own scopes.")


def connect_slack(tour: Tour) -> None:
    """Slack's own OAuth: scopes with commas, Basic authentication at the token endpoint, answers with `ok`."""
    tour.connect("slack", "Our Slack")
    tour.say.proved("Another provider's quirks are members of its row.")
