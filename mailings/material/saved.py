"""Saved blocks: kept under a name, put into a mail as a copy."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _

from mailings.material.models import SavedBlock
from mailings.rendering.block import Block
from mailings.rendering.blocks import Document, new_id


class CannotKeep(ValueError):
    """There is nothing to keep, or no name to keep it under; fit to show."""


def keep(name: str, blocks: Sequence[Block], *, by: User | AnonymousUser | None, now: datetime) -> SavedBlock:
    """Keep blocks for everybody, in place of what had that name. Raises CannotKeep."""
    name = " ".join(name.split())[:100]
    if not name:
        raise CannotKeep(_("Give it a name by which your colleagues know it."))
    if not blocks:
        raise CannotKeep(_("There is no block to keep."))
    content = {"blocks": Document(tuple(blocks)).to_json()["blocks"]}
    values = {"content": content, "at": now, "by": by if isinstance(by, User) else None}
    return SavedBlock.objects.update_or_create(name=name, defaults=values)[0]


def blocks(kept: SavedBlock) -> tuple[Block, ...]:
    """Give the blocks as new ones, fit to stand in any mail. Raises NoSuchBlock."""
    return tuple(replace(block, id=new_id()) for block in Document.read(kept.content).blocks)
