"""Reading words without a model: normalising, spoken numbers, phrases in linear time, sensitive values. Pure."""
