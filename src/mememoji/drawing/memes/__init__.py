"""The meme face: a cartoon face whose features follow the six fractions of a composition.

`meme_shapes` returns its shapes, `meme_image` pixels and `meme_svg` SVG text; `overlay_memes` draws one over each face
of an image.
"""

from mememoji.drawing.memes.meme_overlay import meme_bounds, overlay_meme, overlay_memes
from mememoji.drawing.memes.raster import meme_image
from mememoji.drawing.memes.shapes import Shape, meme_shapes
from mememoji.drawing.memes.svg import meme_svg

__all__ = ["Shape", "meme_bounds", "meme_image", "meme_shapes", "meme_svg", "overlay_meme", "overlay_memes"]
