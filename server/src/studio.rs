//! Starting and stopping a studio server.

use std::any::Any;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::{Extensions, ServerHandle};
use actix_web::{HttpServer, rt::net::TcpStream};
use loom_bridge::ActorRegistry;
use tokio::task::JoinHandle;

use crate::access::{Access, Reach, TokenFileError};
use crate::certificate::{Certificate, CertificateError};
use crate::extension::Extension;
use crate::http::{Guard, InvalidOrigin, Origin};
use crate::listen::listen;
use crate::live::{Feed, Line, Sockets};
use crate::options::TlsFiles;
use crate::recording::{Opened, RecordingError};
use crate::replication::{Door, ReplicatedLog};
use crate::workspaces::{Plan, Source, Workspace, WorkspaceName, Workspaces};
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
    log: Option<Arc<dyn ReplicatedLog>>,
    opened: Option<Opened>,
}

/// A studio that listens. Dropping it does not stop the server; [`RunningStudio::stop`] does.
pub struct RunningStudio {
    /// The address to show: the one asked for, with the port it got.
    pub addr: SocketAddr,
    /// Whether it speaks TLS there.
    secure: bool,
    /// Where programs of this machine may speak plain HTTP though it speaks TLS to others.
    plain: Option<SocketAddr>,
    /// The actors of `main`, as all that is named here.
    pub directory: Arc<Directory>,
    /// What reports change. Where there are several servers, only `door` may be reported to.
    pub intake: Arc<Intake>,
    /// Where reports come in; a bridge of this process delivers to it.
    pub door: Arc<Door>,
    /// The live side.
    pub hub: Hub,
    /// The sockets that are open.
    pub sockets: Sockets,
    workspaces: Workspaces,
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
    /// The recording that is to be shown can't be.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The recorder got no thread.
    #[error("the system gives no thread to the recorder\nhelp: LOOM_RECORDER_MB=0 starts without it")]
    Recorder(#[source] io::Error),
    /// The certificate can't be read or used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// TLS can't be set up at all.
    #[error("TLS can't be set up")]
    Tls(#[source] rustls::Error),
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
            log: None,
            opened: None,
        }
    }

    /// Begins to put a studio together that shows a recording, as of its end, and takes no reports. Waits for the disk.
    ///
    /// # Errors
    /// When the file is no recording that this studio reads.
    pub fn open(recording: &Path, options: StudioOptions) -> Result<StudioBuilder, RecordingError> {
        let opened = Opened::read(recording)?;
        Ok(StudioBuilder {
            opened: Some(opened),
            ..Self::builder(options)
        })
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

    /// Makes this server one of several that are one studio: those with the same log.
    pub fn log(mut self, log: Arc<dyn ReplicatedLog>) -> Self {
        self.log = Some(log);
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
        let reach = match &self.opened {
            None => Reach::Named,
            Some(_) => Reach::MainAlone,
        };
        let access = Access::new(options.token.clone(), options.tokens.as_deref(), reach)?;
        if !options.bind.is_loopback() && !access.has_token() {
            return Err(StartError::TokenRequired { bind: options.bind });
        }
        let origins = options
            .origins
            .iter()
            .map(|text| text.parse::<Origin>())
            .collect::<Result<_, _>>()
            .map_err(StartError::Origin)?;
        let pages = crate::workspaces::sections(&self.extensions)
            .into_iter()
            .map(|section| section.path)
            .collect();
        let mut guard = Guard::new(options.bind, origins, access, pages, self.clock.clone());
        if self.opened.is_some() {
            guard = guard.of_the_past();
        }
        let plan = Plan {
            started: self.clock.now(),
            options,
            clock: self.clock,
            guard: Arc::new(guard),
            log: self.log,
        };
        let name = WorkspaceName::main();
        let source = self.opened.map_or_else(|| plan.source(&name), Source::Recording);
        let main = plan.make(&name, source, self.registry, self.extensions)?;
        Ok(Services {
            workspaces: Workspaces::new(plan, main),
        })
    }

    /// Listens and serves. Must be called within a tokio or actix runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(self) -> Result<RunningStudio, StartError> {
        let (bind, port, workers) = (self.options.bind, self.options.port, self.options.workers);
        let (files, plain_on_loopback) = (self.options.tls.clone(), self.options.plain_on_loopback);
        let services = self.services()?;
        let certificate = read(files).await?;
        let listeners = listen(bind, port)?;
        let failed = |source| StartError::Listen {
            address: SocketAddr::new(bind, port),
            source,
        };
        let mut addr = SocketAddr::new(bind, port);
        if let Some(first) = listeners.first() {
            addr = first.local_addr().map_err(failed)?;
        }
        let workspaces = services.workspaces.clone();
        workspaces.start(&name_of(addr)).map_err(StartError::Recorder)?;
        let feed = Feed::of_server(&workspaces, certificate.as_ref());
        let mut server = HttpServer::new(move || create_app(&services))
            .on_connect(prepare)
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .disable_signals();
        if let Some(workers) = workers {
            server = server.workers(workers);
        }
        let mut plain = None;
        match &certificate {
            None => {
                for listener in listeners {
                    server = server.listen(listener).map_err(failed)?;
                }
            }
            Some(certificate) => {
                let config = certificate.config().map_err(StartError::Tls)?;
                for listener in listeners {
                    server = server
                        .listen_rustls_0_23(listener, config.clone())
                        .map_err(failed)?;
                }
                if plain_on_loopback {
                    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                    let failed = |source| StartError::Listen { address, source };
                    for listener in listen(address.ip(), 0)? {
                        plain = plain.or(listener.local_addr().ok());
                        server = server.listen(listener).map_err(failed)?;
                    }
                }
            }
        }
        let server = server.run();
        Ok(RunningStudio {
            addr,
            secure: certificate.is_some(),
            plain,
            directory: workspaces.main().directory.clone(),
            intake: workspaces.main().intake.clone(),
            door: Arc::new(workspaces.main().door.clone()),
            hub: workspaces.main().hub.clone(),
            sockets: workspaces.main().sockets.clone(),
            workspaces,
            server: server.handle(),
            serving: tokio::spawn(server),
            feed,
        })
    }
}

