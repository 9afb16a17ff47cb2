"""What every check takes from a policy, said in one place: of a policy a check sees its own rules and nothing else.

So a check finds the same in the same transcript wherever two policies give it the same rules. Past the rules only the
acts of the policy's own wordings reach a check, `disclosure:<id>` and `prohibited:<id>`; who reads those is named in
`checks.Earlier`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from callcov.checks.coaching import customer_effort_score, recommendations
from callcov.checks.compliance import (
    identity_verification,
    mandatory_disclosures,
    prohibited_phrases,
    purpose_declaration,
    sensitive_data,
)
from callcov.checks.policy import Direction, Policy
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


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of every check, by its field; those with a default take nothing from a policy."""

    identity_verification: identity_verification.Rules
    mandatory_disclosures: mandatory_disclosures.Rules
    purpose_declaration: purpose_declaration.Rules
    prohibited_phrases: prohibited_phrases.Rules
    sensitive_data: sensitive_data.Rules
    sentiment_analysis: sentiment_analysis.Rules
    greeting: greeting.Rules
    silence: silence.Rules
    speaking_rate: speaking_rate.Rules
    customer_effort_score: customer_effort_score.Rules
    recommendations: recommendations.Rules
    empathetic_language: empathetic_language.Rules = field(default_factory=empathetic_language.Rules)
    interruptions: interruptions.Rules = field(default_factory=interruptions.Rules)
    talk_time: talk_time.Rules = field(default_factory=talk_time.Rules)
    active_listening: active_listening.Rules = field(default_factory=active_listening.Rules)
    call_structure: call_structure.Rules = field(default_factory=call_structure.Rules)

    @classmethod
    def of(cls, policy: Policy, direction: Direction | None) -> Self:
        """The rules of that policy for a call of that direction, None when nobody told."""
        limits = policy.thresholds
        return cls(
            identity_verification=identity_verification.Rules(seconds=limits.identity_seconds),
            mandatory_disclosures=mandatory_disclosures.Rules(disclosures=policy.disclosures, direction=direction),
            purpose_declaration=purpose_declaration.Rules(interactions=limits.purpose_interactions),
            prohibited_phrases=prohibited_phrases.Rules(prohibited=policy.prohibited),
            sensitive_data=sensitive_data.Rules(never_solicit=policy.never_solicit),
            sentiment_analysis=sentiment_analysis.Rules(band=limits.sentiment_band),
            greeting=greeting.Rules(seconds=limits.greeting_seconds),
            silence=silence.Rules(silence_seconds=limits.silence_seconds, dead_air_seconds=limits.dead_air_seconds),
            speaking_rate=speaking_rate.Rules(low=limits.wpm_low, high=limits.wpm_high),
            customer_effort_score=customer_effort_score.Rules(
                long_seconds=limits.long_call_seconds, dead_air_seconds=limits.dead_air_seconds
            ),
            recommendations=_advice(policy),
        )


def _advice(policy: Policy) -> recommendations.Rules:
    """What the advice takes from a policy."""
    limits = policy.thresholds
    return recommendations.Rules(
        disclosures={entry.id: entry.example() for entry in policy.disclosures},
        never_solicit=policy.never_solicit,
        identity_seconds=limits.identity_seconds,
        dead_air_seconds=limits.dead_air_seconds,
        wpm_low=limits.wpm_low,
        wpm_high=limits.wpm_high,
        effort_flag=limits.effort_flag,
    )
