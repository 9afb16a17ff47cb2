"""What follows from the other two groups: how hard it was for the customer, and what the agent can do better."""
