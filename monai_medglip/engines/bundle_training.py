# SPDX-License-Identifier: Apache-2.0
"""Running a bundle's own training configuration into a folder that is a bundle again; the engines are MONAI's.

The configuration is a program: its ``$`` expressions run as Python. Train bundles that you trust.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine import open_grounding_data
from monai_medglip.engines.checkpoints import latest_checkpoint
from monai_medglip.engines.training_settings import checked_settings
from monai_medglip.errors import ConfigurationError, DataError, MedGLIPError, WeightsError
from monai_medglip.networks import read_network_definition

__all__ = ["train_bundle"]

# These decide which files are read and written, and are arguments of their own.
_OWN_ARGUMENTS = {"bundle_root": "bundle", "dataset_dir": "data", "ckpt_dir": "out", "output_dir": "out"}


def train_bundle(
    bundle: str | Path,
    data: str | Path,
    out: str | Path,
    *,
    image_weights: str | Path | None = None,
    settings: Sequence[str] = (),
) -> Path:
    """Train a bundle's network, going on from the newest checkpoint in ``out``.

    Args:
        bundle: folder with ``configs/train.json`` and ``models/network.json``; it is not changed.
        data: data folder, store or shards with images of the split ``train``.
        out: becomes a bundle: ``models`` with checkpoints and the best weights, ``eval`` with TensorBoard's curves.
        image_weights: where the image encoder starts; None takes the configuration's.
        settings: changes to the configuration, ``key=value`` each, see `checked_settings`.

    Returns:
        The best weights by the configuration's key metric, or the last checkpoint where none was validated.

    Raises:
        ConfigurationError: when the bundle has no such configuration, or a setting is wrong.
        DataError: when the data folder is missing, breaks its rules, or has nothing to train on.
        WeightsError: when the weights to start from are missing.
    """
    source, target = Path(bundle), Path(out)
    changes = _checked_changes(source, settings)
    if not open_grounding_data(data).records("train"):
        raise DataError(f"{data}: expected images of the split 'train', there are none")
    if image_weights is not None:
        if not Path(image_weights).exists():
            raise WeightsError(f"expected image weights at {image_weights}, found nothing there; leave them out?")
        changes["image_weights"] = str(image_weights)
    folders = {
        "bundle_root": str(source),
        "dataset_dir": str(data),
        "ckpt_dir": str(target / "models"),
        "output_dir": str(target / "eval"),
    }
    _begin_bundle(source, target)
    _run(source, {**changes, **folders})
    best = target / "models" / "model.pt"
    return best if best.is_file() else Path(latest_checkpoint(best.parent) or best.parent)


def _checked_changes(bundle: Path, settings: Sequence[str]) -> dict[str, Any]:
    path = bundle / "configs" / "train.json"
    try:
        configuration = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"expected a bundle with a training configuration at {path}, but {error}") from error
    changes = checked_settings(settings, configuration)
    for key in changes:
        if key in _OWN_ARGUMENTS:
            raise ConfigurationError(f"expected {key!r} to be given as --{_OWN_ARGUMENTS[key]}, not as a setting")
    if changes.get("tracking_uri"):
        _check_tracking(str(changes["tracking_uri"]))
    return changes


def _check_tracking(address: str) -> None:
    """Refuse what MONAI's handler would refuse only after the data are loaded."""
    if importlib.util.find_spec("mlflow") is None:
        raise ConfigurationError(
            "expected MLflow for tracking_uri, which is not installed; pip install monai_medglip[mlflow]"
        )
    if "://" not in address or address.startswith("file:"):
        raise ConfigurationError(
            f"expected tracking_uri to be sqlite:///FILE or the address of a server, got {address!r}; "
            "MLflow keeps no runs in folders any more"
        )


def _begin_bundle(source: Path, target: Path) -> None:
    """Make ``target`` a bundle but for its weights, so that it can be calibrated and used when they are there."""
    definition = read_network_definition(source / "models" / "network.json")
    encoder = Path(definition["text_encoder"]["folder"])
    definition["text_encoder"]["folder"] = str(encoder.resolve()) if encoder.is_dir() else str(encoder)
    facts = json.loads((source / "configs" / "metadata.json").read_text(encoding="utf-8"))
    facts.pop("weights_sha256", None)
    for path, content in (
        (target / "models" / "network.json", definition),
        (target / "configs" / "metadata.json", {**facts, "name": target.name}),
    ):
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _run(bundle: Path, changes: Mapping[str, Any]) -> None:
    from monai.bundle import ConfigWorkflow  # MONAI's bundles take a second to import

    try:
        workflow = ConfigWorkflow(str(bundle / "configs" / "train.json"), workflow_type="train", **changes)
        workflow.initialize()
        workflow.run()
        workflow.finalize()
    except RuntimeError as error:
        ours = _cause(error)
        if ours is None:
            raise
        raise ours from error


def _cause(error: BaseException) -> MedGLIPError | None:
    """Give our own error behind one of MONAI's, which says only that something could not be made."""
    cause = error.__cause__
    while cause is not None and not isinstance(cause, MedGLIPError):
        cause = cause.__cause__
    return cause
