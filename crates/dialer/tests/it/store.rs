//! What the store promises: durable answers, isolated failures, recovery from a full disk.

use dialer::store::{OpenError, Store, StoreError};
use futures_util::{FutureExt, future::join_all};
use sqlx::{Connection, Executor, SqliteConnection};

#[tokio::test]
async fn a_write_that_fails_does_not_take_the_others_of_its_commit_along() {
    let (store, _folder) = open().await;

    // All are queued before the writer gets to run: they share commits.
    let results = join_all((0..200).map(|n| {
        let store = store.clone();
        // Every third write is refused by the database after it has written something.
        async move {
            if n % 3 == 0 {
                add_tenant_twice(&store, n).await
            } else {
                add_tenant(&store, n).await
            }
        }
    }))
    .await;

    for (n, result) in results.iter().enumerate() {
        assert_eq!(result.is_err(), n % 3 == 0, "write {n}: {result:?}");
    }
    assert_eq!(count_tenants(&store).await, 133);
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_process_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let url = url_in(&folder);
    let store = Store::open(&url).await.unwrap();
    add_tenant(&store, 1).await.unwrap();
    // Not closed: as if the process had been killed.
    std::mem::forget(store);

    assert_eq!(count_tenants(&Store::open(&url).await.unwrap()).await, 1);
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_recovers_without_a_restart() {
    let (store, _folder) = open().await;
    limit_pages(&store, 1).await;

    let refused = loop {
        match add_big_tenant(&store).await {
            Ok(()) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Unavailable), "{refused:?}");
    let before = count_tenants(&store).await;

    limit_pages(&store, 100_000).await;
    add_big_tenant(&store).await.unwrap();
    assert_eq!(count_tenants(&store).await, before + 1);
}

#[tokio::test]
async fn closing_commits_what_is_queued_and_refuses_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&url_in(&folder)).await.unwrap();
    let queued = add_tenant(&store, 1);
    let (stored, ()) = futures_util::join!(queued, store.close());
    stored.unwrap();

    assert!(matches!(
        add_tenant(&store, 2).await,
        Err(StoreError::Unavailable)
    ));
    assert_eq!(
        count_tenants(&Store::open(&url_in(&folder)).await.unwrap()).await,
        1
    );
}

#[tokio::test]
async fn a_schema_of_a_newer_dialer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = url_in(&folder);
    Store::open(&url).await.unwrap().close().await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    connection
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'of the future', 1, x'00', 0)",
        )
        .await
        .unwrap();
    connection.close().await.unwrap();

    let Err(error) = Store::open(&url).await else {
        panic!("opened a newer database")
    };
    assert!(matches!(error, OpenError::Newer(9999)), "{error:?}");
}

#[tokio::test]
async fn readers_cannot_write() {
    let (store, _folder) = open().await;
    let result = sqlx::query("DELETE FROM tenants").execute(store.readers()).await;
    assert!(result.is_err());
}

async fn open() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Store::open(&url_in(&folder)).await.unwrap(), folder)
}

fn url_in(folder: &tempfile::TempDir) -> String {
    format!("sqlite://{}", folder.path().join("offhook.db").display())
}

async fn add_tenant(store: &Store, n: u32) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            async move {
                sqlx::query("INSERT INTO tenants VALUES ($1, $1, 0)")
                    .bind(format!("T{n}"))
                    .execute(&mut **tx)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
}

async fn add_tenant_twice(store: &Store, n: u32) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            async move {
                for _ in 0..2 {
                    sqlx::query("INSERT INTO tenants VALUES ($1, $1, 0)")
                        .bind(format!("T{n}"))
                        .execute(&mut **tx)
                        .await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
}

async fn add_big_tenant(store: &Store) -> Result<(), StoreError> {
    store
        .write(move |tx| {
            async move {
                sqlx::query("INSERT INTO tenants VALUES (hex(randomblob(8)), hex(randomblob(9000)), 0)")
                    .execute(&mut **tx)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
}

/// SQLite keeps at least the pages in use, so 1 means "no more".
async fn limit_pages(store: &Store, pages: u32) {
    store
        .write(move |tx| {
            async move {
                sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}")))
                    .execute(&mut **tx)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
        .unwrap();
}

async fn count_tenants(store: &Store) -> u32 {
    sqlx::query_scalar("SELECT COUNT(*) FROM tenants")
        .fetch_one(store.readers())
        .await
        .unwrap()
}
