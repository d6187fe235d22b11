# SPDX-License-Identifier: Apache-2.0
"""From downloaded data sets to one checked store, in one process, on a local pool or on a Dask cluster; restartable."""
