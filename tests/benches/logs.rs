//! Whether logs are complete and in order.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::measure::Anyhow;

/// Insists that each of so many logs below a directory says 1, 2, 3, … up to a number among its lines, and nothing but the
/// announcement of its step beside that.
pub(crate) fn are_numbered(logs: &Path, count: usize, lines: usize) -> Anyhow<()> {
    let mut found = Vec::new();
    collect(logs, &mut found)?;
    if found.len() != count {
        return Err(format!("{} logs where {count} jobs ran", found.len()).into());
    }
    for log in found {
        let mut next = 1_usize;
        for line in BufReader::with_capacity(1 << 20, std::fs::File::open(&log)?).lines() {
            // Loom's own lines are no numbers.
            let Ok(number) = line?.parse::<usize>() else {
                continue;
            };
            if number != next {
                return Err(format!("{}: {number} where {next} was to come", log.display()).into());
            }
            next += 1;
        }
        if next != lines + 1 {
            return Err(format!("{}: {} of {lines} lines", log.display(), next - 1).into());
        }
    }
    Ok(())
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) -> Anyhow<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "log") {
            found.push(path);
        }
    }
    Ok(())
}
