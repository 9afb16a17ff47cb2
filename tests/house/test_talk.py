"""The training calls are marked as their README says."""

import re

import talk


def test_the_acts_that_are_learned_are_those_the_readme_defines(root):
    table = re.findall(r"^\| `(\w+)` \|", (root / "tools/talk/README.md").read_text("utf-8"), re.MULTILINE)
    acts, examples = talk.load()
    assert sorted(table) == acts
    assert {act for one in examples if one.call >= 0 for act in one.acts} == set(acts)


def test_what_was_heard_of_a_call_belongs_to_its_words():
    calls = [call for call, _ in talk.written()]
    heard = [call for call in calls if "heard" in call]
    assert len(heard) == len(calls) // 3
    for call in heard:
        for turn, (words, places) in call["heard"].items():
            said = talk.plain(str(call["turns"][turn][2]))
            assert len(words) == len(places)
            assert all(place is None or 0 <= place < len(said) for place in places)
            values = {word for word in words if "[" in word}
            assert {value.strip(".,?!") for value in values} <= set(re.findall(r"\[[a-z_0-9]+\]", " ".join(said)))


def test_a_mark_is_on_what_was_heard_in_place_of_its_words():
    call = {"turns": [["A", "0", "{hold bear with me}, {greeting hello}, Mrs Ong."]]}
    (turn,) = talk.turns_of(call, {act: [] for act in talk.COURSE})
    heard = turn.as_heard("Bear me hello misses".split(), [0, 2, 3, None])
    assert heard.marks == [(frozenset({"hold"}), 0, 2), (frozenset({"greeting"}), 2, 3)]
    assert turn.as_heard(["misses"], [None]).marks == []


def test_no_training_call_is_without_an_example():
    assert {one.call for one in talk.load()[1]} == {-1, *range(len(talk.written()))}
