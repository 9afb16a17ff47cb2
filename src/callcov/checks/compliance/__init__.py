"""What the agent had to say and must not say: one module a field."""
