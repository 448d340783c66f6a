//! Posts for tests.

use tocsin_model::{ArrivalTime, Author, AuthorId, Media, Parent, Post, PostId, SourceId};

/// A post with this text, made at minute 0 and received at minute 1.
pub(crate) fn post(text: &str) -> Post {
    let author = author("u1", "小王");
    Post {
        arrived: ArrivalTime::from_millis(60_000),
        author: author.clone(),
        ..Post::new(id("1"), author.id, text)
    }
}

/// An id of the source `weibo`.
pub(crate) fn id(id: &str) -> PostId {
    PostId::new(SourceId::new("weibo").unwrap(), id).unwrap()
}

/// An author.
pub(crate) fn author(id: &str, name: &str) -> Author {
    Author { name: Some(name.to_owned()), ..Author::new(AuthorId::new(id).unwrap()) }
}

/// A picture, perhaps with text in it.
pub(crate) fn media(text: Option<&str>) -> Media {
    Media { kind: "image".into(), url: None, text: text.map(str::to_owned) }
}

/// A parent that came whole.
pub(crate) fn parent(id: Option<PostId>, text: &str) -> Box<Parent> {
    Box::new(Parent {
        id,
        text: text.to_owned(),
        title: None,
        author: Some(author("u9", "原作者")),
        media: Vec::new(),
    })
}
