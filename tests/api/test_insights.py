"""GET /insights/summary and /insights/agents."""

import pytest
from api_server import running, sample_transcript
from callscript import transcript_of

from callcov import checks
from callcov.api.figures import AgentList, InsightsSummary
from callcov.work import Worker

CROSS = transcript_of("A 0.5-2.5 hello\nC 3.0-6.0 this is useless I am angry", duration=60.0)
SPANISH = transcript_of("A 1.0-2.0 buenos dias", language="es")


@pytest.fixture
def figures(account):
    def figures(path="summary", **query):
        response = account.get(f"/insights/{path}", params=query)
        assert response.status_code == 200, response.text
        model = InsightsSummary if path == "summary" else AgentList
        model.model_validate_json(response.content)
        return response.json()

    return figures


def test_an_account_without_calls_has_zeros_and_no_rates(figures):
    nothing = figures(interval="day")
    assert (nothing["calls"], nothing["minutes"], nothing["series"], nothing["talk_ratio"]) == (0, 0, [], None)
    assert set(nothing["flags"]) == set(checks.FLAGS)
    assert all(share == {"count": 0, "rate": None} for share in nothing["flags"].values())
    assert figures("agents") == {"object": "list", "data": [], "has_more": False, "total": 0}


def test_the_figures_are_those_of_the_results(account, figures):
    calls = [sample_transcript(), CROSS, CROSS, SPANISH]
    for place, call in enumerate(calls):
        account.completed(transcript=call, agent_id=f"agent-{place % 2}")
    account.accepted()
    account.failed("why")
    judged = [account.server.results(call) for call in calls[:3]]
    summary = figures()
    assert (summary["calls"], summary["judged_calls"], summary["series"]) == (4, 3, None)
    assert summary["minutes"] == round(4 / 60, 3)  # of the recordings as uploaded
    for name in checks.FLAGS:
        count = sum(name in checks.shown_flags(one, 4) for one in judged)
        assert summary["flags"][name] == {"count": count, "rate": round(count / 3, 4)}
    scores = [one["coaching"]["customer_effort_score"] for one in judged]
    assert summary["effort"]["distribution"] == {str(score): scores.count(score) for score in range(6)}
    sentiment = [one["quality"]["sentiment_analysis"]["customer"] for one in judged]
    assert summary["sentiment"]["score"] == round(sum(one["score"] for one in sentiment) / 3, 3)
    assert summary["sentiment"]["negative"]["count"] == [one["overall"] for one in sentiment].count("negative")
    every = [*judged, account.server.results(SPANISH)]
    agent, customer = (
        sum(one["quality"]["talk_time"][f"{side}_seconds"] for one in every) for side in ("agent", "customer")
    )
    assert summary["talk_ratio"] == round(agent / (agent + customer), 4)


def test_agents_come_with_the_most_calls_first_and_in_pages(account, figures):
    for agent in ("zoe", "ann", "zoe", "bob"):
        account.completed(agent_id=agent)
    whole = figures("agents")
    assert [(one["agent_id"], one["calls"]) for one in whole["data"]] == [("zoe", 2), ("ann", 1), ("bob", 1)]
    page = figures("agents", limit=1, offset=1)
    assert (page["data"], page["has_more"], page["total"]) == (whole["data"][1:2], True, 3)
    assert figures("agents", offset=10**30)["data"] == []
    assert figures("agents", search="OE")["total"] == 1


