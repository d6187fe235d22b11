# SPDX-License-Identifier: Apache-2.0
"""What is wrong, or looks wrong, with annotated images: checks in stages, one file each, and a page of the findings."""
