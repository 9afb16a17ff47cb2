"""Transcript to results: three groups of checks, joined by hand, in types. Pure: the same values in, the same out.

`analyze` judges a transcript by a policy. Everything a check reads is in the stored transcript, so that a call can be
judged again without its sound; `VERSION` is stored beside the results and grows whenever a verdict could change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from callcov.checks import summary
from callcov.checks.coaching import customer_effort_score, recommendations
from callcov.checks.coaching.customer_effort_score import CustomerEffortScore, Driver
from callcov.checks.coaching.recommendations import Recommendation
from callcov.checks.compliance import (
    identity_verification,
    mandatory_disclosures,
    prohibited_phrases,
    purpose_declaration,
    sensitive_data,
)
from callcov.checks.evidence import Evidence, Result
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
from callcov.checks.quality.sentiment_analysis import SentimentAnalysis
from callcov.checks.quality.silence import Silence
from callcov.checks.reading import Reading
from callcov.checks.rules import Rules
from callcov.checks.summary import Summary
from callcov.model import Transcript

_Rules = TypeVar("_Rules")
_Found = TypeVar("_Found")
VERSION = "17"
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


@dataclass(frozen=True, slots=True)
class Earlier:
    """What checks of this very `VERSION` found in the same call: same words, roles and direction, another policy.

    `same_acts`: whether the acts of the policy's own wordings are the same too. Only `mandatory_disclosures` and
    `prohibited_phrases` read those.
    """

    results: Results
    policy: Policy
    same_acts: bool


def supported(language: str) -> bool:
    """Whether calls in that language (ISO 639-1, a region may follow) are judged: English only."""
    return language.casefold().replace("_", "-").split("-")[0] == "en"


def analyze(
    transcript: Transcript,
    policy: Policy = DEFAULT,
    direction: Direction | None = None,
    earlier: Earlier | None = None,
) -> Results:
    """The transcript judged by the policy; `direction` is the call's, None when nobody told.

    An empty call, or one with a single party, has every field by the rule in the check's docstring. In a language
    that is not supported only what needs no words is measured (talk time, speaking rate, silence) or was found before
    (sensitive data); every other field says that nothing was heard, and nothing is flagged.
    With `earlier` results a check whose rules are the same is not asked again: the results are the same, made sooner.
    """
    reading, rules = Reading.of(transcript), Rules.of(policy, direction)
    if not supported(transcript.language):
        return _unjudged(reading, rules)
    judge = _Judge(reading, _known(earlier, direction) if earlier else {})
    compliance, quality = _compliance(judge, rules), _quality(judge, rules)
    told = judge.found(summary.check, compliance.purpose_declaration.evidence)
    return Results(
        compliance=compliance,
        quality=quality,
        coaching=_coaching(judge, rules, compliance, quality, told),
        summary=told,
        supported=True,
    )


def flags(results: Results, policy: Policy) -> frozenset[str]:
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


@dataclass(frozen=True, slots=True)
class _Judge:
    """A reading, and by its check what is known to be found in it by which rules."""

    reading: Reading
    known: Mapping[object, tuple[object, Any]]

    def found(self, check: Callable[[Reading, _Rules], _Found], rules: _Rules) -> _Found:
        """What a check finds by those rules; it is asked unless that is known."""
        before = self.known.get(check)
        return before[1] if before and before[0] == rules else check(self.reading, rules)


def _known(earlier: Earlier, direction: Direction | None) -> Mapping[object, tuple[object, Any]]:
    """What earlier results tell, by the check; one that is missing here is asked again."""
    rules, told = Rules.of(earlier.policy, direction), earlier.results.summary
    compliance, quality, coaching = earlier.results.compliance, earlier.results.quality, earlier.results.coaching
    effort = CustomerEffortScore(score=coaching.customer_effort_score, drivers=coaching.customer_effort_drivers)
    known: dict[object, tuple[object, Any]] = {
        identity_verification.check: (rules.identity_verification, compliance.identity_verification),
        purpose_declaration.check: (rules.purpose_declaration, compliance.purpose_declaration),
        sensitive_data.check: (rules.sensitive_data, compliance.sensitive_data),
        sentiment_analysis.check: (rules.sentiment_analysis, quality.sentiment_analysis),
        greeting.check: (rules.greeting, quality.greeting),
        empathetic_language.check: (rules.empathetic_language, quality.empathetic_language),
        interruptions.check: (rules.interruptions, quality.interruptions),
        silence.check: (rules.silence, quality.silence),
        talk_time.check: (rules.talk_time, quality.talk_time),
        speaking_rate.check: (rules.speaking_rate, quality.speaking_rate),
        active_listening.check: (rules.active_listening, quality.active_listening),
        call_structure.check: (rules.call_structure, quality.call_structure),
        _effort: ((rules.customer_effort_score, quality.sentiment_analysis, quality.silence, _open(told)), effort),
        summary.check: (compliance.purpose_declaration.evidence, told and summary.drawn(told)),
    }
    if earlier.same_acts:
        known[mandatory_disclosures.check] = (rules.mandatory_disclosures, compliance.mandatory_disclosures)
        known[prohibited_phrases.check] = (rules.prohibited_phrases, compliance.prohibited_phrases)
    return known


def _compliance(judge: _Judge, rules: Rules) -> Compliance:
    """What had to be said, and what must not be."""
    return Compliance(
        identity_verification=judge.found(identity_verification.check, rules.identity_verification),
        mandatory_disclosures=judge.found(mandatory_disclosures.check, rules.mandatory_disclosures),
        purpose_declaration=judge.found(purpose_declaration.check, rules.purpose_declaration),
        prohibited_phrases=judge.found(prohibited_phrases.check, rules.prohibited_phrases),
        sensitive_data=judge.found(sensitive_data.check, rules.sensitive_data),
    )


def _quality(judge: _Judge, rules: Rules) -> Quality:
    """How the call was handled."""
    return Quality(
        sentiment_analysis=judge.found(sentiment_analysis.check, rules.sentiment_analysis),
        greeting=judge.found(greeting.check, rules.greeting),
        empathetic_language=judge.found(empathetic_language.check, rules.empathetic_language),
        interruptions=judge.found(interruptions.check, rules.interruptions),
        silence=judge.found(silence.check, rules.silence),
        talk_time=judge.found(talk_time.check, rules.talk_time),
        speaking_rate=judge.found(speaking_rate.check, rules.speaking_rate),
        active_listening=judge.found(active_listening.check, rules.active_listening),
        call_structure=judge.found(call_structure.check, rules.call_structure),
    )


def _coaching(judge: _Judge, rules: Rules, compliance: Compliance, quality: Quality, told: Summary | None) -> Coaching:
    """What follows from all others; the advice follows from nearly everything, so it is always given anew."""
    basis = rules.customer_effort_score, quality.sentiment_analysis, quality.silence, _open(told)
    effort = judge.found(_effort, basis)
    return Coaching(
        recommendations=recommendations.check(judge.reading, rules.recommendations, compliance, quality, effort),
        customer_effort_score=effort.score,
        customer_effort_drivers=effort.drivers,
    )


def _open(told: Summary | None) -> tuple[Evidence, ...]:
    """Where it is said that the matter stays open; none when it does not, or nobody says so."""
    return told.outcome_evidence if told and told.outcome == "unresolved" else ()


def _effort(
    transcript: Reading,
    basis: tuple[customer_effort_score.Rules, SentimentAnalysis, Silence, tuple[Evidence, ...]],
) -> CustomerEffortScore:
    """The effort score, which follows from three other fields beside its rules."""
    return customer_effort_score.check(transcript, *basis)


def _unjudged(transcript: Reading, rules: Rules) -> Results:
    """Every field of a call whose words nobody here understands."""
    silent = _Judge(replace(transcript, segments=(), turns=(), sensitive=()), {})
    compliance, quality = _compliance(silent, rules), _quality(silent, rules)
    measured = _quality(_Judge(transcript, {}), rules)
    told = sensitive_data.check(transcript, rules.sensitive_data)
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
