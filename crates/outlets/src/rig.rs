//! For tests alone: a clock that a hand drives, a receiver on this machine, and a notice to send.

use std::future::Future;
use std::iter;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tocsin_flow::{Backoff, Clock, Meters, Room};
use tocsin_model::{
    ArrivalTime, AuthorId, AuthorKey, AuthorShare, BrandId, Course, Evidence, Handling, Incident, IncidentId,
    Kind, KindState, MINUTE, News, Notice, NoticeId, OutletId, PostRef, Reason, Ring, Severity, SourceId,
    Span, Subject,
};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

/// When all tests begin: 2025-11-03T13:42:00Z, which is 21:42 in Shanghai.
pub(crate) const NOW: ArrivalTime = ArrivalTime::from_millis(1_762_177_320_000);

/// A clock that stands still until it is moved.
#[derive(Default)]
pub(crate) struct HandClock {
    passed: Mutex<Duration>,
    waiting: Mutex<Vec<(Duration, oneshot::Sender<()>)>>,
}

impl HandClock {
    /// Moves on, and wakes whoever has waited long enough.
    pub(crate) fn advance(&self, span: Duration) {
        let mut passed = self.passed.lock().unwrap();
        *passed += span;
        let mut waiting = self.waiting.lock().unwrap();
        for (until, wake) in std::mem::take(&mut *waiting) {
            if until <= *passed {
                let _gone = wake.send(());
            } else {
                waiting.push((until, wake));
            }
        }
    }
}

impl Clock for HandClock {
    fn now(&self) -> ArrivalTime {
        let passed = self.passed.lock().unwrap().as_millis();
        NOW.plus(Span::from_millis(i64::try_from(passed).unwrap()))
    }
    fn steady(&self) -> Duration {
        *self.passed.lock().unwrap()
    }
    fn wait(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let (wake, woken) = oneshot::channel();
        let until = *self.passed.lock().unwrap() + span;
        self.waiting.lock().unwrap().push((until, wake));
        Box::pin(async move {
            let _gone = woken.await;
        })
    }
}

struct NoBackoff;

impl Backoff for NoBackoff {
    fn delays(&self) -> Box<dyn Iterator<Item = Duration> + Send> {
        Box::new(iter::repeat(Duration::ZERO))
    }
}

struct NoMeters;

impl Meters for NoMeters {
    fn posts_received(&self, _: &str, _: &SourceId, _: u64) {}
    fn record_rejected(&self, _: &str, _: &Reason) {}
    fn pushed_back(&self, _: &str) {}
    fn synced(&self, _: Duration, _: usize) {}
    fn delivery_tried(&self, _: &str, _: &'static str, _: Duration) {}
    fn peer_away(&self, _: &str, _: bool) {}
}

/// A room, and the hand on its clock.
pub(crate) fn room() -> (Room, Arc<HandClock>) {
    let clock = Arc::new(HandClock::default());
    (Room { clock: clock.clone(), backoff: Arc::new(NoBackoff), meters: Arc::new(NoMeters) }, clock)
}

/// What a receiver got.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// What a receiver answers, in turn; the last one again and again.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A status, headers and a body.
    With(u16, Vec<(&'static str, &'static str)>, String),
    /// Nothing, ever.
    Silence,
}

/// A receiver on this machine.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    replies: Vec<Reply>,
    got: Mutex<Vec<Got>>,
    arrived: Notify,
}

impl Receiver {
    /// Listens from now on.
    pub(crate) async fn answering(replies: Vec<Reply>) -> Receiver {
        let shared = Arc::new(Shared { replies, got: Mutex::default(), arrived: Notify::new() });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { address, shared }
    }

    /// All that came so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// Comes back when something has come.
    pub(crate) async fn arrived(&self) {
        self.shared.arrived.notified().await;
    }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let nth = {
        let mut got = shared.got.lock().unwrap();
        got.push(Got { uri, headers, body: body.to_vec() });
        got.len() - 1
    };
    shared.arrived.notify_one();
    match shared.replies.get(nth).or(shared.replies.last()).unwrap() {
        Reply::Silence => std::future::pending().await,
        Reply::With(status, headers, body) => {
            let headers: HeaderMap =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            (StatusCode::from_u16(*status).unwrap(), headers, body.clone()).into_response()
        }
    }
}

