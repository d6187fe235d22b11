# SPDX-License-Identifier: Apache-2.0
"""Rules that let findings pass, each with its reason, from a file that people write and review."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import yaml

from monai_medglip.data_engine.quality.finding import Finding
from monai_medglip.errors import ConfigurationError

__all__ = ["Waiver", "Waivers"]


@dataclass(frozen=True)
class Waiver:
    """One rule; ``*`` and ``?`` stand for any letters in source and record.

    Attributes:
        check: name of the check whose findings pass.
        source: of the findings.
        because: why they may pass.
        record: of the findings; all by default.
        containing: words that the finding's reason must hold.
    """

    check: str
    source: str
    because: str
    record: str = "*"
    containing: str = ""

    def covers(self, finding: Finding) -> bool:
        """Tell whether a finding passes."""
        return (
            finding.check == self.check
            and fnmatch.fnmatchcase(finding.source, self.source)
            and fnmatch.fnmatchcase(finding.record or "", self.record)
            and self.containing in finding.reason
        )


@dataclass(frozen=True)
class Waivers:
    """Rules in their order; the first that covers a finding waives it.

    Attributes:
        rules: the rules.
    """

    rules: tuple[Waiver, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Waivers:
        """Read a YAML list of rules.

        Raises:
            ConfigurationError: when the file cannot be read, or a rule has an unknown or lacks a needed word.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigurationError(f"expected a YAML list of waivers at {path}, got: {error}") from error
        if content is not None and not isinstance(content, list):
            raise ConfigurationError(f"expected a YAML list of waivers at {path}, got {type(content).__name__}")
        return cls(tuple(_waiver(rule, f"{path}, waiver {number}") for number, rule in enumerate(content or (), 1)))

    def apply(self, findings: Iterable[Finding]) -> list[Finding]:
        """Give the findings with the reason of their waiver where one covers them."""
        return [replace(finding, waived_by=self._reason(finding)) for finding in findings]

    def unused(self, findings: Iterable[Finding]) -> list[Waiver]:
        """Give the rules that cover nothing: what they were for is mended, or they are misspelled."""
        told = list(findings)
        return [rule for rule in self.rules if not any(rule.covers(finding) for finding in told)]

    def _reason(self, finding: Finding) -> str | None:
        return next((rule.because for rule in self.rules if rule.covers(finding)), None)


def _waiver(rule: object, where: str) -> Waiver:
    known = {field.name for field in fields(Waiver)}
    if not isinstance(rule, dict) or not all(isinstance(value, str) for value in rule.values()):
        raise ConfigurationError(f"{where}: expected words and texts, got {rule!r}")
    unknown, missing = rule.keys() - known, {"check", "source", "because"} - rule.keys()
    if unknown or missing:
        told = ", ".join([*(f"unknown {word!r}" for word in unknown), *(f"missing {word!r}" for word in missing)])
        raise ConfigurationError(f"{where}: expected {', '.join(sorted(known))}; got {told}")
    return Waiver(**rule)
