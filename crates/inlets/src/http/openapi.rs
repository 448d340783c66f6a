//! The OpenAPI document. The shape of a post is the one that `wire` reads by, not a second description.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{Modify, OpenApi, PartialSchema, ToSchema};

use crate::http::credentials::{SIGNATURE_HEADER, TIMESTAMP_HEADER};

/// `GET /v1/openapi.json`.
pub(crate) async fn document() -> Response {
    Json(document_json()).into_response()
}

/// The document of utoipa, with the schema of a post put in.
pub(crate) fn document_json() -> Value {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    let post = tocsin_wire::schemas().into_iter().find(|(name, _)| *name == "post");
    if let (Some((_, mut post)), Some(schemas)) =
        (post, document.pointer_mut("/components/schemas").and_then(Value::as_object_mut))
    {
        point_into_components(&mut post);
        let parts = post.as_object_mut().and_then(|post| post.remove("$defs"));
        if let Some(Value::Object(parts)) = parts {
            schemas.extend(parts);
        }
        schemas.insert("Post".to_owned(), post);
    }
    document
}

/// A schema's own parts lie under `$defs`, those of a document under `components`.
fn point_into_components(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("$schema");
            for (key, value) in fields {
                match value {
                    Value::String(to) if key == "$ref" => {
                        *to = to.replace("#/$defs/", "#/components/schemas/");
                    }
                    other => point_into_components(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(point_into_components),
        _ => {}
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "tocsin: posts in",
        description = "How posts are handed in. Each request needs a bearer token or a signature, unless the \
                       operator has configured neither.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(crate::http::door::post_posts),
    modifiers(&Credentials)
)]
struct Document;

/// What a JSON body may hold.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "a shape for the document, which is never made")]
pub(crate) enum Posts {
    /// One post.
    One(Post),
    /// Several.
    Several(Vec<Post>),
}

/// A place for the schema of `wire`.
#[derive(Serialize)]
pub(crate) struct Post;

impl PartialSchema for Post {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().into()
    }
}

impl ToSchema for Post {
    fn name() -> Cow<'static, str> {
        "Post".into()
    }
}

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Any of the tokens in the inlet's config."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let signature = ApiKeyValue::with_description(
            SIGNATURE_HEADER,
            &format!(
                "`v1=` and, in hexadecimal, HMAC-SHA256 of `{{timestamp}}.{{body as sent}}` with any of the \
                 secrets in the inlet's config; {TIMESTAMP_HEADER} carries the timestamp in seconds since 1970, \
                 at most 5 minutes off."
            ),
        );
        components.add_security_scheme("signature", SecurityScheme::ApiKey(ApiKey::Header(signature)));
    }
}
