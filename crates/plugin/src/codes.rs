//! The codes of everything that keeps a plugin from being used. A number is never used for another.

/// A kind of refusal.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The number, such as `P006`.
    pub id: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What it means and what to do.
    pub help: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $title:literal, $help:literal;)*) => {
        $($(#[$doc])* pub static $name: Code = Code { id: $id, title: $title, help: $help };)*

        /// All codes in order of their numbers.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    /// Plugins are off, or this one is not trusted.
    NOT_ALLOWED = "P001", "schedule needs a plugin",
        "A rule of this schedule is computed by a plugin, which is native code. None runs unless `--allow-plugins` is given or `feebook plugin trust` recorded its digest. Nothing is posted.";
    /// `plugins.toml` has no line that fits.
    NO_BUILD = "P002", "no build of the plugin",
        "The schedule names a plugin, and plugins.toml beside it has no line for it that reaches back to that day. `feebook plugin stamp` appends one.";
    /// The file is gone.
    NO_LIBRARY = "P003", "library not there",
        "plugins.toml names a library that is not there. A month is computed with the build of its day only, so neither a newer nor an older one is a stand-in: put that file back. What was posted stays and can be read.";
    /// The path leads elsewhere.
    PATH = "P004", "path of a library",
        "A library lies under the schedules folder, named by a path with a slash, or is named by an absolute path. A bare name would be looked up elsewhere, and a link out of the folder is not what was looked at.";
    /// Not a file.
    NOT_A_FILE = "P005", "not a file",
        "A library is a regular file of at most 256 MB; folders, pipes and devices are not opened.";
    /// Another file than was stamped.
    DIGEST = "P006", "another file than was stamped",
        "The SHA-256 of the very bytes that would be loaded is not that of plugins.toml. None of the file's code was run.";
    /// Not a shared library.
    NOT_A_LIBRARY = "P007", "not a shared library",
        "The file is neither an ELF, a Mach-O nor a PE library. A plugin in Rust is built with crate-type = [\"cdylib\"], one in C with -shared.";
    /// A library for another machine.
    OTHER_MACHINE = "P008", "library for another machine",
        "The library was built for another system, processor or word size. Build it here, and stamp that build as well: plugins.toml holds a line per build, which says its `machine`, and of those for one machine and day the last serves.";
    /// No handshake.
    NO_SYMBOL = "P009", "library without a handshake",
        "A plugin exports the symbol FEEBOOK_PLUGIN; the macro export_plugin! makes it.";
    /// Wrong magic.
    MAGIC = "P010", "handshake of something else",
        "The symbol is there, but its first bytes are not those of a feebook plugin.";
    /// Another edition of the boundary.
    ABI = "P011", "plugin for another edition",
        "The plugin was built against another edition of the plugin boundary. Build it anew against this one, and stamp the build.";
    /// Another size of a struct.
    SIZE = "P012", "plugin with other structs",
        "The plugin and feebook disagree about the size of what they exchange: it was built against a changed header, or with other rules of layout.";
    /// Flags that we do not know.
    FLAGS = "P013", "plugin with unknown flags",
        "The plugin asks for something that this edition of the boundary does not have.";
    /// Another plugin.
    NAME = "P014", "another plugin",
        "The library calls itself otherwise than the schedule calls the plugin that it needs.";
    /// No version.
    VERSION = "P015", "plugin without a readable version",
        "Name and version of a plugin are printable text of at most 31 bytes; they are shown wherever its answers are explained.";
    /// A function is missing.
    NO_FUNCTION = "P016", "plugin without a function",
        "The handshake lacks one of its three functions init, call and free.";
    /// The system refuses.
    NOT_LOADED = "P017", "library that does not load",
        "The system's loader refused the library, most often because another library that it needs is missing; the message is the loader's.";
    /// The handshake changed on loading.
    CHANGED = "P018", "handshake that changes on loading",
        "The handshake in memory is not the one in the file. A plugin's handshake is constant.";
    /// The library could not be read.
    UNREADABLE = "P019", "library that cannot be read",
        "The operating system refused; the message is its own.";
    /// The config is wrong.
    CONFIG = "P020", "plugin refuses its config",
        "The plugin does not accept its config. Of a schedule's [plugin.config] this is told as S050, at the keys, with exit code 3; an author's own tests see it.";
    /// The plugin says no.
    FAILED = "P021", "plugin that cannot go on",
        "The plugin itself says that it cannot answer; the message is its own. Nothing is posted.";
    /// The plugin panicked.
    PANICKED = "P022", "plugin that panicked",
        "A mistake in the plugin; the message says where. It is not called again, and nothing is posted. Tell its author.";
    /// A status that does not exist.
    STATUS = "P023", "unknown status of a plugin",
        "The plugin returned a status that the boundary does not have.";
    /// An amount out of bounds.
    AMOUNT = "P024", "amount of a plugin out of bounds",
        "Commission and incentive are amounts from 0 to 2^42 minor units. Nothing is posted. Tell the plugin's author.";
    /// A commission on a line of others.
    FOREIGN_LINE = "P025", "commission on a line of others",
        "A plugin gives the commission of lines whose rate entry says \"plugin\", and of no other. Nothing is posted.";
    /// Something changed that is not the plugin's.
    FOREIGN_FIELD = "P026", "plugin that writes elsewhere",
        "The plugin changed what it was given to read, wrote beyond its areas, or set what is reserved. Nothing that it said is believed, and nothing is posted.";
    /// A reason that is not there.
    REASON = "P027", "reason that cannot be shown",
        "A reason is one line of text, and a line's answer names one of those that the plugin wrote in this call.";
    /// Another answer the second time.
    UNSTABLE = "P028", "plugin with two answers",
        "Asked twice the same, the plugin answered differently: it reads a clock or keeps something from call to call. Its results cannot be verified.";
    /// No answer.
    SLOW = "P029", "plugin that does not answer",
        "The loading of the library or one call of its functions took longer than the limit. The run was ended and nothing posted.";
    /// A problem list that cannot be read.
    REPORT = "P030", "report that cannot be read",
        "The plugin failed and what it says about it is not text within its area.";
    /// A batch that does not fit the call.
    TOO_LARGE = "P031", "batch that does not fit the call",
        "A call takes up to 4,294,967,295 bytes of texts, lines and orders each, with the figures and texts that the plugin is told. Please report it.";
    /// The end of the process.
    ENDED = "P032", "plugin that ends feebook",
        "The plugin ended the process, by `exit`, while it was at work. Nothing is posted. Tell its author: a plugin comes back with a status.";
}
