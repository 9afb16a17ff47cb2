"""The benchmark of the list: its rows, its questions, its comparison of totals and its page are what they say."""

import importlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from callcov.store import listing
from callcov.store.analyses import Filters
from callcov.store.folder import installation

ROWS, ACCOUNT = 3_000, 2_000
LIVE = True
NAMES = ("shape", "cases", "papers", "load", "exact", "page", "systems")


@pytest.fixture(scope="module")
def bench(root):
    """The modules of the benchmark, which is no package; gone from the others' sight afterwards."""
    folders = [str(root / "bench" / "list"), str(root / "bench")]
    before = set(sys.modules)
    sys.path[:0] = folders
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
    del sys.path[:2]
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(folders[1]):
            del sys.modules[name]


@pytest.fixture(scope="module")
def shape(bench):
    return bench.shape.drawn(ROWS, ACCOUNT)


@pytest.fixture(scope="module")
def loaded(bench, shape, tmp_path_factory):
    """A data folder with those rows, and the indexes that it had before them."""
    folder = tmp_path_factory.mktemp("list")
    with installation(folder) as database:
        owners = bench.load.accounts(database, shape)
    before = indexes(folder)
    bulk = bench.load.Sqlite(folder / "callcov.db")
    found = bench.load.fill(bulk, owners, shape, bench.cases.cases(shape), lambda _: None, distinct=5)
    return folder, found, before


def indexes(folder):
    with closing(sqlite3.connect(folder / "callcov.db")) as connection:
        return set(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index'"))


def test_the_same_rows_are_drawn_every_time(bench, shape):
    again = bench.shape.drawn(ROWS, ACCOUNT)
    assert list(again.rows(0, ROWS)) == list(shape.rows(0, ROWS))
    assert len(shape.mine) == ACCOUNT
    ids = [row.id for row in shape.rows(0, ROWS)]
    assert ids == sorted(set(ids))


def test_the_product_answers_every_question_as_the_benchmark_expects(bench, shape, loaded):
    folder, found, _ = loaded
    rows, answers = list(shape.rows(0, ROWS)), bench.cases.Answers(shape)
    mine = [rows[place] for place in shape.mine]
    asked = bench.cases.cases(shape)
    assert len(asked) == 16
    with installation(folder) as database, database.read() as connection:
        for case in asked:
            filters = Filters(case.status, case.agent, case.contact, case.search)
            page = listing.selected(connection, found.user_id, LIVE, filters, case.limit, case.offset)
            places = answers.places(case)
            assert page.total == found.totals[case.name] == len(places), case.name
            assert page.ids == tuple(mine[place].id for place in places[case.offset :][: case.limit]), case.name
            assert all(case.holds(mine[place].status, mine[place].agent, mine[place].contact) for place in places)


def test_the_pages_that_are_read_have_real_documents(bench, loaded):
    folder, found, _ = loaded
    with installation(folder) as database, database.read() as connection:
        page = listing.page(connection, found.user_id, LIVE, Filters(status="completed"), 100)
    for item in page.items:
        document = json.loads(item)
        assert bench.papers.SMALLEST <= len(item) <= bench.papers.LARGEST
        assert document["results"]["quality"]["talk_time"]
        assert document["transcript"]["segments"]
    assert [json.loads(item)["id"] for item in page.items] == list(found.known[:100])


def test_the_indexes_are_those_of_the_migrations_again(loaded):
    folder, _, before = loaded
    assert indexes(folder) == before
    with installation(folder) as database, database.read() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM analyses")) == ROWS


def test_a_total_is_right_if_it_was_true_between_question_and_answer(bench):
    case = bench.cases.Case("failed", status="failed")
    came = bench.exact.Write(1.0, 1.1, "agent", "contact", None, "processing")
    failed = bench.exact.Write(2.0, 2.1, "agent", "contact", "processing", "failed")

    def wrong(sent, received, total):
        return bench.exact.wrong(case, 7, [came, failed], [bench.exact.Answer(case, sent, received, total)])

    assert [wrong(0.5, 0.6, total) for total in (6, 7, 8)] == [1, 0, 1]
    assert [wrong(1.9, 2.05, total) for total in (6, 7, 8, 9)] == [1, 0, 0, 1]
    assert [wrong(2.2, 2.3, total) for total in (7, 8)] == [1, 0]
    line = '{"begin": 1.0, "end": 1.1, "agent": "agent", "contact": "contact", "before": null, "after": "processing"}\n'
    assert bench.exact.writes([line, '{"begin": 2']) == [came]


def test_the_page_says_what_was_not_run(bench, shape, tmp_path):
    ours, peer = bench.systems.CALLCOV, bench.systems.PAGINATION
    times = {"median": 2.0, "p99": 5.0, "count": 100}
    case = dict.fromkeys(("alone", "idle", "beside", "writing"), times)
    case |= {"most": 100.0, "rate": 40.0, "wrong": 0, "checked": 300}
    names = [one.name for one in bench.cases.cases(shape)]
    bench.page.write(
        {
            "when": "2026-11-26T00:00",
            "rows": ROWS,
            "account": ACCOUNT,
            "machine": "one",
            "load_average": 0.5,
            "ours": {"Python": "3"},
            "cases": names,
            "seconds": 6,
            **{name: {} for name in ("theirs", "broken", "load", "index")},
            "systems": {
                ours: {"cases": dict.fromkeys(names, case), "writes": {"count": 10, "seconds": 0.2}},
                peer: {"cases": {names[0]: {"alone": {"median": 50.0, "p99": None, "count": 9}}}},
            },
            "floors": {ours: dict.fromkeys((*bench.systems.KEYS.values(), *bench.systems.MEMORY.values()), times)},
        },
        tmp_path,
    )
    told = (tmp_path / "performance.md").read_text()
    assert "| CallCov, PostgreSQL: wrong totals | not run |  |  |" in told
    assert "| CallCov, SQLite: wrong totals | 0 of 4,800 | <= 0 of 4,800 | reached |" in told
    assert "25 times" in told
    assert "Datasette: not run." in told


@pytest.mark.slow
def test_the_whole_benchmark_runs(root, tmp_path):
    """A real server, a writer, sixteen connections: short, and every total right."""
    words = ["--rows", "6000", "--seconds", "0.2", "--only", "CallCov, SQLite", "--no-page"]
    places = ["--dir", tmp_path / "rows", "--out", tmp_path / "measured.json"]
    models = {"CALLCOV_MODELS": os.environ.get("CALLCOV_MODELS", str(root / ".cache" / "models"))}
    done = subprocess.run(
        [sys.executable, root / "bench/list/run.py", *words, *places],
        env=os.environ | models,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "measured.json").read_text())
    cases = kept["systems"]["CallCov, SQLite"]["cases"]
    assert kept["broken"] == {}
    assert len(cases) == 16
    assert sum(one["wrong"] for one in cases.values()) == 0
    assert min(one["checked"] for one in cases.values()) > 16
    assert not (tmp_path / "rows").exists()
