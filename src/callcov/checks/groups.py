"""The two groups of the results that are drawn from the transcript alone, joined by hand: a field is a check."""

from __future__ import annotations

from callcov.checks.compliance.identity_verification import IdentityVerification
from callcov.checks.compliance.mandatory_disclosures import MandatoryDisclosures
from callcov.checks.compliance.prohibited_phrases import ProhibitedPhrases
from callcov.checks.compliance.purpose_declaration import PurposeDeclaration
from callcov.checks.compliance.sensitive_data import SensitiveData
from callcov.checks.evidence import Result
from callcov.checks.quality.active_listening import ActiveListening
from callcov.checks.quality.call_structure import CallStructure
from callcov.checks.quality.empathetic_language import EmpatheticLanguage
from callcov.checks.quality.greeting import Greeting
from callcov.checks.quality.interruptions import Interruptions
from callcov.checks.quality.sentiment_analysis import SentimentAnalysis
from callcov.checks.quality.silence import Silence
from callcov.checks.quality.speaking_rate import SpeakingRate
from callcov.checks.quality.talk_time import TalkTime


class Compliance(Result):
    """What had to be said, and what must not be."""

    identity_verification: IdentityVerification
    mandatory_disclosures: MandatoryDisclosures
    purpose_declaration: PurposeDeclaration
    prohibited_phrases: ProhibitedPhrases
    sensitive_data: SensitiveData


class Quality(Result):
    """How the call was handled."""

    sentiment_analysis: SentimentAnalysis
    greeting: Greeting
    empathetic_language: EmpatheticLanguage
    interruptions: Interruptions
    silence: Silence
    talk_time: TalkTime
    speaking_rate: SpeakingRate
    active_listening: ActiveListening
    call_structure: CallStructure
