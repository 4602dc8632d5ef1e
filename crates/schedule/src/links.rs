//! Links to a program's shop: from `[links]` of program.toml and an address, the link that the
//! network counts.
//!
//! Owns the template, what may be linked to, and what a network can carry. Refuses to guess: a
//! program whose template is not known has none.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::diagnostic::nearest;
use crate::dimension::Dimension;
use crate::program::Program;
use crate::version::{Entry, Version};

/// Everything but what RFC 3986 leaves as it is anywhere in an address.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a template can ask for, in its braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Base,
    Url,
    Placement,
    SubId,
}

impl Slot {
    pub(crate) const ALL: [Self; 4] = [Self::Base, Self::Url, Self::Placement, Self::SubId];

    pub(crate) const fn written(self) -> &'static str {
        match self {
            Self::Base => "{base}",
            Self::Url => "{url}",
            Self::Placement => "{placement}",
            Self::SubId => "{sub_id}",
        }
    }
}

/// What a network carries in one of its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carries {
    /// The greatest number of characters.
    pub(crate) max: Option<usize>,
    /// The signs beside ASCII letters and digits; none where the network does not say.
    pub(crate) signs: Option<String>,
}

/// Links that the network itself gives out, to which only tags are added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Short {
    pub(crate) hosts: Vec<String>,
    pub(crate) sub_id: Option<String>,
    pub(crate) placement: Option<String>,
}

/// `[links]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    pub(crate) template: Option<String>,
    pub(crate) base: Option<Url>,
    pub(crate) home: Option<Url>,
    pub(crate) hosts: Vec<String>,
    pub(crate) strip: Vec<String>,
    pub(crate) sub_id: Carries,
    pub(crate) placement: Carries,
    pub(crate) short: Option<Short>,
}

/// What a link is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The page of the shop; none for its home page.
    pub url: Option<&'a str>,
    /// The publisher's own link of the program, where the template builds on one.
    pub base: Option<&'a str>,
    /// Where the link will stand.
    pub placement: Option<&'a str>,
    /// The publisher's tag.
    pub sub_id: Option<&'a str>,
}

/// A link and what went into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The link.
    pub link: String,
    /// The address it leads to, as it went into the link.
    pub url: String,
    /// The host of that address.
    pub host: String,
    /// The parameters that an earlier click had left in the address and that were taken out.
    pub stripped: Vec<String>,
}

/// Why there is no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The program's file has no template.
    NoTemplate,
    /// The program has no deep links.
    NoDeepLinks,
    /// Not an address of the web.
    BadUrl,
    /// An address of another shop.
    OtherHost,
    /// A tag that the network cannot carry.
    BadTag,
    /// The template asks for something that was not given.
    Missing,
    /// The link has no place for something that was given.
    NoPlace,
}

/// A refused link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub why: Why,
    /// One sentence with both values.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

fn refuse<T>(why: Why, message: String, hint: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { why, message, hint: hint.into() })
}

/// Whether a host is one of these or below one of them.
pub(crate) fn is_below(host: &str, hosts: &[String]) -> bool {
    let below = |known: &String| {
        host.strip_suffix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    hosts.iter().any(below)
}

/// Reads an address of the web; the message says what it is instead.
pub(crate) fn web_address(text: &str) -> Result<Url, String> {
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            return Err(format!("\"{text}\" does not begin with https:// or http://"));
        }
        Err(e) => return Err(format!("\"{text}\" is no address: {e}")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("\"{text}\" is a {} address, not one of the web", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("\"{text}\" holds a user name"));
    }
    Ok(url)
}

impl Program {
    /// Returns the template of links as the file writes it.
    pub fn link_template(&self) -> Option<&str> {
        self.header.links.template.as_deref()
    }

    /// Returns the hosts that may be linked to, each with all below it.
    pub fn link_hosts(&self) -> &[String] {
        &self.header.links.hosts
    }

    /// Returns the hosts of links that the network itself gives out and that take tags.
    pub fn short_link_hosts(&self) -> &[String] {
        self.header.links.short.as_ref().map_or(&[], |short| &short.hosts)
    }

    /// Returns the greatest length of a sub-id, in characters.
    pub fn sub_id_max(&self) -> Option<usize> {
        self.header.links.sub_id.max
    }

