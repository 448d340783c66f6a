//! What the fuzz targets share.

use tocsin_model::{ArrivalTime, Author, AuthorId, Engagement, EventTime, Post, PostId, SourceId};

/// A post that is nothing but its text.
pub fn post(text: &str) -> Post {
    let source = SourceId::new("fuzz").expect("a source");
    let id = AuthorId::new("a").expect("an author");
    Post {
        id: PostId::new(source, "1").expect("an id"),
        text: text.to_owned(),
        title: None,
        created: EventTime::default(),
        arrived: ArrivalTime::default(),
        author: Author { id, name: None, followers: None, verified: None, since: None },
        url: None,
        lang: None,
        repost_of: None,
        reply_to: None,
        parent: None,
        engagement: Engagement::default(),
        media: Vec::new(),
        location: None,
        deleted: false,
    }
}
