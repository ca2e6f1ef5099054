"""The library's record of processing (GDPR article 30), made from the field table and its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cprsync.domain.pages.beside import BESIDE
from cprsync.domain.pages.page import Paragraph, Section, capital, days, in_one
from cprsync.domain.patron.field import Basis
from cprsync.domain.patron.fields import FIELD, PRINTED
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from cprsync.domain.pages.beside import Beside
    from cprsync.domain.pages.page import Texts
    from cprsync.domain.policy.policy import Policy


def article_30(policy: Policy, texts: Texts, *, controller: str = "") -> tuple[Section, ...]:
    """The controller's record of processing: the data categories of the fields and of what is kept beside them.

    Args:
        policy: the library's policy, with its days and, if given, its name.
        texts: the catalogue.
        controller: name and contact of the controller, used instead of the policy's.
    """

    def said(part: str) -> Paragraph:
        return Paragraph(texts(f"processing.{part}"), texts(f"processing.{part}.name"))

    paragraphs = (
        Paragraph(_controller(policy, controller), texts("processing.controller.name")),
        Paragraph(policy.controller.told("officer"), texts("processing.officer.name")),
        said("purpose"),
        said("people"),
        *(_category(basis, texts) for basis in Basis),
        *(_beside(one, policy, texts) for one in BESIDE),
        said("staff"),
        said("recipients"),
        Paragraph(texts("processing.abroad", where=policy.controller.told("stored")), texts("processing.abroad.name")),
        Paragraph(_erasure(policy, texts), texts("processing.erasure.name")),
        said("security"),
    )
    return (Section(texts("processing.title"), paragraphs),)


def _category(basis: Basis, texts: Texts) -> Paragraph:
    names = in_one([field.name for field in PRINTED if field.basis is basis], between=", ")
    because = texts(f"basis.{basis.value}")
    return Paragraph(texts("processing.data", names=names, because=because), texts("processing.data.name"))


def _controller(policy: Policy, controller: str) -> Wording:
    if controller:
        return Wording(controller, controller)
    return in_one([policy.controller.told("name"), policy.controller.told("contact")], between=", ")


def _beside(one: Beside, policy: Policy, texts: Texts) -> Paragraph:
    data, kept = capital(one.text("data", texts)), one.kept(policy.retention, texts)
    return Paragraph(in_one([data, kept], between=". "), one.text("name", texts))


def _erasure(policy: Policy, texts: Texts) -> Wording:
    keep, quiet = policy.retention, policy.retention.inactive_days
    lines = [
        (FIELD["loans"].name, keep.loans_days),
        (texts("processing.erased.fees"), keep.fees_days),
        (texts("processing.erased.compensations"), keep.compensation_days),
        (texts("processing.erased.messages"), keep.message_days),
        (texts("processing.erased.dead"), policy.dead_subscription_days),
        (texts("processing.erased.blocks"), keep.blocks_days),
        (texts("processing.erased.kept_blocks"), keep.kept_blocks_days),
        (texts("processing.erased.before"), keep.before_images_days),
    ]
    periods = in_one([in_one([name, days(count)], between=": ") for name, count in lines], between="; ")
    inactive = texts("processing.inactive", quiet=days(quiet)) if quiet else texts("processing.inactive.never")
    return in_one([periods, inactive, texts("processing.erased.rest")], between="")
