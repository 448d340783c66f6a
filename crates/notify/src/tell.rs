//! An incident to notices: to which outlets, under which ids.

use tocsin_model::{ArrivalTime, Incident, News, Notice, Ring, Severity, Subject};

use crate::{Plan, Route, ids};

/// The bell rings.
pub(crate) fn ring(incident: &Incident, ring: &Ring, plan: &Plan) -> Vec<Notice> {
    let wants = |route: &Route| ring.severity >= route.least;
    notices(incident, plan, ring.at, News::Rings(ring.number), &format!("ring-{}", ring.number), wants)
}

/// It is there, and rings nobody.
pub(crate) fn shown(incident: &Incident, plan: &Plan) -> Vec<Notice> {
    let wants = |route: &Route| route.shown && Severity::Blue >= route.least;
    notices(incident, plan, incident.opened_at, News::Shown, "shown", wants)
}

/// It is over: told to those who were told of it.
pub(crate) fn over(incident: &Incident, plan: &Plan, at: ArrivalTime) -> Vec<Notice> {
    let rang = |route: &Route| incident.rings.iter().any(|ring| ring.severity >= route.least);
    let wants = |route: &Route| route.over && (rang(route) || (route.shown && route.least == Severity::Blue));
    notices(incident, plan, at, News::Over, "over", wants)
}

fn notices(
    incident: &Incident,
    plan: &Plan,
    at: ArrivalTime,
    news: News,
    name: &str,
    wants: impl Fn(&Route) -> bool,
) -> Vec<Notice> {
    let notice = |route: &Route| Notice {
        id: ids::notice(incident, name, &route.outlet),
        outlet: route.outlet.clone(),
        at,
        news: news.clone(),
        incident: Box::new(incident.clone()),
    };
    plan.routes.iter().filter(|route| concerns(route, incident) && wants(route)).map(notice).collect()
}

/// A source's incident concerns those who listen to a brand that it blinds, or to all.
fn concerns(route: &Route, incident: &Incident) -> bool {
    match &incident.subject {
        Subject::Brand(brand) => route.brands.has(brand),
        Subject::Source(_) => {
            route.brands == crate::Brands::All || incident.blinds.iter().any(|brand| route.brands.has(brand))
        }
    }
}
