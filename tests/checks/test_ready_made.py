"""The policies that come with CallCov: what each demands, from which source, and that its own words are heard."""

import pytest
from callscript import transcript_of

from callcov import checks
from callcov.checks.policy import DEFAULT, READY_MADE, ready_made, ready_made_text
from callcov.errors import BadPolicy

COMMON = ["threat", "insult", "guarantee", "profanity", "pressure"]
DEMANDED = {
    "default": ({"call_recording": "always"}, COMMON, {"card_cvv", "pin", "password"}),
    "collections": (
        {"call_recording": "always", "mini_miranda": "always"},
        [*COMMON, "false_threat"],
        {"card_cvv", "pin", "password"},
    ),
    "payments": (
        {"call_recording": "always", "pause_notice": "when_payment"},
        COMMON,
        {"card_cvv", "pin", "password", "card_number"},
    ),
    "health": (
        {"call_recording": "always", "emergency_notice": "inbound"},
        [*COMMON, "medical_promise"],
        {"card_cvv", "pin", "password", "ssn"},
    ),
}
SOURCES = {
    "default": ["California Penal Code 632", "ICO", "PCI DSS v4.0 requirement 3.3.1"],
    "collections": ["1692e(11)", "1006.18(e)", "1692e(4)", "1692c(b)", "1692d(2)"],
    "payments": ["PCI DSS v4.0 requirement 3.3.1", "Protecting Telephone-Based Payment Card"],
    "health": ["45 CFR 164.502(b)", "FTC Act section 5"],
}
DISCLOSURES = [(name, entry) for name in READY_MADE for entry in ready_made(name).disclosures]
PROHIBITED = [(name, entry) for name in READY_MADE for entry in ready_made(name).prohibited]


def judged(name, *lines):
    """A call of those agent lines, judged as an incoming one on which a card is spoken of."""
    script = [f"A {5 * at}.0-{5 * at + 4}.0 {line}" for at, line in enumerate(lines, start=1)]
    call = transcript_of("\n".join(["C 0.0-2.0 I would like to pay my bill by card", *script]))
    return checks.analyze(call, ready_made(name), "inbound").compliance


def test_each_has_its_demands_all_by_meaning_and_nothing_else():
    assert set(DEMANDED) == set(READY_MADE)
    for name, (disclosures, prohibited, never) in DEMANDED.items():
        policy = ready_made(name)
        assert {entry.id: entry.required for entry in policy.disclosures} == disclosures
        assert [entry.id for entry in policy.prohibited] == prohibited
        assert set(policy.never_solicit) == never
        assert {entry.match for entry in (*policy.disclosures, *policy.prohibited)} == {"meaning"}
        assert policy.version == 1
    assert ready_made("default") == DEFAULT


@pytest.mark.parametrize("name", READY_MADE)
def test_each_names_its_public_sources(name):
    text = ready_made_text(name)
    assert [source for source in SOURCES[name] if source not in " ".join(text.replace("#", "").split())] == []


def test_what_all_share_is_the_same_in_all():
    for name in READY_MADE:
        policy = ready_made(name)
        assert policy.disclosures[0] == DEFAULT.disclosures[0]
        assert policy.prohibited[:5] == DEFAULT.prohibited
        assert (policy.thresholds, policy.mask, policy.keep_original) == (
            DEFAULT.thresholds,
            DEFAULT.mask,
            DEFAULT.keep_original,
        )


@pytest.mark.parametrize(("name", "entry"), DISCLOSURES, ids=lambda one: getattr(one, "id", one))
def test_every_wording_of_a_disclosure_reads_its_part(name, entry):
    parts = [entry.wordings, *entry.also]
    for at, part in enumerate(parts):
        others = [other[0] for place, other in enumerate(parts) if place != at]
        for wording in part:
            assert entry.id in judged(name, wording, *others).mandatory_disclosures.matched_disclosures, wording
            assert entry.id in judged(name, *others).mandatory_disclosures.missing_disclosures


@pytest.mark.parametrize(("name", "entry"), PROHIBITED, ids=lambda one: getattr(one, "id", one))
def test_every_wording_of_a_prohibited_phrase_is_one(name, entry):
    for wording in entry.wordings:
        said = judged(name, wording).prohibited_phrases.instances
        assert entry.id in {one.phrase_id for one in said}, wording


@pytest.mark.parametrize("name", ["", "Default", "nonsense", "../policy", "default.yaml"])
def test_there_is_no_other(name):
    with pytest.raises(BadPolicy, match="there are default, collections, payments, health"):
        ready_made(name)
