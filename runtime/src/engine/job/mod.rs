//! A job on its way: the pure machine that decides, the actor that does.

mod machine;
