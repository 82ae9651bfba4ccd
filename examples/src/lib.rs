//! Holds the examples together: each is a file beside this folder, and its first lines say how to run it.
