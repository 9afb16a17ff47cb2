"""Acts and sentiment land on the right segments, on the right words, and on nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcov.language.understand import understand, understood
from callcov.language.wordings import prepared
from callcov.model import Role, Transcript
from callcov.speech import roles

CALL = (
    "A Good morning, thank you for calling Larkfield Water, this is Denise. How can I help?",
    "B My bill has doubled and I have called about this three times already.",
    "A I am so sorry to hear that. Could you confirm your account number?",
    "B It's [account_number] [account_number].",
    "A Thank you. I've refunded forty pounds to your account.",
    "B Oh brilliant, thank you so much.",
    "A Is there anything else? Thank you for calling, have a great day.",
    "B Bye bye.",
)


def acts(segment):
    return {act.name for act in segment.acts}


def words(segment, name):
    return [
        " ".join(word.text for word in segment.words[act.first : act.last]) for act in segment.acts if act.name == name
    ]


@pytest.fixture(scope="module")
def call(encoder, said):
    return understand(said(*CALL), encoder, {})


def test_a_call_is_understood(call):
    expected = [
        {"greeting", "identity", "offer_help"}, {"repeat"}, {"empathy", "verify_q"}, set(),
        {"resolution"}, {"thanks"}, {"closing"}, {"closing"},
    ]  # fmt: skip
    for segment, names in zip(call.segments, expected, strict=True):
        assert names <= acts(segment)


def test_an_act_points_at_the_words_that_do_it(call):
    assert words(call.segments[0], "identity") == ["this is Denise."]
    assert words(call.segments[2], "empathy") == ["I am so sorry to hear that."]
    assert words(call.segments[4], "resolution") == ["I've refunded forty pounds to your account."]


def test_a_farewell_with_thanks_for_calling_is_a_closing_and_no_greeting(call):
    assert "greeting" not in acts(call.segments[6])
    assert "closing" not in acts(call.segments[0])


def test_a_hello_in_the_middle_of_a_call_is_no_greeting(encoder, said):
    lines = ["A Good morning, Harlow Garage.", *("B The clutch is slipping a little.",) * 40, "A Good morning again."]
    late = understand(said(*lines), encoder, {})
    assert "greeting" in acts(late.segments[0])
    assert "greeting" not in acts(late.segments[-1])


def test_everything_but_acts_and_sentiment_stays(call, said):
    plain = said(*CALL)
    assert replace(call, segments=()) == replace(plain, segments=())
    assert [replace(one, acts=(), sentiment=0.0) for one in call.segments] == list(plain.segments)


def test_understanding_twice_changes_nothing(call, encoder):
    assert understand(call, encoder, {}) == call


def test_roles_make_no_difference(call, encoder):
    for agent in "AB":
        assert understand(call.with_agent(agent), encoder, {}).segments == call.segments
    assert call.with_agent("A").role("B") is Role.CUSTOMER


def test_another_language_and_an_empty_call_are_left_alone(encoder, said):
    spanish = said("A Buenos días, gracias por llamar.", language="es")
    assert understand(spanish, encoder, {"x": ("gracias",)}) == spanish
    assert understand(Transcript(), encoder, {"x": ("thanks",)}) == Transcript()


@settings(max_examples=20)
@given(
    st.lists(
        st.lists(
            st.sampled_from("sorry? recorded. [pin] £5 my name is Bob, you idiot so the".split()),
            min_size=1,
            max_size=30,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_acts_lie_inside_their_segment_and_scores_inside_their_range(encoder, said, texts):
    heard = understand(said(*(f"A {' '.join(one)}" for one in texts)), encoder, {"disclosure:x": ("my name is Bob",)})
    for segment in heard.segments:
        assert -1 <= segment.sentiment <= 1
        assert str(segment.sentiment) != "-0.0"
        for act in segment.acts:
            assert 0 <= act.first < act.last <= len(segment.words)
            assert 0 <= act.confidence <= 1
            assert act.like is None or act.like


def test_a_learned_act_names_the_example_it_is_like(encoder, said):
    (learned,) = understand(said("B nobody ever mentioned that to me"), encoder, {}).segments
    assert "Nobody told me about that." in [one.like for one in learned.acts]


@pytest.mark.parametrize("mask", ["[card_number]", "[pin],", "[address] [address]"])
def test_which_value_was_masked_makes_no_difference(encoder, said, mask):
    (one,) = understand(said(f"A could you confirm {mask} for me"), encoder, {}).segments
    (two,) = understand(said("A could you confirm for me"), encoder, {}).segments
    assert acts(one) == acts(two)


@pytest.mark.parametrize("text", ["okay", "mm-hm", "[card_number]", "yeah yeah", "..."])
def test_saying_nothing_does_nothing(encoder, said, text):
    (segment,) = understand(said(f"A {text}"), encoder, {}).segments
    assert (segment.acts, segment.sentiment) == ((), 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "This is ridiculous, I want to speak to your manager.",
        "I've been waiting three weeks and nobody called me back.",
        "You people are useless.",
        "so it's still not fixed then",
    ],
)
def test_trouble_is_negative(encoder, said, text):
    assert understand(said(f"B {text}"), encoder, {}).segments[0].sentiment <= -0.4


@pytest.mark.parametrize(
    "text", ["Oh wonderful, thank you so much!", "You have been really helpful.", "That's brilliant, I love it."]
)
def test_delight_is_positive(encoder, said, text):
    assert understand(said(f"B {text}"), encoder, {}).segments[0].sentiment >= 0.4


@pytest.mark.parametrize(
    "text",
    [
        "The parcel is out for delivery.",
        "It's at ten thirty on Monday.",
        "Could I get your last name?",
        "I see, and after that?",
    ],
)
def test_matter_of_fact_is_neither(encoder, said, text):
    assert abs(understand(said(f"A {text}"), encoder, {}).segments[0].sentiment) < 0.15


WORDINGS = {
    "disclosure:recording": ("this call is being recorded",),
    "prohibited:refund": ("we never give refunds to anyone",),
    "disclosure:fee": ("there is a fee of two hundred dollars if you cancel early",),
}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Just so you know, this call is recorded.", "disclosure:recording"),
        ("Is it okay with you that this call is recorded?", "disclosure:recording"),
        ("we don't give anyone refunds, ever", "prohibited:refund"),
        ("If you cancel early you pay a two hundred dollar fee.", "disclosure:fee"),
    ],
)
def test_a_policys_wording_is_found_by_its_meaning(encoder, said, text, name):
    (segment,) = understand(said(f"A {text}"), encoder, WORDINGS).segments
    found = [act for act in segment.acts if ":" in act.name]
    assert [act.name for act in found] == [name]
    assert found[0].like in WORDINGS[name]


@pytest.mark.parametrize(
    "text",
    [
        "This call is not being recorded.",
        "Is this call being recorded?",
        "We give refunds to everyone.",
        "There is no fee if you cancel early.",
        "The engineer is coming on Tuesday.",
    ],
)
def test_the_opposite_of_a_wording_is_not_found(encoder, said, text):
    (segment,) = understand(said(f"A {text}"), encoder, WORDINGS).segments
    assert not [act for act in segment.acts if ":" in act.name]


def likeness(encoder, transcript):
    return understood(transcript, encoder, prepared({}, encoder)).likeness


def test_an_agent_sounds_like_an_agent_and_a_customer_like_a_customer(encoder, said):
    agent, customer, nothing, masked = likeness(
        encoder,
        said(
            "A Thank you for calling, this is Denise, how can I help you today?",
            "B I've been waiting three weeks for my refund and I'm really annoyed.",
            "A okay",
            "B [card_number]",
        ),
    )
    assert agent > 1
    assert customer < -1
    assert nothing == masked == 0.0
    assert likeness(encoder, said("A Gracias por llamar, le atiende Denise.", language="es")) == (0.0,)
    assert likeness(encoder, said()) == ()


def test_a_curt_agent_and_a_polite_customer_are_not_taken_for_each_other(encoder, said):
    """Whose clause it is shows in what it answers, not in who is friendly."""
    call = said(
        "A Hello, Marlow Parcels.",
        "B Good afternoon, I think my parcel went to a neighbour and I don't know which one.",
        "A Tracking number.",
        "B It's on the card here, one moment. Thank you so much for your patience.",
        "A It was left at number nine. You could have looked that up yourself.",
        "B Oh, I see. I do apologise, I am not very good with computers.",
    )
    assert roles.agent_of(call, likeness(encoder, call)) == "A"
    turned = replace(
        call, segments=tuple(replace(one, speaker="BA"[one.speaker == "B"]) for one in call.segments), turns=()
    )
    assert roles.agent_of(turned, likeness(encoder, turned)) == "B"


def test_words_that_were_hardly_heard_accuse_nobody_by_their_meaning(encoder, said):
    clear = said("A Some people really ought to learn how to read.")
    (segment,) = clear.segments

    def accusations(sure):
        words = tuple(replace(word, confidence=sure) for word in segment.words)
        (heard,) = understand(replace(clear, segments=(replace(segment, words=words),)), encoder, {}).segments
        return {act.name for act in heard.acts if act.like and act.name.startswith("proh_")}

    assert accusations(1.0) == accusations(0.85) == {"proh_insult"}, "as words of an ordinary call are heard"
    assert accusations(0.3) == set()


def felt(encoder, said, *lines):
    """The last segment of a call, understood."""
    return understand(said(*lines), encoder, {}).segments[-1]


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        ("There's no charge for that.", "Great."),
        ("You don't need to do anything.", "Brilliant."),
        ("I won't need to transfer you, I can sort that.", "Great, thanks."),
        ("It's not damaged, and it'll be there tomorrow.", "Fantastic."),
        ("They can, there's a rack for two underneath.", "Grand job. Thanks."),
    ],
)
def test_a_short_glad_answer_to_no_bad_news_is_glad(encoder, said, before, answer):
    heard = felt(encoder, said, "B Hi, when will my new lamp come?", f"A {before}", f"B {answer}")
    assert heard.sentiment > 0
    assert not {"sarcasm", "complaint", "upset"} & acts(heard)


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        ("It can come next week.", "Oh brilliant, another week."),
        ("I can't refund that, I'm afraid.", "Great."),
        ("That's not something we do.", "Fantastic."),
        ("I've no record of that.", "Fantastic."),
        ("It's delayed again.", "Super."),
        ("The office is closed until Monday.", "Brilliant, that's made my day."),
    ],
)
def test_gladness_at_bad_news_stays_irony(encoder, said, before, answer):
    heard = felt(encoder, said, "B Hi, when will my new lamp come?", f"A {before}", f"B {answer}")
    assert heard.sentiment <= -0.4


def test_a_glad_answer_of_who_complained_is_left_to_the_reader(encoder, said):
    complained = "B My lamp still hasn't come, I've been waiting three weeks and nobody called me back."
    assert felt(encoder, said, complained, "A Our driver says he rang.", "B Brilliant service.").sentiment <= -0.4


@pytest.mark.parametrize(
    "text",
    [
        "The hotel you put us in was out of this world.",
        "The two lads who delivered the wardrobe yesterday were absolute stars.",
        "I spoke to a lovely girl called Bethan last week who was ever so helpful.",
        "I couldn't be happier with it.",
        "I can't fault it.",
        "Nobody has ever been so kind to me on the phone.",
        "It's been twelve years and I've never once had to complain.",
    ],
)
def test_praise_is_meant_though_it_denies_something(encoder, said, text):
    heard = felt(encoder, said, "A Emerald Travel, Aoife here.", f"B {text}")
    assert heard.sentiment >= 0.4
    assert not {"sarcasm", "complaint", "upset"} & acts(heard)


@pytest.mark.parametrize(
    "text",
    [
        "You've been so kind as to lose my parcel again.",
        "Your staff were really friendly while they broke my door.",
        "The driver was lovely but the parcel is broken.",
        "You lot have been great, three weeks of nothing.",
        "I would be very happy with a refund.",
        "They were not very helpful.",
    ],
)
def test_words_of_praise_in_a_complaint_are_none(encoder, said, text):
    assert felt(encoder, said, "A City Parcels, this is Sam.", f"B {text}").sentiment < -0.3


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I want my delivery day changed to Monday.", True),
        ("This is the first time I've had to ring.", True),
        ("I only want my meter reading changed.", True),
        ("I want my money back.", False),
        ("I just want to know why nobody called me.", False),
        ("I just want this sorted.", False),
    ],
)
def test_a_plain_wish_is_no_complaint(encoder, said, text, plain):
    assert (felt(encoder, said, "A City Parcels, how can I help?", f"B {text}").sentiment >= 0) is plain
