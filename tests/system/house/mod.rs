//! The house rules of the design's section 3, held by tests: who may import whom, and what is absent where.

mod arrows;
mod schemas;
mod source;
mod text;
mod tree;
