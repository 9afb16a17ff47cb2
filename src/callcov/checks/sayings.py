"""Wordings that a sentence is known by: what is promised, wanted, settled, refused. General English, named for its use.

All are found in one pass over a segment's tokens; a sentence knows the names of those that lie within it.
"""

from __future__ import annotations

from callcov.text.phrases import Matcher

_WORDINGS = {
    "coming": """
        on its way, on their way, on the way to you, in the post, in the mail, goes out, goes back, comes out of,
        comes back, going out, coming to you, coming by text, coming by email, with you by, with you on, with you
        within, with you inside, back in touch, be in touch, out to you, get back to you, let you know, see you
        then, see you there, see you soon, see you on, see you in, see you at, see you next, see you this, speak to
        you then, speak to you soon, talk to you then, talk to you soon, give us another ring, give us another call,
        give us a ring, give us a call, give me a ring, give me a call, give you a ring, give you a call, give you a
        bell, drop you a line, call us back, ring us back, call you back, ring you back, call me back, ring me back,
        call back, ring back, calling you back, calls you back""",
    "at_once": """
        you on hold, call on hold, you back on hold, put you through, put you across, put you over, put you on to, pass
        you over, transfer you, have a look, take a look, be honest, bear with, hang on, hold on, hold the line, go
        quiet, tell you what, let me, let us, stay on the line, stay with me, i will believe, i will say, i would say,
        i will explain, i will need, i will just need, i will have to, i would need, read me, read us, read it out,
        stay on with""",
    "wish": """
        have a good, have a great, have a nice, have a lovely, have a wonderful, have a safe, have a blessed, rest
        of your, good morning, good afternoon, good evening, good day, good night, thanks for, thank you for, take
        care, i hope, look after, hang in there, any time, enjoy the, enjoy your, good luck""",
    "uncertain": """
        i can not say, i can not tell you, i can not promise, i can not guarantee, i can not swear, i could not say,
        i could not tell you, i will not promise, i do not know""",
    "no_step": """
        ringing about, ringing to, ringing because, ringing regarding, calling about, calling to, calling because,
        calling regarding, phoning about, phoning to, calling from, ringing from, let us say, would you like, let you
        go, let you get on, let you get off, let you get back to""",
    "stated": """
        i am calling about, i am calling to, i am calling because, i am calling regarding, i am calling concerning,
        i am calling from, we are calling about, we are calling to, we are calling because, just calling to, just
        calling about, calling you about, calling you because, calling today to, calling today about, i am ringing
        about, i am ringing to, i am ringing because, only ringing about, only calling about, just ringing to, just
        ringing about, i am phoning about, i am phoning to, getting in touch about, getting in touch because, i am
        reaching out, we are reaching out, contacting you about, contacting you because, the reason i am calling,
        reason for my call, reason for the call, reason i called, reason i am ringing, purpose of my call, following
        up on, returning your call, it is about the, it is about your, it is about my, it is about a, it is
        regarding, it is concerning, it is in regard to, it is to do with, this is about your, this is regarding,
        what it is, i called about, i rang about, i wanted to ask, i wanted to talk to you about, i need to talk to
        you about""",
    "wanted": """
        i would like to, i want to, i need to, i am trying to, i was hoping to, i was wondering, i am hoping to, i
        am looking to, i have got a problem, i have a problem, there is a problem, i have a question, i have had a
        letter, i got a letter, i have lost, i have not received, i never got, i can not, i could not, is not
        working, not working, does not work, has stopped, we have got no, i have got no, i still have not, has not
        arrived, i want my, can you help me, i have been charged, you have charged, can i book, can i change, can i
        cancel, could i book, could i change""",
    "asks_matter": """
        how can i help, how may i help, what can i do, how can i be of, what is it about, what is it concerning,
        what is it to do with, what is it regarding, what is this about, what is this regarding, what is the
        problem, what is the issue, what has happened, what is happened, what has been happening, what is been
        happening, what is happening, what is broken, what is going on, what seems to be, how can we help, what are
        you calling about, what are you ringing about, is it in connection with, what is wrong, how might i help,
        what brings you""",
    "beside": """
        who is this, who is calling, who is that, what is this about, is this recorded, being recorded, recording
        me, are you recording, in the queue, on hold, in a queue, been waiting, been holding, kept waiting, who am i
        speaking to, how are you, can you hear me, you are talking to, is this the, is that the, am i through to,
        have i come through to""",
    "settled": """
        gone through, it is through, with you already, it is done, all done, is in, it is off, you are in for, good
        to go, all set, up and running, that is you, in for today, is live, is working, works now, it works, is back
        on, you are covered, put that right, put it right, put the date in, taken off, taken it off, taken you off,
        take those off, took that off, put it through, we are done, you are all paid""",
    "works": """
        i am in, it works, it is working, that works, has worked, that worked, that is it working, it is here, it is
        back, payment received, it is moving, it stopped, it is on now, all there, that is fixed, it is open, it has
        come through, that has done it, that did the trick, that has done the trick, that is all i wanted to know, that
        is all i needed to know, all i wanted to know, all i needed to know, that answers it, that answers my""",
    "to_come": """
        engineer, technician, tech, crew, van, surveyor, driver, plumber, inspector, team, manager, supervisor,
        decide, decides, decision, investigate, investigation, review, escalate, courier, visit, call you, ring you,
        phone you, contact you, get back to you, a call, a ring, call back, ring back, write to you, claim,
        resubmit, fax, chase, look into, specialist, adjuster, contractor, working days, business days""",
    "arrives": """
        bring, be with you, come, comes""",
    "own_way": """
        you would have to, you will have to, you will need to, you need to, you have to, welcome to call, you can
        write, you can call, you can always, it is a form, is another department, is a different department""",
    "leaving": """
        complain, complaint, my lawyer, a lawyer, my solicitor, a solicitor, ombudsman, regulator, trading standards,
        the papers, somewhere else, elsewhere, head office, write to the, the council, the union, my mp, my attorney, an
        attorney, small claims, to court, putting the phone down,
        speak to the manager, speak to a manager, speak to your manager, your supervisor, i am done here""",
    "refusing": """
        do not call, do not ring, do not phone, stop calling, stop ringing, take me off, it is a no, not
        interested, forget it, i said no, calling a lawyer, calling my lawyer, call a lawyer, calling a solicitor, to my
        solicitor, to my lawyer, to the ombudsman""",
}
"""By name.

Of next steps: `coming` (something will come), `at_once` (done now), `wish`, `uncertain`, `no_step` (why they call, or
that they part).
Of the reason: `stated` (by who calls), `wanted`, `asks_matter` (the agent asks), `beside` (said before the matter).
Of the outcome: `settled` and `works` (done or answered, by the agent or the customer), `to_come` (somebody or something
has to), `own_way` (left to the customer), `leaving` and `refusing` (the customer takes it elsewhere, or wants none of
it).
"""

SAYINGS = Matcher(
    ((name, wording) for name, wordings in _WORDINGS.items() for wording in wordings.split(",")), exact=True
)
"""All wordings, to be found in plain tokens."""
