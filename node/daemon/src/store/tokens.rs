//! Tokens: created, shown without their secret, revoked, checked.

use arknet_protocol::{PublicKey, Scope, Scopes, Token, TokenHash, TokenId};
use rusqlite::{Connection, Row};

use super::column::{col, get};
use super::time::UnixMillis;
use super::tx::{self, Tx};
use super::{Store, StoreError};

/// Tokens that one list has at most.
const LIST: u32 = 10_000;
/// The longest label.
const MAX_LABEL: usize = 200;

/// A token to be created.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The public half.
    pub id: TokenId,
    /// The hash of the secret.
    pub hash: TokenHash,
    /// Whose it is.
    pub client: PublicKey,
    /// What it allows.
    pub scopes: Scopes,
    /// What it is for, for the operator.
    pub label: String,
    /// When it ends.
    pub expires_at: Option<UnixMillis>,
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// The public half.
    pub id: TokenId,
    /// The hash of the secret.
    pub hash: TokenHash,
    /// Whose it is.
    pub client: PublicKey,
    /// What it allows.
    pub scopes: Scopes,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it ends.
    pub expires_at: Option<UnixMillis>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMillis>,
}

/// Why a token is of no use.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefused {
    /// There is no such token. The same for a wrong secret, so that ids cannot be tried out.
    #[error("there is no such token")]
    Unknown,
    /// It has ended.
    #[error("the token {0} has expired: ask the operator for a new one")]
    Expired(TokenId),
    /// It was revoked.
    #[error("the token {0} was revoked")]
    Revoked(TokenId),
    /// It does not allow this.
    #[error("the token {id} does not have the scope {scope}")]
    WrongScope {
        /// The token.
        id: TokenId,
        /// What is needed.
        scope: Scope,
    },
    /// It is another client's.
    #[error("the token {0} belongs to another client than the request")]
    WrongClient(TokenId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TokenRecord {
    /// Whether the token is `client`'s and has `scope`.
    pub fn permits(&self, client: &PublicKey, scope: Scope) -> Result<(), TokenRefused> {
        if self.client != *client {
            return Err(TokenRefused::WrongClient(self.id));
        }
        self.has(scope)
    }

    /// Whether the token has `scope`.
    pub fn has(&self, scope: Scope) -> Result<(), TokenRefused> {
        match self.scopes.allow(scope) {
            true => Ok(()),
            false => Err(TokenRefused::WrongScope { id: self.id, scope }),
        }
    }
}

const COLUMNS: &str = "id, hash, client, scopes, label, created_at, expires_at, revoked_at";

fn read(row: &Row<'_>) -> rusqlite::Result<TokenRecord> {
    Ok(TokenRecord {
        id: get(row, 0)?,
        hash: get(row, 1)?,
        client: get(row, 2)?,
        scopes: get(row, 3)?,
        label: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}

fn find(connection: &Connection, id: TokenId) -> Result<Option<TokenRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM tokens WHERE id = ?1");
    tx::one(connection, &sql, [col(&id)], read)
}

fn alive(record: TokenRecord, now: UnixMillis) -> Result<TokenRecord, TokenRefused> {
    if record.revoked_at.is_some() {
        return Err(TokenRefused::Revoked(record.id));
    }
    if record.expires_at.is_some_and(|expires| expires <= now) {
        return Err(TokenRefused::Expired(record.id));
    }
    Ok(record)
}

/// The token `id`, where it is of use at `now`.
pub(super) fn check(
    connection: &Connection,
    id: TokenId,
    now: UnixMillis,
) -> Result<TokenRecord, TokenRefused> {
    alive(find(connection, id)?.ok_or(TokenRefused::Unknown)?, now)
}

impl Store {
    /// Adds a token.
    pub async fn create_token(&self, now: UnixMillis, token: NewToken) -> Result<(), StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let label = &token.label[..token.label.floor_char_boundary(MAX_LABEL)];
            tx.run(
                "INSERT INTO tokens (id, hash, client, scopes, label, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    col(&token.id),
                    col(&token.hash),
                    col(&token.client),
                    col(&token.scopes),
                    label,
                    tx.now(),
                    token.expires_at,
                ),
            )?;
            let detail = format!("for {}: {}", token.client, token.scopes);
            tx.audit("operator", "token-created", &token.id.to_string(), &detail)
        })
        .await
    }

    /// Tokens, of one client or of all, newest first.
    pub async fn tokens(&self, client: Option<PublicKey>) -> Result<Vec<TokenRecord>, StoreError> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM tokens WHERE ?1 IS NULL OR client = ?1 ORDER BY created_at DESC, id LIMIT ?2"
            );
            let client = super::column::col_opt(client.as_ref());
            tx::all(connection, &sql, (client, LIST), read)
        })
        .await
    }

    /// Revokes a token. Whether there was one that was not revoked yet.
    pub async fn revoke_token(&self, now: UnixMillis, id: TokenId) -> Result<bool, StoreError> {
        self.write(now, move |tx: &mut Tx<'_>| {
            let revoked = tx.run(
                "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                (col(&id), tx.now()),
            )?;
            if revoked > 0 {
                tx.audit("operator", "token-revoked", &id.to_string(), "")?;
            }
            Ok(revoked > 0)
        })
        .await
    }

    /// The token that a caller shows, where it is one and of use.
    pub async fn authenticate(
        &self,
        now: UnixMillis,
        token: Token,
    ) -> Result<TokenRecord, TokenRefused> {
        self.read(move |connection| {
            let record = find(connection, token.id())?.ok_or(TokenRefused::Unknown)?;
            if !record.hash.matches(&token) {
                return Err(TokenRefused::Unknown);
            }
            let highest: UnixMillis = connection
                .query_row("SELECT highest FROM clock", [], |row| row.get(0))
                .map_err(StoreError::from)?;
            alive(record, now.max(highest))
        })
        .await
    }
}
