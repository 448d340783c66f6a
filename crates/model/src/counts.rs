//! What a bucket holds. Integers only, so that the order of posts changes nothing.

/// The counters of a minute, an hour, or any sum of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Posts, late ones and bare reposts too.
    pub posts: u64,
    /// Posts with own words that were at most 60 min late: what judging uses.
    pub heard: u64,
    /// Probability of negative over the heard, in thousandths of a post.
    pub negative: u64,
    /// Squares of that probability over the heard, in thousandths.
    pub negative_squares: u64,
    /// Probability of anger over the heard, in thousandths of a post.
    pub angry: u64,
    /// Posts that pass on another one.
    pub reposts: u64,
    /// Persons who may have been reached, over all posts.
    pub reach: u64,
    /// Likes gained by known posts.
    pub likes_gained: u64,
    /// Reposts gained by known posts.
    pub reposts_gained: u64,
    /// Comments gained by known posts.
    pub comments_gained: u64,
    /// Views gained by known posts.
    pub views_gained: u64,
    /// The most likes, reposts and comments that one post has gained in its current hour: a maximum.
    pub top_gain: u64,
    /// Posts of authors and sites that are not judged: in `posts`, and in nothing else.
    pub ignored: u64,
    /// Posts of the brand's own accounts: in `posts`, and in nothing else.
    pub answers: u64,
    /// As `top_gain`, of posts that lean against the brand: a maximum.
    pub top_gain_against: u64,
}

impl Counts {
    /// Adds another bucket: sums, and the greater of the maxima. Associative and commutative.
    pub fn add(&mut self, other: &Counts) {
        let add = |a: &mut u64, b: u64| *a = a.saturating_add(b);
        add(&mut self.posts, other.posts);
        add(&mut self.heard, other.heard);
        add(&mut self.negative, other.negative);
        add(&mut self.negative_squares, other.negative_squares);
        add(&mut self.angry, other.angry);
        add(&mut self.reposts, other.reposts);
        add(&mut self.reach, other.reach);
        add(&mut self.likes_gained, other.likes_gained);
        add(&mut self.reposts_gained, other.reposts_gained);
        add(&mut self.comments_gained, other.comments_gained);
        add(&mut self.views_gained, other.views_gained);
        self.top_gain = self.top_gain.max(other.top_gain);
        add(&mut self.ignored, other.ignored);
        add(&mut self.answers, other.answers);
        self.top_gain_against = self.top_gain_against.max(other.top_gain_against);
    }

    /// The counters in a fixed order, for what stores them.
    pub const fn to_array(&self) -> [u64; 15] {
        [
            self.posts,
            self.heard,
            self.negative,
            self.negative_squares,
            self.angry,
            self.reposts,
            self.reach,
            self.likes_gained,
            self.reposts_gained,
            self.comments_gained,
            self.views_gained,
            self.top_gain,
            self.top_gain_against,
            self.ignored,
            self.answers,
        ]
    }

    /// The contrary of [`Counts::to_array`].
    pub const fn from_array(a: [u64; 15]) -> Counts {
        Counts {
            posts: a[0],
            heard: a[1],
            negative: a[2],
            negative_squares: a[3],
            angry: a[4],
            reposts: a[5],
            reach: a[6],
            likes_gained: a[7],
            reposts_gained: a[8],
            comments_gained: a[9],
            views_gained: a[10],
            top_gain: a[11],
            top_gain_against: a[12],
            ignored: a[13],
            answers: a[14],
        }
    }

    /// As another instrument would have counted, one that finds so many times as many posts. The maxima stay.
    pub fn scaled(&self, times: f64) -> Counts {
        let scaled = self.to_array().map(|count| (count as f64 * times).round() as u64);
        let (top_gain, top_gain_against) = (self.top_gain, self.top_gain_against);
        Counts { top_gain, top_gain_against, ..Counts::from_array(scaled) }
    }

    /// Nothing was counted.
    pub fn is_empty(&self) -> bool {
        *self == Counts::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counts() -> impl Strategy<Value = Counts> {
        proptest::array::uniform15(0u64..1_000_000).prop_map(Counts::from_array)
    }

    #[test]
    fn a_bucket_is_scaled_but_for_its_maximum() {
        let hour = Counts { posts: 10, heard: 5, negative: 1_500, top_gain: 7, ..Counts::default() };
        let half = Counts { posts: 5, heard: 3, negative: 750, top_gain: 7, ..Counts::default() };
        assert_eq!(hour.scaled(0.5), half);
    }

    proptest! {
        #[test]
        fn adding_is_commutative_and_associative(a in counts(), b in counts(), c in counts()) {
            let sum = |x: &Counts, y: &Counts| { let mut s = *x; s.add(y); s };
            prop_assert_eq!(sum(&a, &b), sum(&b, &a));
            prop_assert_eq!(sum(&sum(&a, &b), &c), sum(&a, &sum(&b, &c)));
        }

        #[test]
        fn an_array_gives_the_counts_back(a in counts()) {
            prop_assert_eq!(Counts::from_array(a.to_array()), a);
        }
    }
}
