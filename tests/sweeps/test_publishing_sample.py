"""A sample of what `publishing.py` sweeps: many changes told over TLS, a tenth of the answers lost after the effect."""

from __future__ import annotations

from publishing import swept


def test_each_change_of_state_stands_in_the_ledger_once_and_in_order_though_answers_get_lost() -> None:
    document = swept(120, latency=0.0, share=0.1)
    assert document["each_change_once_and_in_order"]
    assert (document["sent"], document["waiting"], document["failed"]) == (120, 0, 0)
