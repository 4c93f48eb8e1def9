"""The contract: requests, results, jobs and service documents, as pydantic models."""

from ocrq.contracts.delivery import DeadDelivery
from ocrq.contracts.job import ENDED, Batch, Job, JobError, JobStatus, JobSubmission, Progress
from ocrq.contracts.pages import parse_pages, selected_pages
from ocrq.contracts.parse import parse_operation, parse_request
from ocrq.contracts.request import (
    OPERATIONS,
    ROBUST_MIN_VARIANTS,
    STRUCTURED,
    DecodingOptions,
    Operation,
    OutputFormat,
    Priority,
    ReadRequest,
)
from ocrq.contracts.result import (
    Box,
    FieldEvidence,
    Line,
    Metadata,
    Page,
    PageError,
    Point,
    StructuredMetadata,
    StructuredResult,
    TextResult,
    Word,
)
from ocrq.contracts.service import Health, ModelInfo, ModelList, Problem

__all__ = [
    "ENDED",
    "OPERATIONS",
    "ROBUST_MIN_VARIANTS",
    "STRUCTURED",
    "Batch",
    "Box",
    "DeadDelivery",
    "DecodingOptions",
    "FieldEvidence",
    "Health",
    "Job",
    "JobError",
    "JobStatus",
    "JobSubmission",
    "Line",
    "Metadata",
    "ModelInfo",
    "ModelList",
    "Operation",
    "OutputFormat",
    "Page",
    "PageError",
    "Point",
    "Priority",
    "Problem",
    "Progress",
    "ReadRequest",
    "StructuredMetadata",
    "StructuredResult",
    "TextResult",
    "Word",
    "parse_operation",
    "parse_pages",
    "parse_request",
    "selected_pages",
]
