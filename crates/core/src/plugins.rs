//! The plugin of a version: found by its program's builds, loaded by the host, set up.
//!
//! Owns the step from a version's terms to what a plugin is told of them, and from what a plugin
//! says is wrong to a place in the schedule file. Refuses to call it: the run does.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use feebook_kernel::Rate;
use feebook_plugin::exchange::{Entry, Instance, Setup};
use feebook_plugin::host::{Build, Host, Wanted};
use feebook_plugin::{Refusal, codes};
use feebook_schedule::diagnostic::nearest;
use feebook_schedule::{self as schedule, Program, Version};

use crate::answers::AnsweredBy;
use crate::error::{self, Error, Result};

/// A plugin that was set up, or why it was not: it may not run, is not there, is not what was stamped,
/// or refuses its config.
pub type Start = std::result::Result<Started, Refusal>;

/// Where the plugins that terms name come from.
pub trait Plugins: fmt::Debug + Send + Sync {
    /// Starts the build of a program's plugin that serves orders of a day.
    ///
    /// # Errors
    ///
    /// When no plugin at all can be started: what allows them cannot be read.
    fn start(
        &self,
        program: &Program,
        plugin: &str,
        day: NaiveDate,
        setup: &Setup<'_>,
    ) -> Result<Start>;
}

/// A plugin that was set up for a version of the terms.
#[derive(Debug)]
pub struct Started {
    /// What answers.
    pub instance: Instance,
    /// The build, as it is told beside its answers.
    pub by: AnsweredBy,
}

impl Plugins for Host {
    fn start(
        &self,
        program: &Program,
        plugin: &str,
        day: NaiveDate,
        setup: &Setup<'_>,
    ) -> Result<Start> {
        let places = Places::of(program, plugin);
        let lines: Vec<Build<'_>> = places.lines().collect();
        let serving = program.plugin_builds(plugin, day);
        let from = serving.first().map(|build| build.from);
        let builds = places.lines().zip(&places.builds);
        let builds = builds.filter(|(_, build)| Some(build.from) == from).map(|(line, _)| line);
        let builds: Vec<Build<'_>> = builds.collect();
        let others = program.builds().iter().map(|build| build.name.as_str());
        let loaded = self.load(&Wanted {
            program: program.id(),
            plugin,
            builds: &builds,
            day: &day.to_string(),
            lines: &lines,
            near: nearest(plugin, others).filter(|near| *near != plugin),
        });
        Ok(loaded.and_then(|library| {
            let by = AnsweredBy {
                name: library.name().to_owned(),
                version: library.version().to_owned(),
                sha256: library.digest(),
            };
            let started = library.start(setup);
            started
                .map_err(|refusal| {
                    let refusal = refusal.of_build(by.sha256);
                    // What is wrong with its config is told in the schedule file, at the keys.
                    let config = *refusal.code() == codes::CONFIG;
                    if config { refusal } else { refusal.about(&who(&by)) }
                })
                .map(|instance| Started { instance, by })
        }))
    }
}

/// The lines of a program's plugin with their places and days in words.
struct Places<'p> {
    builds: Vec<&'p schedule::Build>,
    told: Vec<(String, String)>,
}

impl<'p> Places<'p> {
    fn of(program: &'p Program, plugin: &str) -> Self {
        let lines = program.builds().iter().filter(|build| build.name == plugin);
        let builds: Vec<&schedule::Build> = lines.collect();
        let told = builds.iter().map(|build| (build.place.to_string(), days(program, build)));
        let told = told.collect();
        Self { builds, told }
    }

    fn lines(&self) -> impl Iterator<Item = Build<'_>> {
        self.builds.iter().zip(&self.told).map(|(build, (place, days))| Build {
            library: &build.library,
            sha256: build.sha256,
            machine: build.machine.as_deref(),
            place,
            days,
        })
    }
}

