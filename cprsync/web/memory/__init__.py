"""What a desk keeps in memory between two requests: sessions, open places, wrong tries, turns, and what it counts.

Nothing here is written down, and nothing here knows a page. What several workers keep together is in `workers`.
"""
