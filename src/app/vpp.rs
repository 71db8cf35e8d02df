//! FD.io VPP.

use super::{AppDriver, File, Instance, RenderError};

/// The driver of `kind = "vpp"`.
#[derive(Debug, Clone, Copy)]
pub struct Vpp;

impl AppDriver for Vpp {
    fn files(&self, _instance: &Instance<'_>) -> Result<Vec<File>, RenderError> {
        Ok(Vec::new())
    }

    fn start(&self, _instance: &Instance<'_>) -> Result<String, RenderError> {
        Ok(String::new())
    }

    fn ready(&self, _instance: &Instance<'_>) -> Result<Option<String>, RenderError> {
        Ok(None)
    }

    fn linked(&self, _instance: &Instance<'_>) -> Option<String> {
        None
    }

    fn probe(&self, _instance: &Instance<'_>) -> Result<String, RenderError> {
        Ok(String::new())
    }

    fn stop(&self, _instance: &Instance<'_>) -> Result<Vec<String>, RenderError> {
        Ok(Vec::new())
    }
}
