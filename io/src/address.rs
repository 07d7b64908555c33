//! Where a feed is: what the operator's URL says, checked before anything is dialled.

use std::fmt;
use std::str::FromStr;

use highwater_core::dialect::{Dialect, Pasted, flags_of_query};
use hyper::Uri;

/// With TLS or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `ws`: without.
    Ws,
    /// `wss`: with.
    Wss,
}

/// Where a feed is, and how it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
    dialect: Dialect,
}

/// Why a URL does not name a feed: the operator has to write another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// Not a URL, or one without a host.
    NotAUrl,
    /// Another scheme than `ws` or `wss`; the URL that may have been meant, if there is one.
    Scheme(Option<String>),
    /// A name or a password: no feed takes one, and it would end up in logs.
    Credentials,
    /// A query: what is wanted is said by flags, which are these.
    Query(Pasted),
    /// The path is not one of a dialect that is known.
    Path(String),
}

impl Address {
    /// The address in `url`. The dialect is the path's unless it is given.
    pub fn parse(url: &str, dialect: Option<Dialect>) -> Result<Self, AddressError> {
        let uri = Uri::from_str(url).map_err(|_| AddressError::NotAUrl)?;
        let scheme = match uri.scheme_str() {
            Some("ws") => Scheme::Ws,
            Some("wss") => Scheme::Wss,
            Some("http") => return Err(AddressError::Scheme(Some(url.replacen("http", "ws", 1)))),
            Some("https") => return Err(AddressError::Scheme(Some(url.replacen("https", "wss", 1)))),
            Some(_) => return Err(AddressError::Scheme(None)),
            None => return Err(AddressError::Scheme(Some(format!("wss://{url}")))),
        };
        let authority = uri.authority().ok_or(AddressError::NotAUrl)?;
        if authority.as_str().contains('@') {
            return Err(AddressError::Credentials);
        }
        if let Some(query) = uri.query() {
            return Err(AddressError::Query(flags_of_query(query)));
        }
        let known = Dialect::from_path(uri.path());
        let dialect = dialect.or(known).ok_or_else(|| AddressError::Path(uri.path().to_owned()))?;
        // A bare host means the dialect's own path; any other path is the operator's to choose.
        let path = if uri.path() == "/" { dialect.path() } else { uri.path() }.to_owned();
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() {
            return Err(AddressError::NotAUrl);
        }
        let port = authority.port_u16().unwrap_or(scheme.port());
        Ok(Self { scheme, host, port, path, dialect })
    }

    /// With TLS or without.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own if the URL names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where on the host.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How it speaks.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Host and port as HTTP has them: the port only where it is not the scheme's own.
    pub fn host_header(&self) -> String {
        let whole = self.host_port();
        match whole.strip_suffix(&format!(":{}", self.scheme.port())) {
            Some(host) => host.to_owned(),
            None => whole,
        }
    }

    /// Host and port, as a scope is stored under: the same for every spelling of the same place.
    pub fn host_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl Scheme {
    fn port(self) -> u16 {
        match self {
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Ws => "ws",
            Scheme::Wss => "wss",
        };
        write!(f, "{scheme}://{}{}", self.host_port(), self.path)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAUrl => f.write_str("not a URL"),
            Self::Scheme(_) => f.write_str("not a WebSocket URL: it has to begin with wss:// or ws://"),
            Self::Credentials => f.write_str("a URL has a name or a password in it, which no feed takes"),
            Self::Query(_) => f.write_str("a URL with a query; what is wanted is said by flags"),
            Self::Path(path) => write!(f, "of no dialect that is known, by its path {path}"),
        }
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_says_the_dialect_and_a_bare_host_is_v1() {
        for (url, shown) in [
            ("wss://Example.COM", "wss://example.com:443/subscribe"),
            ("wss://example.com/", "wss://example.com:443/subscribe"),
            ("ws://example.com:6008/subscribe", "ws://example.com:6008/subscribe"),
            ("ws://[::1]/subscribe", "ws://[::1]:80/subscribe"),
        ] {
            let address = Address::parse(url, None).unwrap();
            assert_eq!((address.to_string().as_str(), address.dialect()), (shown, Dialect::JetstreamV1));
        }
        let v2 = Dialect::JetstreamV2;
        let address = Address::parse(&format!("wss://example.com{}", v2.path()), None).unwrap();
        assert_eq!(address.dialect(), v2);
    }

    #[test]
    fn a_dialect_that_is_given_wins_and_keeps_the_path() {
        let v2 = Some(Dialect::JetstreamV2);
        assert_eq!(Address::parse("ws://h/behind/a/proxy", v2).unwrap().path(), "/behind/a/proxy");
        assert_eq!(Address::parse("ws://h", v2).unwrap().path(), Dialect::JetstreamV2.path());
        let error = Address::parse("ws://h/behind/a/proxy", None).unwrap_err();
        assert_eq!(error, AddressError::Path("/behind/a/proxy".into()));
    }

    #[test]
    fn what_is_no_feed_is_refused() {
        let refused = |url| Address::parse(url, None).unwrap_err();
        let meant = |url: &str| AddressError::Scheme(Some(url.to_owned()));
        assert_eq!(refused("http://h/subscribe"), meant("ws://h/subscribe"));
        assert_eq!(refused("https://h/subscribe"), meant("wss://h/subscribe"));
        assert_eq!(refused("jetstream.example"), meant("wss://jetstream.example"));
        assert_eq!(refused("ftp://h"), AddressError::Scheme(None));
        assert_eq!(refused("wss://"), AddressError::NotAUrl);
        assert_eq!(refused("wss://a b"), AddressError::NotAUrl);
        assert_eq!(refused(""), AddressError::NotAUrl);
        assert_eq!(refused("wss://me:secret@h"), AddressError::Credentials);
        assert!(matches!(refused("wss://h/subscribe?cursor=1"), AddressError::Query(_)));
    }
}
