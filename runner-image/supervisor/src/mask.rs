//! Secrets in what a script says, masked before anything of it is stored.
//!
//! A [`Mask`] knows what to look for; a [`Masker`] goes through one stream with it, however that is cut into chunks. All
//! patterns are looked for at once (aho-corasick), and every byte that belongs to a whole one is masked, also where they
//! overlap; each such stretch becomes one [`MARK`].
//!
//! Invariants: what comes out is the same however the stream was cut. Held back is only what may be the beginning of a
//! secret, at most the longest pattern but one byte, and it is not let go before more output or the stream's end
//! decides: to show half of a secret because the other half is late would be to show it. A finished line never is such a
//! beginning, because no pattern has white space around it. Without secrets there is no mask, and nothing is touched.

mod forms;

use std::rc::Rc;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use pytask_protocol::Spec;

/// What stands where a secret was. Not longer than the shortest pattern.
pub(crate) const MARK: &[u8] = b"***";

#[derive(Clone)]
pub(crate) struct Mask(Rc<Patterns>);

struct Patterns {
    automaton: NFA,
    start: StateID,
    /// By state, how many of the last bytes are the beginning of a pattern; sorted.
    depths: Vec<(u32, u32)>,
    /// Whether any pattern begins with the byte.
    begins: [bool; 256],
}

impl Mask {
    /// `None` if there is nothing to be masked. Fails only on more patterns than an automaton can have.
    pub(crate) fn of(spec: &Spec) -> Result<Option<Mask>, String> {
        let values = spec.secrets.iter().filter_map(|name| spec.env.get(name));
        Mask::for_secrets(values.map(String::as_str))
    }

    fn for_secrets<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Option<Mask>, String> {
        let forms = forms::of_all(secrets);
        if forms.is_empty() {
            return Ok(None);
        }
        // The standard kind of match tells of every pattern that ends at a byte, which the leftmost ones do not.
        let automaton = NFA::new(&forms).map_err(|e| e.to_string())?;
        let start = automaton.start_state(Anchored::No).map_err(|e| e.to_string())?;
        let mut begins = [false; 256];
        let mut depths = Vec::new();
        for form in &forms {
            begins[usize::from(form[0])] = true;
            let mut state = start;
            for (depth, byte) in (1..).zip(form) {
                state = automaton.next_state(Anchored::No, state, *byte);
                depths.push((state.as_u32(), depth));
            }
        }
        depths.sort_unstable();
        depths.dedup();
        Ok(Some(Mask(Rc::new(Patterns {
            automaton,
            start,
            depths,
            begins,
        }))))
    }

    pub(crate) fn masker(&self) -> Masker {
        Masker {
            state: self.0.start,
            patterns: Rc::clone(&self.0),
            held: Vec::new(),
            scanned: 0,
            secret: Vec::new(),
            in_mark: false,
        }
    }

    /// A whole text at once.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut masker = self.masker();
        let mut masked = masker.pass(text.as_bytes());
        masked.extend(masker.finish());
        // Patterns are text, so what is left between them is.
        String::from_utf8_lossy(&masked).into_owned()
    }
}

impl Patterns {
    /// How many of the last bytes may be the beginning of a secret.
    fn depth(&self, state: StateID) -> usize {
        let found = self
            .depths
            .binary_search_by_key(&state.as_u32(), |(state, _)| *state);
        found.map_or(0, |at| self.depths[at].1 as usize)
    }

    /// The longest pattern that ends here; 0 if none does.
    fn longest_match(&self, state: StateID) -> usize {
        if !self.automaton.is_special(state) || !self.automaton.is_match(state) {
            return 0;
        }
        (0..self.automaton.match_len(state))
            .map(|index| {
                self.automaton
                    .pattern_len(self.automaton.match_pattern(state, index))
            })
            .max()
            .unwrap_or(0)
    }
}

/// One stream on its way into the log.
pub(crate) struct Masker {
    patterns: Rc<Patterns>,
    state: StateID,
    /// What was not passed on yet.
    held: Vec<u8>,
    /// How much of it was looked at.
    scanned: usize,
    /// Stretches of it that are secret, in order and apart from each other.
    secret: Vec<(usize, usize)>,
    /// The last byte that was passed on was secret.
    in_mark: bool,
}

impl Masker {
    /// The next bytes of the stream; answers what can be stored by now.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let patterns = &*self.patterns;
        let (mut state, mut at) = (self.state, self.scanned);
        while at < self.held.len() {
            if state == patterns.start {
                // Most of what is printed has nothing to do with any secret.
                let rest = &self.held[at..];
                let Some(next) = rest.iter().position(|byte| patterns.begins[usize::from(*byte)]) else {
                    break;
                };
                at += next;
            }
            state = patterns.automaton.next_state(Anchored::No, state, self.held[at]);
            at += 1;
            let length = patterns.longest_match(state);
            if length > 0 {
                add_stretch(&mut self.secret, at.saturating_sub(length), at);
            }
        }
        self.state = state;
        self.scanned = self.held.len();
        let decided = self.held.len().saturating_sub(self.patterns.depth(state));
        // What is secret already stays so, whatever it is the beginning of.
        let within = self
            .secret
            .iter()
            .find(|(begin, end)| (*begin..*end).contains(&decided));
        self.let_go(within.map_or(decided, |(_, end)| *end))
    }

    /// The stream is over: nothing is undecided any more.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        self.state = self.patterns.start;
        let rest = self.let_go(self.held.len());
        self.in_mark = false;
        rest
    }

    /// Passes on the first `count` bytes of what is held.
    fn let_go(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count);
        let mut at = 0;
        for (begin, end) in &self.secret {
            if *begin >= count {
                break;
            }
            if *begin > at {
                out.extend_from_slice(&self.held[at..*begin]);
                self.in_mark = false;
            }
            if !self.in_mark {
                out.extend_from_slice(MARK);
                self.in_mark = true;
            }
            at = (*end).min(count);
        }
        if at < count {
            out.extend_from_slice(&self.held[at..count]);
            self.in_mark = false;
        }
        self.held.drain(..count);
        self.scanned = self.held.len();
        self.secret.retain(|(_, end)| *end > count);
        for (begin, end) in &mut self.secret {
            *begin = begin.saturating_sub(count);
            *end -= count;
        }
        out
    }
}

/// Stretches come by their ends, so only the last ones can touch a new one.
fn add_stretch(stretches: &mut Vec<(usize, usize)>, begin: usize, end: usize) {
    let mut begin = begin;
    while let Some((earlier, until)) = stretches.last().copied()
        && until >= begin
    {
        begin = begin.min(earlier);
        stretches.pop();
    }
    stretches.push((begin, end));
}

#[cfg(test)]
mod tests;
