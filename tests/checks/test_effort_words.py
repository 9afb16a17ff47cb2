"""What is said of transfers, earlier contacts and waiting counts as effort; what only sounds like it does not.

A call is told as what the agent (A) and the customer (C) say in turn, behind what the call is about.
"""

import pytest
from callscript import transcript_of

from callcov import checks

OPENING = "Hello there, it is about the boiler you put in for me."


def drivers(*turns):
    """The drivers of a call that begins with the customer's matter, by name, and then goes on with the turns."""
    lines, at = [], 0.0
    for turn in (f"C {OPENING}", *turns, "A Okay."):
        who, said = turn.split(" ", 1)
        seconds = 0.4 * len(said.split())
        lines.append(f"{who} {at:.1f}-{at + seconds:.1f} {said}")
        at += seconds + 0.3
    results = checks.analyze(transcript_of("\n".join(lines)))
    return {driver.driver: driver for driver in results.coaching.customer_effort_drivers}


@pytest.mark.parametrize(
    "turns",
    [
        ("A I'll put you through to billing now.",),
        ("A Let me transfer you to the right team.",),
        ("A I'm going to transfer you to the faults desk.",),
        ("A Okay, then I transfer you back.",),
        ("A I'll have to pass you over to my supervisor.",),
        ("A If you just hold on I'll put you through.",),
        ("A One moment, I'm just connecting you with my colleague.",),
        ("A I'll transfer your call to the claims team.",),
        ("A You'll need to speak to our billing team.",),
        ("A I can put you through to billing if you like.", "C Yes please."),
        ("A Would you like me to transfer you?", "C Oh yeah, go on."),
        ("A I'd have to put you through to accounts, is that okay?", "C That would be great."),
        ("C They transferred me to you just now.",),
        ("C Somebody put me through to you from sales.",),
        ("C I was put through to the wrong department.",),
        ("C I spoke to sales and then was transferred.",),
        ("C This is the third desk I've been sent to.",),
        ("C You people keep passing me from one to another.",),
    ],
)
def test_a_transfer_is_made_announced_taken_up_or_told(turns):
    assert drivers(*turns)["transfers"].points == 1


@pytest.mark.parametrize(
    "turns",
    [
        ("A I can put you through to complaints if you like?", "C No, don't transfer me."),
        ("A I can put you through to complaints if you like?", "C What would they do?"),
        ("A I'd have to put you through to accounts, but they're gone home.", "C Okay."),
        ("A Normally I'd transfer you, but I'll do it for you.", "C Great, thank you."),
        ("A Would you like me to transfer you to billing?", "C No thanks."),
        ("A Shall I put you through, or can I help?", "C You can help."),
        ("A If you'd like I will transfer you.", "C I'd rather not."),
        ("A I could transfer you to billing, but I can do that here.", "C Perfect."),
        ("A {transfer: If it happens again, ask to be put through to the technical team.}", "C Okay."),
        ("A Rather than transferring you I'll do it here.", "C Great."),
        ("A {transfer: I'll pass that on to my colleague.}", "C Great."),
        ("A You need to call us when it arrives.", "C Okay."),
        ("A Do you have to call anybody before then?", "C Yes."),
        ("A I'll transfer the money to your account today.", "C Okay."),
        ("C {transfer: I got through to you straight away.}",),
        ("C {transfer: My sister passed me your number.}",),
        ("C {transfer: Can you put me through to Rachel?}",),
        ("C The money was transferred on Monday.",),
    ],
)
def test_what_is_offered_asked_for_or_passed_on_without_the_customer_is_no_transfer(turns):
    assert "transfers" not in drivers(*turns)


@pytest.mark.parametrize(
    ("said", "points"),
    [
        ("I did ring two weeks ago.", 1),
        ("I spoke to a lovely girl called Beth last week.", 1),
        ("My husband rang on Tuesday about it.", 1),
        ("I was on to ye yesterday about it.", 1),
        ("It is the same fault as in October.", 1),
        ("This is the second time it broke.", 1),
        ("I rang my account manager last week.", 1),
        ("I already called on Monday and again yesterday.", 2),
        ("I emailed you in May and then again in July.", 2),
        ("I've called you. Three times. About the same thing.", 2),
        ("I've been back to the shop three times.", 2),
        ("You have it from the last four calls.", 2),
        ("I've had this conversation before with two of your colleagues.", 2),
        ("This is my third go at getting this fixed.", 2),
        ("This is now the fourth engineer.", 2),
    ],
)
def test_an_earlier_contact_is_told_by_its_day_its_number_or_what_came_of_it(said, points):
    assert drivers(f"C {said}")["repeat_contact"].points == points


@pytest.mark.parametrize(
    "said",
    [
        "{repeat: I called my bank three times today.}",
        "{repeat: I rang my sister yesterday.}",
        "{repeat: I rang twice on your doorbell.}",
        "{repeat: Somebody called me yesterday.}",
        "{repeat: I did not call before about this.}",
        "{repeat: It is the first time I have had to call.}",
        "The driver rang on Monday.",
        "My wife rang her mother twice about it.",
        "I have already spoken to my wife.",
        "It's my second time buying from you.",
        "Third time lucky, it's my third child's first phone.",
        "Like I said to the other two, it is the garden.",
        "People told me. Everyone does it. I have restarted the thing for you now five times.",
        "I read it three times and told people about it.",
        "Can you tell me again what it costs?",
        "My third attempt to log in failed.",
    ],
)
def test_a_contact_with_others_or_by_others_and_none_at_all_is_no_earlier_contact(said):
    assert "repeat_contact" not in drivers(f"C {said}")


@pytest.mark.parametrize(
    "said",
    ["How many times do I have to say it?", "{repeat_information: As I told the last two people, it is the garden.}"],
)
def test_it_had_to_be_said_again(said):
    assert drivers(f"C {said}")["repeat_information"].points == 1


def test_what_was_said_to_the_family_is_not_said_again():
    assert "repeat_information" not in drivers(
        "C {repeat_information: Like I said to my wife, the blue one.}", "A Okay."
    )


@pytest.mark.parametrize("said", ["A real person. Only took forty minutes.", "I've been hanging on for ages."])
def test_the_customer_waited_for_an_answer(said):
    assert drivers(f"C {said}")["waiting"].points == 1


def test_a_long_way_is_no_waiting():
    assert "waiting" not in drivers("C The driver took forty minutes through the town.")
