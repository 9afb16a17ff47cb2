"""Everything a user can set, call, run or be told is named in the README or a page under docs/."""

import ast
import re
import shlex

import pytest
import typer

from callcov import checks, cli, config
from callcov.api import app
from callcov.api.services import Services


def commands(group, words=("callcov",)):
    """Every command of the command line, whole: `callcov keys create`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


COMMANDS = dict(commands(typer.main.get_command(cli.cli)))


@pytest.mark.parametrize("name", sorted(config.Config.model_fields))
def test_every_setting_is_in_the_docs(docs, name):
    assert re.search(rf"\b{config.PREFIX}{name.upper()}\b", docs)


def test_no_setting_is_in_the_docs_that_does_not_exist(docs):
    known = {config.PREFIX + name.upper() for name in config.Config.model_fields}
    named = set(re.findall(rf"\b{config.PREFIX}[A-Z][A-Z_]*\b", docs))
    assert named <= known


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_in_the_docs(docs, name):
    assert re.search(rf"\b{re.escape(name)}\b", docs)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_a_command_is_in_the_docs(docs, name):
    options = [option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("--")]
    assert [option for option in options if option not in docs] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself_with_an_example(name):
    command = COMMANDS[name]
    assert command.help
    assert command.epilog
    assert name in command.epilog


def test_no_command_is_in_the_docs_that_does_not_exist(docs):
    """What stands in a code block or between backticks and begins with `callcov` is a command there is."""
    groups = {name.rpartition(" ")[0] for name in COMMANDS} | {"callcov"}
    named = re.findall(r"(?:^|`|\$ |&& )(callcov(?: [a-z][a-z-]+)+)", docs, flags=re.MULTILINE)
    unknown = [words for words in named if not any(words.startswith(name) for name in COMMANDS) and words not in groups]
    assert named
    assert unknown == []


@pytest.fixture(scope="module")
def endpoints():
    """Method and path of everything the API document describes; making the application touches no service."""
    services = Services(**dict.fromkeys(Services.__dataclass_fields__, None) | {"version": "0"})
    paths = app.create(services).openapi()["paths"]
    return {(method.upper(), path) for path, operations in paths.items() for method in operations}


def curls(text):
    """Method and path, `{}` for what differs, of every call that is printed as a curl line; a variable is the base."""
    for line in re.findall(r"^\s*curl (.*)$", text.replace("\\\n", " "), flags=re.MULTILINE):
        words = shlex.split(line)
        address = next(word for word in words if re.match(r"\$\w+/|https?://", word))
        path = re.sub(r"^(\$\w+|https?://[^/]+)(/api/v1)?", "", address).partition("?")[0]
        sends = {"-F", "-d", "--form", "--data"} & set(words)
        method = words[words.index("-X") + 1] if "-X" in words else "POST" if sends else "GET"
        yield method, re.sub(r"\$\{?\w+\}?", "{}", path)


def test_every_endpoint_is_in_the_readme_as_a_curl_line(texts, endpoints):
    shown = set(curls(texts["README.md"]))
    wanted = {(method, re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1"))) for method, path in endpoints}
    assert len(wanted) > 8
    assert sorted(wanted - shown) == []
    assert sorted(shown - wanted - {("GET", "/openapi.json")}) == []


def fields(model):
    """The fields of a result group."""
    return list(model.model_fields)


def test_every_field_of_the_results_is_in_the_docs(docs):
    groups = checks.Results.model_fields
    named = [field for group in ("compliance", "quality", "coaching") for field in fields(groups[group].annotation)]
    assert len(named) >= 16
    assert [field for field in named if not re.search(rf"\b{field}\b", docs)] == []


def test_every_check_is_a_module_of_its_own_named_after_its_field(trees):
    modules = {
        name.rpartition("/")[2].removesuffix(".py")
        for name in trees
        if re.fullmatch(r"checks/(compliance|quality|coaching)/[a-z]\w*\.py", name)
    }
    groups = checks.Results.model_fields
    named = {field for group in ("compliance", "quality", "coaching") for field in fields(groups[group].annotation)}
    assert named - {"customer_effort_drivers"} <= modules


def test_every_error_is_in_the_docs(docs, trees):
    errors = [node.name for node in trees["errors.py"].body if isinstance(node, ast.ClassDef)]
    assert [name for name in errors if name != "CallcovError" and not re.search(rf"\b{name}\b", docs)] == []


@pytest.mark.parametrize("code", [0, 1, 2, 3, 130])
def test_every_exit_code_is_in_the_docs(docs, code):
    listed = re.findall(r"Exit codes:(.*?)(?:\n\n|```)", docs, flags=re.DOTALL)
    assert listed
    assert all(re.search(rf"(?<!\d){code}\s+[a-z]", codes) for codes in listed)


def test_the_docs_link_to_pages_that_exist(texts, root):
    broken = []
    for name, text in texts.items():
        if name.endswith(".md"):
            folder = name.rpartition("/")[0]
            for link in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text):
                path = "/".join(filter(None, (folder, link)))
                parts = []
                for part in path.split("/"):
                    parts = parts[:-1] if part == ".." else parts if part == "." else [*parts, part]
                target = "/".join(parts).rstrip("/")
                is_text = any(known == target or known.startswith(target + "/") for known in texts)
                if not is_text and not (root / target).is_file():  # a picture
                    broken.append(f"{name} -> {link}")
    assert broken == []
