//! What one should know of a model before one trusts it: what went in, how it was made, where it ends.

use std::fmt::Write as _;

use tocsin_score::linear::Model;

use crate::recipe::{Recipe, Trained};
use crate::sets::Set;

/// The terms of the sets that we know, as their sources say it. Where none are stated the texts are not ours
/// to pass on: no text is in a model, only sums over many.
const TERMS: &[(&str, &str)] = &[
    ("cantonese_forum", "none stated"),
    ("chnsenticorp_htl", "none stated; research corpus of Tan Songbo"),
    ("covid7_emotion", "none stated; cite Lyu et al., NLPCC 2020"),
    ("ewect_usual", "shared-task data (SMP2020-EWECT); none stated"),
    ("ewect_usual_emotion", "shared-task data (SMP2020-EWECT); none stated"),
    ("ewect_virus", "shared-task data (SMP2020-EWECT); none stated"),
    ("ewect_virus_emotion", "shared-task data (SMP2020-EWECT); none stated"),
    ("nlpcc14_review", "shared-task data for research (NLPCC 2014)"),
    ("nlpcc2013", "shared-task data (NLPCC 2013); none stated"),
    ("nlpcc2013_emotion", "shared-task data (NLPCC 2013); none stated"),
    ("ocemotion", "competition data (Tianchi 2020); none stated"),
    ("online_shopping_10_cats", "none stated"),
    ("openrice_yue", "CC BY 4.0 (toastynews/openrice-senti)"),
    ("osm2022", "only for academic exchange and scientific research"),
    ("osm2022_emotion", "only for academic exchange and scientific research"),
    ("tosarcasm", "none stated; cite the paper (CCL 2022)"),
    ("tweeteval_emotion", "without any restrictions (TweetEval), subject to SemEval's and Twitter's"),
    ("tweeteval_irony", "without any restrictions (TweetEval), subject to SemEval's and Twitter's"),
    ("tweeteval_sentiment", "without any restrictions (TweetEval), subject to SemEval's and Twitter's"),
    ("waimai_10k", "none stated"),
    ("weibo2018", "none stated; published for everyone to exchange"),
    ("weibo_senti_100k", "none stated; collected from the web, author and source unknown"),
    ("xs_conv", "none stated; cite the paper (CIS 2016)"),
];

/// A set that may not be part of a model that is passed on.
pub fn is_research_only(set: &str) -> bool {
    TERMS.iter().any(|(name, terms)| *name == set && terms.starts_with("only for"))
}

/// The card of a model, in Markdown.
pub fn card(model: &Model, trained: &Trained, sets: &[Set], recipe: &Recipe) -> String {
    let mut out = format!(
        "# The model {}\n\nA linear model over hashed n-grams of characters and of words, and over signs of what the rules read:\n\
         polarity, seven emotions and irony of short posts in Chinese (Simplified, Traditional, Cantonese) and English.\n\n\
         ## What went in\n\n| set | rows | asks | terms |\n| --- | ---: | --- | --- |\n",
        model.version()
    );
    for set in sets {
        let terms = TERMS.iter().find(|(name, _)| *name == set.name).map_or("not known to us", |(_, t)| t);
        let asks = format!("{:?}", set.question).to_lowercase();
        writeln!(out, "| {} | {} | {asks} | {terms} |", set.name, set.rows.len()).ok();
    }
    let Recipe {
        seed,
        models,
        passes,
        rate,
        set_power,
        class_power,
        smoothing,
        dropout,
        sign_dropout,
        doubt,
        pull,
        faceless,
        ..
    } = recipe;
    let c = model.calibration();
    write!(
        out,
        "\nNo text is in the model, only sums over many.\n\n## How it was made\n\n\
         `tocsin train` with seed {seed}: the mean of {models} models of {passes} passes of Adagrad (first step {rate}), each on all\n\
         rows in its own order. A set of n rows counts as (n/10,000)^{set_power}; a class by its share to the power of -{class_power};\n\
         {smoothing} of each label goes to its contraries. Sets of two ways say nothing of neutral. Where nearly every text\n\
         has an emoticon in brackets, {faceless} of the rows are without. At each look {dropout} of the n-grams\n\
         are left out, at {sign_dropout} of the looks all signs, and weights are drawn to 0 by {pull} of themselves. A label of polarity\n\
         counts by how probable it is already to the power of {doubt}.\n\
         Of {} n-grams the {} whose loss would be felt most, and all signs, have a row of 16 numbers of 8 bits.\n\
         Temperatures, found on a tenth held back: polarity {:.2}, emotion {:.2}, irony {:.2}.\n\n\
         ## Limits\n\n\
         It knows words, not the world: sarcasm without a mark, allusions and news that are bad by what they mean are read\n\
         as they stand. Neutral is what its sets call so, most of them sentences of news and announcements. Emotions are\n\
         of posts on Weibo between 2012 and 2020, where fear and surprise are rare. Other languages are read as neutral\n\
         with little certainty. How well it does on each set: `tocsin eval`.\n",
        trained.slots, trained.rows, c.polarity, c.emotion, c.irony
    )
    .ok();
    out
}
