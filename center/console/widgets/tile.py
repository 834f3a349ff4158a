"""Draws a tile of the live page: name and state of a camera around its picture, one component."""

from nicegui.element import Element


class Tile(Element, component="tile.js"):
    """A card whose content is the picture."""

    def say(self, **words: str) -> None:
        """Replaces words of the tile (see `tile.js`); those not named stay. Equal ones are not drawn again."""
        changed = {name: text for name, text in words.items() if self._props.get(name) != text}
        if changed:
            self._props.update(changed)
