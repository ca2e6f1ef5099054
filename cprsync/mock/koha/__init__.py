"""A stateful double of Koha's REST API for patrons, from public facts about Koha. Shares no code with any client of it.

`fields` is the closed schema, `setup` what a library configures, `patrons` the rows and their journal. `query` and
`searching` find, `writing` checks and changes, `access` knows clients and permissions, `others` are the staff and the
nightly job who write too. `state` joins them, `service` answers requests, and `control` is the mock's own way in.

Where the facts leave room (the text of an error, what an unknown field in a query gets), the answer is our reading.
"""
