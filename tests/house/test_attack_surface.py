"""The page about security names a test for each bound, and every one of them is there."""

import re

import pytest


@pytest.fixture(scope="module")
def rows(texts):
    section = texts["docs/security.md"].split("## Attack surface")[1].split("\n### ")[0]
    return [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")][1:]


def test_every_bound_has_its_tests(rows, root):
    assert len(rows) > 20
    for what, _, named in rows:
        of_files = re.findall(r"`([a-z_/]+\.py)`: ((?:`test_\w+`(?:, )?)+)", named)
        assert of_files, what
        assert re.sub(r"[`,; :]|[a-z_/]+\.py|test_\w+", "", named) == "", f"{what}: something else than tests is named"
        for file, tests in of_files:
            text = (root / "tests" / file).read_text()
            missing = [test for test in re.findall(r"test_\w+", tests) if f"def {test}(" not in text]
            assert missing == [], f"{what}: {file}"
