//! `/crontab`: a crontab is read line by line, and what somebody chooses of it becomes scripts and schedules.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::error::{ApiError, ErrorBody};
use super::extract::Json;
use super::schedules::{ScheduleView, show};
use crate::files::{Expected, RelPath};
use crate::model::ids::ScriptId;
use crate::model::revision::MadeBy;
use crate::model::run::Overlap;
use crate::model::schedule::{Terms, When};
use crate::model::script::check_name;
use crate::scheduler::crontab::{self, Job, Line};
use crate::scheduler::timetable::Timetable;
use crate::scheduler::zone;
use crate::scripts::New;
use crate::store;

const MOST_JOBS: usize = 500;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CrontabText {
    /// As `crontab -l` prints it.
    text: String,
    /// The zone whose clocks count until a line says otherwise; UTC if left out.
    zone: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CrontabPreview {
    /// Every line of the text.
    pub lines: Vec<CrontabLine>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub struct CrontabLine {
    /// From 1.
    pub line: usize,
    pub text: String,
    pub kind: CrontabKind,
    pub expression: Option<String>,
    pub zone: Option<String>,
    pub command: Option<String>,
    pub args: Vec<String>,
    pub description: Option<String>,
    /// What a new script could be called.
    pub suggested_name: Option<String>,
    /// A script of that name that is there already.
    pub script_id: Option<String>,
    /// Why it is not taken, or what to know about it.
    pub message: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CrontabKind {
    #[default]
    Blank,
    Comment,
    Variable,
    Job,
    Unsupported,
}

/// Reads a crontab and changes nothing.
#[utoipa::path(post, path = "/crontab/preview", tag = "schedules", operation_id = "previewCrontab",
    request_body = CrontabText,
    responses((status = 200, body = CrontabPreview), (status = 422, body = ErrorBody)))]
pub async fn preview(
    State(api): State<Api>,
    Json(request): Json<CrontabText>,
) -> Result<Json<CrontabPreview>, ApiError> {
    let zone = request.zone.unwrap_or_else(|| "UTC".to_owned());
    zone::named(&zone).map_err(|e| ApiError::invalid("zone", e.to_string()))?;
    if request.text.len() > crontab::LONGEST || request.text.lines().count() > crontab::MOST_LINES {
        let message = format!("A crontab may have at most {} lines", crontab::MOST_LINES);
        return Err(ApiError::invalid("text", message));
    }
    let names = names(&api).await?;
    let read = crontab::read(&request.text, &zone);
    let lines = (1..).zip(request.text.lines().zip(read));
    Ok(Json(CrontabPreview {
        lines: lines
            .map(|(line, (text, read))| shown(line, text, read, &names))
            .collect(),
    }))
}

/// Scripts by their name in small letters.
async fn names(api: &Api) -> Result<HashMap<String, ScriptId>, ApiError> {
    let named = api.store.read(store::scripts::names).await?;
    Ok(named
        .into_iter()
        .map(|(id, name)| (name.to_lowercase(), id))
        .collect())
}

fn shown(line: usize, text: &str, read: Line, names: &HashMap<String, ScriptId>) -> CrontabLine {
    let plain = |kind, message| CrontabLine {
        line,
        text: text.to_owned(),
        kind,
        message,
        ..CrontabLine::default()
    };
    match read {
        Line::Blank => plain(CrontabKind::Blank, None),
        Line::Comment => plain(CrontabKind::Comment, None),
        Line::Variable(message) => plain(CrontabKind::Variable, Some(message)),
        Line::Unsupported(message) => plain(CrontabKind::Unsupported, Some(message)),
        Line::Job(Job {
            expression,
            zone,
            command,
            description,
            name,
            args,
            remark,
        }) => CrontabLine {
            script_id: names.get(&name.to_lowercase()).map(ScriptId::to_string),
            expression: Some(expression),
            zone: Some(zone),
            command: Some(command),
            args,
            description: Some(description),
            suggested_name: Some(name),
            ..plain(CrontabKind::Job, remark)
        },
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CrontabImport {
    jobs: Vec<CrontabJob>,
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CrontabJob {
    /// From 1; a refusal names it.
    line: usize,
    expression: String,
    zone: String,
    /// Its arguments become the schedule's. Stands in a new script, as a reminder.
    command: String,
    /// The script that it runs; left out: `new_script`.
    #[serde(default)]
    script_id: Option<String>,
    #[serde(default)]
    new_script: Option<NewOfCrontab>,
}

#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOfCrontab {
    name: String,
}

impl CrontabJob {
    fn new_name(&self) -> &str {
        self.new_script.as_ref().map_or("", |new| new.name.as_str())
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CrontabImported {
    pub schedules: Vec<ScheduleView>,
    /// Ids of the scripts that were made.
    pub scripts: Vec<String>,
}

/// Makes schedules of jobs, and scripts where there are none yet. A new script does not have its program yet, so its
/// schedule is off. Everything is looked at before anything is made.
#[utoipa::path(post, path = "/crontab/import", tag = "schedules", operation_id = "importCrontab",
    request_body = CrontabImport,
    responses((status = 201, body = CrontabImported), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub async fn import(
    State(api): State<Api>,
    Json(request): Json<CrontabImport>,
) -> Result<(StatusCode, Json<CrontabImported>), ApiError> {
    if request.jobs.is_empty() || request.jobs.len() > MOST_JOBS {
        let message = format!("Between 1 and {MOST_JOBS} jobs can be taken at once");
        return Err(ApiError::invalid("jobs", message));
    }
    let mut taken = names(&api).await?;
    for job in &request.jobs {
        let looked_at = look_at(&api, job, &mut taken).await;
        looked_at.map_err(|refused| at_line(refused, job.line))?;
    }
    let mut imported = CrontabImported {
        schedules: Vec::new(),
        scripts: Vec::new(),
    };
    for job in request.jobs {
        let (script, new) = script_of(&api, &job).await?;
        if new {
            imported.scripts.push(script.to_string());
        }
        let terms = Terms {
            args: crontab::arguments(&job.command),
            overlap: Some(Overlap::Skip),
            enabled: !new,
            ..Terms::of(When::Cron {
                expression: job.expression,
                zone: job.zone,
            })
        };
        let schedule = api.scheduler.create(&script, terms).await?;
        imported.schedules.push(show(&api, schedule).await?);
    }
    Ok((StatusCode::CREATED, Json(imported)))
}

/// The same refusal, with the line that it is about.
fn at_line(mut refused: ApiError, line: usize) -> ApiError {
    refused.message = format!("Line {line}: {}", refused.message);
    let details = refused.details.get_or_insert_with(|| serde_json::json!({}));
    details["line"] = line.into();
    refused
}

/// Refuses what could not be made.
async fn look_at(api: &Api, job: &CrontabJob, taken: &mut HashMap<String, ScriptId>) -> Result<(), ApiError> {
    let when = When::Cron {
        expression: job.expression.clone(),
        zone: job.zone.clone(),
    };
    Timetable::of(&when).map_err(crate::scheduler::Error::from)?;
    match &job.script_id {
        Some(id) => {
            api.scripts.get(&ScriptId::parse(id)).await?;
        }
        None => {
            let name = check_name(job.new_name())
                .map_err(|invalid| ApiError::invalid(invalid.field, invalid.message))?;
            if taken.insert(name.to_lowercase(), ScriptId::generate()).is_some() {
                return Err(ApiError::from(store::Error::Taken { what: "name" }));
            }
        }
    }
    Ok(())
}

/// The script that is there, or a new one, and whether it is new.
async fn script_of(api: &Api, job: &CrontabJob) -> Result<(ScriptId, bool), ApiError> {
    if let Some(id) = &job.script_id {
        return Ok((ScriptId::parse(id), false));
    }
    let script = api
        .scripts
        .create(New {
            name: job.new_name().to_owned(),
            description: "From a crontab".to_owned(),
            ..New::default()
        })
        .await?;
    let path = RelPath::parse(&script.entry_point).map_err(crate::files::Error::from)?;
    api.scripts
        .save_file(
            &script.id,
            path,
            program(job).into(),
            Expected::Anything,
            MadeBy::Import,
        )
        .await?;
    Ok((script.id, true))
}

/// A program that says what is missing, in lines of comments that nothing can break out of.
fn program(job: &CrontabJob) -> String {
    let command: String = job
        .command
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!(
        "# From a crontab: {} {command}\n\
         # Put the program here, then switch the schedule on. Its folder is /script.\n\
         raise SystemExit(\"the program has not been put here yet\")\n",
        job.expression
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stays_a_comment() {
        let job = CrontabJob {
            line: 0,
            expression: "0 2 * * *".to_owned(),
            zone: "UTC".to_owned(),
            command: "python x.py\nimport os\r\x0bprint()".to_owned(),
            script_id: None,
            new_script: None,
        };
        let program = program(&job);
        let code: Vec<_> = program.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            code,
            ["raise SystemExit(\"the program has not been put here yet\")"]
        );
    }
}
