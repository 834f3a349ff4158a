"""Draws an image of a redacted picture, or of a machine cut out of one, beneath the watermark."""

from nicegui.element import Element


class MarkedImage(Element, component="marked_image.js"):
    """An image at an address; `lazy` lets the browser fetch it when it comes into view."""

    def __init__(self, src: str, *, alt: str = "", lazy: bool = False) -> None:
        super().__init__()
        self._props.update(src=src, alt=alt, lazy=lazy)
