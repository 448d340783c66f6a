//! Who began what is said: authors by what they wrote and what descends from it.
//!
//! The evidence of an hour tells which posts are passed on and answered. Here these are looked up, and their
//! parents, and so on: each author on the way up is credited with what came below. What is against the brand counts
//! more, so who inflames stands before who only talks much.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tocsin_flow::{Casebook, Claims, Fault, Kin, Windows};
use tocsin_model::{
    Author, AuthorId, AuthorKey, AuthorShare, BrandId, Label, Position, Post, PostId, Sighting, SourceId,
    Timing, View, Voices,
};

use super::Chain;

/// Authors shown.
const FEW: usize = 5;
/// Steps upwards from a post that is passed on.
const STEPS_MAX: usize = 6;

/// What is known of an author so far.
#[derive(Default)]
struct Part {
    id: Option<AuthorId>,
    name: Option<String>,
    posts: Voices,
    started: Voices,
    /// The post of theirs from which most descends, and how much.
    post: Option<(u64, Post)>,
}

impl<S: Claims + Kin + Windows + Casebook> Chain<S> {
    /// The authors with the greatest parts in what a view shows, the greatest first.
    pub(super) async fn leaders(&mut self, view: &View, brand: &BrandId) -> Result<Vec<AuthorShare>, Fault> {
        let mut parts: FxHashMap<AuthorKey, Part> = FxHashMap::default();
        let detail = view.detail();
        for entry in detail.top_authors.entries() {
            let Ok(key) = u64::from_str_radix(&entry.key, 16) else { continue };
            let part = parts.entry(AuthorKey(key)).or_default();
            part.posts.add(Voices::of(entry.weight));
            if let Some((_, author)) = entry.note.as_deref().and_then(noted) {
                part.is(author);
            }
        }
        let mut level: BTreeMap<PostId, (Voices, Option<Author>)> = BTreeMap::new();
        for entry in detail.roots.entries() {
            if let Some(id) = post_id(&entry.key) {
                let author = entry.note.as_deref().and_then(noted).map(|(_, author)| author);
                level.insert(id, (Voices::of(entry.weight), author));
            }
        }
        for _ in 0..STEPS_MAX {
            let ids: Vec<PostId> = level.keys().cloned().collect();
            if ids.is_empty() {
                break;
            }
            let posts = self.state.posts(&ids, view.now).await?;
            let mut above: BTreeMap<PostId, (Voices, Option<Author>)> = BTreeMap::new();
            for ((id, (below, carried)), post) in std::mem::take(&mut level).into_iter().zip(posts) {
                if let Some(post) = &post
                    && let Some(parent) = post.parent_id()
                {
                    let carried = post.parent.as_ref().and_then(|parent| parent.author.clone());
                    above.entry(parent.clone()).or_insert((Voices::default(), carried)).0.add(below);
                }
                let Some(author) = post.as_ref().map(|p| &p.author).or(carried.as_ref()) else { continue };
                let part = parts.entry(self.secret.key(&id.source, &author.id)).or_default();
                part.is(author.clone());
                part.started.add(below);
                if let Some(post) = post
                    && part.post.as_ref().is_none_or(|(most, _)| below.posts > *most)
                {
                    part.post = Some((below.posts, post));
                }
            }
            level = above;
        }
        let mut parts: Vec<(AuthorKey, Part)> = parts.into_iter().collect();
        let heaviness = |part: &Part| part.posts.heaviness() + part.started.heaviness();
        parts.sort_by_key(|(key, part)| (std::cmp::Reverse(heaviness(part)), *key));
        parts.truncate(FEW);
        Ok(parts.into_iter().map(|(key, part)| self.shown(key, part, brand)).collect())
    }

    fn shown(&mut self, key: AuthorKey, part: Part, brand: &BrandId) -> AuthorShare {
        let Part { id, name, posts, started, post } = part;
        let stance = post.and_then(|(_, post)| self.stance(post, brand));
        let against = posts.against + started.against;
        AuthorShare { key, id, name, posts: posts.posts, started: started.posts, against, stance }
    }

    /// How a post leans towards a brand, if it names it.
    fn stance(&mut self, post: Post, brand: &BrandId) -> Option<Label> {
        let first = (Position::default(), Box::new(post), Sighting::First(Timing::AsStated));
        let matched = tocsin_ingest::ingest(&mut self.matcher, [first]).matched.pop()?;
        let tools = self.tools.first_mut()?;
        let tokenized = self.knowledge.tokenizer.tokenize(matched, &mut tools.cutting);
        let scored = self.knowledge.scorer.score(tokenized, &mut tools.reading);
        scored.by_brand.iter().find(|(named, _)| named == brand).map(|(_, mood)| mood.label())
    }
}

impl Part {
    fn is(&mut self, author: Author) {
        self.id.get_or_insert(author.id);
        if self.name.is_none() {
            self.name = author.name;
        }
    }
}

/// A post's id from `source/id`.
fn post_id(key: &str) -> Option<PostId> {
    let (source, id) = key.split_once('/')?;
    PostId::new(SourceId::new(source).ok()?, id).ok()
}

/// An author from a note: source, id and name with a tab between.
fn noted(note: &str) -> Option<(SourceId, Author)> {
    let mut parts = note.splitn(3, '\t');
    let source = SourceId::new(parts.next()?).ok()?;
    let id = AuthorId::new(parts.next()?).ok()?;
    let name = parts.next().filter(|name| !name.is_empty()).map(str::to_owned);
    Some((source, Author { id, name, followers: None, verified: None, since: None }))
}
