"""What Portway writes to people."""

from urllib.parse import quote

from portway.application.ports.mail import Mail

SET_UP_PATH = "/set-up"
INVITATION_PATH = "/invitation"
VERIFY_EMAIL_PATH = "/verify-email"
RESET_PASSWORD_PATH = "/reset-password"  # noqa: S105 - a path


def link(public_url: str, path: str, token: str) -> str:
    """The address of the page on which the token is redeemed. Browsers send no server what is behind the `#`."""
    return f"{public_url}{path}#token={quote(token, safe='')}"


def invitation(to: str, url: str, organization: str) -> Mail:
    """To somebody who is invited. The name is the inviter's choice, so it must not look like words of ours."""
    shown = " ".join(organization.split())[:100]
    return Mail(
        to,
        "You are invited to Portway",
        f"You are invited to join this organization on Portway:\n\n    {shown}\n\n"
        f"To accept, open this link within seven days:\n\n{url}\n\n"
        "If you do not know who this is from, do nothing.\n",
    )


def verification(to: str, url: str) -> Mail:
    """To somebody who says that this address is theirs."""
    return Mail(
        to,
        "Confirm your address for Portway",
        f"Somebody, most likely you, gave this address to Portway. To confirm it, open this link within three days:"
        f"\n\n{url}\n\nIf it was not you, do nothing.\n",
    )


def password_reset(to: str, url: str) -> Mail:
    """To somebody who forgot their password."""
    return Mail(
        to,
        "Choose a new password for Portway",
        f"Somebody, most likely you, asked to choose a new password. To do so, open this link within the hour:"
        f"\n\n{url}\n\nIf it was not you, do nothing: the password stays as it is.\n",
    )
