use super::*;

/// An environment, and what a person types.
struct Fake(Vec<(&'static str, &'static str)>, Option<&'static str>);

impl Asked for Fake {
    fn variable(&self, name: &str) -> Option<OsString> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    }

    fn typed(&mut self, _: &str) -> io::Result<Option<String>> {
        Ok(self.1.map(str::to_owned))
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn hidden(texts: &[&str]) -> Vec<Secret> {
    texts.iter().map(|text| Secret::new(*text)).collect()
}

fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, ValueSources) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let project = folder.path().to_owned();
    let sources = ValueSources {
        project,
        ..ValueSources::default()
    };
    (folder, sources)
}

#[test]
fn flags_beat_files_and_names_are_found_in_any_case() {
    let (_folder, mut sources) = project(&[
        (".secrets", "token=file\nOTHER=kept\n"),
        (".vars", "Site=a\n"),
        (".env", "A=file\nB=file\n"),
    ]);
    sources.secrets = hidden(&["TOKEN=flag=1", "FROM_ENV"]);
    sources.env = strings(&["B=flag", "C"]);
    sources.env_defaults = BTreeMap::from([
        ("A".to_owned(), "default".to_owned()),
        ("D".to_owned(), "d".to_owned()),
    ]);
    sources.inputs = strings(&["my-input="]);
    let values = read(&sources, &mut Fake(vec![("FROM_ENV", "e"), ("C", "c")], None)).unwrap();
    let secrets: Vec<(&str, &str)> = values
        .secrets
        .iter()
        .map(|(name, secret)| (&**name, secret.expose()))
        .collect();
    assert_eq!(
        secrets,
        [("TOKEN", "flag=1"), ("OTHER", "kept"), ("FROM_ENV", "e")]
    );
    assert_eq!(values.vars, BTreeMap::from([("SITE".to_owned(), "a".to_owned())]));
    let env: Vec<(&str, &str)> = values
        .env
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(env, [("A", "file"), ("B", "flag"), ("C", "c"), ("D", "d")]);
    assert_eq!(values.inputs.get("my-input").map(String::as_str), Some(""));
    assert!(!format!("{values:?}").contains("flag=1"));
}

#[test]
fn a_secret_is_asked_for_where_nothing_has_it() {
    let (_folder, mut sources) = project(&[(".secrets", "HAS=it\n")]);
    sources.secrets = hidden(&["HAS", "ASKED"]);
    let values = read(&sources, &mut Fake(Vec::new(), Some("typed"))).unwrap();
    assert_eq!(values.secrets.get("HAS").unwrap().expose(), "it");
    assert_eq!(values.secrets.get("ASKED").unwrap().expose(), "typed");
    let error = read(&sources, &mut Fake(Vec::new(), None)).unwrap_err();
    assert!(
        matches!(error, ValuesError::Absent { ref name, .. } if name == "ASKED"),
        "{error}"
    );
}

#[test]
fn the_token_is_taken_from_the_environment_only_when_it_is_asked_for() {
    let (_folder, mut sources) = project(&[]);
    let mut fake = Fake(vec![("GITHUB_TOKEN", "t")], None);
    assert_eq!(read(&sources, &mut fake).unwrap().token(), None);
    sources.secrets = hidden(&["GITHUB_TOKEN"]);
    let values = read(&sources, &mut fake).unwrap();
    assert_eq!(values.token().map(Secret::expose), Some("t"));
    let secrets = values.secrets_context();
    assert_eq!(
        (secrets.len(), secrets.get("GITHUB_TOKEN").and_then(Value::as_str)),
        (1, Some("t"))
    );
    let none = Values::default().secrets_context();
    assert_eq!(none.get("GITHUB_TOKEN").and_then(Value::as_str), Some(""));
}

#[test]
fn a_secret_of_a_called_workflow_may_have_a_dash_in_its_name() {
    let (_folder, mut sources) = project(&[(".secrets", "api-key=of the file\n")]);
    sources.secrets = hidden(&["registry-user=of the flag"]);
    let values = read(&sources, &mut Fake(Vec::new(), None)).unwrap();
    assert_eq!(values.secrets.get("API-KEY").unwrap().expose(), "of the file");
    assert_eq!(
        values.secrets.get("REGISTRY-USER").unwrap().expose(),
        "of the flag"
    );
    sources.vars = vec!["a-b=x".to_owned()];
    let error = read(&sources, &mut Fake(Vec::new(), None)).unwrap_err();
    assert!(matches!(error, ValuesError::Name { .. }), "{error}");
}

#[test]
fn a_file_that_is_named_has_to_be_there_and_may_be_a_pipe() {
    let (folder, mut sources) = project(&[(".secrets", "A=usual\n")]);
    sources.secret_file = Some(folder.path().join("none"));
    assert!(matches!(
        read(&sources, &mut Fake(Vec::new(), None)),
        Err(ValuesError::Read { .. })
    ));
    let mut child = std::process::Command::new("printf")
        .arg("A=piped")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    use std::os::fd::AsRawFd;
    let pipe = child.stdout.take().unwrap();
    sources.secret_file = Some(PathBuf::from(format!("/dev/fd/{}", pipe.as_raw_fd())));
    let values = read(&sources, &mut Fake(Vec::new(), None)).unwrap();
    assert_eq!(values.secrets.get("A").unwrap().expose(), "piped");
    child.wait().unwrap();
}

#[test]
fn a_folder_of_a_usual_name_is_no_file_of_values() {
    let (folder, sources) = project(&[]);
    std::fs::create_dir(folder.path().join(".env")).unwrap();
    assert_eq!(
        read(&sources, &mut Fake(Vec::new(), None)).unwrap(),
        Values::default()
    );
}

#[test]
fn names_and_lines_that_cannot_be_are_refused_by_name() {
    for (file, text, want) in [
        (".secrets", "GITHUB_X=1", "GITHUB_X"),
        (".secrets", "a.b=1", "a.b"),
        (".vars", "1A=x", "1A"),
        (".env", "A=1\nhello\n", "line 2"),
        (".secrets", "A=\"hunter2", "line 1"),
    ] {
        let (_folder, sources) = project(&[(file, text)]);
        let error = read(&sources, &mut Fake(Vec::new(), None)).unwrap_err();
        assert!(error.to_string().contains(want), "{error}");
        assert!(!error.to_string().contains("hunter2") && !error.help().is_empty());
    }
}
