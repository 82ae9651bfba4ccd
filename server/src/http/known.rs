//! A path of the interface with what may be done there: what else is tried is answered with 405 and the methods there are.

use std::future::Future;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::guard::{Any, Get, Head};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder};

use super::error::ApiError;
use super::extract::json;
use crate::access::{Caller, Role};

/// A path and its methods, before it is registered.
#[must_use = "a path does nothing until it is registered"]
pub struct Known {
    path: String,
    resource: Resource,
    methods: Vec<Method>,
    role: Option<Role>,
    /// Whether that role is for those alone who change something.
    is_for_writing: bool,
}

impl Known {
    /// A path, by its whole pattern: `/api/actors/{id}`.
    pub fn at(path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            resource: web::resource(path.as_str()),
            path,
            methods: Vec::new(),
            role: None,
            is_for_writing: false,
        }
    }

    /// `GET` is answered by `handler`, and `HEAD` for those who only ask whether it is there.
    pub fn get<F, Arguments>(mut self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let read = web::route().guard(Any(Get()).or(Head())).to(handler);
        self.resource = self.resource.route(read);
        self.methods.extend([Method::GET, Method::HEAD]);
        self
    }

    /// `POST` is answered by `handler`.
    pub fn post<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, handler)
    }

    /// `PUT` is answered by `handler`.
    pub fn put<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::PUT, handler)
    }

    /// `DELETE` is answered by `handler`.
    pub fn delete<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::DELETE, handler)
    }

    fn on<F, Arguments>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.resource = self.resource.route(web::method(method.clone()).to(handler));
        self.methods.push(method);
        self
    }

    /// Takes JSON bodies of up to so many bytes, instead of the usual limit.
    pub fn json_up_to(mut self, bytes: usize) -> Self {
        self.resource = self.resource.app_data(json(bytes));
        self
    }

    /// Wants another role than the usual one, which is `view` to read and `operate` for the rest.
    pub fn needs(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// Wants another role than the usual one of those who do more than read.
    pub fn writes_need(mut self, role: Role) -> Self {
        self.is_for_writing = true;
        self.needs(role)
    }

    /// The role that `method` needs here.
    pub fn needed(&self, method: &Method) -> Role {
        let is_read = is_read(method);
        let usual = if is_read { Role::View } else { Role::Operate };
        self.role
            .filter(|_| !(is_read && self.is_for_writing))
            .unwrap_or(usual)
    }

    /// The pattern of the path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What may be done there.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// Registers it.
    pub fn register(self, config: &mut ServiceConfig) {
        let known: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        let other = refuse(known.join(", "));
        let resource = self.resource.default_service(web::to(other));
        match self.role {
            Some(role) => {
                let is_for_writing = self.is_for_writing;
                config.service(resource.wrap(from_fn(move |request: ServiceRequest, next| {
                    let usual = is_for_writing && is_read(request.method());
                    // The guard has asked for the usual one.
                    only((!usual).then_some(role), request, next)
                })))
            }
            None => config.service(resource),
        };
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Behind the guard, which knows who asks and not which route a path leads to.
async fn only(
    role: Option<Role>,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(role) = role else {
        return next.call(request).await;
    };
    let caller = request.extract::<Caller>().await;
    match caller.and_then(|caller| caller.need(role)) {
        Ok(()) => next.call(request).await,
        Err(problem) => Ok(request.into_response(problem.response())),
    }
}

fn refuse(
    known: String,
) -> impl Fn(HttpRequest) -> std::pin::Pin<Box<dyn Future<Output = HttpResponse>>> + Clone + 'static {
    move |request: HttpRequest| {
        let known = known.clone();
        Box::pin(async move {
            let (method, path) = (request.method(), request.path());
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "method not allowed",
                format!("`{path}` does not know {method}; it knows {known}"),
            )
            .with_header(header::ALLOW, known)
            .response()
        })
    }
}
