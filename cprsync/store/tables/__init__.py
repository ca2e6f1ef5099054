"""The tables, in a file a room. The rest of the store asks for them here: `tables.patron`.

Personal data is sealed or a keyed index (decision 16). The steps from one version to the next are in `migrations`; a
test compares the two.
"""

from cprsync.store.tables.audit import audit as audit
from cprsync.store.tables.audit import audit_head as audit_head
from cprsync.store.tables.audit import audit_reason as audit_reason
from cprsync.store.tables.columns import metadata as metadata
from cprsync.store.tables.core import agreement as agreement
from cprsync.store.tables.core import library as library
from cprsync.store.tables.desk import desk_attempt as desk_attempt
from cprsync.store.tables.desk import desk_outcome as desk_outcome
from cprsync.store.tables.desk import staff_patron as staff_patron
from cprsync.store.tables.desk import watched_number as watched_number
from cprsync.store.tables.feed import follow_up as follow_up
from cprsync.store.tables.feed import inbox as inbox
from cprsync.store.tables.feed import inbox_chunk as inbox_chunk
from cprsync.store.tables.feed import subscription as subscription
from cprsync.store.tables.lending import COMPENSATION as COMPENSATION
from cprsync.store.tables.lending import FEE as FEE
from cprsync.store.tables.lending import balance as balance
from cprsync.store.tables.lending import loan as loan
from cprsync.store.tables.lending import message as message
from cprsync.store.tables.lending import reservation as reservation
from cprsync.store.tables.netmedia import account as account
from cprsync.store.tables.netmedia import card_account as card_account
from cprsync.store.tables.netmedia import entitlement as entitlement
from cprsync.store.tables.netmedia import entitlement_turn as entitlement_turn
from cprsync.store.tables.netmedia import outbox as outbox
from cprsync.store.tables.night import calendar_event as calendar_event
from cprsync.store.tables.night import plan_mark as plan_mark
from cprsync.store.tables.night import plan_row as plan_row
from cprsync.store.tables.night import plan_yes as plan_yes
from cprsync.store.tables.night import run as run
from cprsync.store.tables.night import run_delivery as run_delivery
from cprsync.store.tables.night import run_item as run_item
from cprsync.store.tables.outward import change as change
from cprsync.store.tables.outward import change_epoch as change_epoch
from cprsync.store.tables.outward import change_mark as change_mark
from cprsync.store.tables.outward import comparison as comparison
from cprsync.store.tables.outward import comparison_finding as comparison_finding
from cprsync.store.tables.outward import known_elsewhere as known_elsewhere
from cprsync.store.tables.outward import target as target
from cprsync.store.tables.outward import target_patron as target_patron
from cprsync.store.tables.patrons import ACTIVE as ACTIVE
from cprsync.store.tables.patrons import CLOSED as CLOSED
from cprsync.store.tables.patrons import EMPTIED as EMPTIED
from cprsync.store.tables.patrons import ERASED as ERASED
from cprsync.store.tables.patrons import GONE as GONE
from cprsync.store.tables.patrons import LOCAL_IS_NEWER as LOCAL_IS_NEWER
from cprsync.store.tables.patrons import MERGED as MERGED
from cprsync.store.tables.patrons import PERSON as PERSON
from cprsync.store.tables.patrons import RECORD_IS_NEWER as RECORD_IS_NEWER
from cprsync.store.tables.patrons import STATUS_CLASSES as STATUS_CLASSES
from cprsync.store.tables.patrons import before_image as before_image
from cprsync.store.tables.patrons import finding_key as finding_key
from cprsync.store.tables.patrons import patron as patron
from cprsync.store.tables.patrons import provisional as provisional
from cprsync.store.tables.patrons import responsible as responsible
from cprsync.store.tables.records import issued_id as issued_id
from cprsync.store.tables.records import kept_block as kept_block
from cprsync.store.tables.records import override as override
from cprsync.store.tables.records import patron_key as patron_key
from cprsync.store.tables.reviews import review_item as review_item
from cprsync.store.tables.trust import key_check as key_check
from cprsync.store.tables.trust import upkeep as upkeep
