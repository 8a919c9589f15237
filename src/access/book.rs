//! Who is known: tokens, and browsers that have signed in with one. What a credential is worth, and what follows from its
//! use. Pure: the time is an argument, and what is to be stored is answered.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::access::{Scope, Session, Token};
use crate::model::ids::TokenId;
use crate::model::token::Fingerprint;

/// A browser that has not been seen for so long has to sign in again.
const SESSION_LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What has been used is written down no more often.
const NOTE_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Of one token; the one that was not seen for longest goes first.
const MOST_SESSIONS: usize = 50;

#[derive(Debug, Default)]
pub struct Book {
    tokens: HashMap<TokenId, Token>,
    by_fingerprint: HashMap<Fingerprint, TokenId>,
    sessions: HashMap<Fingerprint, Session>,
}

/// Somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub token: TokenId,
    pub name: String,
    pub scope: Scope,
    pub expires_at: Option<Timestamp>,
    /// What of its use is to be stored.
    pub note: Option<Note>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub token: TokenId,
    pub at: Timestamp,
    pub session: Option<Session>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    Unknown,
    Expired,
}

impl Book {
    pub fn new(tokens: Vec<Token>, sessions: Vec<Session>) -> Self {
        let mut book = Self::default();
        tokens.into_iter().for_each(|token| book.add(token));
        for session in sessions {
            book.sessions.insert(session.fingerprint, session);
        }
        book
    }

    pub fn add(&mut self, token: Token) {
        self.by_fingerprint.insert(token.fingerprint, token.id.clone());
        self.tokens.insert(token.id.clone(), token);
    }

    pub fn remove(&mut self, id: &TokenId) {
        if let Some(token) = self.tokens.remove(id) {
            self.by_fingerprint.remove(&token.fingerprint);
        }
        self.sessions.retain(|_, session| session.token != *id);
    }

    /// Oldest first.
    pub fn tokens(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = self.tokens.values().cloned().collect();
        tokens.sort_by(|a, b| a.id.cmp(&b.id));
        tokens
    }

    pub fn count(&self) -> usize {
        self.tokens.len()
    }

    /// Whether anybody could sign in.
    pub fn has_valid(&self, now: Timestamp) -> bool {
        self.tokens.values().any(|token| !token.has_expired(now))
    }

    /// Who shows this token.
    pub fn by_token(&mut self, token: &Fingerprint, now: Timestamp) -> Result<Known, Stranger> {
        let id = self.by_fingerprint.get(token).ok_or(Stranger::Unknown)?.clone();
        self.known(&id, None, now)
    }

    /// Which browser shows this cookie.
    pub fn by_session(&mut self, session: &Fingerprint, now: Timestamp) -> Result<Known, Stranger> {
        let session = self.sessions.get(session).ok_or(Stranger::Unknown)?.clone();
        if now.duration_since(session.seen_at) > SESSION_LASTS {
            return Err(Stranger::Expired);
        }
        self.known(&session.token.clone(), Some(session), now)
    }

    fn known(&mut self, id: &TokenId, session: Option<Session>, now: Timestamp) -> Result<Known, Stranger> {
        let token = self.tokens.get_mut(id).ok_or(Stranger::Unknown)?;
        if token.has_expired(now) {
            return Err(Stranger::Expired);
        }
        // A clock that was put back notes, too.
        let is_due = |noted: Timestamp| now.duration_since(noted).abs() >= NOTE_EVERY;
        let mut note = None;
        let session = session.filter(|session| is_due(session.seen_at));
        if session.is_some() || token.last_used_at.is_none_or(is_due) {
            token.last_used_at = Some(now);
            let session = session.map(|session| Session {
                seen_at: now,
                ..session
            });
            if let Some(session) = &session {
                self.sessions.insert(session.fingerprint, session.clone());
            }
            note = Some(Note {
                token: id.clone(),
                at: now,
                session,
            });
        }
        Ok(Known {
            token: id.clone(),
            name: token.name.clone(),
            scope: token.scope,
            expires_at: token.expires_at,
            note,
        })
    }

    /// Takes in a browser. Answers which ones it has forgotten for it: those that are over, and the token's oldest beyond
    /// a bound.
    pub fn sign_in(&mut self, session: Session, now: Timestamp) -> Vec<Fingerprint> {
        let mut gone: Vec<Fingerprint> = self
            .sessions
            .values()
            .filter(|old| now.duration_since(old.seen_at) > SESSION_LASTS)
            .map(|old| old.fingerprint)
            .collect();
        let mut others: Vec<&Session> = self
            .sessions
            .values()
            .filter(|old| old.token == session.token && !gone.contains(&old.fingerprint))
            .collect();
        others.sort_by_key(|old| std::cmp::Reverse(old.seen_at));
        gone.extend(others.iter().skip(MOST_SESSIONS - 1).map(|old| old.fingerprint));
        for fingerprint in &gone {
            self.sessions.remove(fingerprint);
        }
        self.sessions.insert(session.fingerprint, session);
        gone
    }

