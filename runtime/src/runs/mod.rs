//! What people ask of the runs of a journal: which one is meant by a name, and which a list is of. The same words in the
//! command line, the API and the page's address. It reads the journal and writes nothing.

mod asked;
mod named;

pub(crate) use asked::Asked;
pub(crate) use named::{NameError, find};
