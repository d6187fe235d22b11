# SPDX-License-Identifier: Apache-2.0
"""Reading PNG, JPEG, TIFF and BMP through Pillow as the picture is displayed; not for stacks or animations.

Grey stays one channel with its own integer or float type, 16 bit included. Palette, CMYK, YCbCr and LAB become RGB,
1 bit becomes 0 and 255. Transparent parts are laid over black, because the colors under them are arbitrary. The
orientation of EXIF is applied. Pillow gives 16-bit color with 8 bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers.format_detection import ImageFormat
from monai_medglip.readers.grid_checks import check_size
from monai_medglip.readers.library_errors import library_errors

if TYPE_CHECKING:
    from typing import BinaryIO

    import PIL.Image
    from PIL.ImageFile import ImageFile

__all__ = ["pixels_from_pil", "read_raster"]


def read_raster(path: Path, file_format: ImageFormat, *, modality: Modality | None = None) -> Scan:
    """Read a picture file.

    Args:
        path: the file.
        file_format: PNG, JPEG, TIFF or BMP, as its first bytes say.
        modality: what the user says; a picture file does not tell it.

    Returns:
        A scan (C, x, y) without a place in space.

    Raises:
        ImageReadError: when the file is damaged.
        UnsupportedImageError: for more than one page or frame, and for pictures above `MAX_PIXELS`.
    """
    with library_errors(path, f"{file_format.value} image"), path.open("rb") as file:
        picture = _open(file, file_format)
        check_size(path, picture.size)
        _refuse_several(path, picture, file_format)
        picture.load()
        array = pixels_from_pil(picture)
    return Scan(array, Frame.pixel(array.shape[1:]), modality or Modality.UNKNOWN, ImageSource(str(path)))


def _open(file: BinaryIO, file_format: ImageFormat) -> ImageFile:
    """Open by the plugin itself: `PIL.Image.open` has a smaller limit of pixels, which only a global could raise.

    It also leaves a JPEG of several pictures (a phone's preview or depth map behind the photograph) at the first.
    """
    from PIL.BmpImagePlugin import BmpImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.TiffImagePlugin import TiffImageFile

    plugins: dict[ImageFormat, type[ImageFile]] = {
        ImageFormat.PNG: PngImageFile,
        ImageFormat.JPEG: JpegImageFile,
        ImageFormat.TIFF: TiffImageFile,
        ImageFormat.BMP: BmpImageFile,
    }
    return plugins[file_format](file)


def _refuse_several(path: Path, picture: ImageFile, file_format: ImageFormat) -> None:
    count = getattr(picture, "n_frames", 1)
    if count > 1:
        kind = "pages" if file_format is ImageFormat.TIFF else "frames of an animation"
        raise UnsupportedImageError(
            f"{path}: expected one picture, the {file_format.value} file has {count} {kind}; "
            "save the one that is meant, or a stack as NIfTI with its spacing"
        )


def pixels_from_pil(picture: PIL.Image.Image) -> npt.NDArray[np.generic]:
    """Give the pixels of a Pillow image as displayed.

    Args:
        picture: an image of any Pillow mode.

    Returns:
        Array (C, x, y): one channel for grey (uint8, uint16, int32 or float32), else three of uint8.

    Raises:
        ImageReadError: when the image has no pixels.
    """
    from PIL import ExifTags, Image, ImageOps

    if min(picture.size) < 1:
        raise ImageReadError(f"expected an image of at least one pixel, got {picture.size}")
    # Only where it is needed: exif_transpose copies, and a large scan is 400 MB.
    turned = picture.getexif().get(ExifTags.Base.Orientation, 1) != 1
    plain = _without_alpha_or_palette(ImageOps.exif_transpose(picture) if turned else picture)
    # Pillow turns 20,000 x 20,000 pixels in 1.4 s, a strided copy by numpy takes 11 s (measured on one core).
    columns = np.asarray(plain.transpose(Image.Transpose.TRANSPOSE))
    columns = columns.astype(columns.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(np.moveaxis(columns, 2, 0) if columns.ndim == 3 else columns[None])


def _without_alpha_or_palette(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Give the picture in mode L, RGB, or one of the wide grey modes."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        return picture
    if picture.mode in ("L", "RGB") and "transparency" not in picture.info:
        return picture
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        opaque_mode = "L" if picture.mode in ("1", "L", "LA", "La") else "RGB"
        with_alpha = picture.convert("RGBA")
        black = Image.new(opaque_mode, picture.size)
        black.paste(with_alpha.convert(opaque_mode), mask=with_alpha.getchannel("A"))
        return black
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")
