//! The description of sockets and streams (AsyncAPI 3.0), made of the frames' descriptions and the schemas of the OpenAPI document.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::events;
use super::openapi;
use crate::live::{LiveChannel, LiveDescription, MessageType, described};
use crate::workspaces::Here;

/// What AsyncAPI calls schemas that are written as OpenAPI 3.1 writes them.
const FORMAT: &str = "application/vnd.oai.openapi+json;version=3.1.0";

/// Sockets and streams.
#[utoipa::path(
    get, path = "/api/asyncapi.json", operation_id = "asyncapi", tag = "studio",
    responses((status = 200, description = "AsyncAPI 3.0: what travels over `/ws`, the stream of events, and sockets of products", body = Object)),
)]
pub(super) async fn serve(workspace: Here) -> HttpResponse {
    let schemas = openapi::document(
        workspace
            .extensions
            .iter()
            .filter_map(|extension| extension.openapi()),
    );
    let live = workspace.extensions.iter().map(|extension| extension.live());
    HttpResponse::Ok().json(document(&schemas, live))
}

/// The description of the live side of the studio and of what is plugged into it. `schemas` is the OpenAPI document of both.
pub fn document(
    schemas: &utoipa::openapi::OpenApi,
    plugged: impl IntoIterator<Item = LiveDescription>,
) -> Value {
    let mut frames = described::frames();
    let mut own = Vec::new();
    for LiveDescription {
        frames: more,
        channels,
    } in plugged
    {
        frames.extend(more);
        own.extend(channels);
    }
    let frames: Vec<MessageType> = frames.into_iter().map(enveloped).collect();
    let mut channels = vec![
        LiveChannel {
            id: "live".to_owned(),
            path: "/ws".to_owned(),
            summary: "What happens, as it happens, and windows of the list of actors. A connection that broke is taken up again with \
                      the `epoch` and `seq` of the last frame seen, as queries."
                .to_owned(),
            sends: frames.clone(),
            takes: described::takes(),
        },
        LiveChannel {
            id: "events".to_owned(),
            path: events::PATH.to_owned(),
            summary: "The same frames as server-sent events, each with its type as its name and `epoch:seq` as its id; without what a \
                      client has to ask for (`journal`, `traffic`, `window`)."
                .to_owned(),
            sends: frames
                .into_iter()
                .filter(|frame| !["journal", "traffic", "window"].contains(&frame.name.as_str()))
                .collect(),
            takes: Vec::new(),
        },
    ];
    channels.extend(own);
    assemble(&channels, schemas)
}

/// The whole of a frame, around its data.
fn enveloped(frame: MessageType) -> MessageType {
    let schema = json!({
        "type": "object", "required": ["type", "epoch", "seq", "data"],
        "properties": {
            "type": {"const": frame.name},
            "epoch": {"type": "string", "description": "the server's start; another one makes every place void"},
            "seq": {"type": "integer", "minimum": 0, "description": "its place in the epoch"},
            "data": frame.schema,
        },
    });
    MessageType { schema, ..frame }
}

fn assemble(channels: &[LiveChannel], openapi: &utoipa::openapi::OpenApi) -> Value {
    let (mut listed, mut operations) = (Map::new(), Map::new());
    for channel in channels {
        let mut messages = Map::new();
        let ways = [
            ("send", "sends", &channel.sends),
            ("receive", "takes", &channel.takes),
        ];
        for (action, word, of_way) in ways {
            let mut used = Vec::new();
            for message in of_way {
                let key = format!("{word}-{}", message.name.replace([':', '/', ' '], "-"));
                used.push(json!({"$ref": format!("#/channels/{}/messages/{key}", channel.id)}));
                messages.insert(key, as_message(message));
            }
            if !used.is_empty() {
                let operation = json!({
                    "action": action,
                    "channel": {"$ref": format!("#/channels/{}", channel.id)},
                    "messages": used,
                });
                operations.insert(format!("{}-{word}", channel.id), operation);
            }
        }
        let described = json!({"address": channel.path, "summary": channel.summary, "messages": messages});
        listed.insert(channel.id.clone(), described);
    }
    let components = serde_json::to_value(&openapi.components).unwrap_or_default();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Loom Studio, live",
            "version": openapi.info.version,
            "description": "What travels over sockets and streams. Calls are described in `/api/openapi.json`, whose schemas these are.",
        },
        "defaultContentType": "application/json",
        "channels": listed,
        "operations": operations,
        "components": {"schemas": components.get("schemas").cloned().unwrap_or_default()},
    })
}

fn as_message(message: &MessageType) -> Value {
    json!({
        "name": message.name,
        "summary": message.summary,
        "payload": {"schemaFormat": FORMAT, "schema": message.schema},
    })
}
