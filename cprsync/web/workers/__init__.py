"""Several processes that serve one desk on one port, behind one cookie. `cprsync serve --workers` starts them.

A session stays in the memory of the worker where it began, because what it has in hand is personal data that nobody
seals. Keeping sessions in the store would need each thing in hand to be written, sealed and read back with each page.
So the cookie names its worker, and a worker that gets a request of another one's session hands it on, over a Unix
socket in a folder of the service's own (`handing`, `receiving`, `frames`). Nothing but our own processes writes there:
no header that a browser sends can pass for what a worker says of it.

What has to be counted once for all workers is kept by the parent, which serves no browser (`together`, `keeping`):
wrong passwords and PINs, answers of the identity provider, and whose turn it is to try a card. The parent holds the
port and starts a worker again when it has ended (`supervising`). The sessions of such a worker are over; what it was
writing is undone by the database.

Leaves out what is served, which is the same application in each worker: see `app`.
"""
