//! Authors in what is stored: a keyed hash, so that nobody without the key can try names out.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;
use tocsin_model::{AuthorId, AuthorKey, SourceId};

/// The key of an installation. Another key makes other authors of all, so it is kept as long as the data.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorSecret(pub [u64; 2]);

impl AuthorSecret {
    /// An author as stored: SipHash-2-4 (Aumasson, Bernstein 2012) of source, a zero byte, id. The zero
    /// byte can stand in neither, so two different pairs are never the same bytes.
    pub fn key(&self, source: &SourceId, author: &AuthorId) -> AuthorKey {
        let [k0, k1] = self.0;
        let mut hasher = SipHasher24::new_with_keys(k0, k1);
        hasher.write(source.as_str().as_bytes());
        hasher.write(&[0]);
        hasher.write(author.as_str().as_bytes());
        AuthorKey(hasher.finish())
    }
}

impl fmt::Debug for AuthorSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorSecret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: [u64; 2], source: &str, id: &str) -> AuthorKey {
        AuthorSecret(secret).key(&SourceId::new(source).unwrap(), &AuthorId::new(id).unwrap())
    }

    #[test]
    fn the_same_author_has_the_same_key_and_others_have_others() {
        assert_eq!(key([1, 2], "weibo", "77"), key([1, 2], "weibo", "77"));
        assert_ne!(key([1, 2], "weibo", "77"), key([1, 2], "weib", "o77"));
        assert_ne!(key([1, 2], "weibo", "77"), key([1, 2], "x", "77"));
    }

    #[test]
    fn another_secret_makes_other_keys() {
        assert_ne!(key([1, 2], "weibo", "77"), key([1, 3], "weibo", "77"));
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", AuthorSecret([17, 4])), "AuthorSecret(hidden)");
    }
}
