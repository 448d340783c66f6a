//! How many persons a post may have reached: an estimate in whole persons from what its source tells.

use tocsin_model::Post;

/// One in so many followers sees a post: organic reach on the large networks lies between 2 % and 10 %.
const FOLLOWERS_PER_READER: u64 = 20;
/// So many see a post for each who likes or comments on it: about 5 % of readers act.
const READERS_PER_ACT: u64 = 20;
/// So many more see it for each repost: a twentieth of the median number of followers (about 200) and
/// their own reposts.
const READERS_PER_REPOST: u64 = 15;

/// Persons whom a post may have reached, as of this record.
///
/// Where views are known, these. Else the greater of what its author's followers and what its likes and
/// comments speak for, and what reposts add. Never fewer than have acted on it, and the author has read
/// it, too. A field that the source does not tell counts as 0.
pub fn reach(post: &Post) -> u64 {
    let done = post.engagement;
    let acted = done.likes.saturating_add(done.comments).saturating_add(done.reposts);
    let readers = if done.views > 0 {
        done.views
    } else {
        let followers = post.author.followers.unwrap_or(0) / FOLLOWERS_PER_READER;
        let by_acts = done.likes.saturating_add(done.comments).saturating_mul(READERS_PER_ACT);
        followers.max(by_acts).saturating_add(done.reposts.saturating_mul(READERS_PER_REPOST))
    };
    readers.max(acted).max(1)
}