    /// Makes a link.
    ///
    /// # Errors
    ///
    /// When the program has no template or no deep links, the address is not one of its shop, or a
    /// tag cannot be carried.
    pub fn link(&self, asked: &Asked<'_>) -> Result<Link, Refusal> {
        let links = &self.header.links;
        self.tag("placement", asked.placement, &links.placement)?;
        self.tag("sub-id", asked.sub_id, &links.sub_id)?;
        if asked.sub_id.is_some() && self.policies().references == Some(false) {
            let message = format!("`{}` takes no sub-id: policies.references is false", self.id());
            return refuse(Why::NoPlace, message, "leave --sub-id out");
        }
        let mut url = self.target(asked)?;
        let host = url.host_str().unwrap_or("").to_owned();
        if let Some(short) = &links.short
            && is_below(&host, &short.hosts)
        {
            return tagged(short, url, host, asked);
        }
        let Some(template) = &links.template else { return self.no_template() };
        self.may_link_to(&url, &host)?;
        let stripped = strip(&mut url, &links.strip);
        let base = self.base(asked)?;
        let link = self.filled(template, base.as_deref(), url.as_str(), asked)?;
        Ok(Link { link, url: url.into(), host, stripped })
    }

    /// What a person does so that the program's file states something: a shipped one is written out
    /// first.
    pub fn to_state(&self, what: &str) -> String {
        let (id, file) = (self.id(), self.source());
        if file.shown() == file.path() {
            format!(
                "`feebook schedule export {id} schedules`, then state {what} in \
                 schedules/{id}/program.toml as your network does"
            )
        } else {
            format!("state {what} in {} as your network does", file.shown())
        }
    }

    fn no_template<T>(&self) -> Result<T, Refusal> {
        let file = self.source().shown();
        let message = format!("`{}` has no link template in {file}", self.id());
        if !self.short_link_hosts().is_empty() {
            let hosts = self.short_link_hosts().join(", ");
            let hint = format!(
                "make the link at the network and give that one: tags are added to links on {hosts}"
            );
            return refuse(Why::NoTemplate, message, hint);
        }
        let hint = self.to_state("[links] template and hosts");
        refuse(Why::NoTemplate, message, hint)
    }

    /// The address that is asked for, or the home page.
    fn target(&self, asked: &Asked<'_>) -> Result<Url, Refusal> {
        match (asked.url, &self.header.links.home) {
            (Some(text), _) => web_address(text).or_else(|message| {
                refuse(
                    Why::BadUrl,
                    message,
                    "give the whole address, as in https://www.example.com/page",
                )
            }),
            (None, Some(home)) => Ok(home.clone()),
            (None, None) if self.header.links.template.is_none() => self.no_template(),
            (None, None) => {
                let message =
                    format!("`{}` has no home page in {}", self.id(), self.source().shown());
                refuse(Why::Missing, message, "give the address of a page")
            }
        }
    }

    /// Refuses an address of another shop, and any but the home page where there are no deep links.
    fn may_link_to(&self, url: &Url, host: &str) -> Result<(), Refusal> {
        let links = &self.header.links;
        if !is_below(host, &links.hosts) {
            let known = links.hosts.join(", ");
            let bare = host.strip_prefix("www.").unwrap_or(host);
            let message =
                format!("{host} is no host of `{}`, whose pages are on {known}", self.id());
            let near = nearest(bare, links.hosts.iter().map(String::as_str));
            let hint = match near {
                Some(near) => format!("did you mean {}?", host.replace(bare, near)),
                None => "give an address of the shop".to_owned(),
            };
            return refuse(Why::OtherHost, message, hint);
        }
        if self.policies().deeplinking == Some(false) && links.home.as_ref() != Some(url) {
            let place = self.place_of("policies.deeplinking");
            let place = place.map_or(String::new(), |place| format!(" ({place})"));
            let message = format!(
                "`{}` allows no deep links{place}, and {url} is not the home page",
                self.id()
            );
            let hint = match &links.home {
                Some(home) => format!("link to {home}"),
                None => "use the link that the network gives out".to_owned(),
            };
            return refuse(Why::NoDeepLinks, message, hint);
        }
        Ok(())
    }

