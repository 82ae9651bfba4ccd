//! Starting and stopping a studio server.

use std::any::Any;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::{HttpServer, rt::net::TcpStream};
use loom_bridge::ActorRegistry;
use loom_history::{History, HistoryOptions};
use tokio::task::JoinHandle;

use crate::access::{Access, TokenFileError};
use crate::extension::Extension;
use crate::http::{Guard, InvalidOrigin, Origin};
use crate::listen::listen;
use crate::live::{Feed, Line, Sockets};
use crate::windows::Windows;
use crate::{Clock, Directory, Hub, Intake, Services, StudioOptions, SystemClock, create_app};

/// Time that open requests have to end when the server stops.
const SHUTDOWN_SECONDS: u64 = 3;
/// Time after which the kernel gives up a peer that no longer takes what it is sent.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// The studio server; see [`Studio::builder`].
#[derive(Debug)]
pub struct Studio;

/// A studio that is put together.
#[must_use = "a studio does nothing until it is started"]
pub struct StudioBuilder {
    options: StudioOptions,
    extensions: Vec<Arc<dyn Extension>>,
    clock: Arc<dyn Clock>,
    registry: ActorRegistry,
}

/// A studio that listens. Dropping it does not stop the server; [`RunningStudio::stop`] does.
pub struct RunningStudio {
    /// The address to show: the one asked for, with the port it got.
    pub addr: SocketAddr,
    /// The actors.
    pub directory: Arc<Directory>,
    /// The one way by which reports change what is known; a bridge of this process delivers to it.
    pub intake: Arc<Intake>,
    /// The live side.
    pub hub: Hub,
    /// The sockets that are open.
    pub sockets: Sockets,
    extensions: Vec<Arc<dyn Extension>>,
    server: ServerHandle,
    serving: JoinHandle<io::Result<()>>,
    feed: Feed,
}