/// The days whose orders a build serves: until a line with a later day.
pub fn days(program: &Program, build: &schedule::Build) -> String {
    let lines = program.builds().iter().filter(|line| line.name == build.name);
    let next = lines.map(|line| line.from).filter(|from| *from > build.from).min();
    match next.and_then(|next| next.pred_opt()) {
        Some(last) => format!("from {} to {last}", build.from),
        None => format!("from {} on", build.from),
    }
}

/// The days from which another build of the plugin that a version names serves, as far as the version is
/// in force; the first of them is the version's own.
pub fn days_of_builds(program: &Program, version: &Version) -> Vec<NaiveDate> {
    let Some(used) = version.plugin() else { return Vec::new() };
    let first = program.day(version.start());
    let last = version.end().map(|end| program.day(end - 1));
    let within = |day: &NaiveDate| first < *day && last.is_none_or(|last| *day <= last);
    let builds = program.builds().iter().filter(|build| build.name == used.name);
    let later: BTreeSet<NaiveDate> = builds.map(|build| build.from).filter(within).collect();
    std::iter::once(first).chain(later).collect()
}

/// Starts the plugin that a version names, the build that serves orders of a day; none when the
/// version names none.
///
/// # Errors
///
/// When the plugin is refused, or refuses its config: then with the places in the schedule file.
pub fn start(
    plugins: &dyn Plugins,
    program: &Program,
    version: &Version,
    day: NaiveDate,
) -> Result<Option<Started>> {
    let started = begin(plugins, program, version, day)?;
    started.transpose().map_err(|refusal| refused(&refusal, version, day))
}

/// As [`start`], with a refusal as the host has it, to be told as often as it is met.
pub(crate) fn begin(
    plugins: &dyn Plugins,
    program: &Program,
    version: &Version,
    day: NaiveDate,
) -> Result<Option<Start>> {
    let Some(used) = version.plugin() else { return Ok(None) };
    let clauses = version.rates().iter().map(|entry| entry.clause.as_deref());
    let entries: Vec<Entry<'_>> = clauses
        .zip(version.terms().rates)
        .map(|(clause, rate)| Entry { clause, by_plugin: *rate == Rate::Plugin })
        .collect();
    let currency = version.currency();
    let setup = Setup {
        program: program.id(),
        terms: version.id(),
        config: &used.config,
        currency: currency.code(),
        decimals: u8::try_from(currency.decimals()).unwrap_or(u8::MAX),
        rounding: version.terms().rounding,
        entries: &entries,
        aggregates: &used.aggregates,
    };
    plugins.start(program, &used.name, day, &setup).map(Some)
}

/// Tells why a plugin that had started was refused in a run; `about` is the order, and the line if it
/// is about one.
pub fn refused_in_run(refusal: &Refusal, by: &AnsweredBy, version: &Version, about: &str) -> Error {
    let about = format!("{}, {about}", who(by));
    if *refusal.code() == codes::CONFIG {
        return config_refused(&refusal.clone().about(&about), version);
    }
    refusal.clone().about(&about).about(version.source().shown()).into()
}

/// A plugin as it is named where it is refused.
fn who(by: &AnsweredBy) -> String {
    format!("the plugin `{}` {}", by.name, by.version)
}

/// Tells what a plugin finds wrong in its config, at the places in the schedule file.
fn config_refused(refusal: &Refusal, version: &Version) -> Error {
    let problems = refusal.problems().iter();
    let told = problems.map(|one| version.plugin_problem(one.key.as_deref(), &one.message));
    let message = format!("{}: {}", version.source().shown(), refusal.message());
    Error::new(&error::PLUGIN_CONFIG, message)
        .with(told.collect())
        .hint("mend the places above; nothing was evaluated")
}

