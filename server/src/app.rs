//! The application: one factory for the server and for tests.

use std::ops::Deref;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, Error, web};

use crate::http;
use crate::workspaces::{Workspace, WorkspaceName, Workspaces};

/// What the application is made from: its workspaces, and what they share. Stands for the workspace `main` where one is meant.
#[derive(Clone)]
pub struct Services {
    pub(crate) workspaces: Workspaces,
}

impl Services {
    /// A workspace that is open.
    pub fn workspace(&self, name: &WorkspaceName) -> Option<Arc<Workspace>> {
        self.workspaces.get(name)
    }

    /// Goes by the tokens that are in their file now, as a running studio does each second. Waits for the disk.
    pub fn reload(&self) {
        self.workspaces.reload();
    }
}

impl Deref for Services {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        self.workspaces.main()
    }
}

/// The whole application, as it runs on each serving thread.
pub fn create_app(
    services: &Services,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let extensions = services.extensions.clone();
    App::new()
        // What is of one workspace comes with the request alone.
        .app_data(web::Data::from(services.guard.clone()))
        .app_data(web::Data::new(services.workspaces.clone()))
        .configure(http::configure_extractors)
        // Before the studio's own, whose last word is the page for every path that nobody claimed.
        .configure(|config| {
            for extension in &extensions {
                extension.configure(config);
            }
        })
        .configure(http::configure)
        // The last one added runs first: headers go on refusals too, and nothing runs before the guard.
        .wrap(from_fn(http::guard))
        .wrap(
            DefaultHeaders::new()
                .add(("X-Content-Type-Options", "nosniff"))
                .add(("Referrer-Policy", "no-referrer"))
                // No other site may take an answer as its script, image or style.
                .add(("Cross-Origin-Resource-Policy", "same-origin"))
                .add(("Cache-Control", "no-store")),
        )
}
