"""The words that name a kind of value: in a question ("and the three digits on the back?") or beside the value.

`other` names what is none of the twelve types (order, tracking, flight, amount): a number beside such a word is not
sensitive, and a question for one closes the questions before it. `ending` comes before the end of a number that both
sides know ("your card ending in 4242"). A name that ends in `~` is weak: "card" alone is a hint for a long number, not
a question for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callcov.model import Segment
from callcov.text.guards import denied
from callcov.text.normalise import Token, plain, tokens
from callcov.text.numbers import is_number
from callcov.text.phrases import Matcher

OTHER = "other"
ENDING = "ending"
_NAMES: dict[str, str] = {
    "card_number": """card number, credit card number, debit card number, payment card number, card details,
        card information, card info, long number, long card number, number on the front of the card,
        number on the front of your card, number on the front, numbers on the front, number across the front,
        number across the middle, number on your card, number on the card, number of the card, sixteen digit number,
        sixteen digits, visa number, mastercard number, amex number, digits of the card, digits of your card,
        digits of that card, digits on the card, digits of your credit card, digits of the card number,
        last four of the card, last four of your card, last four of that card, last four on the card,
        last four digits on the card, last four on your card, card you would like to use, card you want to use,
        full card, cart number""",
    "card_number~": "card, credit card, debit card, visa, mastercard, master card, amex, american express, maestro",
    "card_cvv": """cvv, cvc, cvv2, cvv number, cvc number, cvv code, c v v, c v c, csc, cbv, cvb, cvd, c v b,
        security code, card security code, security number on the back, security code on the back, digits on the back,
        number on the back, numbers on the back, code on the back, three digits on the back, three digit code,
        three digit security code, three digit number on the back, last three digits on the back, digits on the reverse,
        digits on the signature strip, four digits on the front, four digit code on the front, card verification,
        card verification number, card verification code, verification value, back of the card, back of your card""",
    "ssn": """social security number, social security, social, ssn, s s n, social number, your social, my social,
        digits of your social, digits of your social security number""",
    "bank_account": """bank account number, bank account, routing number, routing, sort code, iban, bank details,
        checking account number, checking account, savings account number, savings account, current account number,
        direct debit details, transit number, aba number, account and routing number, routing and account number,
        account and routing numbers, sort code and account number, account number and sort code, bank sort code,
        account number for the bank, account number with your bank, bank routing number""",
    "account_number": """account number, account numbers, account no, account id, customer number, customer id,
        customer reference number, customer account number, member number, member id, membership number, membership id,
        membership card number, client number, client id, policy number, subscriber number, subscriber id,
        patient number, loyalty number, loyalty card number, rewards number, frequent flyer number, user id,
        account reference, account reference number, utility account number, loan number""",
    "account_number~": "account, policy, membership",
    "date_of_birth": """date of birth, dates of birth, birth date, birthdate, birthday, dob, d o b, date of birt,
        born, born on, were you born, day you were born, year of birth, day of birth, data birth, date of both""",
    "phone_number": """phone number, phone numbers, telephone number, mobile number, mobile phone number, cell number,
        cell phone number, cellphone number, contact number, callback number, call back number, best number,
        number to reach you, number we can reach you, number i can reach you, number to call you, number to call,
        daytime number, evening number, home number, work number, landline, landline number, reach me at, reach me on,
        call me at, call me on, call me back on, call me back at, text me at, text me on, call you back on,
        call you back at, reach you at, reach you on, number you are calling from, number i am calling from, cell is,
        mobile is, phone is, my number is, your number is, i am on, number do we call, number should i call""",
    "phone_number~": "mobile, cell, cell phone, cellphone, phone, telephone, your number, my number, his number, "
    "her number",
    "email": "email, email address, email addresses, e mail, e mail address, emails, electronic mail",
    "address": """address, home address, mailing address, billing address, shipping address, delivery address,
        street address, postal address, property address, service address, current address, new address, zip code,
        zip, zipcode, post code, postcode, postal code, where do you live, where you live, where are you living,
        street name, house number, first line of the address, first line of your address, number and street, live at,
        i live at, living at, moved to, move to, deliver to, delivered to, send it to, sent to, ship it to,
        mail it to""",
    "password": """password, passwords, pass word, passphrase, pass phrase, memorable word, memorable information,
        memorable name, security word, secret word, code word, security answer, answer to your security question,
        mother maiden name, mothers maiden name, maiden name, log in password, account password""",
    "pin": """pin, pin number, pin code, p i n, four digit pin, security pin, telephone banking pin, pen number,
        one time code, one time passcode, one time password, passcode, pass code, access code, verification code,
        code we sent you, code we just sent, code we texted, code i sent you, code we just texted, code i just texted,
        code we have sent, code that we sent, code i texted, code sent to you, code sent to your phone,
        code i have sent, code that i sent, text message code, code i just sent, code you received,
        authentication code, confirmation code we sent, six digit code, four digit code, code on your phone""",
    "government_id": """driver license, driver license number, drivers license, drivers license number,
        driver licence number, driving license, driving licence, driving licence number, license number,
        licence number, passport number, passport, national insurance number, national insurance, n i number,
        state id, state id number, id number, id card number, government id, identification number, tax id,
        tax id number, tax number, taxpayer id, taxpayer identification number, medicare number, medicare id,
        medicaid number, nhs number, n h s number, green card number, alien number, alien registration number,
        resident card number, voter id number, visa permit number, identity card number""",
    ENDING: "ending in, ending, ends in, ends with, that ends, ending with, finishing",
    OTHER: """order number, order id, my order, your order, the order, an order, order, confirmation number,
        confirmation code, reference number, reference, reference code, booking reference, booking number, booking code,
        reservation number, reservation code, reservation, tracking number, tracking code, tracking, flight number,
        flight, ticket number, ticket, case number, case id, claim number, claim, incident number, invoice number,
        invoice, serial number, model number, model, part number, item number, product code, product number,
        meter number, meter reading, meter, the reading, promo code, promotion code, discount code, coupon code,
        voucher code, voucher, gift card, gift card number, extension, extension number, room number, error code, error,
        job number, work order number, complaint number, prescription number, registration number, license plate,
        licence plate, number plate, expiry date, expiry, expiration date, expiration, expires, valid until, exp date,
        press, option, balance, amount, total, price, cost, employee id, employee number, agent id, badge number,
        operator number, operator id, store number, branch number, ip address, mac address, web address, website,
        social media, purchase order, transaction number, transaction id, transaction, sku, barcode, bar code,
        lot number, batch number, gate, seat, terminal, call us at, call us on, call us back on, call us back at,
        ring us on, reach us at, reach us on, our number, our phone number, our direct line, helpline, hotline,
        customer service number, customer service line, toll free number, how many, how much, how long, zip file,
        what year, what time, what day, train number, bus number, queue number, number in the queue, approval code,
        authorization number, authorisation number, authorization code, parcel number, delivery number, docket number,
        consignment number, package number, shipment number, receipt number, quote number, catalogue number,
        catalog number, style number, size, version, ticket id, service request number, request number, policy year,
        our address, our office, our store, our branch, our shop, our website, store address, area code, dial""",
}
_MATCHER = Matcher(
    ((name, wording.strip()) for name, wordings in _NAMES.items() for wording in wordings.split(",")), exact=True
)
_REQUESTS = Matcher(
    (
        ("ask", wording.strip())
        for wording in """can i, could i, may i, can you, could you, would you, will you, can we, could we, let me get,
        let me have, let me take, let us get, i need, i just need, i will need, i will just need, we need, we will need,
        what is, what are, what was, what were, which, tell me, give me, confirm, verify, read, spell, please, provide,
        do you have, have you got, do you know, need your, need the, go ahead with, where do you live, where are you,
        when were you, what number, what address, what email, what card, what day were, and your, and the, your full,
        starting with, how about the, if i could, if you could, if i can, if you can, is it still, do you remember,
        i am going to need, i would need, ask you for, ask for, you got, want your, take your, i require,
        happy to take, ready for, is the best, who, how do you spell""".split(",")
    ),
    exact=True,
)
_NO_VERB = frozenset(
    "the and your a then now also so ok next first full whole long short on of for to with back front reverse side "
    "card number digits three four last please just from in that".split()
)
"""Words that may stand beside a label in a request without a verb: "and then the security code on the back"."""
_TYPED = frozenset("keypad keypads enter entering type typing typed keyed secure automated link website online".split())
_CHANGED = frozenset("reset resetting changed updated update updating app portal".split())


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of value is named by the tokens from `first` to `last` (exclusive), as places in `words`."""

    type: str
    first: int
    last: int
    weak: bool = False


