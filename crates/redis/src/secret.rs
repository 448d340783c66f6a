//! The secret that authors are hashed with: all who use one Redis have the same.

use tocsin_flow::Fault;

use crate::reply::{broken, maybe_bytes};
use crate::server::{Redis, Request};

impl Redis {
    /// The secret that lies here; `fresh`, which is kept from now on, if there was none.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] while Redis is away.
    pub async fn author_secret(&self, fresh: [u64; 2]) -> Result<[u64; 2], Fault> {
        let key = self.keys().list("authors");
        let mut keep = redis::cmd("SET");
        let bytes = [fresh[0].to_be_bytes(), fresh[1].to_be_bytes()].concat();
        keep.arg(&key).arg(bytes).arg("NX").arg("GET");
        let what = "the secret of authors";
        let Some(kept) = maybe_bytes(self.ask_one(Request::new(key, keep)).await?, what)? else {
            return Ok(fresh);
        };
        let (halves, rest) = kept.as_chunks::<8>();
        match (halves, rest) {
            ([a, b], []) => Ok([u64::from_be_bytes(*a), u64::from_be_bytes(*b)]),
            _ => Err(broken(what, format_args!("it has {} bytes", kept.len()))),
        }
    }
}
