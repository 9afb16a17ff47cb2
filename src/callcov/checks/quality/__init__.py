"""How the call was handled: one module a field."""
