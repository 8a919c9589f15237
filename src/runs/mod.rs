pub mod admission;
pub mod recovery;
pub mod spec;
#[cfg(test)]
mod tests_support;
