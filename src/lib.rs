//! PyTask-Manager: keeps, schedules and runs Python scripts, every run in its own hardened container.