    pub fn sign_out(&mut self, session: &Fingerprint) {
        self.sessions.remove(session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + minutes * 60).expect("a time")
    }

    fn token(name: &str, expires_at: Option<Timestamp>) -> Token {
        Token {
            id: TokenId::generate(),
            name: name.to_owned(),
            fingerprint: Fingerprint::of(name),
            hint: String::new(),
            scope: Scope::Full,
            created_at: at(0),
            expires_at,
            last_used_at: None,
        }
    }

    fn session(text: &str, of: &Token, seen_at: Timestamp) -> Session {
        Session {
            fingerprint: Fingerprint::of(text),
            token: of.id.clone(),
            created_at: seen_at,
            seen_at,
        }
    }

    #[test]
    fn a_token_is_good_until_it_expires_or_is_removed() {
        let (ever, short) = (token("ever", None), token("short", Some(at(10))));
        let mut book = Book::new(vec![ever.clone(), short], vec![]);
        let mut ask = |text: &str, when| {
            book.by_token(&Fingerprint::of(text), when)
                .map(|known| known.name)
        };
        assert_eq!(ask("ever", at(1)).as_deref(), Ok("ever"));
        assert_eq!(ask("short", at(9)).as_deref(), Ok("short"));
        assert_eq!(ask("short", at(10)), Err(Stranger::Expired));
        assert_eq!(ask("evil", at(1)), Err(Stranger::Unknown));
        book.remove(&ever.id);
        let gone = book.by_token(&ever.fingerprint, at(1));
        assert_eq!(gone, Err(Stranger::Unknown));
        assert!(book.has_valid(at(9)) && !book.has_valid(at(10)));
    }

    #[test]
    fn use_is_noted_once_a_minute() {
        let token = token("a", None);
        let mut book = Book::new(vec![token.clone()], vec![session("cookie", &token, at(0))]);
        let mut noted = |when| {
            let known = book.by_token(&token.fingerprint, when).expect("known");
            known.note.map(|note| note.at)
        };
        assert_eq!(noted(at(0)), Some(at(0)), "the first");
        assert_eq!(noted(at(0)), None);
        assert_eq!(noted(at(1)), Some(at(1)));
        let cookie = Fingerprint::of("cookie");
        let note = book.by_session(&cookie, at(1)).expect("known").note;
        let seen = note.and_then(|note| note.session).map(|session| session.seen_at);
        assert_eq!(seen, Some(at(1)), "the browser was not seen for a minute");
        assert_eq!(book.by_session(&cookie, at(1)).expect("known").note, None);
    }

    #[test]
    fn a_session_slides_and_ends_with_its_token() {
        let day = 24 * 60;
        let token = token("a", Some(at(365 * day)));
        let mut book = Book::new(vec![token.clone()], vec![session("cookie", &token, at(0))]);
        let cookie = Fingerprint::of("cookie");
        for days in [29, 58, 87] {
            assert!(book.by_session(&cookie, at(days * day)).is_ok(), "day {days}");
        }
        assert_eq!(
            book.by_session(&cookie, at((87 + 30) * day + 1)),
            Err(Stranger::Expired)
        );
        assert!(book.by_session(&cookie, at(100 * day)).is_ok());
        book.sign_out(&cookie);
        assert_eq!(book.by_session(&cookie, at(100 * day)), Err(Stranger::Unknown));
        book.sign_in(session("again", &token, at(100 * day)), at(100 * day));
        book.remove(&token.id);
        let again = book.by_session(&Fingerprint::of("again"), at(100 * day));
        assert_eq!(again, Err(Stranger::Unknown));
    }

    #[test]
    fn there_are_only_so_many_sessions_of_a_token() {
        let token = token("a", None);
        let mut book = Book::new(vec![token.clone()], vec![]);
        for number in 0..MOST_SESSIONS as i64 {
            let session = session(&number.to_string(), &token, at(number));
            assert_eq!(book.sign_in(session, at(number)), []);
        }
        let gone = book.sign_in(session("one more", &token, at(100)), at(100));
        assert_eq!(gone, [Fingerprint::of("0")], "the one not seen for longest");
        let later = at(100 * 24 * 60);
        let gone = book.sign_in(session("much later", &token, later), later);
        assert_eq!(gone.len(), MOST_SESSIONS, "all that are over");
    }
}
