"""What is counted for statistics.

Which numbers may be shown is `domain.pages`'.
"""
