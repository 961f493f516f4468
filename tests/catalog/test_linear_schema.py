"""Linear's actions agree with Linear's GraphQL schema: documents, variables, and where they find the answer."""

import json
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_list_type,
    parse,
    validate,
    validate_schema,
)
from graphql.execution.values import get_variable_values
from graphql.type import GraphQLNonNull

from portway.application.language.documents import read_action_config
from portway.application.language.transform_config import GraphqlBody, TransformConfig
from portway.application.ports.http import UpstreamResponse
from portway.application.requests.request_builder import build_request
from portway.application.responses.pagination import Page, read_page
from portway.application.responses.response_mapping import read_response
from portway.application.verification import verification_action
from portway.catalog.definitions import ActionDefinition
from portway.catalog.handlers import handlers
from portway.catalog.validation import example_request
from portway.domain.json_value import JsonValue
from tests.catalog.linear_schema import linear_schema
from tests.catalog.specifications import definition

DEFINITION = definition("linear")
INTEGRATION = DEFINITION.integration(UUID(int=1))
SCHEMA = linear_schema()
LISTS = {"list-issues", "search-issues", "list-teams", "list-projects", "list-users"}

each_action = pytest.mark.parametrize("action", DEFINITION.actions, ids=lambda action: action.slug)


def test_the_schema_is_whole() -> None:
    assert validate_schema(SCHEMA) == []
    assert str(SCHEMA.type_map["IssueConnection"].fields["nodes"].type) == "[Issue!]!"  # type: ignore[attr-defined]


@each_action
def test_the_document_is_valid(action: ActionDefinition) -> None:
    assert validate(SCHEMA, parse(query_of(action))) == []


@each_action
async def test_the_variables_have_the_right_types(action: ActionDefinition) -> None:
    for example in action.examples:
        request = await example_request(DEFINITION, action, example, handlers())
        assert (request.method, request.url) == ("POST", "https://api.linear.app/graphql")
        assert isinstance(request.body, bytes)
        sent = json.loads(request.body)
        assert sent["query"] == query_of(action)
        assert variable_faults(action, sent["variables"]) == []


def test_a_variable_of_another_name_or_type_is_found_out() -> None:
    action = next(action for action in DEFINITION.actions if action.slug == "create-issue")
    assert len(variable_faults(action, {"input": {"teamID": "1"}})) == 2
    assert len(variable_faults(action, {"input": {"teamId": "1", "labelIds": "2", "priority": "high"}})) == 1
    assert variable_faults(action, {"input": {"teamId": "1"}, "first": 2}) == ["`first` is unknown"]


@each_action
def test_the_answer_is_found(action: ActionDefinition) -> None:
    config = config_of(action)
    body: JsonValue = {"data": sample(operation_of(action))}
    response = UpstreamResponse(200, {"content-type": "application/json"}, json.dumps(body).encode())
    data = read_response(response, config)
    assert isinstance(data, dict)
    assert (action.slug in LISTS) == (config.pagination is not None)
    if config.pagination is not None:
        page = read_page(config.pagination, response, body, parameters={}, url="")
        nodes = data["nodes"]
        assert isinstance(nodes, list)
        assert page == Page(nodes, next_parameters={"after": "String"})


def test_the_verification_is_a_valid_query() -> None:
    verification = verification_action(INTEGRATION)
    assert verification is not None
    request = build_request(INTEGRATION, verification, {}, {})
    assert isinstance(request.body, bytes)
    assert validate(SCHEMA, parse(json.loads(request.body)["query"])) == []


def variable_faults(action: ActionDefinition, variables: dict[str, Any]) -> list[str]:
    definitions = operation_of(action).variable_definitions or ()
    unknown = variables.keys() - {definition.variable.name.value for definition in definitions}
    # Errors in the place of values tell what is wrong.
    values = get_variable_values(SCHEMA, definitions, variables)
    wrong = [error.message for error in values] if isinstance(values, list) else []
    return [*(f"`{name}` is unknown" for name in sorted(unknown)), *wrong]


def config_of(action: ActionDefinition) -> TransformConfig:
    return read_action_config(INTEGRATION, action.action(UUID(int=2), INTEGRATION.id))


def query_of(action: ActionDefinition) -> str:
    body = config_of(action).body
    assert isinstance(body, GraphqlBody)
    return body.query


def operation_of(action: ActionDefinition) -> OperationDefinitionNode:
    (operation,) = parse(query_of(action)).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return operation


def sample(operation: OperationDefinitionNode) -> dict[str, Any]:
    """An answer to the operation, with one item in each list and the type's name for each scalar."""
    root = SCHEMA.get_root_type(operation.operation)
    assert root is not None
    return _selected(root, operation.selection_set)


def _selected(parent: GraphQLObjectType, selections: SelectionSetNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in selections.selections:
        assert isinstance(node, FieldNode)
        kind = parent.fields[node.name.value].type
        named = get_named_type(kind)
        value: Any = named.name
        if node.selection_set is not None:
            assert isinstance(named, GraphQLObjectType)
            value = _selected(named, node.selection_set)
        is_list = is_list_type(kind.of_type if isinstance(kind, GraphQLNonNull) else kind)
        found[node.name.value] = [value] if is_list else value
    return found
