"""The words that name a kind of value, as data: wordings by type, and the words that rules about them speak of.

`other` names what is none of the twelve types (order, tracking, flight, amount). `ending` comes before the end of a
number that both sides know ("your card ending in 4242"). A name that ends in `~` is weak: "card" alone is a hint for a
long number, not a question for one. What stands for the customer is an account number, what stands for a matter is not.
"""

from __future__ import annotations

OTHER = "other"
ENDING = "ending"
NAMES: dict[str, str] = {
    "card_number": """card number, credit card number, debit card number, payment card number, card details,
        card information, card info, long number, long card number, number on the front of the card, big number,
        number on the front of your card, number on the front, numbers on the front, number across the front, number
        across the middle, numbers across the middle, number on your card, number on the card, card numbers, number of
        the card, number of your card, sixteen digit number, sixteen digits, visa number, mastercard number, amex
        number, digits of the card, digits of your card, long number off, number off the front, digits off the card,
        number off your card, number off your bank card, number off the card, digits on the card, digits of the card
        number, card you would like to use, card you want to use, full card, cart number, give you the card, give you
        my card, read you the card, read you my card, take the card, take your card, card you are paying with,
        embossed, embossed along the middle, embossed across the middle, numbers along the middle, number along the
        middle, numbers along the front, what is on the front of the card, digits across the middle, digits along the
        front""",
    "card_number~": "card, credit card, debit card, bank card, visa, mastercard, master card, amex, american express, "
    "maestro",
    "card_cvv": """cvv, cvc, cvv2, cvv number, cvc number, cvv code, c v v, c v c, csc, cbv, cvb, cvd, c v b,
        security code, card security code, security number on the back, security code on the back, digits on the back,
        number on the back, numbers on the back, code on the back, three digits on the back, three digit code, three
        digit security code, three digit number on the back, last three digits on the back, digits on the reverse,
        digits on the signature strip, digits off the signature strip, signature strip, last three on the back, three
        on the reverse, three on the strip, on the strip, the three digits, three digit number, number on the reverse,
        numbers on the reverse, security digits, security number, security numbers, last three off the back, three off
        the back, digits off the back, number off the back, three on the back, four digits on the front, four digit
        code on the front, four on the front, card verification, card verification number, card verification code,
        verification value, back of the card, back of your card, three numbers on the back, last three numbers on the
        back, little number on the back, last three digits, turn it over, turn the card over, turn your card over, flip
        it over, flip the card over, flip your card over, what it says on the back, what does it say on the back, what
        is on the back, say on the back, security is, on the signature strip, strip on the back""",
    "ssn": """social security number, social security, social, ssn, s s n, social number, your social,
        my social, digits of your social, digits of your social security number, nine digits, all nine digits, nine
        digit number""",
    "bank_account": """bank account number, bank account, routing number, routing, sort code, sortcode, sorcode, sort
        codes, saw code, sore code, sold code, iban, bank details, checking account number, checking account, savings
        account number, savings account, current account number, branch code, bank branch code, ifsc, ifsc code, i f
        s c, i f s c code, bsb, bsb number, b s b, b s b number, direct debit details, transit number, aba number,
        account and routing number, routing and account number, account and routing numbers, sort code and account
        number, account number and sort code, bank sort code, account number for the bank, account number with your
        bank, bank routing number, details for the direct debit, details for the refund, details of your bank,
        account to pay it into, account details, which account, paid into, paid in to, pay it into, pay that into,
        pay this into, like that paid to, like it paid to, like that paid, want that paid to, want it paid to, bank
        you would like, bank would you like, which bank, what bank, what is the bank""",
    "account_number": """account number, account numbers, account no, account id, customer number, customer id,
        customer reference number, customer account number, member number, member id, membership number, membership
        id, membership card number, client number, client id, policy number, subscriber number, subscriber id,
        patient number, patient id, mrn, m r n, uhid, u h i d, uhid number, mrn number, hospital number, chart
        number, medical record number, loyalty number, loyalty card number, loyalty card, loyalty cards, membership
        card, insurance card, health card, store card, rewards number, rewards card number, frequent flyer number,
        frequent flier number, user id, account reference, account reference number, customer reference, utility
        account number, loan number, mortgage number, staff number, staff id, employee number, employee id, payroll
        number, personnel number, student number, student id, library number, library card number, library card,
        number on your library card, club card number, store card number, tenancy number, tenancy reference, tenant
        number, rent account number, council tax number, supporter number, donor number, plan number, insurance
        number, insurance id, health plan number, group number, agreement number, number on your pass, pass number,
        number on your membership card, number on your bill, miles number, login number, your id, my id, id with us,
        user number, cardholder number, member card number, numbers on your policy, id on your card, subscription
        number, medical card number, policy with us, account with us, membership with us""",
    "account_number~": "account, policy, membership, login, keyring",
    "date_of_birth": """day and month, month and day, day month and year, and the day, and the month,
        date of birth, dates of birth, birth date, birthdate, birthday, dob, d o b, date of birt,
        born, born on, were you born, day you were born, year of birth, day of birth, month of birth, data birth, date
        of both, data of birth, date a birth, data a birth, take a birth, date of first, data of first, date a first,
        data first, take a first, date of bath, date of berth, date of burst, data of both, date a both""",
    "phone_number": """phone number, phone numbers, telephone number, mobile number, mobile phone number, cell
        number, cell phone number, cellphone number, contact number, callback number, call back number, best number,
        daytime number, evening number, home number, work number, landline, landline number, reach me at, reach me on,
        call me at, call me on, call me back on, call me back at, text me at, text me on, ring me on, ring me back on,
        ring me at, get me on, call you back on, call you back at, reach you at, reach you on, get you on, ring you
        on, ring you back on, catch you on, contact you on, text you on, get hold of you on, hold of you on, number
        you are calling from, number i am calling from, number you are ringing from, cell is, mobile is, phone is, my
        number is, your number is, number i am on, one i am on, best to ring, good number, alternative number, old
        number, new number, second number, number for you, number for him, number for her, contact numbers, contact
        details, where to, want a text, like a text, text you when, who do i ring, number to text, number to ring,
        mobile for the driver, ring me when, call me when, text me when, in case we get cut off, if we get cut off, in
        case we are cut off, if we are cut off, in case the line drops, if the line drops, in case i lose you, in case
        we lose the line, in case we get disconnected, if we get disconnected, registered number,
        registered mobile, registered mobile number, registered phone number, on which number, on what number, to which
        number, to what number, fax number, fax is, whatsapp number""",
    "phone_number~": "mobile, cell, cell phone, cellphone, phone, telephone, your number, my number, his number, "
    "her number, their number",
    "email": """email, email address, email addresses, e mail, e mail address, emails, electronic mail, mail address, a
    dot, then dot, at sign, in an e mail, in an email, by email""",
    "address~": "the street, which street, the road, which road, what street",
    "address": """have you at, got you at, have you living at, you are at, address, home address, mailing
        address, billing address, shipping address, delivery address, street address, postal address, property
        address, service address, current address, new address, zip code, zip, zipcode, post code, postcode, postal
        code, eircode, eir code, where do you live, where you live, where are you living, street name, house number,
        first line of the address, first line of your address, first line, number and street, live at, i live at,
        living at, moved to, move to, deliver to, delivered to, delivering to, send it to, sent to, ship it to, mail it
        to, door number, number of the house, house name, come out to, whereabouts are you, where shall we bring, where
        shall i bring, where should we bring, where do we bring, where shall we send, where shall i send, where should
        we send, where do we send, where am i sending, where shall we deliver, where should we deliver, where do we
        deliver, where shall i post, where shall we post""",
    "password": """password, passwords, pass word, passphrase, pass phrase, memorable word, memorable information,
        memorable name, memorable place, memorable date, security word, secret word, code word, security answer,
        secret answer, answer to your security question, security question, mother maiden name, mothers maiden name,
        maiden name, log in password, account password, first pet, first school, favourite teacher, favorite teacher,
        place you were born, town you were born in, city you were born in, safe word, magic word, one time code, one
        time passcode, one time password, otp, o t p, passcode, pass code, verification code, code we sent you, code
        we just sent, code we texted, code i sent you, code we just texted, code i just texted, code we have sent,
        code that we sent, code i texted, code sent to you, code sent to your phone, code i have sent, code that i
        sent, text message code, code i just sent, code you received, code you got, code that came, code in the text,
        code it sent, code they sent, authentication code, authenticator code, authorisation code on, confirmation
        code we sent, six digits, six numbers, temporary one, temporary password, six digit code, four digit code,
        five digit code, eight digit code, six figures, code on your phone, code on the screen, code on your screen,
        code came through, code has come, sent a code, send you a code, sending you a code, sending a code, send a
        code, text you a code, texted you a code, got a code, have a code, text with a code, message with a code,
        email with a code, sent you a code, login code, log in code, sign in code, code to your phone, access code,
        code for the app, entry code, gate code, door code, alarm code, key safe code, never share, do not share, not
        to share, never to share, secret question, codeword, code words, codewords, answer to your question, wifi
        code, wifi key, wifi pin, wi fi code, network key, security phrase, secret phrase, maiden, password hint,
        pass phrase, agreed word, collection word""",
    "password~": """text is on its way, text on its way, numbers when they come, sent you a text, send you a
        text, sending you a text, get the text, got the text, get a text, text message, text through, had a text, code
        is""",
    "pin": """pin, pin number, pin code, pincode, p i n, four digit pin, security pin, telephone banking pin,
        telephone pin, pen number, p i n number, keypad number, keypad code, number for the keypad, code for the
        keypad, number you type in, do you type in, do you key in, do you punch in, do you tap in, number you key in,
        number you punch in, number you tap in, code you type in, code you key in, which four digits, what four
        digits, choose four digits, pick four digits, four digits would you like, four digits you would like""",
    "pin~": "cash machine, cashpoint, cash point, hole in the wall, atm, a t m",
    "government_id": """driver license, driver license number, drivers license, drivers license number, driver
        licence number, driver licence, driver number, number on the licence, number on your licence, number on the
        license, number on your license, number on your driving licence, drivers licence, driving license, driving
        licence, driving licence number, license number, licence number, passport number, passport, document number,
        document numbers, travel document, travel document number, id document, identity document, id card, residence
        permit, resident permit, permit number, known traveller number, redress number, naturalisation number,
        passport details, national insurance number, national insurance, n i number, ni number, state id, state id
        number, id number, id card number, government id, identification number, tax id, tax id number, tax number,
        taxpayer id, taxpayer identification number, taxpayer reference, tax reference, social insurance number,
        social insurance, sin number, s i n, s i n number, your id number,
        my id number, his id number, her id number, holder id number, holders id number, tax file number, tfn, t f n,
        unique taxpayer reference, u t r, medicare number, medicare id, medicaid number, nhs number,
        n h s number, pps number, ppsn, pps, p p s number, p p s, aadhaar number, aadhaar card, aadhaar, aadhar number,
        aadhar card, aadhar, pan number, pan card, pan card number, green card number, alien number, alien registration
        number, resident card number, voter id number, visa permit number, identity card number, share code, my
        licence, your licence, his licence, her licence, the licence, my license, your license, the license, licence in
        front of me, licence in front, license in front of me, licence says, travelling on, traveling on, what
        document, which document, travel documents, travel permit, permit, driver card, tax code number""",
    ENDING: "ending in, ending, ends in, ends with, that ends, ending with, finishing, finishes, ends",
    OTHER: """off your letter, on your letter, off the letter, order number, order id, my order, your order, the order,
        an order, order, confirmation number, confirmation code, reference number, reference, reference code, booking
        reference, booking number, booking code, reservation number, reservation code, reservation, tracking number,
        tracking code, tracking, flight number, flight, ticket number, ticket, case number, case id, claim number,
        claim, incident number, invoice number, invoice, serial number, model number, model, part number, item
        number, product code, product number, meter number, meter reading, meter, the reading, reading, promo code,
        promotion code, discount code, coupon code, voucher code, voucher, gift card, gift card number, extension,
        extension number, room number, error code, error, job number, work order number, complaint number, session
        id, session number, sim number, sim card number, imei, imei number, i m e i, i m e i number, licence key,
        license key, the licence key, your licence key, the license key, your license key, software licence number,
        software license number, activation key, product key, anydesk, teamviewer, meeting id, exp, prescription
        number, registration number, registration, license plate, licence plate, number plate, expiry date, expiry,
        expiration date, expiration, expires, valid until, exp date, press, option, balance, amount, total, price,
        cost, agent id, badge number, operator number, operator id, store number, branch number, ip address, mac
        address, web address, website, social media, purchase order, transaction number, transaction id, transaction,
        sku, barcode, bar code, lot number, batch number, gate, seat, terminal, call us at, call us on, call us back
        on, call us back at, ring us on, ring us back on, ring us, reach us at, reach us on, our number, our phone
        number, our direct line, direct line, helpline, hotline, customer service number, customer service line, toll
        free number, how many, how much, how long, how old, how far, how often, leaving at, zip file, what year,
        which year, what time, what day, what date, train number, bus number, queue number, number in the queue,
        approval code, authorization number, authorisation number, authorization code, authorisation code, parcel
        number, delivery number, docket number, consignment number, package number, shipment number, receipt number,
        quote number, catalogue number, catalog number, style number, size, version, ticket id, service request
        number, request number, policy year, our address, our office, our store, our branch, our shop, our website,
        store address, area code, dial, tax code, due date, start date, end date, date on the letter, number on the
        letter, number on the order, code on the letter, number on the box, number on the label, number on the meter,
        number off my receipt, number off the letter, code on the box, code from the letter, number from the letter,
        black figures, post number, marker, fault number, reference on the letter, dress code, country code, qr code,
        complaint, last reading, valid till, valid to, valid from, runs out, good until, expires on, the booking, my
        booking, your booking, a booking, our booking, confirmation, confirmation is, application number, application
        reference, application, applied for, voucher is, vouchers, number for the shop, number for the store, number
        for the branch, number for the office, phone number for the shop, phone number for the store, phone number
        for the branch, phone number for the office, phone number for the company, phone number of the shop, how old
        are you, find us at, visit us at, come and see us, come in to us""",
}
IT = "that number, number on it, number in it, number of it, number for it, number on that, number on them"
"""The number of what was named before: of a passport or of an order."""
LAST_DIGITS = """last four digits of the card, last four digits of your card, last four digits of that
    card, last four of the card, last four of your card, last four of that card, last four on the card, last four on
    your card, last four digits on the card, last four digits on your card, last four digits of your credit card, last
    four digits of your debit card, last four digits of the debit card, last four digits of the credit card, last four
    digits of the card number, last four of your debit card, last four of your credit card, last four
    digits of your card number, last four of your card number, last four of the card number"""
