//! The sockets that the broker listens on: those that a service manager opened for it, else its
//! own.
//!
//! Owns the protocol by which sockets are handed over (`sd_listen_fds(3)`): `LISTEN_PID` says for
//! which process, `LISTEN_FDS` how many, and they begin at 3. What was handed over takes the place
//! of an address or a socket in the configuration, and stays when the broker ends.

use std::fs;
use std::net::{self, SocketAddr};
use std::os::fd::AsFd;
use std::os::unix::net as unix;
use std::path::{Path, PathBuf};

use accredit_broker::Door;
use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;
use tokio::net::{TcpListener, UnixListener};

use super::socket;
use crate::env_vars;
use crate::error::CliError;
use crate::settings::{Environment, lookup};

/// What a service manager handed over.
#[derive(Debug, Default)]
pub(super) struct Inherited {
    tcp: Vec<net::TcpListener>,
    unix: Vec<unix::UnixListener>,
}

/// Says how many sockets were handed over to this process.
fn count(environment: &dyn Environment) -> usize {
    let number = |name| {
        let text = lookup(environment, name)?;
        text.to_str()?.parse::<u32>().ok()
    };
    match number(env_vars::LISTEN_PID.name) == Some(std::process::id()) {
        true => number(env_vars::LISTEN_FDS.name).map_or(0, |count| count as usize),
        false => 0,
    }
}

fn refused(what: &str) -> CliError {
    CliError::settings(format!("a socket of the service manager {what}"))
        .hint("expected ListenStream= with an address or a path, and Accept=no")
}

impl Inherited {
    /// Takes what was handed over.
    pub(super) fn take(environment: &dyn Environment) -> Result<Self, CliError> {
        let mut inherited = Self::default();
        let count = count(environment);
        if count == 0 {
            return Ok(inherited);
        }
        let mut all = ListenFd::from_env();
        for at in 0..count {
            if let Ok(Some(listener)) = all.take_tcp_listener(at) {
                check(&listener)?;
                inherited.tcp.push(listener);
            } else if let Ok(Some(listener)) = all.take_unix_listener(at) {
                check(&listener)?;
                inherited.unix.push(listener);
            } else {
                return Err(refused("is neither of TCP nor a stream of Unix"));
            }
        }
        Ok(inherited)
    }

    /// The address that was handed over; of several one that other machines can reach.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let all = self.tcp.iter().filter_map(|one| one.local_addr().ok());
        all.min_by_key(|address| address.ip().is_loopback())
    }
}

/// Checks that connections can be accepted from it.
fn check(listener: &impl AsFd) -> Result<(), CliError> {
    match socket_acceptconn(listener) {
        Ok(true) => Ok(()),
        _ => Err(refused("does not listen")),
    }
}

/// Everything that is listened on.
#[derive(Debug)]
pub(super) struct Doors {
    pub(super) all: Vec<Door>,
    pub(super) address: SocketAddr,
    pub(super) made: Made,
}

/// A Unix socket that was made here, which is removed in the end.
#[derive(Debug)]
pub(super) struct Made(Option<PathBuf>);

impl Doors {
    /// Opens `address`, and a Unix socket at `path`, as far as nothing was handed over in their
    /// place.
    pub(super) async fn open(
        address: SocketAddr,
        path: Option<&str>,
        inherited: Inherited,
    ) -> Result<Self, CliError> {
        let failed = |error| {
            let what = "a socket of the service manager cannot be used";
            CliError::settings(what).with_source(error)
        };
        let mut doors = Self {
            all: Vec::new(),
            address: inherited.address().unwrap_or(address),
            made: Made(None),
        };
        let (has_tcp, has_unix) = (!inherited.tcp.is_empty(), !inherited.unix.is_empty());
        for listener in inherited.tcp {
            listener.set_nonblocking(true).map_err(failed)?;
            let listener = TcpListener::from_std(listener).map_err(failed)?;
            doors.all.push(Door::Tcp(listener));
        }
        for listener in inherited.unix {
            listener.set_nonblocking(true).map_err(failed)?;
            let listener = UnixListener::from_std(listener).map_err(failed)?;
            doors.all.push(socket::door(listener));
        }
        if !has_tcp {
            let listener = bind(address).await?;
            doors.address = listener.local_addr().unwrap_or(address);
            doors.all.push(Door::Tcp(listener));
        }
        if let Some(path) = path.filter(|_| !has_unix) {
            doors.all.push(socket::bind(Path::new(path))?);
            doors.made = Made(Some(PathBuf::from(path)));
        }
        Ok(doors)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Somebody may have removed it already.
            let _gone = fs::remove_file(path);
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, CliError> {
    TcpListener::bind(address).await.map_err(|error| {
        CliError::settings(format!("{address} cannot be listened on"))
            .hint("choose another with --listen; port 0 picks a free one")
            .with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::Variables;

    #[test]
    fn sockets_of_another_process_are_not_ours() {
        let own = std::process::id().to_string();
        let variables =
            |pid: &str, fds: &str| Variables::of(&[("LISTEN_PID", pid), ("LISTEN_FDS", fds)]);
        assert_eq!(count(&variables(&own, "2")), 2);
        assert_eq!(count(&variables("1", "2")), 0);
        assert_eq!(count(&variables(&own, "-1")), 0);
        assert_eq!(count(&Variables::default()), 0);
    }
}
