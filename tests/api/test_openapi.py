"""The API document says what the API does: real answers are held to it."""

import re

import pytest
import requests
from api_server import tone
from callscript import transcript_of

from callcov.api import schemas


@pytest.fixture(scope="module")
def document(server):
    response = requests.get(server.base + "/openapi.json", timeout=30)
    assert response.status_code == 200
    return response.json()


DOCUMENTED = {
    ("post", "/api/v1/analysis/"): {"201", "400", "401", "402", "409", "413", "422", "507", "429"},
    ("get", "/api/v1/analysis/"): {"200", "304", "401", "422", "429"},
    ("get", "/api/v1/analysis/{analysis_id}"): {"200", "401", "404", "429"},
    ("delete", "/api/v1/analysis/{analysis_id}"): {"200", "401", "404", "409", "429", "507"},
    ("post", "/api/v1/analysis/{analysis_id}/retry"): {"202", "401", "404", "409", "507", "429"},
    ("post", "/api/v1/analysis/{analysis_id}/roles"): {"200", "401", "404", "409", "413", "422", "507", "429"},
    ("get", "/api/v1/analysis/{analysis_id}/audio"): {"200", "206", "304", "401", "404", "416", "429", "507"},
    ("post", "/api/v1/analysis/{analysis_id}/audio-link"): {"200", "401", "404", "429", "507"},
    ("post", "/api/v1/analysis/{analysis_id}/rejudge"): {"200", "401", "404", "409", "507", "429"},
    ("get", "/api/v1/policy"): {"200", "401", "404", "422", "429"},
    ("put", "/api/v1/policy"): {"200", "401", "413", "422", "507", "429"},
    ("get", "/api/v1/policy/versions"): {"200", "401", "429"},
    ("post", "/api/v1/policy/backtest"): {"200", "401", "413", "422", "429"},
    ("post", "/api/v1/auth/register"): {"201", "400", "413", "422", "507", "429"},
    ("post", "/api/v1/auth/verify-email"): {"200", "400", "413", "422", "507", "429"},
    ("post", "/api/v1/auth/resend-verification"): {"200", "400", "404", "413", "422", "429", "507"},
    ("post", "/api/v1/auth/login"): {"200", "401", "403", "413", "422", "429", "507"},
    ("post", "/api/v1/auth/refresh"): {"200", "401", "413", "422", "507", "429"},
    ("post", "/api/v1/auth/logout"): {"200", "413", "422", "507", "429"},
    ("post", "/api/v1/auth/password-reset"): {"200", "413", "422", "429"},
    ("post", "/api/v1/auth/password-reset/confirm"): {"200", "400", "413", "422", "507", "429"},
    ("get", "/api/v1/users/me"): {"200", "401", "429"},
    ("put", "/api/v1/users/me"): {"200", "400", "401", "413", "422", "507", "429"},
    ("delete", "/api/v1/users/me"): {"200", "401", "507", "429"},
    ("post", "/api/v1/api-keys/"): {"201", "400", "401", "413", "422", "507", "429"},
    ("get", "/api/v1/api-keys/"): {"200", "401", "422", "429"},
    ("delete", "/api/v1/api-keys/{key_id}"): {"200", "401", "404", "507", "429"},
    ("get", "/api/v1/billing/tiers"): {"200", "429"},
    ("get", "/api/v1/billing/subscription"): {"200", "401", "429"},
    ("get", "/api/v1/billing/subscription/summary"): {"200", "401", "429"},
    ("get", "/api/v1/audit/"): {"200", "401", "422", "429"},
    ("get", "/api/v1/webhook-secret"): {"200", "401", "507", "429"},
    ("post", "/api/v1/webhook-secret/rotate"): {"200", "401", "507", "429"},
    ("get", "/api/v1/webhook-deliveries/"): {"200", "401", "422", "429"},
    ("post", "/api/v1/webhook-deliveries/{delivery_id}/redeliver"): {"202", "401", "404", "409", "507", "429"},
    ("get", "/api/v1/insights/summary"): {"200", "401", "422", "429"},
    ("get", "/api/v1/insights/agents"): {"200", "401", "422", "429"},
    ("get", "/health/live"): {"200"},
    ("get", "/health/ready"): {"200", "503"},
}


