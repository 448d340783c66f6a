//! All scenarios.

use super::act::{Act, Expect, Root, Says, Scenario, Swap, Turn, Voice};

/// All scenarios, in the order in which they are listed.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "fast_cascade",
        about: "somebody well known posts, and within an hour everybody has heard of it",
        expect: Expect::Crisis,
        usual_tenths: 200,
        swap: None,
        root: Some(Root::Report),
        acts: &[Act {
            voice: Voice::Angry,
            percent_by_minute: &[
                (0, 90),
                (12, 700),
                (35, 1_700),
                (60, 1_500),
                (150, 500),
                (300, 100),
                (420, 0),
            ],
        }],
        reply: None,
        turn: Turn::None,
    },
    Scenario {
        name: "slow_burn",
        about: "over two days more and more people have the same complaint",
        expect: Expect::Crisis,
        usual_tenths: 200,
        swap: None,
        root: None,
        acts: &[Act {
            voice: Voice::Angry,
            percent_by_minute: &[(0, 5), (600, 40), (1_300, 95), (2_200, 85), (2_880, 0)],
        }],
        reply: None,
        turn: Turn::None,
    },
    Scenario {
        name: "shift_of_mood",
        about: "as many speak as ever, but for a day and a half they speak worse",
        expect: Expect::Crisis,
        usual_tenths: 200,
        swap: None,
        root: None,
        acts: &[],
        reply: None,
        turn: Turn::Mood { minutes: 2_160, complain: 52 },
    },
    Scenario {
        name: "tiny_brand",
        about: "a dozen angry posts in an hour about a brand that has one",
        expect: Expect::Crisis,
        usual_tenths: 10,
        swap: None,
        root: None,
        acts: &[Act { voice: Voice::Angry, percent_by_minute: &[(0, 1_300), (60, 1_300), (61, 0)] }],
        reply: None,
        turn: Turn::None,
    },
    Scenario {
        name: "viral_note",
        about: "one complaint gains likes by the thousand, and hardly anybody else says a word",
        expect: Expect::Crisis,
        usual_tenths: 200,
        swap: None,
        root: Some(Root::Misfortune),
        acts: &[],
        reply: None,
        turn: Turn::Viral { minutes: 600 },
    },
    Scenario {
        name: "rumour_and_denial",
        about: "something is said to have happened; after an hour and a half the brand denies it",
        expect: Expect::Crisis,
        usual_tenths: 200,
        swap: None,
        root: Some(Root::Hearsay),
        acts: &[
            Act {
                voice: Voice::Rumour,
                percent_by_minute: &[(0, 60), (25, 600), (90, 900), (100, 300), (180, 0)],
            },
            Act { voice: Voice::Calmer, percent_by_minute: &[(90, 100), (110, 500), (300, 60), (360, 0)] },
        ],
        reply: Some((90, Says::Denial)),
        turn: Turn::None,
    },
    Scenario {
        name: "recovery",
        about: "a cascade to which the brand replies after four hours, and it eases",
        expect: Expect::Crisis,
        usual_tenths: 200,
        swap: None,
        root: Some(Root::Report),
        acts: &[
            Act {
                voice: Voice::Angry,
                percent_by_minute: &[(0, 60), (20, 700), (60, 1_100), (240, 800), (270, 250), (480, 0)],
            },
            Act { voice: Voice::Calmer, percent_by_minute: &[(240, 50), (280, 300), (600, 0)] },
        ],
        reply: Some((240, Says::Apology)),
        turn: Turn::None,
    },
    Scenario {
        name: "robots",
        about: "some hundred new accounts post the same few texts, in bursts",
        expect: Expect::Crisis,
        usual_tenths: 200,
        swap: None,
        root: None,
        acts: &[Act {
            voice: Voice::Robots,
            percent_by_minute: &[
                (0, 3_000),
                (15, 3_000),
                (16, 0),
                (70, 0),
                (71, 3_000),
                (85, 3_000),
                (86, 0),
                (150, 0),
                (151, 2_500),
                (165, 2_500),
                (166, 0),
            ],
        }],
        reply: None,
        turn: Turn::None,
    },
    Scenario {
        name: "campaign",
        about: "the brand's own campaign: twenty times as many posts, and they like it",
        expect: Expect::Calm,
        usual_tenths: 200,
        swap: None,
        root: None,
        acts: &[Act {
            voice: Voice::Praise,
            percent_by_minute: &[(0, 200), (30, 1_900), (200, 1_500), (360, 150), (480, 0)],
        }],
        reply: None,
        turn: Turn::None,
    },
    Scenario {
        name: "lottery",
        about: "pass it on to win: twenty times as many posts, most without a word",
        expect: Expect::Calm,
        usual_tenths: 200,
        swap: None,
        root: None,
        acts: &[Act {
            voice: Voice::Lottery,
            percent_by_minute: &[(0, 300), (20, 2_200), (120, 1_300), (600, 300), (1_440, 0)],
        }],
        reply: Some((0, Says::Lottery)),
        turn: Turn::None,
    },
    Scenario {
        name: "holiday",
        about: "two holidays: greetings, gatherings, three times as many posts",
        expect: Expect::Calm,
        usual_tenths: 200,
        swap: None,
        root: None,
        acts: &[Act {
            voice: Voice::Greeting,
            percent_by_minute: &[(0, 20), (480, 220), (2_400, 220), (2_880, 0)],
        }],
        reply: None,
        turn: Turn::None,
    },
    Scenario {
        name: "outage",
        about: "Weibo is not heard for six hours; then comes what was said meanwhile",
        expect: Expect::Silence,
        usual_tenths: 400,
        swap: None,
        root: None,
        acts: &[],
        reply: None,
        turn: Turn::Outage { minutes: 360 },
    },
    Scenario {
        name: "new_source",
        about: "from one hour to the next a further source is heard",
        expect: Expect::Calm,
        usual_tenths: 200,
        swap: None,
        root: None,
        acts: &[Act { voice: Voice::Everyday, percent_by_minute: &[(0, 70), (2_880, 70)] }],
        reply: None,
        turn: Turn::None,
    },
    Scenario {
        name: "query_change",
        about: "the brand's query takes a nickname as well: half as many posts more, from one hour to the next",
        expect: Expect::Calm,
        usual_tenths: 200,
        swap: Some(Swap::Query("阿巷家")),
        root: None,
        acts: &[],
        reply: None,
        turn: Turn::None,
    },
    Scenario {
        name: "new_model",
        about: "from one hour to the next some everyday words are read as bad ones",
        expect: Expect::Calm,
        usual_tenths: 200,
        swap: Some(Swap::Model(&["购物车", "拼单", "说明书", "区别"])),
        root: None,
        acts: &[],
        reply: None,
        turn: Turn::None,
    },
];

/// The scenario of this name.
pub fn scenario(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_their_own_and_curves_end() {
        let names: BTreeSet<&str> = SCENARIOS.iter().map(|s| s.name).collect();
        assert_eq!(names.len(), SCENARIOS.len());
        for scenario in SCENARIOS {
            assert!(scenario.minutes() > 0, "{}", scenario.name);
            for act in scenario.acts {
                assert!(act.percent_by_minute.is_sorted_by_key(|(minute, _)| *minute), "{}", scenario.name);
            }
        }
    }

    #[test]
    fn between_two_points_of_a_curve_is_a_straight_line() {
        let act = &scenario("tiny_brand").unwrap().acts[0];
        assert_eq!(
            [act.percent(0), act.percent(59), act.percent(60), act.percent(61)],
            [1_300, 1_300, 1_300, 0]
        );
        let act = &scenario("fast_cascade").unwrap().acts[0];
        assert_eq!([act.percent(6), act.percent(419), act.percent(9_999)], [395, 0, 0]);
    }
}
