"""Calls that wait for the next training are as good as those that were learned from."""

import talk


def test_the_calls_that_wait_know_every_act_and_nothing_else(root):
    acts, examples = talk.load(root / "tools/talk/next")
    assert acts == talk.load()[0]
    of_calls = [one for one in examples if one.call >= 0]
    assert {act for one in of_calls for act in one.acts} == set(acts)
    assert len({one.call for one in of_calls}) == len(talk.written(root / "tools/talk/next"))