def labels(heard: Sequence[Token]) -> tuple[Label, ...]:
    """The kinds named in some plain tokens, in order, as token places; of overlapping ones the longest.

    A label that begins inside one for something else ("serial number on the back") is none.
    """
    found = sorted(_MATCHER.find(heard), key=lambda match: (-match.length, match.first, match.name))
    others = {place: one.first for one in found if one.name == OTHER for place in range(one.first + 1, one.last)}
    taken: set[int] = set()
    kept: list[Label] = []
    for match in found:
        covered = range(match.first, match.last)
        if taken.isdisjoint(covered) and others.get(match.first, match.first) >= match.first:
            taken.update(covered)
            kept.append(Label(match.name.rstrip("~"), match.first, match.last, match.name.endswith("~")))
    return tuple(sorted(kept, key=lambda label: label.first))


def asks_for(segment: Segment) -> frozenset[str]:
    """The sensitive types a segment asks the other party to say aloud. Empty for statements and refusals.

    "Enter it on your keypad", "you don't need to tell me your PIN" and "I've updated your address" ask for nothing.
    """
    heard = plain(tokens(segment.words))
    named = (label for label in labels(heard) if not _elsewhere(heard, label))
    return frozenset(label.type for label in named if _requested(heard, label)) - {OTHER, ENDING}


