//! What people ask of the runs of a journal: which one is meant by a name, which a list is of, and which
//! are old enough to go. The same words in the
//! command line, the API and the page's address. It reads the journal and writes nothing.

mod asked;
mod named;
mod old;

pub(crate) use asked::{Asked, day_or_moment};
pub(crate) use named::{NameError, find};
pub(crate) use old::{Rules, old};
