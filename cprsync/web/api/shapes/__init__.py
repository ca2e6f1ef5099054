"""The shapes of the API: closed models of what it takes and of what it answers.

The answers are the documents of the use cases, as the commands print them. What makes one is in `services`.
"""