def test_every_route_and_every_status_is_described(document):
    described = {
        (method, path): set(operation["responses"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    with_body = {
        (method, path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }
    assert described == {
        operation: statuses | ({"408"} if operation in with_body else set())
        for operation, statuses in DOCUMENTED.items()
    }


def test_every_parameter_and_form_field_is_described_in_words(document):
    listing = document["paths"]["/api/v1/analysis/"]["get"]["parameters"]
    assert [parameter["name"] for parameter in listing] == [
        "status_filter",
        "agent_id",
        "contact_id",
        "search",
        "created_after",
        "created_before",
        "flagged",
        "limit",
        "offset",
        "expand",
        "starting_after",
    ]
    (key,) = document["paths"]["/api/v1/analysis/"]["post"]["parameters"]
    assert (key["in"], key["name"], key["required"]) == ("header", "Idempotency-Key", False)
    form = document["paths"]["/api/v1/analysis/"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["agent_id", "contact_id", "audio_file"]
    assert all(field["description"] for field in [*listing, key, *form["properties"].values()])


def test_both_ways_to_send_a_key_are_described(document):
    schemes = document["components"]["securitySchemes"]
    assert {(scheme["type"], scheme.get("name", scheme.get("scheme"))) for scheme in schemes.values()} == {
        ("apiKey", "X-API-Key"),
        ("http", "bearer"),
    }
    for (method, path), statuses in DOCUMENTED.items():
        needed = "401" in statuses and not path.startswith("/api/v1/auth/")
        assert ("security" in document["paths"][path][method]) == needed


def test_no_reference_in_the_document_leads_nowhere(document):
    references = set(re.findall(r'"\$ref": ?"#/([^"]+)"', requests_text(document)))
    assert references
    assert references == {f"components/schemas/{name}" for name in document["components"]["schemas"]}


def requests_text(document):
    return requests.models.complexjson.dumps(document)


CALLS = {
    "a call": None,
    "an empty call": transcript_of("", duration=2.0),
    "one party only": transcript_of("C 1.0-2.0 hello"),
    "another language": transcript_of("A 1.0-2.0 buenos dias", language="es"),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_bytes_of_a_completed_analysis_keep_to_the_schema(account, call):
    analysis_id = account.completed(transcript=CALLS[call], metadata='{"a": 1}', call_timestamp="2026-11-23T12:00:00Z")
    sent = account.get(f"/analysis/{analysis_id}")
    read = schemas.Analysis.model_validate_json(sent.content, strict=True)
    assert read.model_dump(mode="json") == sent.json()


def test_the_bytes_of_the_list_keep_to_the_schema_in_every_status(account):
    account.completed()
    account.failed("no sound")
    account.accepted()
    for query in ("", "?expand=false"):
        sent = account.get(f"/analysis/{query}")
        read = schemas.AnalysisList.model_validate_json(sent.content, strict=True)
        assert read.model_dump(mode="json") == sent.json()
        assert {item.status for item in read.data} == {"completed", "failed", "processing"}


def test_the_other_answers_keep_to_their_schemas(account):
    analysis_id = account.completed()
    schemas.Analysis.model_validate_json(account.submit().content, strict=True)
    schemas.AudioLink.model_validate_json(account.post(f"/analysis/{analysis_id}/audio-link").content, strict=True)
    schemas.BodyProblem.model_validate_json(account.post("/analysis/").content, strict=True)
    schemas.QueryProblem.model_validate_json(account.get("/analysis/?limit=0").content, strict=True)
    schemas.Problem.model_validate_json(account.get("/analysis/none").content, strict=True)
    schemas.Problem.model_validate_json(account.submit(sound=tone()[:9]).content, strict=True)
    schemas.Message.model_validate_json(account.post(f"/analysis/{account.failed('x')}/retry").content, strict=True)
    schemas.Tiers.model_validate_json(account.get("/billing/tiers").content, strict=True)
    schemas.Subscription.model_validate_json(account.get("/billing/subscription").content, strict=True)
    schemas.SubscriptionSummary.model_validate_json(account.get("/billing/subscription/summary").content, strict=True)
    schemas.Message.model_validate_json(account.call("DELETE", f"/analysis/{analysis_id}").content, strict=True)


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_docs_page_needs_nothing_from_anywhere_else(server, path):
    page = requests.get(server.base + path, timeout=30, allow_redirects=False)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(wanted) == 4
    for address in wanted:
        assert address.startswith("/")
        assert requests.get(server.base + address, timeout=30).status_code == 200


def test_the_docs_page_comes_with_the_licence_of_what_is_on_it(server):
    for name in ("swagger-ui.LICENSE", "swagger-ui.NOTICE", "swagger-ui-bundle.js.LICENSE.txt"):
        assert requests.get(f"{server.base}/docs/static/{name}", timeout=30).status_code == 200


def test_a_number_in_a_query_has_its_limits_in_the_document(document):
    numbers = {}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for one in operation.get("parameters", []):
                for schema in (one["schema"], *one["schema"].get("anyOf", [])):
                    if schema.get("type") == "integer":
                        numbers[path, one["name"]] = (schema.get("minimum"), schema.get("maximum"))
    some = ("/api/v1/analysis/", "/api/v1/insights/agents", "/api/v1/webhook-deliveries/")
    limits = {(path, "limit"): (1, 1000) for path in (*some, "/api/v1/audit/")}
    offsets = {(path, "offset"): (0, None) for path in some}
    assert numbers == limits | offsets | {("/api/v1/policy", "version"): (1, 2**31 - 1)}
