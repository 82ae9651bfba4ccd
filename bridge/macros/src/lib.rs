//! Attributes that put an actix actor on Loom's observed context.
//!
//! Expands source to source, knows nothing of the bridge but the names it writes.

mod actor;
mod controls;

use proc_macro::TokenStream;
use syn::{ItemImpl, parse_macro_input};

/// Gives an actor `start`, `start_default`, `create` and `start_in_arbiter` for the observed context.
///
/// Stands on `impl Actor for X`, because that is where the actor's exact generics and bounds are. Actix's methods of these
/// names are bound to actix's own context; inherent methods win over them, so call sites stay as they are.
/// `type Context` may be left out; it is `loom_bridge::Context<Self>`.
///
/// `#[loom_bridge::actor(controls(snapshot, pause, stop, kill, restart, message(Add, Reset), config(Self::apply)))]` allows that
/// to be ordered of the actor, each word as the method of this name of `loom_bridge::Allow` says; nothing is allowed that is
/// not named. It is one call at the beginning of `started`.
#[proc_macro_attribute]
pub fn actor(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemImpl);
    actor::expand(arguments.into(), item)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
