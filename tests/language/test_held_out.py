"""How much of what was never seen is understood."""

from pathlib import Path

import yaml

from callcov.language.seeds import load
from callcov.language.understand import understand

CASES = yaml.safe_load(Path(__file__).with_name("held_out.yaml").read_text("utf-8"))


def test_no_held_out_sentence_is_a_seed():
    _, known = load()
    seen = {seed.text.casefold().strip(" .?!") for seed in known}
    held = {text.casefold().strip(" .?!") for kinds in CASES.values() for texts in kinds.values() for text in texts}
    assert held & seen <= {"thank you", "no thanks", "thanks for holding"}  # too short to be said otherwise


def test_nine_in_ten_hits_are_right_and_eight_in_ten_acts_are_found(encoder, said):
    right = missed = wrong = 0
    for act, kinds in CASES.items():
        for text in kinds["does"] + kinds["looks_like"]:
            found = act in {one.name for one in understand(said(f"A {text}"), encoder, {}).segments[0].acts}
            right += found and text in kinds["does"]
            missed += not found and text in kinds["does"]
            wrong += found and text in kinds["looks_like"]
    assert right / (right + wrong) >= 0.9
    assert right / (right + missed) >= 0.8
