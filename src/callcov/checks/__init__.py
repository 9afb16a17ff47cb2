"""Transcript to results: three groups of checks, joined by hand, in types. Pure: the same values in, the same out.

`analyze` judges a transcript by a policy. Everything a check reads is in the stored transcript, so that a call can be
judged again without its sound; `VERSION` is stored beside the results and grows whenever a verdict could change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from callcov.checks import summary
from callcov.checks.coaching import customer_effort_score, recommendations
from callcov.checks.coaching.customer_effort_score import Driver
from callcov.checks.coaching.recommendations import Recommendation
from callcov.checks.compliance import (
    identity_verification,
    mandatory_disclosures,
    prohibited_phrases,
    purpose_declaration,
    sensitive_data,
)
from callcov.checks.evidence import Result
from callcov.checks.groups import Compliance, Quality
from callcov.checks.policy import DEFAULT, Direction, Policy
from callcov.checks.quality import (
    active_listening,
    call_structure,
    empathetic_language,
    greeting,
    interruptions,
    sentiment_analysis,
    silence,
    speaking_rate,
    talk_time,
)
from callcov.checks.reading import Reading
from callcov.checks.summary import Summary
from callcov.model import Transcript

VERSION = "2"
"""The version of all checks together."""

FLAGS = (
    "identity_verification",
    "mandatory_disclosures",
    "purpose_declaration",
    "prohibited_phrases",
    "sensitive_data",
    "greeting",
    "silence",
    "speaking_rate",
    "call_structure",
    "customer_effort_score",
)
"""The fields that can be flagged (CONTRACT §5, last column)."""


class Coaching(Result):
    """What follows for the agent. `customer_effort_score`: 0 too little said to judge, 1 effortless .. 5 very hard."""

    recommendations: tuple[Recommendation, ...]
    customer_effort_score: int
    customer_effort_drivers: tuple[Driver, ...]


class Results(Result):
    """The sixteen fields and the summary, which is null where nothing was said or understood.

    `supported` is false for a language the understanding does not know: nothing is judged.
    """

    compliance: Compliance
    quality: Quality
    coaching: Coaching
    summary: Summary | None
    supported: bool


def supported(language: str) -> bool:
    """Whether calls in that language (ISO 639-1, a region may follow) are judged: English only."""
    return language.casefold().replace("_", "-").split("-")[0] == "en"


def analyze(transcript: Transcript, policy: Policy = DEFAULT, direction: Direction | None = None) -> Results:
    """The transcript judged by the policy; `direction` is the call's, None when nobody told.

    An empty call, or one with a single party, has every field by the rule in the check's docstring. In a language
    that is not supported only what needs no words is measured (talk time, speaking rate, silence) or was found before
    (sensitive data); every other field says that nothing was heard, and nothing is flagged.
    """
    reading = Reading.of(transcript)
    if not supported(transcript.language):
        return _unjudged(reading, policy)
    compliance = _compliance(reading, policy, direction)
    quality = _quality(reading, policy)
    return Results(
        compliance=compliance,
        quality=quality,
        coaching=_coaching(reading, policy, compliance, quality),
        summary=summary.check(reading, compliance.purpose_declaration.evidence),
        supported=True,
    )


def flags(results: Results, policy: Policy = DEFAULT) -> frozenset[str]:
    """The fields whose requirement is not met, out of `FLAGS`; the policy is the one the results were made with."""
    return shown_flags(results.model_dump(), policy.thresholds.effort_flag)


def shown_flags(results: Mapping[str, Any], effort_flag: int) -> frozenset[str]:
    """The same of results as JSON values; `effort_flag` is the limit of the policy that they were made with."""
    if not results["supported"]:
        return frozenset()
    compliance, quality = results["compliance"], results["quality"]
    flagged = (
        compliance["identity_verification"]["flagged"],
        not compliance["mandatory_disclosures"]["read"],
        compliance["purpose_declaration"]["flagged"],
        compliance["prohibited_phrases"]["used"],
        compliance["sensitive_data"]["flagged"],
        not quality["greeting"]["present"],
        quality["silence"]["flagged"],
        quality["speaking_rate"]["flagged"],
        not quality["call_structure"]["complete"],
        results["coaching"]["customer_effort_score"] >= effort_flag,
    )
    return frozenset(name for name, is_flagged in zip(FLAGS, flagged, strict=True) if is_flagged)


def _compliance(transcript: Reading, policy: Policy, direction: Direction | None) -> Compliance:
    """What had to be said, and what must not be."""
    limits = policy.thresholds
    return Compliance(
        identity_verification=identity_verification.check(
            transcript, identity_verification.Rules(seconds=limits.identity_seconds)
        ),
        mandatory_disclosures=mandatory_disclosures.check(
            transcript, mandatory_disclosures.Rules(disclosures=policy.disclosures, direction=direction)
        ),
        purpose_declaration=purpose_declaration.check(
            transcript, purpose_declaration.Rules(interactions=limits.purpose_interactions)
        ),
        prohibited_phrases=prohibited_phrases.check(transcript, prohibited_phrases.Rules(prohibited=policy.prohibited)),
        sensitive_data=sensitive_data.check(transcript, sensitive_data.Rules(never_solicit=policy.never_solicit)),
    )


def _quality(transcript: Reading, policy: Policy) -> Quality:
    """How the call was handled."""
    limits = policy.thresholds
    return Quality(
        sentiment_analysis=sentiment_analysis.check(transcript, sentiment_analysis.Rules(band=limits.sentiment_band)),
        greeting=greeting.check(transcript, greeting.Rules(seconds=limits.greeting_seconds)),
        empathetic_language=empathetic_language.check(transcript, empathetic_language.Rules()),
        interruptions=interruptions.check(transcript, interruptions.Rules()),
        silence=silence.check(
            transcript,
            silence.Rules(silence_seconds=limits.silence_seconds, dead_air_seconds=limits.dead_air_seconds),
        ),
        talk_time=talk_time.check(transcript, talk_time.Rules()),
        speaking_rate=speaking_rate.check(transcript, speaking_rate.Rules(low=limits.wpm_low, high=limits.wpm_high)),
        active_listening=active_listening.check(transcript, active_listening.Rules()),
        call_structure=call_structure.check(transcript, call_structure.Rules()),
    )


def _coaching(transcript: Reading, policy: Policy, compliance: Compliance, quality: Quality) -> Coaching:
    """What follows from the other two groups."""
    limits = policy.thresholds
    effort = customer_effort_score.check(
        transcript,
        customer_effort_score.Rules(long_seconds=limits.long_call_seconds, dead_air_seconds=limits.dead_air_seconds),
        quality.sentiment_analysis,
        quality.silence,
    )
    rules = recommendations.Rules(
        disclosures={entry.id: entry.example() for entry in policy.disclosures},
        never_solicit=policy.never_solicit,
        identity_seconds=limits.identity_seconds,
        dead_air_seconds=limits.dead_air_seconds,
        wpm_low=limits.wpm_low,
        wpm_high=limits.wpm_high,
        effort_flag=limits.effort_flag,
    )
    return Coaching(
        recommendations=recommendations.check(transcript, rules, compliance, quality, effort),
        customer_effort_score=effort.score,
        customer_effort_drivers=effort.drivers,
    )


def _unjudged(transcript: Reading, policy: Policy) -> Results:
    """Every field of a call whose words nobody here understands."""
    silent = replace(transcript, segments=(), turns=(), sensitive=())
    compliance, quality = _compliance(silent, policy, None), _quality(silent, policy)
    measured = _quality(transcript, policy)
    told = sensitive_data.check(transcript, sensitive_data.Rules(never_solicit=policy.never_solicit))
    not_flagged = {"flagged": False}
    return Results(
        compliance=Compliance(
            identity_verification=compliance.identity_verification.model_copy(update=not_flagged),
            mandatory_disclosures=compliance.mandatory_disclosures.model_copy(
                update={"read": False, "missing_disclosures": ()}
            ),
            purpose_declaration=compliance.purpose_declaration.model_copy(update=not_flagged),
            prohibited_phrases=compliance.prohibited_phrases,
            sensitive_data=told.model_copy(update=not_flagged),
        ),
        quality=quality.model_copy(
            update={
                "silence": measured.silence.model_copy(update=not_flagged),
                "talk_time": measured.talk_time,
                "speaking_rate": measured.speaking_rate.model_copy(update=not_flagged),
            }
        ),
        coaching=Coaching(recommendations=(), customer_effort_score=0, customer_effort_drivers=()),
        summary=None,
        supported=False,
    )
