//! An engine that does not see the files of this machine, and layers over the project.

use std::sync::Arc;

use loom_runtime::executor::{ExecutorError, ExitStatus, Fault, FileContent, PlaceSpec, Program, Wanted};

use super::bench::{BUSYBOX, apart_address, apart_bench, bench, docker_at};
use crate::conformance::{Heard, run, script};

#[tokio::test]
async fn an_engine_that_does_not_see_our_files_is_sent_them() {
    let Some(bench) = apart_bench() else { return };
    for round in 0..2 {
        let job = bench.job();
        std::fs::create_dir_all(job.workspace.join("deep/er")).unwrap();
        std::fs::write(job.workspace.join("deep/er/file"), "of the project").unwrap();
        std::os::unix::fs::symlink("deep/er/file", job.workspace.join("link")).unwrap();
        std::fs::create_dir_all(job.directory.join("actions/one")).unwrap();
        std::fs::write(job.directory.join("actions/one/main"), "early").unwrap();
        let notes = Arc::new(Heard::default());
        let place = bench.executor.open(job.clone(), notes.clone()).await.unwrap();
        let said: Vec<String> = notes.lines();
        let reported = said
            .iter()
            .filter(|line| line.contains("does not see the files"))
            .count();
        assert_eq!(reported, 1, "round {round}: {said:?}");
        assert!(place.apart().workspace && place.apart().directory);
        let (_, output) = run(
            &place,
            script("cat link; echo; cat /loom/actions/one/main; echo; echo new > deep/made; mkdir /loom/temp/x; pwd"),
        )
        .await;
        assert_eq!(output.text(), "of the project\nearly\n/workspace\n");
        // Nothing comes back by itself, and all of it when it is asked for.
        assert!(!job.workspace.join("deep/made").exists());
        let here = bench.temporary.path().join(format!("brought-{round}"));
        assert!(
            place
                .bring("/workspace/deep", &here, Wanted::Whole)
                .await
                .unwrap()
        );
        assert_eq!(std::fs::read_to_string(here.join("made")).unwrap(), "new\n");
        assert_eq!(
            std::fs::read_to_string(here.join("er/file")).unwrap(),
            "of the project"
        );
        assert!(
            !place
                .bring("/workspace/none", &here.join("none"), Wanted::Whole)
                .await
                .unwrap()
        );
        place.send(&here, "/workspace/sent").await.unwrap();
        place.clear("/workspace/deep").await.unwrap();
        let (end, _) = run(
            &place,
            script("test -f sent/made && test -d deep && ! ls deep | grep ."),
        )
        .await;
        assert_eq!(end.status, ExitStatus::Code(0));
        place.close().await.unwrap();
        bench.nothing_is_left(&job).await;
    }
}

#[tokio::test]
async fn what_is_brought_is_followed_through_links_and_bounded() {
    let Some(bench) = apart_bench() else { return };
    let job = bench.job();
    let place = bench.open(&job).await;
    let script = script(
        "mkdir l; printf in > l/real; ln -s real l/one; ln -s /workspace/l/one l/two; ln -s ../l l/folder; \
         head -c 5000000 /dev/zero > l/big",
    );
    run(&place, script).await;
    let here = |name: &str| bench.temporary.path().join(name);
    let bring = async |name: &str, to: &str, wanted| {
        let (place, to) = (&place, here(to));
        place.bring(&format!("/workspace/l/{name}"), &to, wanted).await
    };
    assert!(bring("two", "two", Wanted::Small).await.unwrap());
    assert_eq!(std::fs::read_to_string(here("two")).unwrap(), "in");
    assert!(!bring("folder", "itself", Wanted::Itself).await.unwrap());
    assert!(bring("folder", "whole", Wanted::Whole).await.unwrap());
    assert_eq!(std::fs::read_to_string(here("whole").join("real")).unwrap(), "in");
    let large = bring("big", "big", Wanted::Small).await.unwrap_err();
    assert_eq!(large.fault(), Fault::Workflow, "{large}");
    assert!(large.to_string().contains("more than"), "{large}");
    // What is not there because its container is gone is not missing from the job.
    let container = place.facts().container.clone().unwrap();
    let force = bollard::query_parameters::RemoveContainerOptionsBuilder::new()
        .force(true)
        .build();
    docker_at(&apart_address().unwrap())
        .remove_container(&container, Some(force))
        .await
        .unwrap();
    let gone = bring("one", "gone", Wanted::Small).await.unwrap_err();
    assert_eq!(gone.fault(), Fault::Machine, "{gone}");
    drop(place.close().await);
    bench.executor.reclaim(&job.key).await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn an_action_and_its_job_share_what_only_their_engine_sees() {
    let Some(bench) = apart_bench() else { return };
    let job = bench.job();
    std::fs::write(job.workspace.join("file"), "of the project\n").unwrap();
    let place = bench.open(&job).await;
    run(&place, script("echo changed >> file; echo t > /loom/temp/t")).await;
    let mut step = script("");
    step.program = Program::Container {
        image: BUSYBOX.to_owned(),
        pull: false,
        entrypoint: Some("sh".to_owned()),
        arguments: vec![
            "-c".to_owned(),
            "cat /github/workspace/file /github/runner_temp/t; touch /github/home/h; echo by >> file; echo a=b >> $GITHUB_OUTPUT".to_owned(),
        ],
    };
    let (end, output) = run(&place, step).await;
    assert_eq!(output.text(), "of the project\nchanged\nt\n");
    assert_eq!(end.files.output, FileContent::Bytes(b"a=b\n".to_vec()));
    let (_, output) = run(&place, script("tail -n 1 file; ls /loom/temp/_github_home")).await;
    assert_eq!(output.text(), "by\nh\n");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_layered_workspace_leaves_the_project_as_it_is() {
    let bench = bench();
    let mut job = bench.job();
    job.layered = true;
    std::fs::write(job.workspace.join("file"), "of the project\n").unwrap();
    let place = bench.open(&job).await;
    assert!(place.apart().workspace && !place.apart().directory);
    let (_, output) = run(&place, script("cat file; rm file; echo new > made; ls")).await;
    assert_eq!(output.text(), "of the project\nmade\n");
    assert!(job.workspace.join("file").exists() && !job.workspace.join("made").exists());
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
    let odd = PlaceSpec {
        workspace: job.workspace.join("a,b"),
        layered: true,
        ..bench.job()
    };
    std::fs::create_dir(&odd.workspace).unwrap();
    match bench.executor.open(odd.clone(), Arc::new(Heard::default())).await {
        Err(ExecutorError::Layers { cause }) => assert!(cause.contains("`,`"), "{cause}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a comma went through"),
    }
    bench.nothing_is_left(&odd).await;
}