    /// Refuses what the network cannot carry.
    fn tag(&self, what: &str, tag: Option<&str>, carries: &Carries) -> Result<(), Refusal> {
        let Some(tag) = tag else { return Ok(()) };
        let (id, length) = (self.id(), tag.chars().count());
        if tag.trim().is_empty() {
            return refuse(Why::BadTag, format!("the {what} is empty"), "leave the option out");
        }
        if let Some(max) = carries.max.filter(|max| length > *max) {
            let message =
                format!("the {what} \"{tag}\" has {length} characters, `{id}` carries {max}");
            return refuse(Why::BadTag, message, "shorten it");
        }
        let fits = |c: char| match &carries.signs {
            Some(signs) => c.is_ascii_alphanumeric() || signs.contains(c),
            None => !c.is_control(),
        };
        if let Some(bad) = tag.chars().find(|c| !fits(*c)) {
            let signs = carries.signs.as_deref().unwrap_or("").escape_debug();
            let message = format!("the {what} {tag:?} holds {bad:?}, which `{id}` does not carry");
            let hint = match carries.signs.as_deref() {
                None => "leave control characters out".to_owned(),
                Some("") => "use ASCII letters and digits".to_owned(),
                Some(_) => format!("use ASCII letters, digits and any of \"{signs}\""),
            };
            return refuse(Why::BadTag, message, hint);
        }
        Ok(())
    }

    /// The publisher's own link that the template builds on.
    fn base(&self, asked: &Asked<'_>) -> Result<Option<String>, Refusal> {
        let hint = "give the link that the network made for this placement";
        let given = asked
            .base
            .map(|text| web_address(text).or_else(|message| refuse(Why::BadUrl, message, hint)));
        let Some(base) = given.transpose()?.or_else(|| self.header.links.base.clone()) else {
            return Ok(None);
        };
        if base.query().is_some() || base.fragment().is_some() {
            let message = format!("the base {base} has parameters of its own");
            return refuse(Why::BadUrl, message, "give it up to the question mark");
        }
        Ok(Some(base.into()))
    }

    /// Fills a template in. A parameter whose whole value is a tag that was not given is left out.
    fn filled(
        &self,
        template: &str,
        base: Option<&str>,
        url: &str,
        asked: &Asked<'_>,
    ) -> Result<String, Refusal> {
        let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        let value = |slot: Slot| match slot {
            Slot::Base => base.map(str::to_owned),
            Slot::Url => Some(encoded(url)),
            Slot::Placement => asked.placement.map(encoded),
            Slot::SubId => asked.sub_id.map(encoded),
        };
        let given = [
            ("placement", asked.placement, Slot::Placement),
            ("sub-id", asked.sub_id, Slot::SubId),
        ];
        for (what, _, slot) in given.iter().filter(|(_, given, _)| given.is_some()) {
            if !template.contains(slot.written()) {
                let message = format!("a link of `{}` carries no {what}: {template}", self.id());
                return refuse(Why::NoPlace, message, format!("leave --{what} out"));
            }
        }
        let base_given = asked.base.is_some() && !template.contains(Slot::Base.written());
        if base_given {
            let message =
                format!("links of `{}` do not build on one of yours: {template}", self.id());
            return refuse(Why::NoPlace, message, "leave --base out");
        }
        let mut link = without_empty(template, &|slot| value(slot).is_none());
        for slot in Slot::ALL {
            if !link.contains(slot.written()) {
                continue;
            }
            let Some(value) = value(slot) else {
                let (what, option) = match slot {
                    Slot::Base => ("a link of your own to build on", "--base LINK"),
                    Slot::Placement => ("a placement", "--placement NAME"),
                    _ => ("a sub-id", "--sub-id TAG"),
                };
                let message = format!("a link of `{}` needs {what}: {template}", self.id());
                return refuse(Why::Missing, message, format!("give {option}"));
            };
            link = link.replace(slot.written(), &value);
        }
        Ok(link)
    }
}

/// Adds tags to a link that the network gave out.
fn tagged(short: &Short, mut url: Url, host: String, asked: &Asked<'_>) -> Result<Link, Refusal> {
    let target = url.to_string();
    let tags =
        [("sub-id", asked.sub_id, &short.sub_id), ("placement", asked.placement, &short.placement)];
    for (what, given, parameter) in tags {
        match (given, parameter) {
            (None, _) => {}
            (Some(tag), Some(parameter)) => set(&mut url, parameter, tag),
            (Some(_), None) => {
                let message = format!("links on {host} carry no {what} of yours");
                return refuse(Why::NoPlace, message, format!("leave --{what} out"));
            }
        }
    }
    Ok(Link { link: url.into(), url: target, host, stripped: Vec::new() })
}

