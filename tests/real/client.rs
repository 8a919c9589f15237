//! The command line in somebody's shell script: the log on its streams, and the script's exit code.

use std::process::{Command, Stdio};

use crate::product::Product;

/// Runs a shell script that has the binary as `pytask-manager`, on a thread that may wait.
async fn shell(product: &Product, script: &str) -> std::process::Output {
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .env("PYTASK", env!("CARGO_BIN_EXE_pytask-manager"))
        .env("PYTASK_URL", format!("http://127.0.0.1:{}", product.port()))
        .stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().expect("a shell"))
        .await
        .expect("an output")
}

#[tokio::test]
async fn a_shell_script_has_the_log_and_the_exit_code() {
    let product = Product::start().await;
    let program = "import os, sys\n\
                   sys.stdout.buffer.write(b'out \\xff ' + sys.argv[1].encode() + b'\\n')\n\
                   sys.stderr.write('err ' + os.environ['COLOUR'])\n\
                   sys.exit(int(sys.argv[2]))\n";
    product.script("From a shell", program).await;
    let script = r#"
        "$PYTASK" run "from a shell" --wait --quiet -e COLOUR=red -- one 7
        echo "code $?"
        if "$PYTASK" run "From a shell" --wait --quiet -e COLOUR=red -- two 0 >/dev/null; then echo well; fi
        set -e
        "$PYTASK" run "From a shell" --wait -e COLOUR=red -- three 3 >/dev/null
        echo "not reached"
    "#;
    let output = shell(&product, script).await;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert_eq!(output.stdout, b"out \xff one\ncode 7\nwell\n", "{stderr}");
    assert!(
        stderr.starts_with("err rederr rederr red\npytask-manager: run ")
            && stderr.contains("of From a shell: Failed with exit code 3"),
        "{stderr}"
    );
}
