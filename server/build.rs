//! Finds the built page for the embedding. Never runs npm, never asks the network: `make ui` builds the page.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let (Some(here), Some(out)) = (env::var_os("CARGO_MANIFEST_DIR"), env::var_os("OUT_DIR")) else {
        return Err(io::Error::other("cargo sets CARGO_MANIFEST_DIR and OUT_DIR"));
    };
    let project = PathBuf::from(here).join("../studio-ui");
    let built = project.join("dist");
    if project.is_dir() {
        // Cargo takes a path that does not exist as always changed and would compile this crate, and all above it, at every
        // call. An empty folder (ignored by git, written over by the build of the page) is the price of watching it.
        if !built.is_dir() && fs::create_dir(&built).is_err() {
            println!(
                "cargo::warning=studio-ui/dist can't be made; a page that is built later is noticed late"
            );
        }
        if built.is_dir() {
            println!("cargo::rerun-if-changed={}", built.display());
        }
    }
    let folder = if built.join("index.html").is_file() {
        built
    } else {
        let empty = PathBuf::from(out).join("no-ui");
        fs::create_dir_all(&empty)?;
        empty
    };
    println!("cargo::rustc-env=LOOM_STUDIO_UI={}", folder.display());
    Ok(())
}
