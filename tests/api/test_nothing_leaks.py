"""No value of the benchmark is in any byte the API gives or in any readable column of the database.

The dev calls go through detection and masking and into the store the way the worker ends an analysis. What leaks of the
held-out calls is measured, not demanded: `make bench-verdicts` counts it and docs/accuracy.md tells it. A failure names
the call and the type, never what was said.
"""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from leaks import FEWEST, secret

from callcov.checks.policy import ALL_TYPES
from callcov.language import tagger
from callcov.language.encoder import Encoder
from callcov.text import sensitive
from callcov.text.numbers import groups

BENCH = Path(__file__).parents[2] / "bench" / "verdicts"
FEWEST_DIGITS = 6  # fewer are found by chance in times and ids
FEWEST_WORDS = 4


@pytest.fixture(scope="module")
def written():
    """The benchmark's reader of written calls."""
    sys.path.insert(0, str(BENCH))
    try:
        import written  # noqa: PLC0415 - bench is no package

        yield written
    finally:
        sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def encoder(models_folder):
    """What the tagger reads with."""
    return Encoder(models_folder / "minilm")


def masked(transcript, encoder):
    """A transcript as the speakers stage leaves it."""
    found = sensitive.find(transcript.segments, tagger.likely(encoder, transcript.segments))
    return replace(transcript, segments=sensitive.mask(transcript.segments, found, ALL_TYPES), sensitive=found)


def plain(text):
    """Words alone, in small letters, one space between."""
    return " " + " ".join(re.findall(r"[a-z0-9]+", text.casefold().replace("'", ""))) + " "


def strings(value):
    """Every string in a JSON value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def readable(text):
    """A text as it is, and when it is JSON the strings in it one after the other: words are kept one by one."""
    shown = plain(text)
    if text[:1] in ("{", "["):
        shown += plain(" ".join(strings(json.loads(text))))
    return shown


def columns(database, *owners):
    """Every value of every row of every table that belongs to one of those ids, as text."""
    with database.read() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        for name in names:
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'):  # noqa: S608 - the database's own names
                texts = [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in row]
                if not set(owners).isdisjoint(texts):
                    yield from texts


def answers(account, analysis_id):
    """What the API says at every address that can be read, the list in full and the analysis itself included."""
    known = requests.get(f"{account.server.base}/openapi.json", timeout=60).json()["paths"]
    for path, ways in known.items():
        if "get" in ways and "{" not in path:
            yield account.get(path.removeprefix("/api/v1")).text
    answer = account.get(f"/analysis/{analysis_id}")
    assert answer.status_code == 200
    yield answer.text


def kept(account, transcript):
    """All that can be read of a call once it is analysed: what the API says and what the database holds."""
    one = account.completed(transcript)
    database = account.server.services.database
    return "".join(readable(text) for text in (*answers(account, one), *columns(database, one, account.user_id)))


def told(call):
    """What of a call's values must be found nowhere, as (type, text); a decoy with the same words may be found."""
    spoken = [(mark.type, " ".join(line.words[mark.first : mark.last])) for line in call.lines for mark in line.marks]
    for kind, text in spoken:
        if kind != "decoy" and len(text) >= FEWEST:
            secret(f"a {kind}", text)
    harmless = "".join(plain(text) for kind, text in spoken if kind == "decoy")
    whole = {}
    for kind, text in spoken:
        whole[kind] = f"{whole.get(kind, '')} {text}"
        yield from ((kind, form) for form in forms(text) if form not in harmless)
    yield from ((kind, form) for kind, text in whole.items() if kind != "decoy" for form in forms(text))


def forms(text):
    """A value as words and as digits, each when it is long enough not to be met by chance."""
    words = plain(text)
    if len(words.split()) >= FEWEST_WORDS:
        yield words
    digits = "".join(group.digits for group in groups(words.split()))
    if len(digits) >= FEWEST_DIGITS:
        yield digits


def leaks(call, shown):
    """The values of a call that a text tells, as "call: type"."""
    return {f"{call.name}: {kind}" for kind, form in told(call) if kind != "decoy" and form in shown}


@pytest.mark.slow
def test_no_value_is_in_any_byte_of_the_api_or_column_of_the_database(written, server, encoder):
    found = set()
    for call in written.read("dev"):
        account = server.account(f"{call.name}@example.com")
        found |= leaks(call, kept(account, masked(written.transcript(call), encoder)))
    if found:
        pytest.fail("; ".join(sorted(found)), pytrace=False)


def test_a_value_that_is_not_masked_is_noticed(written, account):
    call = next(one for one in written.read("dev") if one.name == "hotel-booking")
    assert leaks(call, kept(account, written.transcript(call))) == {
        "hotel-booking: card_number",
        "hotel-booking: email",
    }
