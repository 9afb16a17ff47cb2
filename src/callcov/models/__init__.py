"""Weights as data: what there is, where it comes from, whether it is whole. Nothing fetched is ever imported."""
