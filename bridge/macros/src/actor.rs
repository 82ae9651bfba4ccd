//! `#[loom_bridge::actor]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ImplItem, ItemImpl, Result, parse_quote};

pub(crate) fn expand(arguments: TokenStream, mut item: ItemImpl) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(
            arguments,
            "`#[loom_bridge::actor]` takes no arguments",
        ));
    }
    let is_actor = item
        .trait_
        .as_ref()
        .and_then(|(_, path, _)| path.segments.last())
        .is_some_and(|segment| segment.ident == "Actor");
    if !is_actor {
        return Err(Error::new_spanned(
            &item.self_ty,
            "`#[loom_bridge::actor]` stands on `impl Actor for …`, where the actor's bounds are",
        ));
    }
    let has_context = item
        .items
        .iter()
        .any(|item| matches!(item, ImplItem::Type(alias) if alias.ident == "Context"));
    if !has_context {
        item.items.insert(
            0,
            parse_quote!(
                type Context = ::loom_bridge::Context<Self>;
            ),
        );
    }
    let actor = &item.self_ty;
    let (generics, _, bounds) = item.generics.split_for_impl();
    Ok(quote! {
        #item

        #[allow(dead_code, unreachable_pub, reason = "an actor need not be started in all ways, nor be public")]
        impl #generics #actor #bounds {
            /// Starts the actor on the running arbiter.
            pub fn start(self) -> ::loom_bridge::__private::actix::Addr<Self> {
                ::loom_bridge::Context::new().run(self)
            }

            /// Starts the actor's default on the running arbiter.
            pub fn start_default() -> ::loom_bridge::__private::actix::Addr<Self>
            where
                // The quantifier keeps the bound from being checked where nobody calls this.
                for<'any> Self: ::core::default::Default,
            {
                ::loom_bridge::Context::new().run(<Self as ::core::default::Default>::default())
            }

            /// Starts the actor that `make` returns on the running arbiter.
            pub fn create<MakeActor>(make: MakeActor) -> ::loom_bridge::__private::actix::Addr<Self>
            where
                MakeActor: ::core::ops::FnOnce(&mut ::loom_bridge::Context<Self>) -> Self,
            {
                ::loom_bridge::spawn(::loom_bridge::ActorSpec::of::<Self>(), make)
            }

            /// Starts the actor that `make` returns on another arbiter.
            pub fn start_in_arbiter<MakeActor>(
                arbiter: &::loom_bridge::__private::actix_rt::ArbiterHandle,
                make: MakeActor,
            ) -> ::loom_bridge::__private::actix::Addr<Self>
            where
                MakeActor: ::core::ops::FnOnce(&mut ::loom_bridge::Context<Self>) -> Self
                    + ::core::marker::Send
                    + 'static,
            {
                ::loom_bridge::spawn_in(arbiter, ::loom_bridge::ActorSpec::of::<Self>(), make)
            }
        }
    })
}
