# SPDX-License-Identifier: Apache-2.0
"""The settings of a site: one readable YAML file, checked whole when it is loaded. Secrets are not in it."""

from __future__ import annotations

import dataclasses
import difflib
import os
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from monai_medglip.errors import ConfigurationError

__all__ = [
    "DestinationSettings",
    "LimitSettings",
    "ModelSettings",
    "OrthancSettings",
    "PageSettings",
    "SeriesSettings",
    "Settings",
    "load_settings",
]

_Settings = TypeVar("_Settings")


@dataclass(frozen=True)
class OrthancSettings:
    """Where Orthanc's REST interface is.

    Attributes:
        url: ``http(s)://host:port``.
        user: user of the REST interface; None where Orthanc asks for none. The password is a secret.
        certificate_authority: file with the certificates that an https Orthanc is checked by; None: the system's.
        timeout_s: how long one answer may take [s].
    """

    url: str = "http://127.0.0.1:8042"
    user: str | None = None
    certificate_authority: str | None = None
    timeout_s: float = 60.0


@dataclass(frozen=True)
class SeriesSettings:
    """Which series are grounded, and when Orthanc is asked for them.

    Attributes:
        modalities: DICOM modalities that are taken; results (SR, SEG) are never among them.
        look_back_hours: series whose last instance came earlier than this are left alone [h].
        poll_every_s: how often Orthanc's changes are read [s].
        reconcile_every_s: how often all series are compared with the queue [s].
        at_once: how many series are fetched, grounded and stored at once; the model takes one at a time.
    """

    modalities: tuple[str, ...] = ("CT", "MR", "CR", "DX", "MG", "US", "PT", "XC", "ES", "OP", "GM", "SM")
    look_back_hours: float = 48.0
    poll_every_s: float = 2.0
    reconcile_every_s: float = 300.0
    at_once: int = 2


@dataclass(frozen=True)
class LimitSettings:
    """What a single series may cost, and when the worker waits.

    Attributes:
        series_mib: largest series that is fetched [MiB].
        series_instances: most instances of a series.
        job_timeout_s: longest time in the model's process [s].
        model_deaths: how often the model's process may die on a series before it is set aside.
        disk_high_water: share of the disk under the state folder at which no more series are fetched.
        retry_first_s: first wait when Orthanc is away or the disk is full [s]; doubled each time.
        retry_longest_s: longest such wait [s].
        keep_days: how long finished jobs stay in the queue's records; longer than `look_back_hours` [d].
    """

    series_mib: float = 4096.0
    series_instances: int = 5000
    job_timeout_s: float = 1800.0
    model_deaths: int = 2
    disk_high_water: float = 0.9
    retry_first_s: float = 5.0
    retry_longest_s: float = 300.0
    keep_days: float = 30.0


@dataclass(frozen=True)
class ModelSettings:
    """What is done with a series.

    Attributes:
        work: ``module:function`` that gives the `SeriesWork`, called with these settings in the model's process.
        bundles: folder of bundles, or of one bundle.
        rules: file with the selection rules; None: those of the package.
        profile: how results are written for the viewers of this site, a name of `monai_medglip.dicom.PROFILES`.
    """

    work: str = "apps.medglip_pacs.series_work:clinic_work"
    bundles: str = "bundles"
    rules: str | None = None
    profile: str = "ohif"


@dataclass(frozen=True)
class DestinationSettings:
    """Where results are sent on to.

    Attributes:
        name: the destination's name in Orthanc's ``DicomModalities``.
        attempts: how often a result is offered before it is set aside.
        first_wait_s: wait after the first refusal [s]; doubled each time.
        longest_wait_s: longest such wait [s].
    """

    name: str
    attempts: int = 12
    first_wait_s: float = 10.0
    longest_wait_s: float = 900.0


@dataclass(frozen=True)
class PageSettings:
    """The status page, also the place of ``/metrics`` and ``/health``.

    Attributes:
        host: address that is listened on.
        port: TCP port.
        user: who may look, retry and cancel. The password is a secret; without one the page is not served.
        certificate: file of the TLS certificate; None: plain HTTP, for this machine or behind a proxy that adds TLS.
        certificate_key: file of its key.
    """

    host: str = "127.0.0.1"
    port: int = 8090
    user: str = "medglip"
    certificate: str | None = None
    certificate_key: str | None = None


