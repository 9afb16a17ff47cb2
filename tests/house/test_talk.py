"""The training calls are marked as their README says."""

import re

import talk


def test_the_acts_that_are_learned_are_those_the_readme_defines(root):
    table = re.findall(r"^\| `(\w+)` \|", (root / "tools/talk/README.md").read_text("utf-8"), re.MULTILINE)
    acts, examples = talk.load()
    assert sorted(table) == acts
    assert {act for one in examples if one.call >= 0 for act in one.acts} == set(acts)


def test_no_training_call_is_without_an_example():
    assert {one.call for one in talk.load()[1]} == {-1, *range(len(talk.written()))}
