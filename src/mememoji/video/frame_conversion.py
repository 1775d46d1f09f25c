"""Conversion of decoded frames to upright RGB arrays with square pixels."""

from fractions import Fraction
from typing import Final, cast

import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter

from mememoji.image_io import RGBImage

_UNSPECIFIED: Final = 2
_DEFAULT_TIME_BASE: Final = Fraction(1, 1000)
_HDR: Final = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)
_HD: Final = 1280, 577
"""The width and the height from which colors without a specification are those of HD, as players assume."""


def square_pixel_size(width: int, height: int, pixel_shape: Fraction | None) -> tuple[int, int]:
    """Return the size at which a frame has square pixels; the side that is too short grows.

    Args:
        width: The width in stored pixels.
        height: The height in stored pixels.
        pixel_shape: The width of a pixel divided by its height; None or 0 where the file does not state it.
    """
    if not pixel_shape or pixel_shape == 1:
        return width, height
    if pixel_shape > 1:
        # Even, because the common codecs need even sides.
        return 2 * round(width * pixel_shape / 2), height
    return width, 2 * round(height / pixel_shape / 2)


class FrameConverter:
    """A converter of the frames of one stream.

    Colors are converted to sRGB by the frame's own matrix and range, and HDR is reduced to it. Transparent pixels are
    blended with white, as in images.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._display_matrices: dict[int, tuple[int, int, int, int]] = {}

    def convert(self, frame: VideoFrame, pixel_shape: Fraction | None) -> RGBImage:
        """Convert a frame.

        Args:
            frame: The decoded frame.
            pixel_shape: The width of a pixel divided by its height.

        Returns:
            (H, W, 3) uint8 RGB, upright.
        """
        width, height = square_pixel_size(frame.width, frame.height, pixel_shape)
        has_alpha = frame.format.has_palette or any(component.is_alpha for component in frame.format.components)
        is_hdr = frame.color_trc in _HDR
        rgb = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="rgba" if has_alpha else "rgb24",
            src_colorspace=_guess_colorspace(frame),
            dst_color_range=ColorRange.JPEG,
            dst_color_trc=ColorTrc.IEC61966_2_1 if is_hdr else None,
            dst_color_primaries=ColorPrimaries.BT709 if is_hdr else None,
        )
        image = np.asarray(rgb.to_ndarray(), np.uint8)
        if frame.rotation not in self._display_matrices:
            # Only once for each rotation: a frame whose side data were read refers to itself, and stays in memory until
            # Python looks for such cycles.
            self._display_matrices[frame.rotation] = _read_display_matrix(frame)
        matrix = self._display_matrices[frame.rotation]
        return _turn_upright(_blend_with_white(image) if has_alpha else image, matrix)


class Deinterlacer:
    """A filter that turns interlaced frames into progressive ones and returns all others as they are.

    It begins with the first interlaced frame, and then returns each frame one frame later.
    """

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._layout: tuple[int, int, str] | None = None

    def process(self, frame: VideoFrame | None) -> list[VideoFrame]:
        """Process a frame; None returns those that are left."""
        if frame is None:
            return self._finish()
        layout = frame.width, frame.height, frame.format.name
        if self._graph is None and not frame.interlaced_frame:
            return [frame]
        done = self._finish() if layout != self._layout else []
        if self._graph is None:
            self._graph, self._layout = _make_graph(frame, "bwdif", "mode=send_frame:deint=interlaced"), layout
        self._graph.vpush(frame)
        return done + _pull(self._graph)

    def _finish(self) -> list[VideoFrame]:
        if self._graph is None:
            return []
        self._graph.vpush(None)
        done = _pull(self._graph)
        self._graph = self._layout = None
        return done


def _make_graph(frame: VideoFrame, name: str, options: str) -> Graph:
    """Return a graph of one filter for frames like this one."""
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or _DEFAULT_TIME_BASE
    )
    graph.link_nodes(source, graph.add(name, options), graph.add("buffersink"))
    graph.configure()
    return graph


def _pull(graph: Graph) -> list[VideoFrame]:
    frames = []
    while True:
        try:
            frames.append(graph.vpull())
        except (BlockingIOError, EOFError):
            return frames


def _guess_colorspace(frame: VideoFrame) -> Colorspace | None:
    if frame.colorspace != _UNSPECIFIED:
        return None
    is_hd = frame.width >= _HD[0] or frame.height >= _HD[1]
    return Colorspace.ITU709 if is_hd else Colorspace.ITU601


def _blend_with_white(image: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> RGBImage:
    """Blend (H, W, 4) uint8 RGBA with white; return (H, W, 3) uint8 RGB."""
    alpha = image[..., 3:].astype(np.uint16)
    if (alpha == 255).all():
        return np.ascontiguousarray(image[..., :3])
    return ((image[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _read_display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """Return a, b, c, d of ISO/IEC 14496-12: the point (x, y) of the frame is shown at (a x + c y, b x + d y)."""
    # PyAV frees the metadata of side data twice, which crashes. Color profiles are the only side data that have any.
    graph = _make_graph(frame, "sidedata", "mode=delete:type=ICC_PROFILE")
    graph.vpush(frame)
    side_data = cast("SideDataContainer", graph.vpull().side_data)
    if SideDataType.DISPLAYMATRIX not in side_data:
        return 1, 0, 0, 1
    matrix = np.frombuffer(bytes(side_data[SideDataType.DISPLAYMATRIX]), "<i4")
    return int(matrix[0]), int(matrix[1]), int(matrix[3]), int(matrix[4])


def _turn_upright(image: RGBImage, matrix: tuple[int, int, int, int]) -> RGBImage:
    """Apply a display matrix, in quarter turns and mirrorings."""
    a, b, c, d = matrix
    if abs(b) + abs(c) > abs(a) + abs(d):
        image, a, d = image.swapaxes(0, 1), c, b
    if a < 0:
        image = image[:, ::-1]
    if d < 0:
        image = image[::-1]
    return np.ascontiguousarray(image)
