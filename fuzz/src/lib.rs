//! What the fuzz targets share.

use tocsin_model::{AuthorId, Post, PostId, SourceId};

/// A post that is nothing but its text.
pub fn post(text: &str) -> Post {
    let source = SourceId::new("fuzz").expect("a source");
    Post::new(PostId::new(source, "1").expect("an id"), AuthorId::new("a").expect("an author"), text)
}
