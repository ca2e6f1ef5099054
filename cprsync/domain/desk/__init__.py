"""What is to be seen at the desk before something is written, who acts, and whether somebody said yes to just that.

What is written then lives in `services.desk`.
"""
