//! A run that said ten million things, a gigabyte of them: a real run of a script that says one line, whose log is then
//! exchanged for one that was made.

use std::path::PathBuf;

use crate::generate::{log, place};
use crate::product::Product;

pub(super) struct Long {
    pub(super) product: Product,
    pub(super) run: String,
    /// The same as a file of text.
    pub(super) text: PathBuf,
}

impl Long {
    /// Made by the row that comes first, and used by the next.
    pub(super) async fn start() -> Self {
        let folder = place().join("long-log");
        let (text, name) = (folder.join("text"), folder.join("run"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let product = Product::start_in(folder.join("data")).await;
        if let Ok(run) = std::fs::read_to_string(&name) {
            return Self { product, run, text };
        }
        let script = product.script("Long", "print('a line')").await;
        let run = product.submit(&script).await;
        product.finished(&run).await;
        let directory = product.run_directory(&run).expect("its folder");
        log::write(&directory, &text).expect("a long log");
        std::fs::write(name, &run).expect("a note");
        Self { product, run, text }
    }

    pub(super) fn path(&self, what: &str) -> String {
        format!("/runs/{}/log/{what}", self.run)
    }
}
