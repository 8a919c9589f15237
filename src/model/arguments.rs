//! Arguments and environment variables that a script is started with: what may be asked for.

use std::collections::BTreeMap;

use super::script::Invalid;

const ARGUMENTS: usize = 256;
const VARIABLES: usize = 256;
/// Of one argument or variable; the kernel's own bound is 128 KiB.
const VALUE_BYTES: usize = 32 * 1024;

pub fn check(args: &[String], env: &BTreeMap<String, String>) -> Result<(), Invalid> {
    let invalid = |field, message: String| Err(Invalid { field, message });
    if args.len() > ARGUMENTS {
        return invalid("args", format!("A run may have at most {ARGUMENTS} arguments"));
    }
    if env.len() > VARIABLES {
        return invalid("env", format!("A run may have at most {VARIABLES} variables"));
    }
    for arg in args {
        if arg.len() > VALUE_BYTES || arg.contains('\0') {
            return invalid(
                "args",
                format!("An argument has at most {VALUE_BYTES} bytes and no NUL"),
            );
        }
    }
    for (name, value) in env {
        if let Err(message) = check_variable_name(name) {
            return invalid("env", message);
        }
        if value.len() > VALUE_BYTES || value.contains('\0') {
            return invalid(
                "env",
                format!("The value of {name} has at most {VALUE_BYTES} bytes and no NUL"),
            );
        }
    }
    Ok(())
}

/// What a variable may be called, whoever sets it. If not, why.
pub fn check_variable_name(name: &str) -> Result<(), String> {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || name.len() > 255 || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("{name:?} is no variable name: use letters, digits and _"));
    }
    if name.starts_with("PYTASK_") {
        return Err(format!(
            "{name} is reserved: names beginning with PYTASK_ are set by PyTask-Manager"
        ));
    }
    Ok(())
}