impl RunningStudio {
    /// A workspace that is open.
    pub fn workspace(&self, name: &WorkspaceName) -> Option<Arc<Workspace>> {
        self.workspaces.get(name)
    }

    /// The address to open in a browser.
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let port = self.addr.port();
        match self.addr.ip() {
            ip if ip.is_loopback() => format!("{scheme}://localhost:{port}"),
            // All addresses are none that a browser can open.
            IpAddr::V4(ip) if ip.is_unspecified() => format!("{scheme}://localhost:{port}"),
            IpAddr::V6(ip) if ip.is_unspecified() => format!("{scheme}://[::1]:{port}"),
            _ => format!("{scheme}://{}", self.addr),
        }
    }

    /// The address for programs of this machine, which need no certificate to trust: [`Self::url`], unless it speaks TLS there and
    /// [`StudioOptions::plain_on_loopback`] asked for another.
    pub fn local_url(&self) -> String {
        self.plain
            .map_or_else(|| self.url(), |addr| format!("http://localhost:{}", addr.port()))
    }

    /// Stops: viewers are told, open requests have three seconds to end.
    pub async fn stop(self) {
        for workspace in self.workspaces.all() {
            workspace.stopping();
        }
        self.server.stop(true).await;
        match self.serving.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the server did not end well"),
            Err(error) => tracing::error!(%error, "the server panicked"),
        }
        drop(self.feed);
        self.workspaces.stop().await;
    }
}

/// What the other servers of a studio call this one: where it listens, on which machine.
fn name_of(addr: SocketAddr) -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|host| !host.is_empty());
    match host {
        Some(host) => format!("{host}:{}", addr.port()),
        None => addr.to_string(),
    }
}

/// Reads the certificate where disks may be waited for.
async fn read(files: Option<TlsFiles>) -> Result<Option<Arc<Certificate>>, StartError> {
    let Some(files) = files else { return Ok(None) };
    let read = tokio::task::spawn_blocking(move || Certificate::read(files)).await;
    match read {
        Ok(read) => Ok(Some(read?)),
        Err(panic) => Err(StartError::Tls(rustls::Error::General(panic.to_string()))),
    }
}

/// What is done to every connection before its first request.
fn prepare(connection: &dyn Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<TcpStream>().or_else(|| {
        let encrypted = connection.downcast_ref::<TlsStream<TcpStream>>()?;
        Some(encrypted.get_ref().0)
    });
    let Some(stream) = stream else { return };
    data.insert(Line::of(stream));
    // What is written is whole: to wait for more would hold live frames up by tens of milliseconds.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    give_up_on_the_silent(stream);
}

/// A viewer whose machine went away must not hold its connection, and the actor behind it, for hours.
fn give_up_on_the_silent(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED)) {
        tracing::debug!(%error, "TCP_USER_TIMEOUT could not be set");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _unsupported = (stream, UNACKNOWLEDGED);
}