@dataclass(frozen=True)
class Settings:
    """All settings of one worker.

    Attributes:
        worker: name of this worker; each worker on one queue needs its own, and keeps it over restarts.
        state_folder: folder for the embedded queue and for series while they are worked on.
    """

    worker: str = "worker-1"
    state_folder: str = "medglip_pacs_state"
    orthanc: OrthancSettings = field(default_factory=OrthancSettings)
    series: SeriesSettings = field(default_factory=SeriesSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    destinations: tuple[DestinationSettings, ...] = ()
    page: PageSettings = field(default_factory=PageSettings)

    def __post_init__(self) -> None:
        _check(bool(self.worker.strip()), "worker", "a name", self.worker)
        _check(bool(self.series.modalities), "series.modalities", "at least one modality", self.series.modalities)
        forbidden = {"SR", "SEG", "KO", "PR"} & set(self.series.modalities)
        _check(not forbidden, "series.modalities", "modalities of images, not of results", sorted(forbidden))
        _check(self.series.at_once >= 1, "series.at_once", "1 or more", self.series.at_once)
        share = self.limits.disk_high_water
        _check(0 < share <= 1, "limits.disk_high_water", "a share above 0 and at most 1", share)
        _check(self.limits.model_deaths >= 1, "limits.model_deaths", "1 or more", self.limits.model_deaths)
        kept = self.limits.keep_days * 24 > self.series.look_back_hours
        _check(kept, "limits.keep_days", "more than series.look_back_hours, or series are done twice", "less")
        names = [destination.name for destination in self.destinations]
        _check(len(set(names)) == len(names), "destinations", "names that differ", names)
        for destination in self.destinations:
            _check(destination.attempts >= 1, f"destinations.{destination.name}", "1 attempt or more", "less")


def load_settings(path: str | os.PathLike[str]) -> Settings:
    """Return the settings of a file.

    Args:
        path: a YAML file; names that it leaves out have their defaults.

    Raises:
        ConfigurationError: when it cannot be read, or a name or value in it is not known.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"expected a YAML file of settings at {path}, got: {error}") from error
    return _fill(Settings, {} if content is None else content, where="")


def _fill(kind: type[_Settings], content: object, *, where: str) -> _Settings:
    """Make one dataclass of settings from a mapping, checking names and types."""
    if not isinstance(content, Mapping):
        raise ConfigurationError(f"expected names and values at {where or 'the top'}, got {content!r}")
    hints = get_type_hints(kind)
    for name in content:
        if name not in hints:
            near = difflib.get_close_matches(str(name), hints, n=1)
            meant = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(hints)}"
            raise ConfigurationError(f"unknown setting {where}{name}{meant}")
    try:
        return kind(**{name: _value(hints[name], value, f"{where}{name}") for name, value in content.items()})
    except TypeError as error:
        raise ConfigurationError(f"a setting of {where or 'the file'} is missing: {error}") from error


def _value(hint: Any, value: Any, where: str) -> Any:
    """Check one value against its type, and turn lists into tuples and mappings into dataclasses."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _fill(hint, value, where=f"{where}.")
    if get_origin(hint) is tuple:
        _check(isinstance(value, list), where, "a list", value)
        return tuple(_value(get_args(hint)[0], one, f"{where}[{place}]") for place, one in enumerate(value))
    if get_origin(hint) in (Union, types.UnionType):
        return None if value is None else _value(get_args(hint)[0], value, where)
    if hint in (int, float):
        number = isinstance(value, (int, hint)) and not isinstance(value, bool) and value > 0
        _check(number, where, "a number above 0" if hint is float else "a whole number above 0", value)
        return hint(value)
    _check(isinstance(value, hint), where, hint.__name__, value)
    return value


def _check(holds: bool, where: str, expected: str, got: object) -> None:
    if not holds:
        raise ConfigurationError(f"setting {where}: expected {expected}, got {got!r}")
