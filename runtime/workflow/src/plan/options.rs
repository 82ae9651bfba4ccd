//! What a plan depends on beside the file.

use crate::images::ImageTable;
use crate::model::{JobId, Minutes};

/// Options of a plan; the default plans every job by the table as it comes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlanOptions {
    /// Which image a label stands for.
    pub images: ImageTable,
    /// The jobs to run, with all they need; empty means all jobs.
    pub jobs: Vec<JobId>,
    /// The time of a job that names none.
    pub job_timeout: Minutes,
    /// What becomes of jobs whose labels stand for nothing.
    pub unmapped: UnmappedJobs,
}

/// What becomes of jobs whose labels stand for nothing ([`Mapping::Unmapped`](crate::Mapping::Unmapped)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnmappedJobs {
    /// They are checked like all others: they might run after all, e.g. when everything runs on the host.
    #[default]
    Check,
    /// They will not run, so nothing is checked: a job for Windows may ask for anything. Its plan is there to be shown
    /// as skipped; it may hold expressions as written, and lack steps that are not supported.
    Skip,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            images: ImageTable::new(),
            jobs: Vec::new(),
            job_timeout: Minutes::JOB_DEFAULT,
            unmapped: UnmappedJobs::Check,
        }
    }
}

impl PlanOptions {
    /// The default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Maps labels by this table.
    #[must_use]
    pub fn with_images(self, images: ImageTable) -> Self {
        Self { images, ..self }
    }

    /// Runs this job and what it needs, and others only when they are asked for as well.
    #[must_use]
    pub fn with_job(mut self, job: impl Into<JobId>) -> Self {
        self.jobs.push(job.into());
        self
    }

    /// Gives jobs that name no time this one.
    #[must_use]
    pub fn with_job_timeout(self, job_timeout: Minutes) -> Self {
        Self { job_timeout, ..self }
    }

    /// Treats jobs whose labels stand for nothing so.
    #[must_use]
    pub fn with_unmapped(self, unmapped: UnmappedJobs) -> Self {
        Self { unmapped, ..self }
    }
}
