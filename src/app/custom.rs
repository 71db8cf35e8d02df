//! The user's own program.

use super::template::{Origin, Templates};
use super::{AppDriver, FOLDER, File, Instance, RenderError};
use crate::command::quote;
use crate::model::{self, AppKind};

/// The driver of `kind = "custom"`.
#[derive(Debug, Clone, Copy)]
pub struct Custom;

/// Seconds that one look of [`AppDriver::probe`] may take.
const LOOK: u64 = 5;

/// The rendered words of one of its keys; empty where it has none.
fn words(
    instance: &Instance<'_>,
    key: &str,
    pick: impl Fn(&model::Custom) -> &Vec<String>,
) -> Result<Vec<String>, RenderError> {
    let AppKind::Custom(custom) = &instance.app.kind else { return Ok(Vec::new()) };
    let templates = Templates::new(instance);
    let render = |word: &String| templates.render(word, Origin::Key(key));
    pick(custom).iter().map(render).collect()
}

/// A script that waits until the app is ready; `seconds` = 0: looks once, and that ends with 0.
fn script(instance: &Instance<'_>, seconds: u64) -> Result<String, RenderError> {
    let look = if seconds == 0 { LOOK } else { seconds };
    let ready = words(instance, "ready", |custom| &custom.ready)?;
    let ready: Vec<String> = ready.iter().map(|word| quote(word)).collect();
    Ok(format!(
        "folder={FOLDER} seconds={seconds} look={look}\nset -- {}\n{}",
        ready.join(" "),
        include_str!("ready.sh")
    ))
}

impl AppDriver for Custom {
    fn files(&self, _instance: &Instance<'_>) -> Result<Vec<File>, RenderError> {
        Ok(Vec::new())
    }

    fn start(&self, instance: &Instance<'_>) -> Result<String, RenderError> {
        let start = words(instance, "start", |custom| &custom.start)?;
        let start: Vec<String> = start.iter().map(|word| quote(word)).collect();
        Ok(format!("exec {}\n", start.join(" ")))
    }

    fn ready(&self, instance: &Instance<'_>) -> Result<Option<String>, RenderError> {
        script(instance, instance.app.ready_timeout.as_secs().max(1)).map(Some)
    }

    fn linked(&self, _instance: &Instance<'_>) -> Option<String> {
        None
    }

    fn probe(&self, instance: &Instance<'_>) -> Result<String, RenderError> {
        script(instance, 0)
    }

    fn stop(&self, instance: &Instance<'_>) -> Result<Vec<String>, RenderError> {
        words(instance, "stop", |custom| &custom.stop)
    }
}
