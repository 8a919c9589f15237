//! Hands the built interface to the binary: release builds embed it compressed, debug builds read it from disk.

use std::path::Path;

const INTERFACE: &str = "frontend/dist";

fn main() {
    let built = Path::new(INTERFACE).join("index.html").exists();
    if built {
        memory_serve::load_directory(format!("./{INTERFACE}"));
    } else {
        // The API is whole without its interface, so a checkout compiles before npm has run.
        println!("cargo::warning=the interface is not built; `npm run build` in frontend/ makes {INTERFACE}");
        memory_serve::load_directory("./src/api/unbuilt");
    }
    println!("cargo::rerun-if-changed={INTERFACE}");
    println!("cargo::rerun-if-changed=migrations");
}
