"""What a person sees behind a connect link, in each of its states."""

from portway.api.connect_page.fields import Entered, form_fields
from portway.api.connect_page.html import NOTHING, Html, fill, joined
from portway.application.connect_form import ConnectForm
from portway.application.connect_link_service import asked_scopes
from portway.application.language.documents import auth_config
from portway.application.ports.connect_links import OpenedLink
from portway.domain.connect_link import LinkStatus

_DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">{refresh}
<title>{title}</title>
<link rel="stylesheet" href="/connect-page/page.css">
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""
_REFRESH = """
<meta http-equiv="refresh" content="{seconds};url={url}">"""
_PAIR = (
    '<div class="pair" aria-hidden="true"><span class="mark">{one}</span><span class="line"></span>'
    '<span class="mark service">{other}</span></div>'
)
_FORM = """{pair}
<h1>{title}</h1>
<p class="lead">{lead}</p>
{alert}
<form method="post" action="{action}">
{fields}
{scopes}
<button type="submit">{button}</button>
</form>
<p class="note">{note}</p>
{back}"""
_ALERT = '<div class="alert" role="alert"><p>{text}</p>{more}</div>'
_MORE = '<p class="more">{text}</p>'
_SCOPES = """<details>
<summary>What {organization} asks {service} to allow</summary>
<ul>{items}</ul>
</details>"""
_SIGN = '<div class="sign {kind}" aria-hidden="true"></div>'
_STATE = """{sign}
<h1>{title}</h1>
<p class="lead">{text}</p>
{advice}
{way}"""
_WAY = '<p class="way"><a class="button" href="{url}">{text}</a></p>'

_UNUSABLE = {
    LinkStatus.USED: (
        "This link was used already",
        "If it was you who connected {service}, everything is done, and you can close this page.",
    ),
    LinkStatus.EXPIRED: (
        "This link has expired",
        "For your safety, it could be used for a limited time only.",
    ),
    LinkStatus.REVOKED: ("This link was withdrawn", "Whoever sent it to you does not need it any more."),
}
_ASK = Html('<p class="advice">If you need another link, ask whoever sent you this one.</p>')


def form_page(
    link: OpenedLink,
    form: ConnectForm,
    *,
    action: str,
    entered: Entered | None = None,
    alert: Html = NOTHING,
    back: str | None = None,
) -> str:
    """Asks to connect, or to try again. `back` is where somebody goes who would rather not."""
    service, organization = link.integration.name, link.organization_name
    title = (
        f"Reconnect {service} for {organization}"
        if link.reconnect
        else f"Connect {service} to {organization}"
    )
    content = fill(
        _FORM,
        pair=_pair(link),
        title=title,
        lead=_lead(link, form),
        alert=alert,
        action=action,
        fields=form_fields(form, entered or Entered()),
        scopes=_scopes(link) if form.by_redirect else NOTHING,
        button=f"Continue to {service}"
        if form.by_redirect
        else f"{'Reconnect' if link.reconnect else 'Connect'} {service}",
        note=_note(link, form),
        back=fill(
            '<p class="back"><a href="{url}">Back to {organization}</a></p>',
            url=back,
            organization=organization,
        )
        if back
        else NOTHING,
    )
    return _document(title, content)


def going_page(link: OpenedLink, url: str) -> str:
    """On the way to the service. A redirect would be one of a form, which browsers let lead to ourselves alone."""
    service = link.integration.name
    title = f"Taking you to {service} …"
    content = fill(
        _STATE,
        sign=_pair(link),
        title=title,
        text=f"Sign in there, and allow {link.organization_name} to use your account.",
        advice=NOTHING,
        way=fill(_WAY, url=url, text=f"Continue to {service}"),
    )
    return _document(title, content, refresh=fill(_REFRESH, seconds="0", url=url))


