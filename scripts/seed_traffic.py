"""What a made-up company connects and executes, for screenshots and for tests with many rows."""

from dataclasses import dataclass

NAMES = [
    "ada.lovelace", "grace.hopper", "alan.turing", "katherine.johnson", "edsger.dijkstra", "barbara.liskov",
    "donald.knuth", "margaret.hamilton", "tim.berners-lee", "radia.perlman", "ken.thompson", "frances.allen",
]  # fmt: skip


@dataclass(frozen=True)
class SeededConnection:
    """A row without a credential. Times are in hours from now; `status` as the column has it."""

    slug: str
    name: str
    account: str
    owner: str
    status: str = "active"
    last_used: float | None = -0.2
    expires: float | None = None
    end_user: str | None = None


CONNECTIONS = (
    SeededConnection("hubspot", "Sales CRM", "Northwind Robotics", "ada", last_used=-0.05, expires=0.4),
    SeededConnection("stripe", "Billing", "acct_1NorthwindEU", "grace", last_used=-0.02),
    SeededConnection("github", "northwind-robotics", "northwind-robotics", "alan", last_used=-0.3),
    SeededConnection("notion", "Handbook", "Northwind wiki", "ada", last_used=-4.0),
    SeededConnection(
        "google-calendar", "Field team calendar", "field@northwind.example", "katherine", last_used=-1.5, expires=0.7
    ),
    SeededConnection(
        "jira", "Support projects", "northwind.atlassian.net", "alan", "reauthorization_required", last_used=-52.0
    ),
    SeededConnection("zendesk", "Help desk", "northwind.zendesk.com", "katherine", "error", last_used=-19.0),
    SeededConnection("salesforce", "Old CRM", "ops@northwind.example", "grace", "expired", -310.0, -96.0),
    SeededConnection("openai", "Summaries", "org-northwind", "ada", last_used=-0.1),
    SeededConnection("airtable", "Parts inventory", "Northwind parts", "grace", last_used=None),
    SeededConnection(
        "hubspot", "Customer 4711", "Fabrikam Ltd", "ada", last_used=-7.0, expires=0.2, end_user="customer-4711"
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Traffic:
    """An action of a connection: its share of all executions, typical duration, failures, and payloads.

    In payloads, `{person}` and `{number}` stand for what changes from one execution to the next.
    """

    connection: str
    slug: str
    action: str
    share: float
    base_ms: float
    failure_rate: float
    request: str
    response: str


TRAFFIC = (
    Traffic(
        "Ada's mail", "gmail", "send-email", 14, 310, 0.012,
        '{"to": ["{person}@contoso.example"], "subject": "Your order #{number}", "text": "It left our warehouse."}',
        '{"id": "18f{number}c2", "threadId": "18f{number}c2", "labelIds": ["SENT"]}',
    ),
    Traffic(
        "Ada's mail", "gmail", "list-messages", 9, 140, 0.006, '{"q": "from:{person} is:unread", "maxResults": 25}',
        '{"messages": [{"id": "18f{number}a1"}, {"id": "18f{number}a2"}], "resultSizeEstimate": 2}',
    ),
    Traffic(
        "Northwind Slack", "slack", "send-message", 21, 120, 0.015,
        '{"channel": "#orders", "text": "Order #{number} of {person} is paid"}',
        '{"ok": true, "channel": "C02ORDERS", "ts": "17622{number}.000200"}',
    ),
    Traffic(
        "Sales CRM", "hubspot", "search-contacts", 13, 210, 0.02,
        '{"query": "{person}", "limit": 10}',
        '{"total": 1, "results": [{"id": "{number}", "properties": {"email": "{person}@contoso.example"}}]}',
    ),
    Traffic(
        "Sales CRM", "hubspot", "create-deal", 5, 260, 0.035,
        '{"properties": {"dealname": "Robot arm, {person}", "amount": "{number}", "dealstage": "qualifiedtobuy"}}',
        '{"id": "{number}", "properties": {"dealstage": "qualifiedtobuy"}}',
    ),
    Traffic(
        "Billing", "stripe", "create-payment-intent", 12, 430, 0.028,
        '{"amount": {number}, "currency": "eur", "description": "Order #{number}"}',
        '{"id": "pi_3Q{number}", "amount": {number}, "currency": "eur", "status": "requires_confirmation"}',
    ),
    Traffic(
        "Billing", "stripe", "list-charges", 6, 190, 0.008, '{"limit": 20}',
        '{"data": [{"id": "ch_3Q{number}", "amount": {number}, "paid": true}], "has_more": true}',
    ),
    Traffic(
        "northwind-robotics", "github", "create-issue", 4, 350, 0.02,
        '{"owner": "northwind-robotics", "repo": "arm", "title": "Joint {number} reports a stall"}',
        '{"number": {number}, "state": "open", "user": {"login": "{person}"}}',
    ),
    Traffic(
        "Handbook", "notion", "search", 5, 520, 0.011, '{"query": "{person}", "page_size": 10}',
        '{"object": "list", "results": [], "has_more": false}',
    ),
    Traffic(
        "Field team calendar", "google-calendar", "list-events", 6, 160, 0.01,
        '{"calendarId": "primary", "maxResults": 50}',
        '{"items": [{"id": "evt{number}", "summary": "Installation at {person}"}]}',
    ),
    Traffic(
        "Summaries", "openai", "create-response", 5, 2600, 0.045,
        '{"model": "gpt-5-mini", "input": "Summarise ticket {number} of {person}"}',
        '{"id": "resp_{number}", "status": "completed", "output_text": "The arm stalls when it is cold."}',
    ),
)  # fmt: skip
