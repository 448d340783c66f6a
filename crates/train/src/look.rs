//! Texts to features and verdicts: cleaned, cut and read by the same code as posts in the pipeline.

use std::sync::Arc;

use tocsin_ingest::clean;
use tocsin_model::{AuthorId, BadId, Post, PostId, SourceId};
use tocsin_score::linear::{Features, Model, Outputs};
use tocsin_score::{Reading, Scorer};
use tocsin_tokenize::{Scratch, Tokenizer};

/// What looks at texts. Made once, then shared among threads.
#[derive(Debug)]
pub struct Eyes {
    tokenizer: Tokenizer,
    scorer: Scorer,
    blank: Post,
}

/// A text as the model sees it.
pub type Seen = Features;

impl Eyes {
    /// Loads the dictionary and the lexicon.
    ///
    /// # Errors
    /// Never: the ids of the blank post are sound.
    pub fn new() -> Result<Eyes, BadId> {
        let id = PostId::new(SourceId::new("train")?, "1")?;
        let blank = Post::new(id, AuthorId::new("train")?, "");
        let scorer = Scorer::new(Vec::new()).with_model(Model::shipped().clone());
        Ok(Eyes { tokenizer: Tokenizer::new([]), scorer, blank })
    }

    /// The same, reading with this model instead of the one that comes with the program.
    #[must_use]
    pub fn with_model(mut self, model: Arc<Model>) -> Eyes {
        self.scorer = self.scorer.with_model(model);
        self
    }

    /// What tocsin says of a text, as `tocsin analyze` does, and what the model says beneath it.
    pub fn read(&self, text: &str, scratch: &mut Scratch) -> (Reading, Outputs) {
        let cleaned = clean(&Post { text: text.to_owned(), ..self.blank.clone() });
        let tokens = self.tokenizer.cut(&cleaned.text[..cleaned.own], scratch);
        let reading = self.scorer.read(&cleaned.text, cleaned.own, &tokens);
        let outputs = self.scorer.outputs(&cleaned.text, cleaned.own, &tokens);
        (reading, outputs.expect("these eyes always have a model"))
    }

    /// Looks at a text.
    pub fn look(&self, text: &str, scratch: &mut Scratch) -> Seen {
        let cleaned = clean(&Post { text: text.to_owned(), ..self.blank.clone() });
        let tokens = self.tokenizer.cut(&cleaned.text[..cleaned.own], scratch);
        let mut seen = Features::default();
        self.scorer.features(&cleaned.text, cleaned.own, &tokens, &mut seen);
        seen
    }

    /// Looks at many, in order, on as many threads as there are cores. `told` hears of each.
    pub fn look_at_all(&self, texts: &[&str], told: &(dyn Fn(u64) + Sync)) -> Vec<Seen> {
        in_shares(texts, told, |text, scratch| self.look(text, scratch))
    }

    /// Reads many in the same way.
    pub fn read_all(&self, texts: &[&str], told: &(dyn Fn(u64) + Sync)) -> Vec<(Reading, Outputs)> {
        in_shares(texts, told, |text, scratch| self.read(text, scratch))
    }
}

fn in_shares<T: Send>(
    texts: &[&str],
    told: &(dyn Fn(u64) + Sync),
    each: impl Fn(&str, &mut Scratch) -> T + Sync,
) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = texts.len().div_ceil(cores).max(1);
    let all = |texts: &[&str]| {
        let mut scratch = Scratch::default();
        let one = |text: &&str| {
            told(1);
            each(text, &mut scratch)
        };
        texts.iter().map(one).collect::<Vec<T>>()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = texts.chunks(share).map(|texts| scope.spawn(|| all(texts))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<T>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().flat_map(join).collect()
    })
}
