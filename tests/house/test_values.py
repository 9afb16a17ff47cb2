"""The exchanges that the tagger learns from, and how what was recognised of them is marked."""

import json

import pytest
import values
import yaml
from aloud import hear
from values import markup

HEARD = [
    (
        "It's sort code <bank_account twenty, forty-one, seventeen>, and the account's <bank_account five oh nine>.",
        "It's sold code 2041-17 and the accounts 509.",
        "It's sold code <bank_account 2041-17> and the accounts <bank_account 509.>",
    ),
    (
        "We're at <address nineteen Tanner's Row>, it's packed in",
        "Where at 1910ers' row. It's packing.",
        "Where at <address 1910ers' row.> It's packing.",
    ),
    (
        "<card_cvv Four one seven>. Is somebody taping this?",
        "For one seven is somebody taping this?",
        "<card_cvv For one seven> is somebody taping this?",
    ),
    ("It runs out <decoy oh nine twenty-eight>.", "It runs out 0928.", "It runs out <decoy 0928.>"),
    ("<pin Two>.", "...", "..."),
]


@pytest.mark.parametrize(("written", "heard", "marked"), HEARD)
def test_what_is_heard_in_place_of_a_value_is_marked_as_the_value(written, heard, marked):
    assert hear.text_of(hear.aligned(markup.marked(written), heard.split())) == marked


def test_what_is_heard_of_a_call_has_the_places_of_its_words_and_its_placeholders():
    said = [("Yes,", 0), ("it's", 1), *((digit, 2) for digit in "4539"), ("thank", 3), ("you.", 4)]
    written = "Yes, it's [card_number], thank you.".split()
    assert hear.placed(said, written, "Yes its 45 39. Um, thank you".split()) == (
        "Yes its [card_number]. Um, thank you",
        "0 1 2 . 3 4",
    )
    assert hear.placed(said, written, []) == ("", "")


def test_what_is_written_down_already_is_not_heard_again(tmp_path):
    source, out = tmp_path / "m.yaml", tmp_path / "heard.yaml"
    for name, of in {"m-2": "m011", "m-10": "m031", "m-0": "m001", "m-2-1": "m002", "n-0": "n001"}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps([{"of": of}]))
    assert hear.unheard(tmp_path, source, out) == ["m-0", "m-2", "m-10"]
    out.write_text(yaml.safe_dump([{"id": "m011", "turns": []}]))
    assert hear.unheard(tmp_path, source, out) == ["m-0", "m-10"]


@pytest.mark.parametrize("path", values.documents(), ids=lambda path: path.stem)
def test_what_is_heard_as_it_was_written_keeps_its_marks(path):
    document = yaml.safe_load(path.read_text("utf-8"))
    turns = document["turns"] if isinstance(document, dict) else [turn for one in document for turn in one["turns"]]
    for _, text, *_ in turns:
        written = markup.marked(text)
        heard = hear.aligned(written, [word for word, _ in written])
        assert [one for one, two in zip(heard, written, strict=True) if one != two] == []


def test_what_was_heard_is_of_an_exchange_that_is_there(root):
    folders = [root / "tools/values", root / "bench/verdicts/exchanges"]
    files = [path for folder in folders for path in sorted((folder / "heard").glob("*.yaml"))]
    assert {path.parent for path in files} == {folder / "heard" for folder in folders}
    for path in files:
        source = yaml.safe_load((path.parents[1] / path.name).read_text("utf-8"))
        written = {one["id"]: one["turns"] for one in source}
        for one in yaml.safe_load(path.read_text("utf-8")):
            said = {kind for _, text in written[one["id"]] for _, kind in markup.marked(text)}
            assert {kind for _, text in one["turns"] for _, kind in markup.marked(text)} <= said | {None}, one["id"]
            assert len(one["turns"]) <= len(written[one["id"]])
