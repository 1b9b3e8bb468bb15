//! Tokens: what a client shows with every call, so that a node knows whose quota it uses and what it may do.
//!
//! A token is `ark_<id>_<secret>`. The node stores the id and a digest of the secret; the secret is random, so a plain
//! hash is as hard to invert as it is to guess. A token is bound to one client key: it lets nobody else's jobs be seen,
//! and does not replace that key's signature on a request.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::hex::{self, hexadecimal};
use crate::identity::{NoRandomness, random};
use crate::state::UnknownWord;

hexadecimal! {
    /// The public half of a token.
    TokenId, 8, "", "the id of a token"
}

/// A token with its secret. Only [`Token::reveal`] prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    id: TokenId,
    secret: [u8; 32],
}

/// What a node keeps of a token's secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

/// Text that is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token has the form ark_<16 hexadecimal digits>_<64 hexadecimal digits>")]
pub struct InvalidToken;

impl Token {
    /// A new token.
    pub fn generate() -> Result<Self, NoRandomness> {
        Ok(Self {
            id: TokenId(random()?),
            secret: random()?,
        })
    }

    /// The public half.
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// What a node keeps of the secret.
    pub fn hash(&self) -> TokenHash {
        let mut hasher = Sha256::new();
        hasher.update(b"ArkNet token v1\0");
        hasher.update(self.id.0);
        hasher.update(self.secret);
        TokenHash(hasher.finalize().into())
    }

    /// The whole text, for its owner.
    pub fn reveal(&self) -> String {
        format!("ark_{}_{}", self.id, hex::encode(&self.secret))
    }
}

impl TokenHash {
    /// Whether this is the hash of `token`, in a time that does not depend on where they differ.
    pub fn matches(&self, token: &Token) -> bool {
        let other = token.hash();
        let differences = self.0.iter().zip(other.0).map(|(a, b)| a ^ b);
        differences.fold(0, |all, one| all | one) == 0
    }
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let (id, secret) = text
            .strip_prefix("ark_")
            .and_then(|rest| rest.split_once('_'))
            .ok_or(InvalidToken)?;
        Ok(Self {
            id: TokenId(hex::decode(id).ok_or(InvalidToken)?),
            secret: hex::decode(secret).ok_or(InvalidToken)?,
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ark_{}_…", self.id)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// One thing that a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Submit and retry jobs.
    #[serde(rename = "jobs:submit")]
    JobsSubmit,
    /// See the client's jobs, outputs and receipts.
    #[serde(rename = "jobs:read")]
    JobsRead,
    /// Cancel the client's jobs.
    #[serde(rename = "jobs:cancel")]
    JobsCancel,
    /// Upload blobs.
    #[serde(rename = "blobs:write")]
    BlobsWrite,
}

impl Scope {
    /// Every scope.
    pub const ALL: &[Self] = &[
        Self::JobsSubmit,
        Self::JobsRead,
        Self::JobsCancel,
        Self::BlobsWrite,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JobsSubmit => "jobs:submit",
            Self::JobsRead => "jobs:read",
            Self::JobsCancel => "jobs:cancel",
            Self::BlobsWrite => "blobs:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.iter().find(|scope| scope.as_str() == text);
        found.copied().ok_or_else(|| UnknownWord {
            what: "a scope",
            known: Self::ALL.iter().map(|scope| scope.as_str()).collect(),
        })
    }
}

/// What a token allows. As text the scopes are separated by spaces or commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Every scope.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether `scope` is among them.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for Scopes {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        text.split([' ', ','])
            .filter(|word| !word.is_empty())
            .map(str::parse)
            .collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_its_secret_is_not_printed() {
        let token = Token::generate().unwrap();
        let text = token.reveal();
        assert_eq!(text.parse(), Ok(token.clone()));
        assert!(!format!("{token:?}").contains(&text[21..]));
        assert!(token.hash().matches(&token));
        assert!(!token.hash().matches(&Token::generate().unwrap()));
        for wrong in [
            "",
            "ark_",
            "ark__",
            &text[1..],
            &format!("{text}0"),
            &text.to_uppercase(),
        ] {
            assert_eq!(wrong.parse::<Token>(), Err(InvalidToken), "{wrong}");
        }
    }

    #[test]
    fn the_hash_covers_the_id() {
        let token = Token::generate().unwrap();
        let moved = Token {
            id: TokenId([0; 8]),
            ..token.clone()
        };
        assert!(!token.hash().matches(&moved));
    }

    #[test]
    fn scopes_are_words() {
        let scopes: Scopes = "jobs:read,jobs:submit jobs:read".parse().unwrap();
        assert_eq!(scopes.to_string(), "jobs:submit jobs:read");
        assert!(scopes.allow(Scope::JobsRead) && !scopes.allow(Scope::BlobsWrite));
        assert!("jobs:all".parse::<Scopes>().is_err());
        let json = serde_json::to_string(&Scopes::all()).unwrap();
        for scope in Scope::ALL {
            assert!(json.contains(&format!("\"{scope}\"")), "{json}");
        }
    }
}
