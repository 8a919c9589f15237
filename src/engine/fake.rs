//! A scriptable engine for tests.