/// An address on which nobody listens.
pub(crate) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// The evidence of a bad evening at a tea house.
pub(crate) fn evidence() -> Evidence {
    let post = |id: &str, excerpt: &str| PostRef { id: id.into(), excerpt: excerpt.into(), weight: 990 };
    Evidence {
        window_minutes: 15,
        observed: 48,
        expected: 3.2,
        negative: 31_240,
        negative_expected: 0.4,
        test: "poisson",
        log10_p: -31.2,
        log10_threshold: -4.3,
        posts: 76,
        reach: 1_234_567,
        distinct_authors: 41,
        distinct_texts: 37,
        top_posts: vec![
            post(
                "weibo/5012",
                "喝完山岚茶饮的新品，全家拉肚子，门店不理人，客服让我们自己去医院，还说奶茶没有问题，谁来管管？",
            ),
            post("xiaohongshu/66f1", "found a piece of glass in my cup, staff laughed at me"),
            post("weibo/5019", "转发微博"),
            post("weibo/5020", "a fourth one, which is too many"),
        ],
        top_terms: vec![("异物".into(), 21_300), ("拉肚子".into(), 9_800), ("glass".into(), 990)],
        top_authors: vec![
            AuthorShare {
                key: AuthorKey(1),
                id: Some(AuthorId::new("1234567").unwrap()),
                name: Some("爱喝茶的小王".into()),
                posts: 5,
                started: 0,
                against: 4,
                stance: None,
            },
            AuthorShare {
                key: AuthorKey(0xfeed),
                id: None,
                name: None,
                posts: 3,
                started: 0,
                against: 0,
                stance: None,
            },
        ],
        sources: vec![(SourceId::new("weibo").unwrap(), 40), (SourceId::new("xiaohongshu").unwrap(), 8)],
        ..Evidence::default()
    }
}

/// The bell rings for the second time that evening.
pub(crate) fn notice() -> Notice {
    let ring = |number, kind, severity, minutes| Ring {
        number,
        kind,
        severity,
        at: NOW.minus(Span::from_minutes(minutes)),
        evidence: Box::new(evidence()),
    };
    let kind = |kind, severity| KindState {
        kind,
        severity,
        now: severity,
        stands: true,
        first_at: NOW.minus(Span::from_minutes(30)),
        last_at: NOW,
        evidence: Box::new(evidence()),
        before_log10_p: -12.0,
    };
    let incident = Incident {
        id: IncidentId::new("brand:山岚茶饮:volume:yellow:29369592").unwrap(),
        subject: Subject::Brand(BrandId::new("山岚茶饮").unwrap()),
        blinds: vec![],
        version: 4,
        opened_at: NOW.minus(Span::from_minutes(30)),
        last_signal_at: NOW.minus(MINUTE),
        cleared_at: None,
        ended_at: None,
        severity: Severity::Orange,
        kinds: vec![kind(Kind::Volume, Severity::Yellow), kind(Kind::Negative, Severity::Orange)],
        course: Course::Worsening,
        handling: Handling::Unseen,
        rings: vec![
            ring(1, Kind::Volume, Severity::Yellow, 30),
            ring(2, Kind::Negative, Severity::Orange, 0),
        ],
        answers: vec![],
        causes: vec![],
    };
    Notice {
        id: NoticeId::new("brand:山岚茶饮:volume:yellow:29369592:ring:2:duty").unwrap(),
        outlet: OutletId::new("duty").unwrap(),
        at: NOW,
        news: News::Rings(2),
        incident: Box::new(incident),
    }
}

/// The same incident with other news.
pub(crate) fn with_news(news: News) -> Notice {
    let mut notice = notice();
    let incident = &mut *notice.incident;
    match news {
        News::Rings(_) => {}
        News::Shown => {
            incident.severity = Severity::Blue;
            incident.kinds.truncate(1);
            incident.kinds[0].severity = Severity::Blue;
            incident.rings.clear();
        }
        News::Over => {
            notice.at = NOW.plus(Span::from_minutes(103));
            incident.ended_at = Some(notice.at);
            incident.course = Course::Over;
        }
    }
    notice.news = news;
    notice
}
