//! Holds nothing: the package is its tests, which need crates that nothing else does.
