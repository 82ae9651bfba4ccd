//! The formats of unsigned integers as everybody calls them: `uint64`. The generator has names of its own for them.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Object, Schema};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};

/// Names the formats of a type.
pub(super) fn name(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => name_within(object),
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                name(items);
            }
        }
        Schema::OneOf(either) => either.items.iter_mut().for_each(name),
        Schema::AllOf(all) => all.items.iter_mut().for_each(name),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(name),
        _ => {}
    }
}

/// The same of what stands with an operation itself: its parameters, and the headers of its answers.
pub(super) fn name_of_operation(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(schema) = &mut parameter.schema
        {
            name(schema);
        }
    }
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        for header in response.headers.values_mut() {
            if let RefOr::T(header) = header
                && let Some(schema) = &mut header.schema
            {
                name(schema);
            }
        }
    }
}

fn name_within(object: &mut Object) {
    let usual = match &object.format {
        Some(SchemaFormat::KnownFormat(KnownFormat::UInt8)) => Some("uint8"),
        Some(SchemaFormat::KnownFormat(KnownFormat::UInt16)) => Some("uint16"),
        Some(SchemaFormat::KnownFormat(KnownFormat::UInt32)) => Some("uint32"),
        Some(SchemaFormat::KnownFormat(KnownFormat::UInt64)) => Some("uint64"),
        _ => None,
    };
    if let Some(usual) = usual {
        object.format = Some(SchemaFormat::Custom(usual.to_owned()));
    }
    object.properties.values_mut().for_each(name);
    if let Some(more) = &mut object.additional_properties
        && let AdditionalProperties::RefOr(schema) = &mut **more
    {
        name(schema);
    }
}
