//! OTLP in protobuf: read field by field, and no more of it kept than is needed.
//!
//! By hand, for what a request may cost. A message of protobuf that says nothing has two bytes, and as a value of a generated type some
//! hundreds: sixteen megabytes of them would be gigabytes. Here a request is gone through once, and what is kept of it has a bound.
//! Field numbers are those of opentelemetry-proto 1.x, which never change.

use super::span::{Request, Resource, Span, Value};

/// It is no protobuf, or none of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is no `ExportTraceServiceRequest`: {0}")]
pub(crate) struct Malformed(&'static str);

/// What stands behind a field's number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field<'a> {
    Number(u64),
    Fixed(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, in their order.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(Malformed("it ends in a number"))?;
            self.0 = rest;
            // The tenth byte has one bit of room; what is beyond is left out, as everywhere.
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed("a number has no end"))
    }

    fn bytes(&mut self, count: u64) -> Result<&'a [u8], Malformed> {
        let whole = usize::try_from(count)
            .ok()
            .and_then(|count| self.0.split_at_checked(count));
        let (bytes, rest) = whole.ok_or(Malformed("a field is longer than the message it is in"))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let bytes = self.bytes(N as u64)?;
        bytes.try_into().map_err(|_| Malformed("it ends in a number"))
    }

    fn field(&mut self) -> Result<(u64, Field<'a>), Malformed> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Fixed(u64::from_le_bytes(self.fixed()?)),
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.bytes(length)?)
            }
            5 => Field::Fixed(u32::from_le_bytes(self.fixed()?).into()),
            _ => return Err(Malformed("a field is of a kind that there is not")),
        };
        match tag >> 3 {
            0 => Err(Malformed("a field has the number zero")),
            number => Ok((number, field)),
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl Request {
    /// Reads an `ExportTraceServiceRequest`.
    pub(crate) fn from_protobuf(body: &[u8]) -> Result<Self, Malformed> {
        let mut request = Self::default();
        for field in Fields(body) {
            if let (1, Field::Bytes(spans)) = field? {
                resource_spans(spans, &mut request)?;
            }
        }
        Ok(request)
    }
}

fn resource_spans(bytes: &[u8], request: &mut Request) -> Result<(), Malformed> {
    let mut resource = Resource::default();
    // It may stand behind its spans.
    for field in Fields(bytes) {
        if let (1, Field::Bytes(bytes)) = field? {
            for field in Fields(bytes) {
                if let (1, Field::Bytes(bytes)) = field? {
                    attribute(bytes, |key, value| resource.set(key, value))?;
                }
            }
        }
    }
    request.begin(resource);
    for field in Fields(bytes) {
        if let (2, Field::Bytes(bytes)) = field? {
            for field in Fields(bytes) {
                if let (2, Field::Bytes(bytes)) = field? {
                    let read = span(bytes)?;
                    request.add(read);
                }
            }
        }
    }
    Ok(())
}

fn span(bytes: &[u8]) -> Result<Span, Malformed> {
    let mut span = Span::default();
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(id)) => span.trace = trace_id(id),
            (2, Field::Bytes(id)) => span.id = span_id(id),
            (4, Field::Bytes(id)) => span.parent = span_id(id),
            (5, Field::Bytes(name)) => span.set_name(text(name)?),
            (6, Field::Number(kind)) => span.kind = kind,
            (7, Field::Fixed(nanos)) => span.start = nanos,
            (8, Field::Fixed(nanos)) => span.end = nanos,
            (9, Field::Bytes(bytes)) => attribute(bytes, |key, value| span.set(key, value))?,
            (13, Field::Bytes(bytes)) => link(bytes, &mut span)?,
            (15, Field::Bytes(bytes)) => {
                let (mut message, mut code) = ("", 0);
                for field in Fields(bytes) {
                    match field? {
                        (2, Field::Bytes(bytes)) => message = text(bytes)?,
                        (3, Field::Number(number)) => code = number,
                        _ => {}
                    }
                }
                span.set_status(code, message);
            }
            _ => {}
        }
    }
    Ok(span)
}

fn link(bytes: &[u8], span: &mut Span) -> Result<(), Malformed> {
    let (mut trace, mut id) = (0, 0);
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(bytes)) => trace = trace_id(bytes),
            (2, Field::Bytes(bytes)) => id = span_id(bytes),
            _ => {}
        }
    }
    span.link(trace, id);
    Ok(())
}

/// A key with its value; of values only those that an attribute of ours can have.
fn attribute(bytes: &[u8], set: impl FnOnce(&str, Value<'_>)) -> Result<(), Malformed> {
    let (mut key, mut value) = ("", Value::Other);
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(bytes)) => key = text(bytes)?,
            (2, Field::Bytes(bytes)) => {
                for field in Fields(bytes) {
                    value = match field? {
                        (1, Field::Bytes(bytes)) => Value::Text(text(bytes)?),
                        (2, Field::Number(flag)) => Value::Flag(flag != 0),
                        (3, Field::Number(number)) => Value::Number(number.cast_signed()),
                        _ => Value::Other,
                    };
                }
            }
            _ => {}
        }
    }
    set(key, value);
    Ok(())
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed("a text is no UTF-8"))
}

