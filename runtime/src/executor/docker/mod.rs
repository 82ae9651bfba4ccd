//! Runs jobs in Docker containers (being written).
