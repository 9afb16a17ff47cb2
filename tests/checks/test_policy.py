"""A policy document is read whole or refused with the place and the reason."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from callcov import checks
from callcov.checks.policy import (
    ALL_TYPES,
    DEFAULT,
    LONGEST,
    MOST_WORDINGS,
    Disclosure,
    Policy,
    Prohibited,
    Thresholds,
    load,
    restored,
)
from callcov.errors import BadPolicy
from callcov.model import Transcript
from callcov.text.normalise import texts

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).map(
    lambda text: text if texts(text) else f"{text} x"
)
IDS = st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,20}\Z")
POLICIES = st.builds(
    Policy,
    version=st.integers(1, 10_000),
    disclosures=st.lists(
        st.builds(
            Disclosure,
            id=IDS,
            wordings=st.lists(WORDS, min_size=1, max_size=3).map(tuple),
            required=st.sampled_from(("always", "inbound", "outbound", "when_payment")),
            match=st.sampled_from(("meaning", "wording")),
            deadline_seconds=st.none() | st.integers(0, 600).map(float),
        ),
        max_size=3,
        unique_by=lambda entry: entry.id,
    ).map(tuple),
    prohibited=st.lists(
        st.builds(
            Prohibited,
            id=IDS,
            category=IDS,
            wordings=st.lists(WORDS, min_size=1, max_size=3).map(tuple),
            speaker=st.sampled_from(("agent", "customer", "any")),
        ),
        max_size=3,
        unique_by=lambda entry: entry.id,
    ).map(tuple),
    mask=st.lists(st.sampled_from(ALL_TYPES), unique=True).map(tuple),
    keep_original=st.booleans(),
)


@given(POLICIES)
def test_a_policy_written_as_json_or_yaml_is_read_as_it_was(policy):
    document = policy.model_dump(mode="json")
    assert load(json.dumps(document)) == policy
    assert load(json.dumps(document, ensure_ascii=False).encode()) == policy
    assert load(yaml.safe_dump(document, allow_unicode=True)) == policy


def refusal(text):
    """Why the text is refused as a policy; None if it is one."""
    try:
        load(text)
    except BadPolicy as refused:
        return str(refused)
    return None


@given(st.text() | st.binary())
def test_any_text_is_a_policy_or_is_refused_by_name(text):
    reason = refusal(text)
    assert reason is None or (reason.startswith("The policy") and reason.endswith("."))


def test_the_default_policy_masks_all_twelve_types_and_asks_for_the_recording_notice():
    assert len(ALL_TYPES) == len(set(ALL_TYPES)) == 12
    assert DEFAULT.mask == ALL_TYPES
    assert [(entry.id, entry.required, entry.match) for entry in DEFAULT.disclosures] == [
        ("call_recording", "always", "meaning")
    ]
    assert {entry.category for entry in DEFAULT.prohibited} == {
        "threat",
        "insult",
        "guarantee",
        "profanity",
        "pressure",
    }
    assert not DEFAULT.keep_original


def test_the_default_limits_are_the_contracts():
    limits = DEFAULT.thresholds
    assert (limits.identity_seconds, limits.purpose_interactions) == (15.0, 4)
    assert (limits.silence_seconds, limits.dead_air_seconds) == (3.0, 10.0)
    assert (limits.wpm_low, limits.wpm_high, limits.effort_flag) == (110.0, 190.0, 4)


def test_what_a_document_leaves_out_is_the_default():
    policy = load("version: 7\nthresholds: {dead_air_seconds: 20}")
    assert policy == Policy(version=7, thresholds=Thresholds(dead_air_seconds=20.0))
    assert policy.thresholds.identity_seconds == 15.0
    assert load("{}") == Policy()


def test_a_policy_has_so_many_wordings_and_one_that_was_stored_with_more_stays():
    full = [Prohibited(id=f"p{number}", category="c", wordings=("w",) * 200) for number in range(MOST_WORDINGS // 200)]
    assert Policy(prohibited=tuple(full)).prohibited
    more = {"prohibited": [one.model_dump() for one in full], "disclosures": [{"id": "d", "wordings": ["one more"]}]}
    assert refusal(json.dumps(more)) == (
        "The policy is not valid: there are 10,001 wordings in all; at most 10,000 are matched."
    )
    assert len(restored(json.dumps(more)).prohibited) == len(full)


def test_values_of_every_kind_need_no_tag():
    text = "version: 3\nkeep_original: yes\nmask: [pin]\nthresholds: {wpm_low: 1.5e+2}\ndisclosures:\n- id: '7'\n"
    policy = load(text + '  deadline_seconds: null\n  wordings:\n  - >-\n    in two\n    lines\n  - "5"\n')
    assert (policy.version, policy.keep_original, policy.mask) == (3, True, ("pin",))
    assert policy.disclosures[0].wordings == ("in two lines", "5")


def test_only_what_is_matched_by_meaning_is_given_to_the_understanding():
    policy = Policy(
        disclosures=(
            Disclosure(id="a", wordings=("one",)),
            Disclosure(id="b", wordings=("two",), match="wording"),
        ),
        prohibited=(Prohibited(id="a", category="threat", wordings=("three", "four")),),
    )
    assert policy.wordings() == {"disclosure:a": ("one",), "prohibited:a": ("three", "four")}


BAD = {
    "": "The policy is empty",
    " \n": "The policy is empty",
    "# Sources: ...disclosures: []": "no line ends",
    "# a comment\n": "must be a mapping",
    "[1, 2]": "must be a mapping",
    "just words": "must be a mapping",
    "version: [": "neither JSON nor YAML in line 1, column 11",
    "a: &x 1\nb: *x": "YAML alias for what is written in line 1, column 4",
    "version: 1\nversion: 2": "names 'version' twice in line 2, column 1",
    '{"version": 1, "version": 2}': "names 'version' twice",
    "disclosures: [{id: a, id: b, wordings: [x]}]": "names 'id' twice in line 1, column 23",
    "keep_original: !!bool abc": "YAML tag !!bool in line 1, column 16",
    "version: !!int ''": "YAML tag !!int in line 1, column 10",
    "mask: [!!timestamp pin]": "YAML tag !!timestamp in line 1, column 8",
    "disclosures: [{id: a, wordings: [!!binary AAEC]}]": "YAML tag !!binary in line 1, column 34",
    "disclosures: [{id: a, wordings: !!set {x: , y: }}]": "YAML tag !!set in line 1, column 33",
    "? !own version\n: 1": "YAML tag !own in line 1, column 3",
    "rules: []": "at rules: extra inputs are not permitted",
    "version: 0": "at version: input should be greater than or equal to 1",
    "disclosures: [{id: a}]": "at disclosures[0].wordings: field required",
    "disclosures: [{id: a, wordings: []}]": "at disclosures[0].wordings: ",
    "disclosures: [{id: a, wordings: ['  ']}]": "at disclosures[0].wordings[0]: ",
    "disclosures: [{id: A b, wordings: [x]}]": "at disclosures[0].id: ",
    "disclosures: [{id: a, wordings: [x]}, {id: a, wordings: [y]}]": "at disclosures[1].id: disclosures has the id 'a' mo",
    "prohibited: [{id: a, category: b, wordings: [x]}, {id: a, category: b, wordings: [x]}]": "prohibited has the id 'a'",
    "mask: pin": "at mask: input should be a valid list.",
    "thresholds:": "at thresholds: input should be an object.",
    "disclosures: [1]": "at disclosures[0]: input should be an object.",
    "disclosures: [{id: a, wordings: [1]}]": "at disclosures[0].wordings[0]: input should be a valid string.",
    "disclosures: [{id: a, wordings: []}] ": "at disclosures[0].wordings: list should have at least 1 item",
    "disclosures: [{id: a, wordings: [fine, ...]}]": "at disclosures[0].wordings[1]: there is no word in it",
    "prohibited: [{id: a, category: b, wordings: [\U0001f600]}]": "at prohibited[0].wordings[0]: there is no word in it",
    "disclosures: [{id: a, wordings: [x], required: sometimes}]": "at disclosures[0].required: ",
    "disclosures: [{id: a, wordings: [x], deadline_seconds: -1}]": "at disclosures[0].deadline_seconds: ",
    "prohibited: [{id: a, category: b, wordings: [x], speaker: dog}]": "at prohibited[0].speaker: ",
    "thresholds: {wpm_low: .nan}": "at thresholds.wpm_low: input should be a finite number",
    "thresholds: {wpm_low: 200}": "at thresholds: wpm_low must not be above wpm_high",
    "thresholds: {silence_seconds: 11}": "at thresholds: silence_seconds must not be above dead_air_seconds",
    "thresholds: {effort_flag: 6}": "at thresholds.effort_flag: ",
    "mask: [card]": "at mask[0]: ",
    "never_solicit: ssn": "at never_solicit: ",
    "version: x\nmask: 1": "(and 1 more)",
    "since: 2026-99-99": "a value that YAML cannot read",
    "[" * 100_000: "nested too deeply",
    "a: " + "[" * 100_000: "nested too deeply",
    "x" * (LONGEST + 1): "at most 500,000",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:60])
def test_a_wrong_policy_is_refused_with_its_place_and_reason(text):
    with pytest.raises(BadPolicy) as refused:
        load(text)
    assert BAD[text] in str(refused.value)


def test_a_wording_without_a_word_that_was_taken_before_stays():
    document = '{"prohibited": [{"id": "a", "category": "b", "wordings": ["..."]}]}'
    assert restored(document).prohibited[0].wordings == ("...",)


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(BadPolicy, match="not UTF-8 text: byte 3"):
        load(b"a: \xff")


def test_a_policy_never_changes():
    with pytest.raises(ValidationError):
        DEFAULT.version = 2


def test_five_hundred_phrases_are_a_policy_and_judge_a_call():
    entries = tuple(
        Prohibited(id=f"p{number}", category="made_up", wordings=(f"never say sentence number {number}",))
        for number in range(500)
    )
    policy = load(Policy(prohibited=entries).model_dump_json())
    assert len(policy.prohibited) == 500
    assert not checks.analyze(Transcript(), policy).compliance.prohibited_phrases.used
