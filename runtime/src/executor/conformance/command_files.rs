//! The files in which steps say things.

use loom_runtime::executor::{ExitStatus, FileContent};

use super::bench::{Bench, bytes, run, script};

pub(crate) async fn command_files_of_every_kind_are_read(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let text = "echo A=1 >>\"$GITHUB_ENV\"; echo o=2 >>\"$GITHUB_OUTPUT\"; echo /p >>\"$GITHUB_PATH\"
        echo s=3 >>\"$GITHUB_STATE\"; echo '# hi' >>\"$GITHUB_STEP_SUMMARY\"; exit 4";
    let (end, _) = run(&place, script(text)).await;
    assert_eq!(end.status, ExitStatus::Code(4));
    let files = end.files;
    assert_eq!(
        (files.env, files.output, files.path),
        (bytes("A=1\n"), bytes("o=2\n"), bytes("/p\n"))
    );
    assert_eq!((files.state, files.summary), (bytes("s=3\n"), bytes("# hi\n")));
    // Each step has its own, empty ones.
    let (end, output) = run(
        &place,
        script("cat \"$GITHUB_ENV\"; ls \"$(dirname \"$GITHUB_ENV\")\" | wc -l"),
    )
    .await;
    assert_eq!((output.text().trim(), end.files), ("5", Default::default()));
    place.close().await.unwrap();
}

pub(crate) async fn what_is_planted_in_place_of_command_files_is_not_read(bench: Bench) {
    let place = bench.open(&bench.job()).await;
    let text = "rm \"$GITHUB_ENV\"; ln -s /etc/passwd \"$GITHUB_ENV\"; rm \"$GITHUB_OUTPUT\"; mkfifo \"$GITHUB_OUTPUT\"
        rm \"$GITHUB_PATH\"; mkdir \"$GITHUB_PATH\"; rm \"$GITHUB_STATE\"
        head -c 1100000 /dev/zero >\"$GITHUB_STEP_SUMMARY\"";
    let (end, _) = run(&place, script(text)).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    for planted in [&end.files.env, &end.files.output, &end.files.path] {
        assert!(matches!(planted, FileContent::Unreadable(_)), "{planted:?}");
    }
    assert_eq!(
        (end.files.state, end.files.summary),
        (FileContent::Empty, FileContent::TooLarge(1_100_000))
    );
    // Not even a step that removes all of it disturbs the next one.
    run(&place, script("rm -rf \"$(dirname \"$GITHUB_ENV\")\"")).await;
    let (end, _) = run(
        &place,
        script("head -c 3000000 /dev/zero | tr '\\0' x >>\"$GITHUB_ENV\""),
    )
    .await;
    let FileContent::Bytes(read) = end.files.env else {
        panic!("{:?}", end.status)
    };
    assert_eq!(read.len(), 3_000_000);
    place.close().await.unwrap();
}