def _requested(heard: Sequence[Token], label: Label) -> bool:
    """Whether the sentence around a label asks for it."""
    first, last = sentence(heard, label.first)
    said = [token.text for token in heard[first:last]]
    after = heard[label.last : min(label.last + 8, last)]
    if sum(is_number(token.text) for token in after) >= 4:
        return False
    if any(token.text.startswith("[") for token in heard[label.last : label.last + 4]):
        return False
    if denied(heard, label.first, reach=9) or (label.first and heard[label.first - 1].text == "my"):
        return False
    if _CHANGED & set(said):
        return False
    question = heard[last - 1].end == "?"
    if label.weak:
        return question and bool(_REQUESTS.find(heard[first:last])) and label.type != "account_number"
    beside = {token.text for token in [*heard[first : label.first], *heard[label.last : last]]}
    return question or len(said) <= 4 or beside <= _NO_VERB or bool(_REQUESTS.find(heard[first:last]))


def _elsewhere(heard: Sequence[Token], label: Label) -> bool:
    """Whether the value is to be typed, changed or sent, not said."""
    first, last = sentence(heard, label.first)
    return any(token.text in _TYPED for token in heard[first:last])


def requested(heard: Sequence[Token], found: Sequence[Label]) -> tuple[str, ...]:
    """The types that may be said next among some labels, `other` included, in order and without repeats.

    Asking to type a value counts here: people say it aloud all the same.
    """
    return tuple(dict.fromkeys(one.type for one in found if one.type != ENDING and _requested(heard, one)))


def sentence(heard: Sequence[Token], place: int) -> tuple[int, int]:
    """Where the sentence around a place begins and ends, at most thirty tokens either way."""
    first = place
    while first > max(0, place - 30) and heard[first - 1].end not in (".", "?"):
        first -= 1
    last = place
    while last < min(len(heard), place + 30) - 1 and heard[last].end not in (".", "?"):
        last += 1
    return first, last + 1
