//! Browsers: a token is exchanged for a cookie of its own, which ends by itself, by signing out, or with the token.

use std::net::IpAddr;

use super::{Access, Error, Holder, Refusal};
use crate::model::access::Session;
use crate::model::secret::Secret;
use crate::model::token::{Fingerprint, generate};
use crate::store::tokens;

impl Access {
    /// Signs a browser in. Answers what its cookie is to hold.
    pub async fn sign_in(&self, token: &Secret, peer: Option<IpAddr>) -> Result<(Secret, Holder), Error> {
        let _alone = self.0.changing.lock().await;
        let now = self.0.clock.now();
        let known = self.book().by_token(&Fingerprint::of(token.reveal()), now);
        let known = known.map_err(|why| self.failed(peer, why))?;
        let holder = self.used(known);
        let fresh = generate("");
        let session = Session {
            fingerprint: fresh.fingerprint,
            token: holder.token.clone(),
            created_at: now,
            seen_at: now,
        };
        let row = session.clone();
        let stored = self
            .0
            .store
            .write(move |tx| tokens::insert_session(tx, &row))
            .await;
        if !stored.map_err(Error::Store)? {
            return Err(Refusal::Wrong.into());
        }
        let gone = self.book().sign_in(session, now);
        if !gone.is_empty() {
            let removed = self
                .0
                .store
                .write(move |tx| tokens::remove_sessions(tx, &gone))
                .await;
            removed.map_err(Error::Store)?;
        }
        Ok((fresh.text, holder))
    }

    /// Signs a browser out; one that is not known is no error.
    pub async fn sign_out(&self, cookies: &[Secret]) -> Result<(), Error> {
        let gone: Vec<Fingerprint> = cookies
            .iter()
            .map(|cookie| Fingerprint::of(cookie.reveal()))
            .collect();
        let rows = gone.clone();
        let removed = self
            .0
            .store
            .write(move |tx| tokens::remove_sessions(tx, &rows))
            .await;
        removed.map_err(Error::Store)?;
        for fingerprint in &gone {
            self.book().sign_out(fingerprint);
        }
        Ok(())
    }
}