def connected_page(link: OpenedLink, return_url: str | None) -> str:
    """Done. `return_url` is the maker's page that waits to be told."""
    service, organization = link.integration.name, link.organization_name
    account = link.connection.account_name if link.connection is not None else None
    title = f"{service} is connected"
    content = fill(
        _STATE,
        sign=fill(_SIGN, kind="done"),
        title=title,
        text=f"{organization} can now use your account{f' {account}' if account else ''}.",
        advice=NOTHING if return_url else Html('<p class="advice">You can close this page.</p>'),
        way=fill(_WAY, url=return_url, text=f"Continue to {organization}") if return_url else NOTHING,
    )
    return _document(
        title, content, refresh=fill(_REFRESH, seconds="2", url=return_url) if return_url else NOTHING
    )


def unusable_page(link: OpenedLink) -> str:
    """For a link that was good once."""
    title, text = _UNUSABLE[link.status]
    return _stopped(title, text.format(service=link.integration.name), _ASK)


def unknown_page() -> str:
    """For an address that is no link's."""
    text = "It may have been cut short on its way to you: try to open it again from where you have it."
    return _stopped("This link leads nowhere", text, _ASK)


def unfinished_page(link: OpenedLink) -> str:
    """For a service that cannot be connected as it is set up; the end user can do nothing about it."""
    service, organization = link.integration.name, link.organization_name
    text = f"{organization} has not finished setting up {service}. Nothing is wrong on your side."
    advice = '<p class="advice">Please tell whoever sent you this link, and try it again later.</p>'
    return _stopped(f"{service} cannot be connected yet", text, Html(advice))


def busy_page() -> str:
    """For when the database does not answer."""
    advice = Html('<p class="advice">Wait a moment, and load this page again.</p>')
    return _stopped("This does not work at the moment", "It is not your fault.", advice)


def alert(text: str, more: str = "") -> Html:
    """What went wrong, in a sentence, and what more there is to say."""
    return fill(_ALERT, text=text, more=fill(_MORE, text=more) if more else NOTHING)


def _stopped(title: str, text: str, advice: Html) -> str:
    return _document(
        title,
        fill(_STATE, sign=fill(_SIGN, kind="stopped"), title=title, text=text, advice=advice, way=NOTHING),
    )


def _document(title: str, content: Html, refresh: Html = NOTHING) -> str:
    return fill(_DOCUMENT, title=title, content=content, refresh=refresh)


def _pair(link: OpenedLink) -> Html:
    return fill(_PAIR, one=_initial(link.organization_name), other=_initial(link.integration.name))


def _initial(name: str) -> str:
    return next((letter for letter in name if letter.isalnum()), "?").upper()


def _lead(link: OpenedLink, form: ConnectForm) -> str:
    service, organization = link.integration.name, link.organization_name
    if link.reconnect:
        account = link.connection.account_name if link.connection is not None else None
        which = f"your {service} account{f' {account}' if account else ''}"
        how = "Sign in there again" if form.by_redirect else "Enter what is good now"
        return f"{organization} has lost its access to {which}. {how}, with the same account."
    asks = f"{organization} asks to use your {service} account."
    return f"{asks} {service} will ask you to sign in and to allow it." if form.by_redirect else asks


def _note(link: OpenedLink, form: ConnectForm) -> str:
    service, organization = link.integration.name, link.organization_name
    if form.by_redirect:
        safety = f"Your password stays between you and {service}."
    else:
        safety = f"What you enter is kept encrypted, and sent to {service} alone."
    return f"{safety} Go on only if you expected this from {organization}."


def _scopes(link: OpenedLink) -> Html:
    scopes = asked_scopes(link)
    if not scopes:
        return NOTHING
    described = auth_config(link.integration).scope_descriptions
    items = joined(
        fill("<li>{words}</li>", words=described[scope])
        if scope in described
        else fill("<li><code>{scope}</code></li>", scope=scope)
        for scope in scopes
    )
    return fill(_SCOPES, organization=link.organization_name, service=link.integration.name, items=items)