/// The template without the parameters of which nothing is given.
fn without_empty(template: &str, empty: &dyn Fn(Slot) -> bool) -> String {
    let Some((head, query)) = template.split_once('?') else { return template.to_owned() };
    let left_out = |pair: &&str| {
        let value = pair.split_once('=').map(|(_, value)| value);
        let tags = [Slot::Placement, Slot::SubId];
        tags.into_iter().any(|slot| value == Some(slot.written()) && empty(slot))
    };
    let pairs: Vec<&str> = query.split('&').filter(|pair| !left_out(pair)).collect();
    if pairs.is_empty() { head.to_owned() } else { format!("{head}?{}", pairs.join("&")) }
}

/// Sets a parameter of an address, in place of one of that name.
fn set(url: &mut Url, parameter: &str, value: &str) {
    let rest = kept(url, &|name| name != parameter);
    let encoded = utf8_percent_encode(value, RESERVED);
    let all = rest.into_iter().chain([format!("{parameter}={encoded}")]);
    url.set_query(Some(&all.collect::<Vec<_>>().join("&")));
}

/// Takes parameters out of an address and returns their names.
fn strip(url: &mut Url, names: &[String]) -> Vec<String> {
    let goes = |name: &str| names.iter().any(|known| known == name);
    let found = url.query_pairs().map(|(name, _)| name.into_owned());
    let found: Vec<String> = found.filter(|name| goes(name)).collect();
    if !found.is_empty() {
        let rest = kept(url, &|name| !goes(name));
        url.set_query(Some(rest.join("&").as_str()).filter(|query| !query.is_empty()));
    }
    found
}

/// The parameters of an address as they are written.
fn kept(url: &Url, keep: &dyn Fn(&str) -> bool) -> Vec<String> {
    let pairs = url.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty());
    let name = |pair: &&str| keep(pair.split('=').next().unwrap_or(pair));
    pairs.filter(name).map(str::to_owned).collect()
}

