"""Which of the patron's pages stands at which path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from cprsync.web.me import pages
from cprsync.web.me.area import ANSWERS, BACK, ROOT, SIGN_IN

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from cprsync.web.me.door import PatronDoor


def me_routes(door: PatronDoor) -> list[BaseRoute]:
    """The routes of the patron's pages."""
    return [
        Route(ROOT, door.get(pages.show_record)),
        Route(f"{ROOT}/change", door.get(pages.show_forms)),
        Route(f"{ROOT}/looks", door.get(pages.show_looks)),
        Route(f"{ROOT}/export", door.get(pages.export_record)),
        Route(f"{ROOT}/set", door.post(pages.change_field), methods=["POST"]),
        Route(SIGN_IN, door.show_sign_in),
        Route(SIGN_IN, door.sign_in_by_card, methods=["POST"]),
        Route(f"{ROOT}/openid", door.go_out),
        Route(f"{ANSWERS}/{{answer}}", door.show_answer),
        Route(BACK, door.come_back),
        Route(f"{ROOT}/sign-out", door.sign_out, methods=["POST"]),
        Route(f"{ROOT}/language", door.change_language, methods=["POST"]),
    ]
