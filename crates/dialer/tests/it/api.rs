//! Lists, and the wall between tenants.

use dialer::store::campaigns::{self, NewCampaign};
use dialer_core::phone_number::PhoneNumber;
use protocol::{ApiError, Campaign, CampaignId, Code, ImportReport, Role, TakeSeat, TenantId};
use reqwest::{Response, StatusCode};

use crate::site::Site;

const LIST: &str = "Name,Phone,Roof age\nAda,(212) 555-0142,12\nBob,555-0142,\nCleo,312-555-0101,3\n";

#[tokio::test]
async fn a_manager_imports_a_list_and_hears_of_its_bad_rows() {
    let site = Site::start().await;
    let (_, token) = site.user("boss@example.com", Role::Manager, "Engines Inc").await;
    let campaign_id = add_campaign(&site, "Engines Inc").await;

    let report: ImportReport = import(&site, &token, campaign_id, LIST)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((report.added_count, report.duplicate_count), (2, 0));
    assert_eq!(
        (report.errors[0].line, report.errors[0].column.as_deref()),
        (3, Some("Phone"))
    );

    let again: ImportReport = import(&site, &token, campaign_id, LIST)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((again.added_count, again.duplicate_count), (0, 2));

    let campaigns: Vec<Campaign> = site.get(&token, "/api/v1/campaigns").await.json().await.unwrap();
    // 11:00 in New York and 10:00 in Chicago: both may be called.
    assert_eq!((campaigns[0].lead_count, campaigns[0].callable_count), (2, 2));
}

#[tokio::test]
async fn leads_where_it_is_too_early_or_consent_is_wanted_are_not_callable() {
    let site = Site::start().await;
    let (_, token) = site.user("boss@example.com", Role::Admin, "Engines Inc").await;
    let campaign_id = add_campaign(&site, "Engines Inc").await;
    let list = "phone\n212-555-0101\n213-555-0101\n305-555-0101\n";
    import(&site, &token, campaign_id, list).await;

    let campaigns: Vec<Campaign> = site.get(&token, "/api/v1/campaigns").await.json().await.unwrap();
    // It is 8:00 in Los Angeles, and Florida wants consent.
    assert_eq!((campaigns[0].lead_count, campaigns[0].callable_count), (3, 1));
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_with_a_sentence() {
    let site = Site::start().await;
    let (_, rep) = site.user("rep@example.com", Role::Rep, "Engines Inc").await;
    let (_, boss) = site.user("boss@example.com", Role::Manager, "Engines Inc").await;
    let campaign_id = add_campaign(&site, "Engines Inc").await;

    check_refused(
        import(&site, &rep, campaign_id, LIST).await,
        StatusCode::FORBIDDEN,
        Code::Forbidden,
    )
    .await;
    let refused = import(&site, &boss, campaign_id, "name\nAda\n").await;
    let error = check_refused(refused, StatusCode::BAD_REQUEST, Code::BadRequest).await;
    assert!(
        error.message.starts_with("No column is called \"phone\"."),
        "{}",
        error.message
    );
    let huge = "x".repeat(10_000_001);
    check_refused(
        import(&site, &boss, campaign_id, &huge).await,
        StatusCode::BAD_REQUEST,
        Code::BadRequest,
    )
    .await;
}

#[tokio::test]
async fn a_tenant_sees_and_touches_nothing_of_another() {
    let site = Site::start().await;
    site.add_user("boss@example.com", Role::Admin, "Engines Inc")
        .await;
    let (_, spy) = site.user("spy@example.com", Role::Admin, "Looms Ltd").await;
    let campaign_id = add_campaign(&site, "Engines Inc").await;

    let campaigns: Vec<Campaign> = site.get(&spy, "/api/v1/campaigns").await.json().await.unwrap();
    assert_eq!(campaigns, []);
    check_refused(
        import(&site, &spy, campaign_id, LIST).await,
        StatusCode::NOT_FOUND,
        Code::NotFound,
    )
    .await;
    let seat = site
        .http
        .put(site.url("/api/v1/seat"))
        .bearer_auth(&spy)
        .json(&TakeSeat { campaign_id })
        .send()
        .await
        .unwrap();
    check_refused(seat, StatusCode::NOT_FOUND, Code::NotFound).await;
}

#[tokio::test]
async fn refusals_of_any_kind_have_a_code_and_a_sentence() {
    let site = Site::start().await;
    let (_, token) = site.user("rep@example.com", Role::Rep, "Engines Inc").await;

    let unknown = site.get(&token, "/api/v1/nothing").await;
    check_refused(unknown, StatusCode::NOT_FOUND, Code::NotFound).await;
    let method = site
        .http
        .delete(site.url("/api/v1/me"))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    check_refused(method, StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest).await;
    let body = site
        .http
        .put(site.url("/api/v1/seat"))
        .bearer_auth(&token)
        .body("{")
        .send()
        .await
        .unwrap();
    check_refused(body, StatusCode::BAD_REQUEST, Code::BadRequest).await;
    let query = site.get(&token, "/api/v1/calls?limit=many").await;
    check_refused(query, StatusCode::BAD_REQUEST, Code::BadRequest).await;
}

async fn add_campaign(site: &Site, tenant_name: &str) -> CampaignId {
    let new = NewCampaign {
        tenant_id: tenant_id(site, tenant_name).await,
        name: "Spring".to_owned(),
        script: String::new(),
        pool: vec![PhoneNumber::parse("+12025550100").unwrap()],
    };
    campaigns::add(&site.dialer.app().store, site.clock.now(), new)
        .await
        .unwrap()
        .unwrap()
}

async fn tenant_id(site: &Site, name: &str) -> TenantId {
    dialer::store::agents::tenant_by_name(&site.dialer.app().store, name)
        .await
        .unwrap()
        .unwrap()
}

async fn import(site: &Site, token: &str, campaign_id: CampaignId, file: &str) -> Response {
    site.http
        .post(site.url(&format!("/api/v1/campaigns/{campaign_id}/leads")))
        .bearer_auth(token)
        .header("content-type", "text/csv")
        .body(file.to_owned())
        .send()
        .await
        .unwrap()
}

async fn check_refused(response: Response, status: StatusCode, code: Code) -> ApiError {
    assert_eq!(response.status(), status);
    let error: ApiError = response.json().await.unwrap();
    assert_eq!(error.code, code, "{}", error.message);
    error
}
