//! What a container has to run steps with.

use super::{Collected, ExecSteps};
use crate::executor::ExecutorError;

/// The name of a program and how it is started.
pub(super) type Found = (String, String);

/// Says which of its arguments is a program, the first one that is, and in the next line where; the folders `$1` are
/// before the `PATH`. Where a step has spoilt that, the usual folders count.
const WHICH: &str = "[ -z \"$1\" ] || PATH=\"$1:$PATH\"; shift; \
     for s; do command -v \"$s\" >/dev/null 2>&1 && { printf '%s\\n%s' \"$s\" \"$s\"; exit 0; }; done; \
     PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; \
     for s; do w=$(command -v \"$s\" 2>/dev/null) && { printf '%s\\n%s' \"$s\" \"$w\"; exit 0; }; done; exit 127";

impl ExecSteps {
    /// Where the image's own `PATH` has its shell.
    pub(super) async fn shell(&self) -> Result<&str, ExecutorError> {
        let find = async || {
            let answer = Collected::default();
            let asking = ["sh", "-c", "command -v sh"].map(str::to_owned).to_vec();
            self.exec(asking, Vec::new(), Box::new(answer.clone())).await?;
            let found = answer.text().trim().to_owned();
            Ok(Some(found)
                .filter(|path| path.starts_with('/'))
                .unwrap_or_else(|| "sh".to_owned()))
        };
        self.shell.get_or_try_init(find).await.map(String::as_str)
    }

    /// The first program that is there: its name among those asked for, and how it is started.
    pub(super) async fn find_program(
        &self,
        asked: &[String],
        path: Option<&String>,
        folders: &[String],
    ) -> Result<Option<Found>, ExecutorError> {
        let env: Vec<String> = path
            .filter(|path| !path.is_empty())
            .map(|path| format!("PATH={path}"))
            .into_iter()
            .collect();
        let folders = folders.join(":");
        let key: Vec<String> = asked.iter().chain(&env).chain([&folders]).cloned().collect();
        let known = self.programs.lock().await.get(&key).cloned();
        if let Some(name) = known {
            return Ok(name);
        }
        let answer = Collected::default();
        let which = [self.shell().await?, "-c", WHICH, "sh", &folders]
            .map(str::to_owned)
            .into_iter()
            .chain(asked.iter().cloned())
            .collect();
        self.exec(which, env, Box::new(answer.clone())).await?;
        let answer = answer.text();
        let found = answer
            .split_once('\n')
            .map(|(name, path)| (name.to_owned(), path.to_owned()));
        self.programs.lock().await.insert(key, found.clone());
        Ok(found)
    }
}
