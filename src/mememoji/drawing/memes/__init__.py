"""The meme face: a cartoon whose features follow the six fractions of a composition.

`meme_shapes` gives its shapes, `meme_image` pixels, `meme_svg` SVG text; `lay_over` lays one over each face of a
image.
"""

from mememoji.drawing.memes.meme_overlay import lay_meme, lay_over
from mememoji.drawing.memes.raster import meme_image
from mememoji.drawing.memes.shapes import Shape, meme_shapes
from mememoji.drawing.memes.svg import meme_svg

__all__ = ["Shape", "lay_meme", "lay_over", "meme_image", "meme_shapes", "meme_svg"]
