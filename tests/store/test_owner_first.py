import inspect
import pkgutil
from importlib import import_module

import callcov.store

# A look-up by credential, the making and finding of an account, and the worker's look at everything.
WITHOUT_OWNER = {
    "users.create",
    "users.find",
    "keys.caller",
    "analyses.unfinished",
    "analyses.named",
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
