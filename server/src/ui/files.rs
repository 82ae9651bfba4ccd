//! The files of the page as they were when this binary was built.

use std::borrow::Cow;

/// Shown when the page was not built before the server.
const NO_PAGE: &str = include_str!("no-page.html");

/// One file, ready to be sent.
pub(super) struct File {
    pub(super) bytes: Cow<'static, [u8]>,
    pub(super) etag: String,
}

#[cfg(feature = "embed-ui")]
#[derive(rust_embed::RustEmbed)]
// Set by build.rs: studio-ui/dist, or an empty folder when that was not built.
#[folder = "$LOOM_STUDIO_UI"]
struct Built;

/// Whether the real page is in this binary, and not the one that says how to build it.
pub fn is_real() -> bool {
    built("index.html").is_some()
}

/// The file of a name such as `assets/index-abc.js`.
pub(super) fn file(name: &str) -> Option<File> {
    match built(name) {
        None if name == "index.html" => Some(File {
            bytes: Cow::Borrowed(NO_PAGE.as_bytes()),
            etag: format!("no-page-{}", env!("CARGO_PKG_VERSION")),
        }),
        found => found,
    }
}

/// Whether a path is the page's entry or one of its files.
pub(crate) fn is_file(path: &str) -> bool {
    let name = path.trim_start_matches('/');
    name.is_empty() || name == "index.html" || exists(name)
}

#[cfg(feature = "embed-ui")]
fn exists(name: &str) -> bool {
    Built::get(name).is_some()
}

#[cfg(not(feature = "embed-ui"))]
fn exists(_: &str) -> bool {
    false
}

#[cfg(feature = "embed-ui")]
fn built(name: &str) -> Option<File> {
    use std::fmt::Write;

    let found = Built::get(name)?;
    let hash = found.metadata.sha256_hash();
    let etag = hash.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing into a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    Some(File {
        bytes: found.data,
        etag,
    })
}

#[cfg(not(feature = "embed-ui"))]
fn built(_: &str) -> Option<File> {
    None
}

/// The media type of a file, by the end of its name.
pub(super) fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
