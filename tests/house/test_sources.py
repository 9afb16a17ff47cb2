"""The habits of the house that no linter holds: sizes, docstrings, errors, and nothing of anybody's machine."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

MODULE_LINES = 400
FUNCTION_LINES = 40

CATCHES_ALL = {
    "work.py",  # the worker's loop: one recording must not stop the others
    "api/requests.py",  # the HTTP handler: whatever happened, the client gets an answer and the log the reason
    "api/health.py",  # readiness: not ready, whatever the reason
}


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_a_module_is_under_four_hundred_lines(texts):
    code = {name: text for name, text in texts.items() if name.endswith(".py")}
    assert code
    too_long = {name: len(text.splitlines()) for name, text in code.items() if len(text.splitlines()) >= MODULE_LINES}
    assert too_long == {}


def test_a_function_is_under_forty_lines(trees):
    too_long = [
        f"{name}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for name, tree in trees.items()
        if not name.startswith("store/migrations/versions/")  # a list of tables, written once and never changed
        for node in functions(tree)
        if node.end_lineno - node.lineno + 1 >= FUNCTION_LINES
    ]
    assert too_long == []


def public(node, prefix=""):
    """The public functions, classes and methods of a module or class, as (name, node); what is inside functions is not."""
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield prefix + child.name, child
            if isinstance(child, ast.ClassDef):
                yield from public(child, f"{child.name}.")


def test_every_module_says_what_it_is(trees):
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_every_public_name_says_what_it_is(trees):
    silent = [
        f"{path}:{node.lineno} {name}"
        for path, tree in trees.items()
        for name, node in public(tree)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def catches_everything(handler):
    """Whether a handler catches any error and keeps it; one that cleans up and raises again keeps nothing."""
    if isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None:
        return False
    caught = handler.type
    names = [caught] if not isinstance(caught, ast.Tuple) else caught.elts
    return caught is None or any(
        isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in names
    )


def test_errors_are_caught_by_name_but_for_the_named_places(trees):
    found = {
        name
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    }
    assert found == CATCHES_ALL


def test_every_error_we_raise_by_hand_has_a_name_of_ours_or_of_a_library(trees):
    """`raise Exception(…)` says nothing; errors are named for what happened."""
    nameless = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id in {"Exception", "BaseException", "CallcovError"}
    ]
    assert nameless == []


PURE = ("checks/", "text/", "model.py", "errors.py", "speech/align.py", "speech/roles.py")
IMPURE_NAMES = {"open", "input", "print", "exec", "eval", "__import__"}
IMPURE_METHODS = {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes"}


def impure(call):
    if isinstance(call.func, ast.Name):
        return call.func.id in IMPURE_NAMES
    return isinstance(call.func, ast.Attribute) and call.func.attr in IMPURE_METHODS


def test_the_pure_core_calls_nothing_that_reads_writes_or_tells_the_time(trees):
    pure = {name: tree for name, tree in trees.items() if name.startswith(PURE)}
    assert {name.split("/")[0] for name in pure} >= {"checks", "text", "speech", "model.py"}
    found = [
        f"{name}:{node.lineno}"
        for name, tree in pure.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and impure(node)
    ]
    assert found == []


def test_nothing_is_left_to_be_done_later(texts):
    marks = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
    left = [
        f"{name}: {line.strip()[:80]}"
        for name, text in texts.items()
        if name.endswith((".py", ".md", ".toml", ".yaml", ".yml", "Makefile"))
        and not name.startswith("tools/talk/heard/")  # what a recogniser heard; a spelled name has three X
        for line in text.splitlines()
        if marks.search(line)
    ]
    assert left == []


def of_this_machine():
    """What names this very machine: where the project lies here, the home folder, the package indexes it is set to."""
    root = Path(__file__).parents[2]
    folders = {path for path in (root, root.parent, Path.home()) if len(path.parts) > 2}
    settings = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "npm_config_registry")
    addresses = [word for name in settings for word in os.environ.get(name, "").split()]
    pip = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    addresses += re.findall(r"https?://[^\s'\"]+", pip.stdout)
    public_hosts = {"pypi.org", "registry.npmjs.org", "files.pythonhosted.org", "localhost", "127.0.0.1", None}
    return {str(folder) for folder in folders} | {urlsplit(address).hostname for address in addresses} - public_hosts


def test_nothing_names_the_machine_it_was_written_on(texts):
    names = of_this_machine()
    found = [f"{name} names {secret}" for name, text in texts.items() for secret in sorted(names) if secret in text]
    assert found == []


def test_no_file_of_ours_points_into_anybodys_folders(texts):
    private = re.compile(r"(?<![\w.])/(home|root|Users|work|mnt|tmp)/\w")
    code = (".py", ".toml", ".txt", ".yaml", ".yml", "Makefile", "/run", ".sh")
    found = [
        f"{name}: {line.strip()[:100]}"
        for name, text in texts.items()
        if name.endswith(code)
        for line in text.splitlines()
        if private.search(line)
    ]
    assert found == []


def test_the_dashboard_and_docs_page_ask_nobody_else(texts):
    """What a browser is given loads nothing from another host: a server may have no way out."""
    loads = re.compile(r"""(?:src|href)\s*=\s*["'](https?:)?//""")
    found = [
        name
        for name, text in texts.items()
        if name.startswith("src/") and name.endswith((".html", ".py", ".css")) and loads.search(text)
    ]
    assert found == []
