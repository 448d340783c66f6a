//! Where logs and traces go: logs to standard error, spans to an OTLP collector if there is one.

use std::io::{self, IsTerminal};
use std::time::Duration;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tocsin_flow::{Fault, Trace};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{EnvFilter, dynamic_filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

/// The longest wait for a collector. Stopping must take less than 5 s, with this in it.
const COLLECTOR_WAIT: Duration = Duration::from_secs(2);

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people; coloured on a terminal only.
    #[default]
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Keeps telemetry going; when it is dropped, the spans that wait are sent.
#[derive(Debug)]
#[must_use = "spans are sent when the guard is dropped"]
pub struct Guard {
    spans: Option<SdkTracerProvider>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(Err(fault)) = self.spans.take().map(|s| s.shutdown_with_timeout(COLLECTOR_WAIT)) {
            tracing::warn!(%fault, "the last spans did not reach the collector");
        }
    }
}

/// Sends logs and spans on their way, once in a process. `filter` is such as `info` or
/// `info,tocsin_embedded=debug`; `collector` is an OTLP address such as `http://127.0.0.1:4318`.
///
/// # Errors
/// [`Fault::Misconfigured`]: the filter or the address cannot be read, or logs already go somewhere.
pub fn init(format: LogFormat, filter: &str, collector: Option<&str>) -> Result<Guard, Fault> {
    let filter = EnvFilter::try_new(ours_first(filter)).map_err(|why| Fault::Misconfigured {
        setting: "the log filter".to_owned(),
        found: format!("{filter:?} ({why})"),
        expected: "a level, or levels by crate, such as `info` or `info,tocsin_embedded=debug`".to_owned(),
    })?;
    let spans = collector.map(sender).transpose()?;
    let traces = spans.as_ref().map(|spans| {
        let tracer = spans.tracer("tocsin");
        // Only our own spans: the sender's connections make spans, too, and would feed themselves.
        // Asked for each span: where the answer was kept, one that somebody else had been given (`enabled!` for a
        // library's line, on the same thread) was taken for that of our next span, and the span was lost.
        let ours = dynamic_filter_fn(|metadata, _| metadata.target().starts_with("tocsin"));
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(ours)
    });
    let ready = registry().with(traces).with(lines(format)).with(filter).try_init();
    ready.map_err(|why| Fault::Misconfigured {
        setting: "the log".to_owned(),
        found: why.to_string(),
        expected: "one call of telemetry::init in a process".to_owned(),
    })?;
    Ok(Guard { spans })
}

/// Makes a span part of the first trace that its records came with, and links it to the others (OpenTelemetry's
/// conventions for messaging, of batches). Without a collector it is nothing.
pub(crate) fn joins(span: &tracing::Span, traces: &[Trace]) {
    let remote = |trace: &Trace| {
        let (trace, parent) = trace.ids();
        let (trace, parent) = (TraceId::from(trace), SpanId::from(parent));
        SpanContext::new(trace, parent, TraceFlags::SAMPLED, true, TraceState::NONE)
    };
    let Some((first, others)) = traces.split_first() else { return };
    // An error says that nobody collects.
    span.set_parent(Context::new().with_remote_span_context(remote(first))).ok();
    others.iter().for_each(|other| span.add_link(remote(other)));
}

/// A level by itself is meant for our own lines; of the libraries, only what is wrong is told.
fn ours_first(filter: &str) -> String {
    match filter.trim() {
        level @ ("info" | "debug" | "trace") => format!("warn,tocsin={level}"),
        other => other.to_owned(),
    }
}

/// Log lines on standard error.
fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync> {
    let layer = fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Pretty => {
            // https://no-color.org: any value that is not empty.
            let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            layer.with_target(false).with_ansi(wanted && io::stderr().is_terminal()).boxed()
        }
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// What collects spans and sends them in batches, on a thread of its own.
fn sender(collector: &str) -> Result<SdkTracerProvider, Fault> {
    let misconfigured = |why: String| Fault::Misconfigured {
        setting: "the OTLP address".to_owned(),
        found: format!("{collector:?} ({why})"),
        expected: "an address such as http://127.0.0.1:4318".to_owned(),
    };
    if !collector.starts_with("http://") && !collector.starts_with("https://") {
        return Err(misconfigured("neither http:// nor https://".to_owned()));
    }
    let base = collector.trim_end_matches('/').trim_end_matches("/v1/traces");
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{base}/v1/traces"))
        .with_timeout(COLLECTOR_WAIT)
        .build()
        .map_err(|why| misconfigured(why.to_string()))?;
    let resource = Resource::builder()
        .with_service_name("tocsin")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
