import pytest

from portway.application.language.credential_fields import credential_fields
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import AuthType, Integration
from tests.unit.application.rows import an_integration


def written(integration: Integration) -> str:
    """The members, with `?` for one that may be absent, and in parentheses what is not hidden."""
    fields = credential_fields(integration)
    assert all(field.title for field in fields)
    return " ".join(
        (field.name if field.secret else f"({field.name})") + ("" if field.required else "?")
        for field in fields
    )


@pytest.mark.parametrize(
    ("auth_type", "members"),
    [
        (AuthType.NONE, ""),
        (AuthType.BEARER, "token"),
        (AuthType.API_KEY, "api_key"),
        (AuthType.BASIC, "(username) password"),
        (AuthType.OAUTH2, "access_token refresh_token? (expires_in)?"),
        (AuthType.OAUTH2_CLIENT_CREDENTIALS, "(client_id)? client_secret?"),
        (AuthType.OAUTH1, "(consumer_key) consumer_secret token token_secret"),
        (AuthType.JWT_BEARER, "(client_email) private_key (private_key_id)? (subject)?"),
        (AuthType.AWS_SIGV4, "(access_key_id) secret_access_key session_token?"),
    ],
)
def test_what_each_kind_consists_of(auth_type: AuthType, members: str) -> None:
    assert written(an_integration(auth_type=auth_type)) == members


def test_a_custom_kind_says_so_itself() -> None:
    with pytest.raises(InvalidIntegrationConfig, match=r"'acme': auth_config\.credential_fields"):
        credential_fields(an_integration(auth_type=AuthType.CUSTOM))


@pytest.mark.parametrize("auth_type", AuthType)
def test_the_rows_own_members_go_before_all(auth_type: AuthType) -> None:
    own = ["username", "shop_code", {"name": "pin", "title": "Secret number", "required": False}]
    integration = an_integration(
        auth_type=auth_type, credential_fields=[*own, {"name": "sid", "secret": False}]
    )
    assert written(integration) == "(username) shop_code pin? (sid)"
    assert [field.title for field in credential_fields(integration)] == [
        "User name",
        "Shop code",
        "Secret number",
        "Sid",
    ]