@pytest.mark.parametrize(
    ("interval", "starts"),
    [
        ("day", ["2026-10-31", "2026-11-01", "2026-11-02"]),
        ("week", ["2026-10-26", "2026-11-02"]),  # Mondays
        ("month", ["2026-10-01", "2026-11-01"]),
    ],
)
def test_a_series_has_every_interval_with_calls(account, figures, interval, starts):
    days = {account.completed(): 20_757 + place for place in range(3)}  # 31 October 2026 and the days after
    with account.server.services.database.write() as connection:
        for analysis_id, day in days.items():
            moved = (day * 86_400, analysis_id)
            connection.exec_driver_sql("UPDATE analyses SET created = ? WHERE id = ?", moved)
        connection.exec_driver_sql("DELETE FROM figures_daily WHERE user_id = ?", (account.user_id,))
        connection.exec_driver_sql("DELETE FROM figures WHERE user_id = ?", (account.user_id,))
        connection.exec_driver_sql(
            "INSERT INTO uncounted SELECT id FROM analyses WHERE user_id = ?", (account.user_id,)
        )
    recount(account.server)
    summary = figures(interval=interval)
    assert [one["start"][:10] for one in summary["series"]] == starts
    assert sum(one["calls"] for one in summary["series"]) == summary["calls"] == 3
    assert figures(created_after="2026-11-01", created_before="2026-11-02T00:00:00Z")["calls"] == 1
    assert figures(created_after="0001-01-01T00:00:00+14:00", created_before="9999-12-31T23:59:59-14:00")["calls"] == 3
    assert figures(created_after=20_758 * 86_400 - 0.5)["calls"] == 2
    assert figures(created_after=20_758 * 86_400)["calls"] == 2


def recount(server):
    """What the worker does at its start."""
    services = server.services
    Worker(services.database, services.blobs, server.engine, services.judges.children, {}, "", ()).count_older()


def test_what_was_completed_before_there_were_figures_is_counted_from_its_results(tmp_path):
    with running(tmp_path) as server:
        account = server.account("dana@example.com")
        for call in (sample_transcript(), CROSS, SPANISH):
            account.completed(transcript=call)
        before = account.get("/insights/summary").json()
        with server.services.database.write() as connection:
            connection.exec_driver_sql("DELETE FROM figures")
            connection.exec_driver_sql("DELETE FROM figures_daily")
            connection.exec_driver_sql("INSERT INTO uncounted SELECT id FROM analyses")
            connection.exec_driver_sql("DELETE FROM judgements WHERE rowid = 1")  # as from before they were kept
        assert account.get("/insights/summary").json()["calls"] == 0
        recount(server)
        assert account.get("/insights/summary").json() == before


def test_judging_again_and_deleting_are_counted(account, figures):
    analysis_id = account.completed(transcript=CROSS)
    before = figures()
    account.post(f"/analysis/{analysis_id}/roles", json={"agent_speaker": "B"})
    after = figures()
    assert after["talk_ratio"] == pytest.approx(1 - before["talk_ratio"], abs=1e-4)
    assert after["calls"] == 1
    account.call("DELETE", f"/analysis/{analysis_id}")
    assert figures()["calls"] == 0


def test_modes_and_accounts_are_apart(account, other, figures):
    account.completed()
    assert account.get("/insights/summary", key=account.test).json()["calls"] == 0
    assert other.get("/insights/agents").json()["total"] == 0
    assert figures()["calls"] == 1


def test_they_take_the_filters_of_the_list(account, figures):
    account.completed(transcript=CROSS, agent_id="ann")
    account.completed(transcript=SPANISH, agent_id="bob")  # judged in nothing, so flagged in nothing
    account.failed("why")
    for query in (
        {"status_filter": "completed"},
        {"flagged": "mandatory_disclosures"},
        {"search": "AN"},
        {"agent_id": "bob"},
    ):
        listed = account.get("/analysis/", params=query).json()
        assert figures(**query)["calls"] == figures("agents", **query)["total"] == listed["total"] > 0
    assert figures(flagged="mandatory_disclosures")["flags"]["mandatory_disclosures"] == {"count": 1, "rate": 1.0}
    assert (
        figures(status_filter="failed", interval="day")["calls"]
        == figures("agents", status_filter="processing")["total"]
        == 0
    )


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"interval": "year"}, "type_error.enum"),
        ({"status_filter": "done"}, "type_error.enum"),
        ({"flagged": "talk_time"}, "type_error.enum"),
        ({"created_after": "yesterday"}, "value_error.datetime"),
        ({"created_before": ""}, "value_error.datetime"),
        ({"created_before": "-1"}, "value_error.datetime"),
        ({"created_before": "253402300800"}, "value_error.datetime"),
        ({"created_before": "nan"}, "value_error.datetime"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_422(account, query, kind):
    response = account.get("/insights/summary", params=query)
    assert response.status_code == 422
    (item,) = response.json()["detail"]
    assert (item["loc"], item["type"]) == (["query", next(iter(query))], kind)