/// Zero, which names nothing, where it is none.
fn trace_id(bytes: &[u8]) -> u128 {
    bytes.try_into().map_or(0, u128::from_be_bytes)
}

fn span_id(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_be_bytes)
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_bytes(field: u64, bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(field << 3 | 2, out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_number(field: u64, number: u64, out: &mut Vec<u8>) {
    put_varint(field << 3, out);
    put_varint(number, out);
}

/// An `ExportTraceServiceResponse` that says how many spans were not taken, and why; empty where all were.
pub(crate) fn partial_success(rejected: u64, why: &str) -> Vec<u8> {
    let mut response = Vec::new();
    if rejected > 0 || !why.is_empty() {
        let mut partial = Vec::new();
        put_number(1, rejected, &mut partial);
        put_bytes(2, why.as_bytes(), &mut partial);
        put_bytes(1, &partial, &mut response);
    }
    response
}

/// A `google.rpc.Status`, which is how OTLP says that a request was refused.
pub(crate) fn status(message: &str) -> Vec<u8> {
    let mut status = Vec::new();
    put_bytes(2, message.as_bytes(), &mut status);
    status
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A request with one span of one service, written as a client does.
    fn request(spans: &[Vec<u8>]) -> Vec<u8> {
        let message = |parts: &[(u64, &[u8])]| {
            let mut out = Vec::new();
            for (field, bytes) in parts {
                put_bytes(*field, bytes, &mut out);
            }
            out
        };
        let name = message(&[(1, b"service.name"), (2, &message(&[(1, b"shop")]))]);
        let resource = message(&[(1, &name)]);
        let spans: Vec<(u64, &[u8])> = spans.iter().map(|span| (2, span.as_slice())).collect();
        // The resource behind its spans, which is allowed.
        message(&[(1, &message(&[(2, &message(&spans)), (1, &resource)]))])
    }

    fn consumer() -> Vec<u8> {
        let mut span = Vec::new();
        put_bytes(1, &7_u128.to_be_bytes(), &mut span);
        put_bytes(2, &8_u64.to_be_bytes(), &mut span);
        put_bytes(5, b"process orders", &mut span);
        put_number(6, 5, &mut span);
        for (field, nanos) in [(7, 1_000_u64), (8, 4_000)] {
            put_varint(field << 3 | 1, &mut span);
            span.extend_from_slice(&nanos.to_le_bytes());
        }
        let mut value = Vec::new();
        put_bytes(1, b"orders", &mut value);
        let mut attribute = Vec::new();
        put_bytes(1, b"messaging.destination.name", &mut attribute);
        put_bytes(2, &value, &mut attribute);
        put_bytes(9, &attribute, &mut span);
        let mut link = Vec::new();
        put_bytes(1, &5_u128.to_be_bytes(), &mut link);
        put_bytes(2, &6_u64.to_be_bytes(), &mut link);
        put_bytes(13, &link, &mut span);
        let mut status = Vec::new();
        put_bytes(2, b"no such dough", &mut status);
        put_number(3, 2, &mut status);
        put_bytes(15, &status, &mut span);
        // Of a later version.
        put_bytes(1_000, b"?", &mut span);
        put_varint(1_001 << 3 | 5, &mut span);
        span.extend_from_slice(&[1, 2, 3, 4]);
        span
    }

    #[test]
    fn what_is_needed_is_read_and_the_rest_passed_over() {
        let read = Request::from_protobuf(&request(&[consumer()])).unwrap();
        let (resource, span) = read.spans().next().unwrap();
        assert_eq!(resource.service(), "shop");
        assert_eq!((span.trace, span.id, span.parent, span.kind), (7, 8, 0, 5));
        assert_eq!((span.start, span.end), (1_000, 4_000));
        assert_eq!(span.links(), [(5, 6)]);
        assert_eq!(span.error(), Some("no such dough"));
        assert_eq!(span.destination(), "orders");
    }

    #[test]
    fn what_was_forged_is_refused_or_costs_little() {
        let whole = request(&[consumer()]);
        for end in 0..whole.len() {
            // Cut anywhere it is an error, or a message that says less.
            let _read = Request::from_protobuf(&whole[..end]);
        }
        for bytes in [
            &b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..],
            b"\x0b",
            b"\x0f",
            b"\x02\x00",
            b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
            b"{\"resourceSpans\":[]}",
        ] {
            assert!(Request::from_protobuf(bytes).is_err(), "{bytes:?}");
        }
        // Spans that say nothing have two bytes each.
        let many = request(&vec![Vec::new(); 300_000]);
        let read = Request::from_protobuf(&many).unwrap();
        assert!(read.spans().count() <= super::super::span::MOST_SPANS);
        assert_eq!(read.spans().count() as u64 + read.left_out(), 300_000);
    }

    #[test]
    fn answers_are_what_their_readers_expect() {
        assert_eq!(partial_success(0, ""), b"");
        assert_eq!(partial_success(300, "no"), b"\x0a\x07\x08\xac\x02\x12\x02no");
        assert_eq!(status("no"), b"\x12\x02no");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _read = Request::from_protobuf(&bytes);
        }

        #[test]
        fn no_change_of_a_whole_request_makes_it_panic(at in 0_usize..150, byte: u8) {
            let mut bytes = request(&[consumer()]);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _read = Request::from_protobuf(&bytes);
        }
    }
}