/// Why a studio did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Somebody else listens there.
    #[error(
        "port {port} of {ip} is taken by another program\nhelp: stop it (`ss -ltnp 'sport = :{port}'` names it) or choose \
         another port with LOOM_PORT",
        port = address.port(), ip = address.ip()
    )]
    PortTaken {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address can't be listened on.
    #[error(
        "can't listen on {address}\nhelp: LOOM_BIND must be an address of this machine, and ports below 1024 need privileges"
    )]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Anybody in reach could look and act.
    #[error(
        "will not listen on {bind} without a token: everybody who reaches this address could see and control everything\n\
         help: set STUDIO_TOKEN, make a token (`loom-studio token add NAME --role admin --tokens FILE`) and give that file as \
         STUDIO_TOKENS, or listen on 127.0.0.1"
    )]
    TokenRequired {
        /// The address that was asked for.
        bind: IpAddr,
    },
    /// The file of tokens can't be read or trusted.
    #[error(transparent)]
    Tokens(#[from] TokenFileError),
    /// An allowed origin can't be read.
    #[error("an origin in LOOM_CORS_ORIGINS can't be read")]
    Origin(#[source] InvalidOrigin),
}

impl Studio {
    /// Begins to put a studio together.
    pub fn builder(options: StudioOptions) -> StudioBuilder {
        StudioBuilder {
            options,
            extensions: Vec::new(),
            clock: Arc::new(SystemClock),
            registry: ActorRegistry::process_wide(),
        }
    }
}

impl StudioBuilder {
    /// Plugs a product in.
    pub fn extension(mut self, extension: Arc<dyn Extension>) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Goes by another clock than the machine's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Registers the studio's own actors (its viewers) there instead of in the process-wide registry.
    pub fn registry(mut self, registry: ActorRegistry) -> Self {
        self.registry = registry;
        self
    }

    /// What the application shares, without listening and without publishing changes: for tests of routes. The extensions
    /// are attached. The history is opened, which waits for the disk; where that can't be used it is in memory.
    ///
    /// # Errors
    /// When an origin or the file of tokens can't be read, or a token is missing for an address that others reach. The file
    /// is read here, so this waits for the disk.
    pub fn services(self) -> Result<Services, StartError> {
        let options = self.options;
        let access = Access::new(options.token, options.tokens.as_deref())?;
        if !options.bind.is_loopback() && !access.has_token() {
            return Err(StartError::TokenRequired { bind: options.bind });
        }
        let origins = options
            .origins
            .iter()
            .map(|text| text.parse::<Origin>())
            .collect::<Result<_, _>>()
            .map_err(StartError::Origin)?;
        let pages = crate::app::sections(&self.extensions)
            .into_iter()
            .map(|section| section.path)
            .collect();
        let started = self.clock.now();
        let guard = Guard::new(options.bind, origins, access, pages, self.clock.clone());
        let directory = Arc::new(Directory::new(options.directory, self.clock));
        let history = Arc::new(History::open(HistoryOptions {
            directory: options.state,
            ..HistoryOptions::default()
        }));
        let services = Services {
            intake: Arc::new(Intake::new(directory.clone()).remembering(history)),
            directory,
            hub: Hub::new(started),
            sockets: Sockets::new(options.max_sockets, options.stalled_after),
            windows: Windows::default(),
            guard: Arc::new(guard),
            registry: self.registry,
            body_within: options.body_within,
            extensions: self.extensions,
            started,
        };
        services.attach_extensions();
        Ok(services)
    }

    /// Listens and serves. Must be called within a tokio or actix runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    #[expect(
        clippy::unused_async,
        reason = "starting may come to wait, and says today that a runtime is needed"
    )]
    pub async fn start(self) -> Result<RunningStudio, StartError> {
        let (bind, port, workers) = (self.options.bind, self.options.port, self.options.workers);
        let services = self.services()?;
        let listeners = listen(bind, port)?;
        let failed = |source| StartError::Listen {
            address: SocketAddr::new(bind, port),
            source,
        };
        let mut addr = SocketAddr::new(bind, port);
        if let Some(first) = listeners.first() {
            addr = first.local_addr().map_err(failed)?;
        }
        let feed = Feed::start(
            &services.intake,
            &services.hub,
            &services.sockets,
            &services.windows,
            &services.guard,
        );
        let Services {
            directory,
            intake,
            hub,
            sockets,
            extensions,
            ..
        } = services.clone();
        let mut server = HttpServer::new(move || create_app(&services))
            .on_connect(prepare)
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .disable_signals();
        if let Some(workers) = workers {
            server = server.workers(workers);
        }
        for listener in listeners {
            server = server.listen(listener).map_err(failed)?;
        }
        let server = server.run();
        Ok(RunningStudio {
            addr,
            directory,
            intake,
            hub,
            sockets,
            extensions,
            server: server.handle(),
            serving: tokio::spawn(server),
            feed,
        })
    }
}

impl RunningStudio {
    /// The address to open in a browser.
    pub fn url(&self) -> String {
        let port = self.addr.port();
        match self.addr.ip() {
            ip if ip.is_loopback() => format!("http://localhost:{port}"),
            // All addresses are none that a browser can open.
            IpAddr::V4(ip) if ip.is_unspecified() => format!("http://localhost:{port}"),
            IpAddr::V6(ip) if ip.is_unspecified() => format!("http://[::1]:{port}"),
            _ => format!("http://{}", self.addr),
        }
    }

    /// Stops: viewers are told, open requests have three seconds to end.
    pub async fn stop(self) {
        for extension in &self.extensions {
            extension.stopping();
        }
        self.hub.close();
        self.directory.orders().polls().close();
        self.server.stop(true).await;
        match self.serving.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the server did not end well"),
            Err(error) => tracing::error!(%error, "the server panicked"),
        }
        drop(self.feed);
        let intake = self.intake;
        // Waits for the disk. That it panics would be a fault of ours, and there is nothing left that it could harm.
        let _panic = tokio::task::spawn_blocking(move || intake.history().close()).await;
    }
}

/// What is done to every connection before its first request.
fn prepare(connection: &dyn Any, data: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        data.insert(Line::of(stream));
        // What is written is whole: to wait for more would hold live frames up by tens of milliseconds.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    }
    give_up_on_the_silent(connection);
}

/// A viewer whose machine went away must not hold its connection, and the actor behind it, for hours.
fn give_up_on_the_silent(connection: &dyn Any) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        let socket = socket2::SockRef::from(stream);
        if let Err(error) = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)) {
            tracing::debug!(%error, "TCP_USER_TIMEOUT could not be set");
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _unsupported = (connection.downcast_ref::<TcpStream>(), UNACKNOWLEDGED);
}
