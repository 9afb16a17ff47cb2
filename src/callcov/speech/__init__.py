"""Sound to transcript: decode, find speech, recognise, tell voices apart, align, place roles, mask sound."""
