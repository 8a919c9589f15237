//! `completions`: what a shell needs to complete this command line, printed for the shell's own place of such files.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub fn print(self) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut super::Cli::command(),
            "pytask-manager",
            &mut script,
        );
        match std::io::stdout().write_all(&script) {
            // Who reads has enough.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_shell_completes_its_verbs() {
        super::super::Cli::command().debug_assert();
        for shell in [
            Shell::Bash,
            Shell::Zsh,
            Shell::Fish,
            Shell::PowerShell,
            Shell::Elvish,
        ] {
            let mut script = Vec::new();
            clap_complete::generate(
                shell,
                &mut super::super::Cli::command(),
                "pytask-manager",
                &mut script,
            );
            let script = String::from_utf8(script).expect("text");
            for verb in ["run", "logs", "list", "push", "schedule"] {
                assert!(script.contains(verb), "{shell}: {verb}");
            }
        }
    }
}
