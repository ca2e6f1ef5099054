"""The invented people, what may happen to them, and who subscribes to them.

Knows neither SOAP nor files.
"""
