import json

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from callcov.store.documents import PLACEHOLDER, filled


def stored(address, text):
    """A document as it is kept: the placeholder in the address, a client's words in the rest."""
    return orjson.dumps({"text": text, "url": orjson.Fragment(f'"{address}/audio"')}).decode()


@given(text=st.text(), public_url=st.sampled_from(["http://127.0.0.1:8000", 'https://calls.example.com/a"b\\c']))
@example(text=PLACEHOLDER, public_url="http://x")
@example(text="callcov://public", public_url="http://x")
@example(text="callcov:\\\\/\\\\/public", public_url="http://x")
def test_only_the_placeholder_is_filled_whatever_a_client_wrote(text, public_url):
    document = stored(PLACEHOLDER, text)
    assert json.loads(filled(document, public_url)) == {"text": text, "url": f"{public_url}/audio"}


@given(st.text("\\/:calovpubi", min_size=10))
def test_no_encoder_writes_the_placeholder(text):
    assert PLACEHOLDER not in orjson.dumps(text).decode()
    assert PLACEHOLDER not in json.dumps("callcov:" + text)


def test_a_stored_document_is_valid_json_before_it_is_filled():
    assert json.loads(stored(PLACEHOLDER, "x"))["url"] == "callcov://public/audio"
