import ast
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

import callcov.store

# A look-up by credential, the making, finding and counting of accounts, and the worker's look at everything.
WITHOUT_OWNER = {
    "users.create",
    "users.find",
    "users.every",
    "users.exist",
    "keys.caller",
    "logins.rotate",
    "logins.end",
    "mailtokens.use",
    "upkeep.unfinished",
    "upkeep.named",
    "upkeep.gone",
    "upkeep.is_sealed",
    "retention.due",  # the worker's tidying, over every account
    "idempotency.forget",
    "figures.missing",
}


def functions():
    for found in pkgutil.iter_modules(callcov.store.__path__):
        if found.name == "migrations":
            continue
        module = import_module(f"callcov.store.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{found.name}.{name}", inspect.signature(function)


def test_every_function_that_reads_or_writes_rows_takes_the_owner_second_and_never_by_default():
    taking = {name: list(s.parameters.values()) for name, s in functions() if "connection" in s.parameters}
    assert len(taking) > 15
    without = {name for name, parameters in taking.items() if [p.name for p in parameters[1:2]] != ["user_id"]}
    assert without == WITHOUT_OWNER
    for name, parameters in taking.items():
        assert parameters[0].name == "connection", name
        assert all(parameter.default is inspect.Parameter.empty for parameter in parameters[:2]), name


def test_the_mode_follows_the_owner_and_is_never_a_default():
    for name, signature in functions():
        parameters = list(signature.parameters.values())
        if "livemode" in signature.parameters and parameters[0].name == "connection":
            assert (parameters[2].name, parameters[2].default) == ("livemode", inspect.Parameter.empty), name


# Rows of these tables are an account's; what follows from one that was found under its owner is reached by its id.
OWNED = {"analyses", "api_keys", "deletions", "deliveries", "feeds", "figures", "figures_daily", "policies", "users"}
# Reached only with ids that the same function, or the one that calls it, found under the owner.
BY_FOUND_ID = {"judgements._update_rows"}


def test_whoever_names_an_owned_table_uses_the_owner_he_was_given():
    """A function that takes `user_id` and leaves it unused would answer everybody alike."""
    unused = []
    for path in sorted(Path(callcov.store.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            said = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
            where = f"{path.stem}.{node.name}"
            if "user_id" in names and "user_id" not in said:
                unused.append(where)
            speaks = "connection" in names and said & OWNED
            if speaks and "user_id" not in names and "row" not in names and where not in WITHOUT_OWNER | BY_FOUND_ID:
                unused.append(where)
    assert unused == []
