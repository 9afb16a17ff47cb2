"""The only SQL and the only object store. Every function takes the owner first; SQL goes in, nouns come out."""