"""The end of a card, by which people tell cards apart: it stays readable."""
REQUESTS = """can i, could i, may i, can you, could you, would you, will you, can we, could we, let me get, let me
    have, let me take, let us get, i need, i just need, i will need, i will just need, we need, we will need, what
    is, what are, what was, what were, which number, tell me, give me, confirm, verify, read, spell, please, provide,
    do you have, have you got, do you know, need your, need the, go ahead with, where do you live, where are you,
    when were you, what number, what address, what email, what card, what day were, and your, and the, your full,
    starting with, how about the, if i could, if you could, if i can, if you can, if you have, if you read, is it
    still, do you remember, i am going to need, i would need, ask you for, ask for, you got, want your, take your, i
    require, happy to take, ready for, is the best, how do you spell, i am after, i will take, look you up, find you
    by, whenever you are ready, when you are ready, what did you, what have you, what do you, are you typing, are you
    using, is there, you have a, you have an, you should have a, there is a, you set up, what can, in case, where
    would you, where are we, then the, and then your, just the, just your, i just want, run me through, remind me,
    pop me, if i take, i will have, i have to have, say, call out, pop the, pop your, pop them, pop it, fire away, go
    ahead with your"""
REACHED = frozenset("reach call ring text phone contact get catch touch".split())
"""What one does with a phone number: "what number can the crew get you on?"."""
OWN_LINE = frozenset("us our ours ourselves".split())
OWN_THINGS = frozenset(
    "card cards account file back front reverse phone mobile screen passport licence license house door pass bill "
    "app statement record records system policy membership keyring strip other left right top bottom first last "
    "second end letterhead cheque check book one people person patient customer caller "
    "payslip bracelet wristband".split()
)
"""Things on which a number stands that may be a person's own."""
KNOWN_KINDS = frozenset(
    "long whole full right wrong same next last first big second third other another different best good old new "
    "main only actual usual current correct real short three four five six eight ten sixteen few couple little "
    "wee quick what which whose is was be are has have had got get need take give say read see know want find "
    "check ask and or but so then now also too yes no ok sure please thanks sorry here there back front um uh "
    "that this some any each every single valid large small certain high low left just put added type enter phone "
    "number code reference digit digits mobile home spare lucky".split()
)
"""Words before "number" that tell nothing of what it numbers."""
FEW_DIGITS = frozenset("gate seat terminal press option size version flight price cost total amount meter".split())
"""What has numbers of a few digits only: a long one after it is something else."""
