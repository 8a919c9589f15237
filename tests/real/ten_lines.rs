//! The program that several tests share: ten lines, to stdout and stderr in turn, some time apart. What it prints it
//! has written to files of its own before, so that there is a second account of it beside the log.

use crate::product::Product;

/// Lines carry their number and the time at which they were printed.
pub(crate) fn program(seconds_apart: f64, preamble: &str) -> String {
    format!(
        "{preamble}\n\
         import sys, time\n\
         for number in range(10):\n\
         \x20   name = ('stdout', 'stderr')[number % 2]\n\
         \x20   line = f'line {{number}} at {{time.time():.6f}} \\u2713'\n\
         \x20   with open(f'/script/printed.{{name}}', 'a') as account:\n\
         \x20       account.write(line + '\\n')\n\
         \x20   print(line, file=getattr(sys, name))\n\
         \x20   time.sleep({seconds_apart})\n"
    )
}

/// The log holds what the script says it printed: nothing missing, nothing twice, stream by stream.
pub(crate) async fn assert_exact(product: &Product, script: &str, run: &str) {
    for stream in ["stdout", "stderr"] {
        let printed = product.file(script, &format!("printed.{stream}")).await;
        let logged = product.raw(run, Some(stream)).await;
        assert_eq!(
            String::from_utf8_lossy(&logged),
            String::from_utf8_lossy(&printed),
            "{stream}"
        );
        let run = product.get(&format!("/runs/{run}")).await;
        assert_eq!(run["log"][format!("{stream}_bytes")], printed.len(), "{stream}");
        assert_eq!(run["log"]["dropped_bytes"], 0);
    }
    let both = String::from_utf8(product.raw(run, None).await).expect("text");
    let numbers: Vec<_> = both
        .lines()
        .map(|line| line.split(' ').nth(1).unwrap_or(""))
        .collect();
    assert_eq!(
        numbers,
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        "{both}"
    );
}

/// The time at which a line was printed, in Unix seconds.
pub(crate) fn printed_at(line: &str) -> f64 {
    line.split(' ')
        .nth(3)
        .and_then(|time| time.parse().ok())
        .unwrap_or_else(|| panic!("{line:?}"))
}
