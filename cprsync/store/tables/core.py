"""The library and its agreements."""

from __future__ import annotations

from sqlalchemy import BigInteger, Date, Integer, LargeBinary, String, Text

from cprsync.store.tables.columns import AGREEMENT, KEY, PATRON, WORD, key, maybe, points_to, tenant_table

library = tenant_table(
    "library",
    maybe("name", Text),
    # whose persons its records are about: test or production; NULL: not opened since the column is here
    maybe("environment", WORD),
    # the stamp of the policy with which next_age_step was counted; with another policy it is counted again for everyone
    maybe("calendar_stamp", Text),
    # how many of the library's lines the erase journal had when last seen, and the code of the last; NULL: not seen yet
    maybe("journal_lines", Integer),
    maybe("journal_code", LargeBinary),
    # the stamp of the policy with which rights were derived; with another policy they are derived again for everyone
    maybe("rights_stamp", String(64)),
    # the last number of a review item; a number is never issued twice
    maybe("last_review", Integer),
    # how many of the library's lines the file of the audit's heads had when last seen, and the code of the last
    maybe("heads_lines", Integer),
    maybe("heads_code", LargeBinary),
    # a sum over the versions of all records of the library, under a key, and how often it has changed
    maybe("records_sum", LargeBinary),
    maybe("records_changes", BigInteger),
    maybe("records_key", KEY),
    # how far the library has come with letting cards log in at the net media, and the last patron who was dealt with
    maybe("cards_stage", WORD),
    maybe("cards_after", PATRON),
)

agreement = tenant_table(
    "agreement",
    key("id", AGREEMENT),
    maybe("task", WORD),
    maybe("last_produced", Date),
    # how many patrons in a window the register was asked about on a day, and the harm that its answers did
    maybe("heal_day", Date),
    maybe("heal_asked", Integer),
    maybe("heal_harms", Text),
    points_to("library", "agency"),
)
