"""HTTP in, JSON out: who is it, one store function, shape the answer. One file per resource."""
