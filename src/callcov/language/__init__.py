"""Words → meaning: a sentence encoder and its small heads put acts and sentiment on every segment, once."""
