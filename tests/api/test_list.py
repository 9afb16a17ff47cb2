"""GET /analysis/ and GET /analysis/{id}: the answers of the contract, to the letter."""

import pytest


def refusal(parameter, message, kind):
    return {"loc": ["query", parameter], "msg": message, "type": kind}


@pytest.mark.parametrize(
    ("query", "item"),
    [
        ("limit=1001", ("limit", "ensure this value is less than or equal to 1000", "value_error.number.not_le")),
        ("limit=0", ("limit", "ensure this value is greater than or equal to 1", "value_error.number.not_ge")),
        ("limit=-5", ("limit", "ensure this value is greater than or equal to 1", "value_error.number.not_ge")),
        ("offset=-1", ("offset", "ensure this value is greater than or equal to 0", "value_error.number.not_ge")),
        ("limit=ten", ("limit", "value is not a valid integer", "type_error.integer")),
        ("limit=1.0", ("limit", "value is not a valid integer", "type_error.integer")),
        ("offset=2.", ("offset", "value is not a valid integer", "type_error.integer")),
        ("limit=1.5", ("limit", "value is not a valid integer", "type_error.integer")),
        ("limit=", ("limit", "value is not a valid integer", "type_error.integer")),
        (f"offset={'9' * 5000}", ("offset", "value is not a valid integer", "type_error.integer")),
        ("expand=maybe", ("expand", "value could not be parsed to a boolean", "type_error.bool")),
        *(
            (
                f"status_filter={value}",
                (
                    "status_filter",
                    "value is not a valid enumeration member; permitted: 'processing', 'completed', 'failed'",
                    "type_error.enum",
                ),
            )
            for value in ("done", "", "Completed")
        ),
    ],
)
def test_a_parameter_out_of_range_is_422_in_the_documented_words(account, query, item):
    response = account.get(f"/analysis/?{query}")
    assert response.status_code == 422
    assert response.json() == {"detail": [refusal(*item)]}


def test_every_parameter_out_of_range_is_named(account):
    detail = account.get("/analysis/?limit=0&offset=-1").json()["detail"]
    assert [item["loc"] for item in detail] == [["query", "limit"], ["query", "offset"]]


def test_an_account_without_analyses_has_an_empty_list(account):
    assert account.get("/analysis/").json() == {"object": "list", "data": [], "has_more": False, "total": 0}


def test_pages_joined_are_the_whole_list_newest_first(account):
    made = [account.accept_directly(contact_id=f"c{number}") for number in range(7)]
    pages = [account.get("/analysis/", params={"limit": 3, "offset": offset}).json() for offset in (0, 3, 6, 9)]
    assert [item["id"] for page in pages for item in page["data"]] == made[::-1]
    assert [page["has_more"] for page in pages] == [True, True, False, False]
    assert {page["total"] for page in pages} == {7}


def test_an_offset_larger_than_any_database_counts_is_an_empty_page(account):
    account.accept_directly()
    page = account.get(f"/analysis/?offset={10**30}").json()
    assert page == {"object": "list", "data": [], "has_more": False, "total": 1}


def test_filters_combine(account):
    account.accept_directly(agent_id="Agent_1", contact_id="x")
    account.accept_directly(agent_id="agent_2", contact_id="x")
    failed = account.failed("no sound", agent_id="Agent_1", contact_id="X-ray")

    def found(**params):
        return [item["call"]["contact_id"] for item in account.get("/analysis/", params=params).json()["data"]]

    assert found(agent_id="Agent_1") == ["X-ray", "x"]
    assert found(agent_id="agent_1") == []
    assert found(agent_id="") == []
    assert found(search="AGENT_1") == ["X-ray", "x"]
    assert found(search="") == ["X-ray", "x", "x"]
    assert found(search="agent_1", status_filter="failed", contact_id="X-ray", limit=1) == ["X-ray"]
    assert found(search="%") == []
    assert account.get(f"/analysis/{failed}").json()["metadata"]["error_message"] == "no sound"


def test_a_completed_analysis_is_the_same_in_the_list_and_by_its_id(account):
    analysis_id = account.completed(metadata='{"a": 1}')
    one = account.get(f"/analysis/{analysis_id}").json()
    assert account.get("/analysis/").json()["data"] == [one]
    assert one["status"] == "completed"
    assert one["transcript"]["text"].splitlines()[0] == "Agent: Thank you for calling Acme this is Dana"
    assert one["results"] is not None
    assert one["metadata"] | {"models": None} == {
        "webhook_url": None,
        "completed_at": "2026-11-23T12:00:45.230Z",
        "processing_time_ms": 45230,
        "error_message": None,
        "stage": "done",
        "policy_version": one["metadata"]["policy_version"],
        "checks_version": one["metadata"]["checks_version"],
        "models": None,
    }


def test_expand_false_leaves_transcript_and_results_out_and_nothing_else(account):
    account.completed()
    account.accept_directly()
    light = account.get("/analysis/?expand=false").json()
    whole = account.get("/analysis/?expand=true").json()
    assert whole == account.get("/analysis/").json()
    for item in whole["data"]:
        item["transcript"] = item["results"] = None
    assert light == whole


def test_the_address_of_the_sound_is_under_the_address_that_was_asked(account):
    analysis_id = account.completed()
    listed = account.get("/analysis/", headers={"Host": "calls.example.com:8443"}).json()["data"][0]
    assert listed["audio"]["url"] == f"http://calls.example.com:8443/api/v1/analysis/{analysis_id}/audio"


def test_what_a_client_wrote_is_never_taken_for_the_servers_address(account):
    lookalikes = ["callcov:\\/\\/public", "callcov://public", 'x"callcov:\\/\\/public', "\\/\\/"]
    for text in lookalikes:
        account.completed(agent_id=text, contact_id=text[::-1])
    items = account.get("/analysis/").json()["data"]
    assert [item["call"]["agent_id"] for item in items] == lookalikes[::-1]
    assert all(item["audio"]["url"].startswith(account.server.base) for item in items)


@pytest.mark.parametrize("path", ["/analysis", "/analysis/"])
def test_the_list_answers_with_and_without_the_slash_and_without_a_redirect(account, path):
    assert account.get(path, allow_redirects=False).status_code == 200


def test_an_analysis_answers_with_and_without_the_slash_and_without_a_redirect(account):
    analysis_id = account.accept_directly()
    answers = [account.get(f"/analysis/{analysis_id}{end}", allow_redirects=False) for end in ("", "/")]
    assert answers[0].status_code == answers[1].status_code == 200
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("analysis_id", ["01a2090c-9310-7000-b8ba-4ee1957f877d", "nonsense", "%00", "a%2Fb", "🙂"])
def test_an_unknown_id_is_404_even_if_it_is_no_uuid(account, analysis_id):
    response = account.get(f"/analysis/{analysis_id}")
    assert response.status_code == 404


def test_an_unknown_id_is_told_in_the_documented_words(account):
    assert account.get("/analysis/nonsense").json() == {"detail": "Analysis not found"}
