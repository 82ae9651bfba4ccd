//! The certificate that the studio shows over TLS, read from files and read again when they change, so that a renewed one
//! is shown without a restart.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys, ServerConfig};

use crate::options::TlsFiles;

/// Longer files are no certificates: a whole chain has some kilobytes.
const LONGEST: u64 = 1 << 20;

/// What to do about a certificate that can't be used.
const HELP: &str = "help: LOOM_TLS_CERT wants a PEM file with the server's certificate first and those that signed it behind, \
                    LOOM_TLS_KEY the PEM file of its private key";

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file can't be read.
    #[error("can't read {}\n{HELP}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is far too long.
    #[error("{} is longer than 1 MB, which no certificate and no key is\n{HELP}", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// There is nothing of the wanted kind in a file.
    #[error("there is no {wanted} in {}\n{HELP}", path.display())]
    Missing {
        /// What was looked for.
        wanted: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// A file is no PEM file.
    #[error("{} can't be read as PEM\n{HELP}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong with it. Holds nothing of the file.
        source: PemError,
    },
    /// The key is another certificate's.
    #[error("the key in {} is not that of the first certificate in {}\n{HELP}", key.display(), certificate.display())]
    OfAnother {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The certificate or the key is of a kind that is not known here.
    #[error("the certificate in {} can't be used\n{HELP}", path.display())]
    Unusable {
        /// The file of the certificate.
        path: PathBuf,
        /// Why.
        source: TlsError,
    },
}

/// The certificate that is shown now.
pub(crate) struct Certificate {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    now: RwLock<Arc<Shown>>,
    /// What was said last of files that can't be used, so that it is said once.
    trouble: RwLock<Option<String>>,
}

/// What was read, with the texts it was read from: changed files are found by what is in them, whatever their times say.
struct Shown {
    key: Arc<CertifiedKey>,
    texts: (Vec<u8>, Vec<u8>),
}

impl Certificate {
    /// Reads the files. Waits for the disk.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub(crate) fn read(files: TlsFiles) -> Result<Arc<Self>, CertificateError> {
        let provider = Arc::new(ring::default_provider());
        let texts = read_both(&files)?;
        let key = certified(&files, &texts, &provider)?;
        Ok(Arc::new(Self {
            files,
            provider,
            now: RwLock::new(Arc::new(Shown { key, texts })),
            trouble: RwLock::default(),
        }))
    }

    /// What a server needs to show it, and whatever comes after it.
    ///
    /// # Errors
    /// When the provider knows no version of TLS, which would be a fault of the build.
    pub(crate) fn config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let shown: Arc<dyn ResolvesServerCert> = self.clone();
        let builder = ServerConfig::builder_with_provider(self.provider.clone());
        Ok(builder
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(shown))
    }

    /// Reads the files again. Those that can't be used are told of, once, and the certificate before stays: while a renewal writes
    /// the two files, one of them is the new one's and the other is not. Waits for the disk.
    pub(crate) fn reload(&self) {
        let read = read_both(&self.files).and_then(|texts| {
            let same = texts == self.shown().texts;
            let key = (!same).then(|| certified(&self.files, &texts, &self.provider));
            Ok(key.transpose()?.map(|key| Shown { key, texts }))
        });
        let mut trouble = self.trouble.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(None) => *trouble = None,
            Ok(Some(shown)) => {
                *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
                *trouble = None;
                tracing::info!("the certificate was read again; new connections are shown the new one");
            }
            Err(error) => {
                let text = error.to_string();
                let what = text.lines().next().unwrap_or_default();
                if trouble.as_deref() != Some(what) {
                    tracing::error!("{what}; until that is mended, the certificate before is shown");
                    *trouble = Some(what.to_owned());
                }
            }
        }
    }

    fn shown(&self) -> Arc<Shown> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown().key.clone())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn read_both(files: &TlsFiles) -> Result<(Vec<u8>, Vec<u8>), CertificateError> {
    Ok((read(&files.certificate)?, read(&files.key)?))
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |source| CertificateError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        // A pipe or a device would be waited for, or never end.
        return Err(unreadable(io::Error::other("it is no ordinary file")));
    }
    if about.len() > LONGEST {
        return Err(CertificateError::TooLong {
            path: path.to_owned(),
        });
    }
    std::fs::read(path).map_err(unreadable)
}

fn certified(
    files: &TlsFiles,
    (certificate, key): &(Vec<u8>, Vec<u8>),
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, CertificateError> {
    let malformed = |path: &Path, wanted| {
        let path = path.to_owned();
        move |source| match source {
            PemError::NoItemsFound => CertificateError::Missing { wanted, path },
            source => CertificateError::Malformed { path, source },
        }
    };
    let wanted = "certificate";
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(malformed(&files.certificate, wanted))?;
    if chain.is_empty() {
        return Err(malformed(&files.certificate, wanted)(PemError::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(malformed(&files.key, "private key"))?;
    let certified = CertifiedKey::from_der(chain, key, provider);
    certified.map(Arc::new).map_err(|source| match source {
        TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertificateError::OfAnother {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
        },
        source => CertificateError::Unusable {
            path: files.certificate.clone(),
            source,
        },
    })
}
