# SPDX-License-Identifier: Apache-2.0
"""Readers of the layouts in which public data sets come, one file each; what a data set is says its card."""
