"""What staff see at the desk before something is written, who acts, and whether they said yes to exactly that.

`services.desk` writes it.
"""
