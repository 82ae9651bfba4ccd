//! `#[loom_bridge::actor]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ImplItem, ItemImpl, Result, Type, parse_quote};

use crate::controls::Controls;

pub(crate) fn expand(arguments: TokenStream, mut item: ItemImpl) -> Result<TokenStream> {
    let controls = match arguments.is_empty() {
        true => None,
        false => Some(syn::parse2::<Controls>(arguments)?),
    };
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
    let context = item.items.iter().find_map(|item| match item {
        ImplItem::Type(alias) if alias.ident == "Context" => Some(&alias.ty),
        _ => None,
    });
    let is_sync = context.is_some_and(is_sync_context);
    if is_sync && controls.is_some() {
        return Err(Error::new_spanned(
            &item.self_ty,
            "an actor of a `SyncArbiter` takes no orders: remove `controls(…)`",
        ));
    }
    if context.is_none() {
        item.items.insert(
            0,
            parse_quote!(
                type Context = ::loom_bridge::Context<Self>;
            ),
        );
    }
    if let Some(controls) = controls {
        controls.into_started(&mut item)?;
    }
    let actor = &item.self_ty;
    let (generics, _, bounds) = item.generics.split_for_impl();
    if is_sync {
        // Such an actor is started by its arbiter.
        return Ok(quote! {
            #item

            #[allow(dead_code, reason = "the compiler asks, nobody calls")]
            impl #generics #actor #bounds {
                #[doc(hidden)]
                fn __loom_is_seen() {
                    ::loom_bridge::__private::is_seen::<<Self as ::loom_bridge::__private::actix::Actor>::Context>();
                }
            }
        });
    }
    Ok(quote! {
        #item

        #[allow(dead_code, unreachable_pub, reason = "an actor need not be started in all ways, nor be public")]
        impl #generics #actor #bounds {
            #[doc(hidden)]
            fn __loom_is_seen() {
                ::loom_bridge::__private::is_seen::<<Self as ::loom_bridge::__private::actix::Actor>::Context>();
            }

            /// Has the actor handle the items of a stream; they count as messages.
            pub fn add_stream<Items>(
                stream: Items,
                context: &mut ::loom_bridge::Context<Self>,
            ) -> ::loom_bridge::__private::actix::SpawnHandle
            where
                Items: ::loom_bridge::__private::Stream + 'static,
                // The context once more: in generic actors the first bound hides what it is.
                Self: ::loom_bridge::__private::actix::StreamHandler<Items::Item>
                    + ::loom_bridge::__private::actix::Actor<Context = ::loom_bridge::Context<Self>>,
            {
                ::loom_bridge::__private::actix::AsyncContext::add_stream(context, stream)
            }

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

/// By its last word: an alias is taken for a context of the usual kind.
fn is_sync_context(context: &Type) -> bool {
    let Type::Path(path) = context else {
        return false;
    };
    path.path
        .segments
        .last()
        .is_some_and(|segment| segment.ident == "SyncContext")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: TokenStream, item: TokenStream) -> std::result::Result<String, String> {
        let item = syn::parse2(item).unwrap();
        expand(arguments, item)
            .map(|tokens| tokens.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_missing_context_is_filled_in_and_a_given_one_stays() {
        let filled = expanded(quote!(), quote!(impl Actor for A {})).unwrap();
        assert!(
            filled.contains("type Context = :: loom_bridge :: Context < Self >"),
            "{filled}"
        );
        let given = expanded(quote!(), quote!(impl actix::Actor for A { type Context = Own; })).unwrap();
        assert!(
            given.contains("type Context = Own") && !given.contains("type Context = ::"),
            "{given}"
        );
    }

    #[test]
    fn generics_and_bounds_are_those_of_the_actor() {
        let item = quote!(
            impl<T: Clone> Actor for A<T> where T: Send {}
        );
        let expanded = expanded(quote!(), item).unwrap();
        assert!(
            expanded.contains("impl < T : Clone > A < T > where T : Send"),
            "{expanded}"
        );
    }

    #[test]
    fn wrong_places_and_arguments_are_refused_with_what_to_do() {
        for item in [quote!(impl A {}), quote!(impl Handler<M> for A {})] {
            let error = expanded(quote!(), item).unwrap_err();
            assert!(error.contains("impl Actor for"), "{error}");
        }
        let sync = quote!(
            impl Actor for A {
                type Context = SyncContext<Self>;
            }
        );
        for (arguments, item, says) in [
            (
                quote!(name = "x"),
                quote!(impl Actor for A {}),
                "nothing but `controls(",
            ),
            (
                quote!(controls(teleport)),
                quote!(impl Actor for A {}),
                "message(Add, Reset)",
            ),
            (
                quote!(controls(message())),
                quote!(impl Actor for A {}),
                "names the types",
            ),
            (quote!(controls(pause)), sync, "takes no orders"),
        ] {
            let error = expanded(arguments, item).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn controls_are_allowed_before_what_the_actor_does_when_it_starts() {
        let item = quote!(
            impl Actor for A {
                fn started(&mut self, ctx: &mut Self::Context) {
                    ctx.stop();
                }
            }
        );
        let arguments = quote!(controls(pause, message(Add, Reset), config(Self::apply)));
        let given = expanded(arguments.clone(), item).unwrap();
        let allow = ". pause () . message :: < Add > () . message :: < Reset > () . config (Self :: apply)";
        let (allowed, stopped) = (given.find(allow), given.find("ctx . stop ()"));
        assert!(allowed.is_some() && allowed < stopped, "{given}");
        let made = expanded(arguments, quote!(impl Actor for A {})).unwrap();
        assert!(made.contains("fn started") && made.contains(allow), "{made}");
    }
}
