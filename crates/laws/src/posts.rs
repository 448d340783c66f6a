//! Posts to test with: as little in them as can be.

use tocsin_flow::Arrival;
use tocsin_model::{
    ArrivalTime, AuthorId, BrandId, EventTime, Matched, Mention, MentionedBy, Position, Post, PostId,
    Sighting, SourceId, Timing,
};

/// The source `weibo`.
pub fn source() -> SourceId {
    SourceId::new("weibo").expect("a good name")
}

/// A post of that source, made and received at a second of 1970.
pub fn post(id: &str, second: i64) -> Post {
    let author = AuthorId::new("somebody").expect("a good id");
    let id = PostId::new(source(), id).expect("a good id");
    let text = format!("text of {id}");
    Post {
        created: EventTime::from_millis(second * 1_000),
        arrived: ArrivalTime::from_millis(second * 1_000),
        ..Post::new(id, author, text)
    }
}

/// The same on its way into a log.
pub fn arrival(post: &Post) -> Arrival {
    Arrival { arrived: post.arrived, source: post.id.source.clone(), json: tocsin_wire::write_post(post) }
}

/// A first sighting of a post that names these brands.
pub fn matched(post: Post, position: u64, brands: &[&str]) -> Matched {
    let mention = |name: &&str| Mention {
        brand: BrandId::new(name).expect("a good name"),
        by: MentionedBy::Name,
        places: Vec::new(),
    };
    Matched {
        position: Position(position),
        clean: post.text.clone(),
        own: post.text.len(),
        at: post.created,
        post: Box::new(post),
        sighting: Sighting::First(Timing::AsStated),
        mentions: brands.iter().map(mention).collect(),
        took_at: None,
        brands_version: 1,
    }
}