/// Tells why the plugin of a version did not start.
pub(crate) fn refused(refusal: &Refusal, version: &Version, day: NaiveDate) -> Error {
    if *refusal.code() == codes::CONFIG {
        return config_refused(refusal, version);
    }
    let shown = version.source().shown();
    let about = if *refusal.code() == codes::NO_BUILD {
        format!("{shown}, orders of {day}")
    } else {
        shown.to_owned()
    };
    refusal.clone().about(&about).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use feebook_plugin::ConfigProblem;
    use feebook_plugin::author::Config;
    use feebook_schedule::{Book, Source};

    fn book(config: &str) -> Book {
        let program = "format = 1\nname = \"P\"\ntimezone = \"UTC\"\npayout_currency = \"USD\"\n\
                       governed_by = \"paid\"\n";
        let version = format!(
            "format = 1\neffective_on = 2024-01-01\nsource = \"Terms\"\n[policy]\n\
             basis = \"product_price\"\ncurrency = \"USD\"\nrounding = \"floor\"\n\
             [[rate]]\nclause = \"1\"\nrate = \"5%\"\n[plugin]\nname = \"rule\"\n\
             [plugin.config]\n{config}"
        );
        let file = |name: &str, text: &str| {
            let path = format!("p/{name}");
            Source::new(path.clone(), path, text.to_owned())
        };
        let sources = [file("program.toml", program), file("2024-01-01.toml", &version)];
        let (book, problems) = Book::load(&sources);
        assert!(problems.iter().all(|one| !one.is_error()), "{problems:?}");
        book
    }

    fn by() -> AnsweredBy {
        AnsweredBy { name: "rule".to_owned(), version: "1.2".to_owned(), sha256: [7; 32] }
    }

    #[test]
    fn an_authors_paths_are_those_of_the_schedule() {
        let keys = [
            "plain_1-x",
            "4.1",
            "a \"b\"",
            "back\\slash",
            "line\nfeed",
            "bell\u{7}",
            "del\u{7f}",
            "é",
            "",
        ];
        let quoted = keys.map(feebook_schedule::quoted);
        let book = book(&(quoted.join(" = { share = \"5%\" }\n") + " = { share = \"5%\" }\n"));
        let version = &book.program("p").expect("a program").versions()[0];
        let mut config = Config::parse(&version.plugin().expect("a plugin").config);
        let named = config.keys("").expect("a table");
        assert_eq!(named.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), keys);
        for (index, (key, path)) in named.iter().enumerate() {
            // The last line of the file's head is the 13th.
            let place = version.plugin_problem(Some(path), "is wrong").place.to_string();
            assert_eq!(place, format!("p/2024-01-01.toml:{}:1", index + 14), "{key:?}");
            let inside = format!("{path}.share");
            let within = version.plugin_problem(Some(&inside), "is wrong").place.to_string();
            assert_ne!(within, place, "{key:?}: the share has a place of its own");
        }
    }

    #[test]
    fn a_refusal_in_a_run_names_file_plugin_and_order() {
        let book = book("share = \"5%\"\n");
        let version = &book.program("p").expect("a program").versions()[0];
        let told = |refusal: Refusal| refused_in_run(&refusal, &by(), version, "order 7, line 2");
        let failed =
            Refusal::new(&codes::FAILED, "the plugin cannot go on: no table").hint("mend it");
        assert_eq!(
            told(failed).to_string(),
            "error[P021]: p/2024-01-01.toml: the plugin `rule` 1.2, order 7, line 2: the plugin cannot go \
             on: no table\nhint: mend it"
        );
        let problem =
            ConfigProblem { key: Some("share".to_owned()), message: "is too much".to_owned() };
        let config = Refusal::new(&codes::CONFIG, "the plugin refuses its config: 1 problem");
        let told = told(config.with(vec![problem]));
        let places = told.problems().iter().map(|one| format!("{} {}", one.place, one.message));
        let said = "the plugin `rule` refuses its config: `share` is too much";
        assert_eq!(places.collect::<Vec<_>>(), [format!("p/2024-01-01.toml:14:1 {said}")]);
        assert!(told.to_string().contains("`rule` 1.2, order 7, line 2: the plugin"), "{told}");
    }
}
