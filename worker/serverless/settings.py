"""Settings of a serverless worker, from the environment; read once, at the entry point."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.settings import OrUnset

JOB_SLOT = "{id}"  # the job's id in the URL for large results


class ServerlessSettings(BaseSettings):
    """Settings beside :class:`tasks.settings.Settings`; ``BUCKET_…`` have the names that RunPod's SDK gave them."""

    model_config = SettingsConfigDict(env_prefix="OCRQ_", extra="ignore", frozen=True, hide_input_in_errors=True)

    jobs_at_once: int = Field(
        default=0, ge=0, le=64, description="Jobs a worker holds at a time; 0: as many as its model reads together."
    )
    progress_seconds: float = Field(default=2.0, ge=0, description="Least seconds between two progress updates.")
    result_bytes: int = Field(
        default=0, ge=0, description="Bytes a result may have; 0: what RunPod takes, 20 MB for /runsync, else 10 MB."
    )
    result_url: OrUnset[str] = Field(
        default=None, description="URL that larger results are put to; {id} is replaced by the job's id."
    )
    result_token: OrUnset[SecretStr] = Field(default=None, description="The bearer token for that URL.")
    bucket_name: OrUnset[str] = Field(default=None, description="The bucket, where its endpoint does not name it.")
    bucket_endpoint_url: OrUnset[str] = Field(default=None, validation_alias="BUCKET_ENDPOINT_URL")
    bucket_access_key_id: OrUnset[SecretStr] = Field(default=None, validation_alias="BUCKET_ACCESS_KEY_ID")
    bucket_secret_access_key: OrUnset[SecretStr] = Field(default=None, validation_alias="BUCKET_SECRET_ACCESS_KEY")
    volume: Path = Field(default=Path("/runpod-volume"), description="Where a network volume is mounted.")

    @field_validator("result_url")
    @classmethod
    def _has_a_place_for_the_job(cls, value: str | None) -> str | None:
        if value is not None and (JOB_SLOT not in value or not value.startswith(("https://", "http://"))):
            raise ValueError(f"must be a URL with {JOB_SLOT} in it, or each result would replace the one before")
        return value

    @property
    def has_bucket(self) -> bool:
        """Whether all is there that a bucket needs."""
        needed = (self.bucket_endpoint_url, self.bucket_access_key_id, self.bucket_secret_access_key)
        return all(part is not None for part in needed)
