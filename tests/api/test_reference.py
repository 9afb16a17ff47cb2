"""The client code that is printed on the reference page runs unchanged, base address and key apart."""

import re
import shlex
from pathlib import Path

import pytest
import requests
from api_server import sample_transcript

PAGE = (Path(__file__).parent / "reference" / "list_analyses.md").read_text()


def printed(language, account):
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return [
        block.replace("https://api.callcov.com", account.server.base).replace("sk_live_abc123...", account.live)
        for block in blocks
    ]


def run(block, names):
    exec(compile(block, "the reference page", "exec"), names)  # noqa: S102 a client would run exactly this


@pytest.fixture
def filled(account):
    """More than one page of analyses: 120 of another agent, three completed ones of agent_001, and a failed one."""
    for number in range(120):
        account.accept_directly(agent_id="agent_002", contact_id=f"customer_{number}")
    for number in range(3):
        account.completed(contact_id=f"customer_123{number}")
    account.failed_id = account.failed("No sound could be decoded.", contact_id="customer_9")
    return account


def test_the_printed_python_prints_what_it_says(filled, capsys):
    names = {}
    for block in printed("python", filled):
        run(block, names)
    verdicts = filled.server.results(sample_transcript())
    effort = verdicts["coaching"]["customer_effort_score"]
    greeted = verdicts["quality"]["greeting"]["present"]
    flagged = verdicts["compliance"]["identity_verification"]["flagged"]
    assert capsys.readouterr().out.splitlines() == [
        "Total completed analyses: 3",
        *(f"customer_123{number}: CES={effort}/5, Greeting={greeted}" for number in (2, 1, 0)),
        "Agent agent_001 has 4 total analyses",
        f"Analysis {filled.failed_id} failed: No sound could be decoded.",
        f"Average customer effort score: {effort:.2f}/5",
        "Agent agent_001 Report:",
        "  Total calls: 3",
        f"  Avg customer effort: {effort:.2f}/5",
        f"  Compliance rate: {1 - flagged:.1%}",
    ]
    assert len(names["recent"]) == 20


def test_the_printed_pagination_loop_meets_every_analysis_once(filled):
    names = {}
    run(printed("python", filled)[1], names)
    found = names["get_all_analyses"](filled.live)
    assert len({analysis["id"] for analysis in found}) == len(found) == 124


def test_the_printed_search_finds_the_calls_with_these_contacts(filled):
    names = {}
    for block in printed("python", filled)[:5]:
        run(block, names)
    contacts = [analysis["call"]["contact_id"] for analysis in names["response"].json()["data"]]
    assert contacts == ["customer_1232", "customer_1231", "customer_1230"]


def test_the_printed_curl_commands_ask_what_their_comments_say(filled):
    commands = re.findall(r"^curl (.*?)(?=\n#|\Z)", printed("bash", filled)[0].strip(), re.MULTILINE | re.DOTALL)
    totals = []
    for command in commands:
        url, flag, header = shlex.split(command.replace("\\\n", " "))
        assert flag == "-H"
        answer = requests.get(url, headers=dict([header.split(": ")]), timeout=60).json()
        totals.append((answer["total"], len(answer["data"])))
    assert totals == [(124, 100), (3, 3), (4, 4), (124, 50)]
