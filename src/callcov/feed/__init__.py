"""The feed index: an account's list in memory, so that any page, exact total or search takes milliseconds.

`text` and `segment` hold the columns, `index` answers from them, `saved` keeps full segments as files, `feeds` decides
which accounts have an index and keeps each in step with the database. An accelerator: without it every answer is the
same, only slower (`store/listing.py`). What it costs: docs/feed.md.
"""
