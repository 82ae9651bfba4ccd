//! `controls(…)` of the attribute: what the actor lets others order of it, as one call in its `started`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, FnArg, Ident, ImplItem, ItemImpl, Result, Token, Type, parenthesized, parse_quote};

/// The words, for those who wrote another one.
const WORDS: &str = "snapshot, pause, stop, kill, restart, message(Add, Reset), config(Self::apply)";

/// What is allowed, as calls of `Allow`'s methods.
pub(crate) struct Controls {
    calls: Vec<TokenStream>,
}

impl Parse for Controls {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse()?;
        if name != "controls" {
            return Err(Error::new_spanned(
                name,
                format!("`#[loom_bridge::actor]` takes nothing but `controls({WORDS})`"),
            ));
        }
        let content;
        parenthesized!(content in input);
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("`controls(…)` is all that `#[loom_bridge::actor]` takes"));
        }
        let calls = Punctuated::<Calls, Token![,]>::parse_terminated(&content)?;
        Ok(Self {
            calls: calls.into_iter().flat_map(|calls| calls.0).collect(),
        })
    }
}

/// The calls that one word stands for.
struct Calls(Vec<TokenStream>);

impl Parse for Calls {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let word: Ident = input.parse()?;
        let calls = match word.to_string().as_str() {
            "snapshot" | "pause" | "stop" | "kill" | "restart" => vec![quote!(.#word())],
            "message" => {
                let content;
                parenthesized!(content in input);
                let messages = Punctuated::<Type, Token![,]>::parse_terminated(&content)?;
                if messages.is_empty() {
                    return Err(Error::new_spanned(
                        word,
                        "`message` names the types: `message(Add, Reset)`",
                    ));
                }
                messages
                    .iter()
                    .map(|message| quote!(.message::<#message>()))
                    .collect()
            }
            "config" => {
                let content;
                parenthesized!(content in input);
                let apply: Expr = content.parse()?;
                vec![quote!(.config(#apply))]
            }
            _ => {
                return Err(Error::new_spanned(
                    &word,
                    format!("`{word}` is nothing that can be ordered of an actor; there are {WORDS}"),
                ));
            }
        };
        Ok(Self(calls))
    }
}

impl Controls {
    /// Allows it in the actor's `started`, before whatever stands there.
    pub(crate) fn into_started(self, item: &mut ItemImpl) -> Result<()> {
        let calls = self.calls;
        if calls.is_empty() {
            return Ok(());
        }
        let context = format_ident!("__loom_context");
        let allow = quote!(::loom_bridge::Context::allow(&mut *#context) #(#calls)*;);
        let started = item.items.iter_mut().find_map(|item| match item {
            ImplItem::Fn(method) if method.sig.ident == "started" => Some(method),
            _ => None,
        });
        let Some(started) = started else {
            item.items.push(parse_quote! {
                fn started(&mut self, #context: &mut <Self as ::loom_bridge::__private::actix::Actor>::Context) {
                    #allow
                }
            });
            return Ok(());
        };
        let Some(FnArg::Typed(argument)) = started.sig.inputs.iter_mut().nth(1) else {
            return Err(Error::new_spanned(
                &started.sig,
                "`started` takes `&mut self` and the context",
            ));
        };
        let pattern = std::mem::replace(&mut argument.pat, parse_quote!(#context));
        let body = &started.block;
        started.block = parse_quote!({
            #allow
            let #pattern = #context;
            #body
        });
        Ok(())
    }
}