impl Version {
    /// Returns the entry by which nothing sold on a host earns anything, whatever else is known.
    pub fn excluded_host(&self, host: &str) -> Option<&Entry> {
        self.excludes().iter().find(|entry| match entry.conditions.as_slice() {
            [only] => only.dimension == Dimension::Host && only.passes(host, None),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::program_with;

    const SHOP: &str = "[policies]\ndeeplinking = true\n[links]\n\
        template = \"https://go.example/c/{placement}?u={url}&s={sub_id}\"\n\
        hosts = [\"shop.example\"]\nhome = \"https://shop.example/\"\n\
        strip = [\"sk\"]\nsub_id_max = 8\nsub_id_signs = \"-_\"\n";

    fn asked<'a>(url: &'a str, placement: Option<&'a str>, sub_id: Option<&'a str>) -> Asked<'a> {
        Asked { url: Some(url), base: None, placement, sub_id }
    }

    #[test]
    fn an_address_is_encoded_whole() {
        let program = program_with(SHOP);
        for (url, encoded) in [
            (
                "https://shop.example/a b?q=1&r=å#top",
                "https%3A%2F%2Fshop.example%2Fa%2520b%3Fq%3D1%26r%3D%25C3%25A5%23top",
            ),
            ("http://www.shop.example", "http%3A%2F%2Fwww.shop.example%2F"),
            ("https://SHOP.example/~x?sk=old&q=%26", "https%3A%2F%2Fshop.example%2F~x%3Fq%3D%2526"),
            ("https://shop.example/?sk=old", "https%3A%2F%2Fshop.example%2F"),
        ] {
            let link = program.link(&asked(url, Some("blog/2"), Some("a-1"))).unwrap();
            assert_eq!(link.link, format!("https://go.example/c/blog%2F2?u={encoded}&s=a-1"));
        }
    }

    #[test]
    fn a_tag_that_is_not_given_leaves_its_parameter_out() {
        let program = program_with(SHOP);
        let home = Asked { placement: Some("blog"), ..Asked::default() };
        let link = program.link(&home).unwrap();
        assert_eq!(link.link, "https://go.example/c/blog?u=https%3A%2F%2Fshop.example%2F");
        let refusal = program.link(&asked("https://shop.example/", None, None)).unwrap_err();
        assert_eq!(refusal.why, Why::Missing, "a placement in the path cannot be left out");
    }

    #[test]
    fn what_cannot_be_linked_is_refused_with_both_values() {
        let program = program_with(SHOP);
        for (url, sub_id, why, said) in [
            ("shop.example/x", None, Why::BadUrl, "does not begin"),
            ("https://", None, Why::BadUrl, "is no address"),
            ("ftp://shop.example/x", None, Why::BadUrl, "ftp"),
            ("https://me:pw@shop.example/", None, Why::BadUrl, "user name"),
            ("https://notshop.example/", None, Why::OtherHost, "notshop.example"),
            ("https://shop.example.evil.example/", None, Why::OtherHost, "evil"),
            ("https://shop.example/", Some("123456789"), Why::BadTag, "9 characters"),
            ("https://shop.example/", Some("a b"), Why::BadTag, "' '"),
            ("https://shop.example/", Some(""), Why::BadTag, "empty"),
        ] {
            let refusal = program.link(&asked(url, Some("blog"), sub_id)).unwrap_err();
            assert_eq!(refusal.why, why, "{url}");
            assert!(refusal.message.contains(said), "{}", refusal.message);
        }
        let near = program.link(&asked("https://www.shpo.example/", Some("b"), None)).unwrap_err();
        assert_eq!(near.hint, "did you mean www.shop.example?");
    }

    #[test]
    fn without_deep_links_only_the_home_page_is_linked() {
        let program = program_with(&SHOP.replace("deeplinking = true", "deeplinking = false"));
        let link = |url| program.link(&asked(url, Some("blog"), None));
        assert!(link("https://shop.example/").is_ok());
        let refusal = link("https://shop.example/item/1").unwrap_err();
        assert_eq!(refusal.why, Why::NoDeepLinks);
        assert!(refusal.message.contains("program.toml:8:1"), "{}", refusal.message);
        assert_eq!(refusal.hint, "link to https://shop.example/");
    }

    #[test]
    fn a_template_may_build_on_the_publishers_own_link() {
        let program = program_with(
            "[links]\ntemplate = \"{base}?ulp={url}&subid={sub_id}\"\nhosts = [\"shop.example\"]\n",
        );
        let page = asked("https://shop.example/x", None, Some("å&b"));
        assert_eq!(program.link(&page).unwrap_err().why, Why::Missing);
        let own = Asked { base: Some("https://ad.example/g/abc/"), ..page };
        assert_eq!(
            program.link(&own).unwrap().link,
            "https://ad.example/g/abc/?ulp=https%3A%2F%2Fshop.example%2Fx&subid=%C3%A5%26b"
        );
        let twice = Asked { base: Some("https://ad.example/g/abc/?i=3"), ..page };
        assert_eq!(program.link(&twice).unwrap_err().why, Why::BadUrl);
        let placed = Asked { placement: Some("blog"), ..own };
        assert_eq!(program.link(&placed).unwrap_err().why, Why::NoPlace);
    }

    #[test]
    fn a_link_of_the_networks_own_takes_the_tags_only() {
        let program = program_with(
            "[policies]\ndeeplinking = false\n[links.short]\nhosts = [\"s.shop.example\"]\nsub_id = \"dp\"\n",
        );
        let short = "https://s.shop.example/e/_AbC?cn=1&dp=old";
        let link = program.link(&asked(short, None, Some("news 3"))).unwrap();
        assert_eq!(link.link, "https://s.shop.example/e/_AbC?cn=1&dp=news%203");
        let placed = program.link(&asked(short, Some("blog"), None)).unwrap_err();
        assert_eq!(placed.why, Why::NoPlace);
        let other = program.link(&asked("https://shop.example/", None, None)).unwrap_err();
        assert_eq!(other.why, Why::NoTemplate);
    }

    #[test]
    fn references_that_are_not_taken_are_refused() {
        let text = SHOP.replace("deeplinking = true", "references = false");
        let refusal = program_with(&text)
            .link(&asked("https://shop.example/", Some("blog"), Some("a")))
            .unwrap_err();
        assert_eq!(refusal.why, Why::NoPlace);
    }
}
