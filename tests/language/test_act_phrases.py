"""Phrases find what is said the usual way, and know denial and question from statement."""

import pytest

from callcov.language.clauses import sentences
from callcov.language.phrases import hits, rule, shipped
from callcov.model import Segment, Span, Word

IDENTITY = "my name is Dana"


def heard(text, rules=None):
    segment = Segment("A", tuple(Word(word, Span(at, at + 1)) for at, word in enumerate(text.split())))
    return [
        (hit.act, " ".join(word.text for word in segment.words[hit.first : hit.last]))
        for sentence in sentences(0, segment)
        for hit in hits(sentence, segment.words, rules or shipped())
    ]


@pytest.mark.parametrize(
    ("phrase", "text", "words"),
    [
        ("red|blue car", "a blue car here", "blue car"),
        ("red very? car", "a red car", "red car"),
        ("red *2 car", "a red and shiny car", "red and shiny car"),
        ("red *2 car", "a red and really shiny car", None),
        ("i am NAME", "well I'm Dana", "I'm Dana"),
        ("i am NAME", "well I'm done", None),
        ("^ bye", "bye then", "bye"),
        ("^ bye", "then bye", None),
        ("bye $", "then bye", "bye"),
        ("bye $", "bye then", None),
        ("ends", "it depends", None),
        ("not here", "um he's uh not, er, here", "not, er, here"),
        ("a.c", "abc", None),
    ],
)
def test_an_item_means_what_the_file_says(phrase, text, words):
    found = heard(text, [rule("act", [phrase])])
    assert [said for _, said in found] == ([words] if words else [])


def test_an_exception_near_by_takes_a_phrase_back():
    recorded = [rule("act", ["is recorded"], unless=["not *2"])]
    assert heard("this is recorded", recorded)
    assert not heard("this is not recorded", [rule("act", ["recorded"], unless=["not *2"])])
    assert heard("this is recorded and you can hear it again any time you like do not worry", recorded)


def test_a_statement_is_not_made_by_asking():
    named = [rule("act", ["my name is NAME"], statement=True)]
    assert not heard("Is my name is Dana?", named)
    assert heard("My name is Dana, how can I help?", named)


def test_a_rule_needs_a_phrase():
    with pytest.raises(ValueError, match="no phrases"):
        rule("act", [])


@pytest.mark.parametrize(
    ("act", "text"),
    [
        ("identity", "Hello, this is Dana from Acme."),
        ("identity", "hello this is dana from acme"),
        ("disc_recording", "Before we start, calls are recorded for training."),
        ("disc_recording", "Are you happy for me to record this call?"),
        ("closing", "Is there anything else I can help you with?"),
        ("closing", "We'll speak to you tomorrow."),
        ("hold", "Bear with me one moment."),
        ("proh_profanity", "What the hell."),
        ("proh_insult", "Don't be an idiot."),
        ("proh_guarantee", "Believe me, it works every single time."),
        ("proh_guarantee", "They work on everybody, you'll see."),
        ("proh_guarantee", "Once that payslip's in, it will be approved."),
        ("proh_threat", "If you keep complaining, I will close your account."),
        ("proh_threat", "I'd have to give them a call and let your manager know."),
        ("proh_threat", "We'd be calling her, and your boss at the plant."),
        ("proh_pressure", "If I don't put you in it right now, I'll have to give it away."),
        ("purpose", "Hi there, calling from Quillstack, about your drawing licences."),
    ],
)
def test_the_usual_wording_is_found(act, text):
    assert act in [found for found, _ in heard(text)]


@pytest.mark.parametrize(
    ("act", "text"),
    [
        ("identity", "Is this Dana from Acme?"),
        ("identity", "This is about the invoice."),
        ("disc_recording", "I'm not recording this call."),
        ("disc_recording", "Nothing's being recorded."),
        ("disc_recording", "Is this call recorded?"),
        ("resolution", "I haven't refunded that yet."),
        ("resolution", "Would you like me to cancel that?"),
        ("closing", "We can see you on Monday."),
        ("closing", "Doctor Lund will speak to you tomorrow."),
        ("proh_insult", "You're not stupid."),
        ("proh_insult", "I'm such an idiot."),
        ("proh_guarantee", "I can't guarantee you a slot."),
        ("proh_guarantee", "It doesn't work every time."),
        ("proh_guarantee", "I can't say whether it will be approved."),
        ("identity", "And I speaking with Mr Brown?"),
        ("proh_pressure", "You don't have to decide right now."),
        ("proh_threat", "Nobody is going to have you arrested."),
    ],
)
def test_a_denial_a_question_or_another_sense_is_not_the_act(act, text):
    assert act not in [found for found, _ in heard(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I'd be raging too.", True),
        ("Bless you, you've had a time of it.", True),
        ("Ah God, you poor thing.", True),
        ("I'm so sorry you've had to wait.", True),
        ("I'm sorry you were left in the cold.", True),
        ("I'm really sorry you didn't get your parcel.", True),
        ("I'm sorry you feel that way.", False),
        ("I'm really sorry you feel so.", False),
        ("I'm so sorry if you were offended.", False),
        ("I'm so sorry that you didn't read the terms.", False),
        ("So sorry to disappoint you, but no.", False),
    ],
)
def test_sympathy_is_with_what_happened_and_not_with_how_it_is_taken(text, kind):
    assert ("empathy" in [act for act, _ in heard(text)]) is kind
