"""The form reader: what a body holds does not depend on how it arrives."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcov.api.errors import Invalid
from callcov.api.form import MAX_FIELD, MAX_OTHER, MAX_PARTS, Form

TYPE = "multipart/form-data; boundary=line"


def part(name, value, filename=None):
    file = f'; filename="{filename}"' if filename else ""
    head = f'--line\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def read(body, cuts=()):
    form = Form(TYPE)
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    found = b"".join(form.feed(body[start:end]) for start, end in pairwise(places))
    form.finish()
    return form, found


@given(
    sound=st.binary(max_size=300) | st.text(alphabet="\r\n-line", max_size=60).map(str.encode),
    text=st.text(max_size=40),
    file_at=st.integers(0, 2),
    cuts=st.lists(st.integers(0, 2000), max_size=40),
)
def test_a_body_cut_anywhere_reads_the_same(sound, text, file_at, cuts):
    parts = [part("agent_id", text.encode()), part("contact_id", b"c")]
    parts.insert(file_at, part("audio_file", sound.replace(b"\r\n--line", b""), "call.wav"))
    form, found = read(b"".join(parts) + b"--line--\r\n", cuts)
    assert found == sound.replace(b"\r\n--line", b"")
    assert form.size == len(found)
    assert form.fields == {"agent_id": text, "contact_id": "c"}


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_by_name(body):
    try:
        form, _ = read(body)
    except Invalid:
        return
    assert form.complete


@pytest.mark.parametrize("body", [b"", b"hello", b"--line\r\n", part("a", b"b"), part("a", b"b")[:-9] + b"--lin"])
def test_a_body_without_its_closing_boundary_is_refused(body):
    with pytest.raises(Invalid):
        read(body)


def test_what_follows_the_closing_boundary_is_ignored():
    form, found = read(part("a", b"b") + b"--line--\r\n" + part("audio_file", b"sound", "x"))
    assert (form.fields, found) == ({"a": "b"}, b"")


def refusal(body):
    with pytest.raises(Invalid) as caught:
        read(body + b"--line--")
    (item,) = caught.value.items
    return item["type"], item["loc"]


def test_a_field_that_is_given_twice_is_refused():
    twice = part("agent_id", b"first") + part("agent_id", b"last")
    assert refusal(twice) == ("value_error", ["body", "agent_id"])
    assert read(part("unknown", b"first") + part("unknown", b"last") + b"--line--")[0].fields == {"unknown": "last"}


def test_two_recordings_are_refused():
    twice = part("audio_file", b"one", "a.wav") * 2
    assert refusal(twice) == ("too_long", ["body", "audio_file"])


def test_a_hundred_parts_are_read_and_one_more_is_refused():
    parts = [part(f"a{number}", b"b") for number in range(MAX_PARTS + 1)]
    read(b"".join(parts[:-1]) + b"--line--")
    assert refusal(b"".join(parts)) == ("too_long", ["body"])


def test_a_field_of_sixteen_kilobytes_is_read_and_one_byte_more_is_refused():
    read(part("metadata", b"x" * MAX_FIELD) + b"--line--")
    assert refusal(part("metadata", b"x" * (MAX_FIELD + 1))) == ("too_long", ["body", "metadata"])


def test_many_long_fields_are_refused_before_they_fill_the_memory():
    enough = MAX_OTHER // MAX_FIELD
    parts = [part(f"a{number}", b"x" * MAX_FIELD) for number in range(enough + 1)]
    assert refusal(b"".join(parts)) == ("too_long", ["body", f"a{enough}"])


def test_text_that_is_not_utf8_is_refused():
    assert refusal(part("agent_id", b"\xff\xfe")) == ("string_unicode", ["body", "agent_id"])


@pytest.mark.parametrize("value", [b"\xff\xfe", b"x" * (MAX_FIELD + 1)])
@pytest.mark.parametrize(
    ("name", "is_told"), [("audio", True), ("file", True), ("metadata", False), ("agent_id", False)]
)
def test_where_the_recording_goes_is_told_of_fields_that_no_form_has(name, is_told, value):
    with pytest.raises(Invalid) as refused:
        read(part(name, value) + b"--line--")
    assert ("the recording goes into audio_file" in str(refused.value)) == is_told


def test_a_part_without_a_name_is_refused():
    assert refusal(b"--line\r\nContent-Type: text/plain\r\n\r\nx\r\n") == ("value_error", ["body"])


def test_a_part_with_an_endless_header_is_refused():
    assert refusal(b"--line\r\nX: " + b"y" * 10_000 + b"\r\n\r\nx\r\n") == ("value_error", ["body"])


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/form-data", "multipart/form-data; boundary="]
)
def test_another_kind_of_body_is_refused(content_type):
    with pytest.raises(Invalid):
        Form(content_type)


def test_a_boundary_that_is_too_long_is_refused():
    with pytest.raises(Invalid):
        Form("multipart/form-data; boundary=" + "x" * 300)
