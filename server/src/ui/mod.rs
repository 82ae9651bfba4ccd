//! The embedded page. Serves files and nothing else: all it shows comes over the interface like anybody's data.

mod files;
mod serve;

pub(crate) use files::is_file;
pub use files::is_real;
pub(crate) use serve::serve;
