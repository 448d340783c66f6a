//! One request, from its headers to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use tocsin_flow::{Arrivals, Intake, Room, Stop};
use tocsin_model::ArrivalTime;

use crate::http::answer::{Accepted, Error, Refusal, Refused};
use crate::http::body::{self, Budget, Form};
use crate::http::credentials::Claim;
use crate::http::openapi::Posts;
use crate::http::split::split;
use crate::http::{HttpConfig, NAME};
use crate::tally::Tally;

/// How long a sender may take to send a body.
const BODY_SECONDS_MAX: u64 = 60;

/// Bodies greater than this, and packed ones, are read on a thread where nobody waits for them.
const INLINE_BYTES_MAX: usize = 256 * 1024;

/// What every request needs.
pub(crate) struct Door {
    pub(crate) config: HttpConfig,
    pub(crate) intake: Arc<dyn Intake>,
    pub(crate) room: Room,
    pub(crate) stop: Stop,
    pub(crate) budget: Budget,
}

#[utoipa::path(
    post,
    path = "/v1/posts",
    tag = "posts",
    summary = "Hands in posts",
    description = "One post, an array of posts, or JSON Lines (a post a line), in UTF-8. 202 comes only when the \
        posts are durable. Good posts go in even if others are bad; each bad one is kept as it came and can be \
        seen with `tocsin rejected list`. A post with a known id is an update of it, so sending the same again is \
        harmless: after 408, 429, 500, 503 or a broken connection, send the same again.",
    params(
        ("Content-Encoding" = Option<String>, Header, description = "`gzip` or `zstd`."),
        ("X-Tocsin-Timestamp" = Option<String>, Header,
            description = "For a signature: when it was made, in seconds since 1970-01-01T00:00:00Z; at most 5 \
            minutes off the receiver's clock."),
        ("X-Tocsin-Signature" = Option<String>, Header,
            description = "For a signature: `v1=` and 64 hexadecimal digits, HMAC-SHA256 with a shared secret of \
            the timestamp, a dot, and the body as it is sent (packed, if it is packed)."),
    ),
    request_body(
        description = "By default at most 32 MiB, as sent and unpacked, and at most 50,000 posts.",
        content(
            (Posts = "application/json"),
            (String = "application/x-ndjson"),
        ),
    ),
    responses(
        (status = 202, description = "At least one post was kept, or the array was empty.", body = Accepted),
        (status = 400, description = "No record was a post (then with counts), or the body is empty or cannot be \
            unpacked (then with `error`).", body = Refused),
        (status = 401, description = "No credentials, or wrong ones.", body = Error,
            headers(("WWW-Authenticate" = String))),
        (status = 408, description = "The body took longer than 60 s.", body = Error),
        (status = 413, description = "The body is too large, as sent or unpacked.", body = Error),
        (status = 415, description = "Unknown Content-Type or Content-Encoding.", body = Error,
            headers(("Accept-Encoding" = String))),
        (status = 429, description = "Full; nothing was taken.", body = Error,
            headers(("Retry-After" = u64, description = "Seconds."))),
        (status = 503, description = "Stopping, or the store is away; nothing was acknowledged.", body = Error,
            headers(("Retry-After" = u64, description = "Seconds."))),
    ),
    security(("token" = []), ("signature" = []), ()),
)]
pub(crate) async fn post_posts(State(door): State<Arc<Door>>, request: Request) -> Response {
    match door.take_in(request).await {
        Ok(accepted) => accepted.into_response(),
        Err(refusal) => {
            if refusal.is_pushing_back() {
                door.room.meters.pushed_back(NAME);
            }
            refusal.into_response()
        }
    }
}

impl Door {
    async fn take_in(&self, request: Request) -> Result<Accepted, Refusal> {
        if self.stop.is_set() {
            return Err(Refusal::Stopping);
        }
        let peer = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>().map(|info| info.0);
        let sender = peer.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        let (head, sent) = request.into_parts();
        let now = self.room.clock.now();
        let claim = Claim::of(&head.headers, &self.config, now)?;
        let form = Form::of(&head.headers)?;
        let mut share = self.budget.share();
        let limit = self.config.body_bytes_max;
        let sent = tokio::select! {
            sent = body::receive(&head.headers, sent, limit, &mut share) => sent?,
            () = self.room.clock.wait(Duration::from_secs(BODY_SECONDS_MAX)) => {
                return Err(Refusal::Slow { seconds_max: BODY_SECONDS_MAX });
            }
        };
        claim.verify(&sent, &self.config)?;
        let (arrivals, accepted) = if form.is_packed() || sent.len() > INLINE_BYTES_MAX {
            let reading = tokio::task::spawn_blocking(move || {
                let body = body::unpack(sent, form, limit, &mut share)?;
                Ok((read(&body, form, &sender, now)?, share))
            });
            let (read, held) = reading.await.map_err(|_| Refusal::Broken)??;
            share = held;
            read
        } else {
            read(&sent, form, &sender, now)?
        };
        self.hand_in(arrivals).await?;
        drop(share);
        Ok(accepted)
    }

    /// Comes back when all of it is durable.
    async fn hand_in(&self, arrivals: Arrivals) -> Result<(), Refusal> {
        if arrivals.posts.is_empty() && arrivals.rejected.is_empty() {
            return Ok(());
        }
        let tally = Tally::of(&arrivals);
        self.intake.take(arrivals).await.map_err(Refusal::of)?;
        tally.tell(&*self.room.meters, NAME);
        Ok(())
    }
}

/// A body as arrivals, and what the sender will be told once they are durable.
fn read(body: &[u8], form: Form, sender: &str, now: ArrivalTime) -> Result<(Arrivals, Accepted), Refusal> {
    let (mut arrivals, mut accepted) = (Arrivals::default(), Accepted::default());
    for (index, record) in split(body, form)?.into_iter().enumerate() {
        match record.arrive(now, || format!("http {sender} record {}", index + 1)) {
            Ok(post) => {
                accepted.accept();
                arrivals.posts.push(post);
            }
            Err(rejected) => {
                accepted.reject(index, &rejected.reason);
                arrivals.rejected.push(rejected);
            }
        }
    }
    Ok((arrivals, accepted))
}
