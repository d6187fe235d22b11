# SPDX-License-Identifier: Apache-2.0
"""Grounding behind a PACS: Orthanc receives, this worker grounds, Orthanc keeps the results and routes them on.

``python -m apps.medglip_pacs serve SETTINGS`` runs a worker with its status page; ``trial`` starts an Orthanc of its
own besides. It is not a DICOM node: Orthanc is, and what Orthanc holds is the truth. A job carries Orthanc identifiers
and nothing about the patient.
"""
