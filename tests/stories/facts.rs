//! The facts of a program, used: shown, a list of keywords checked by them, links made from them.

use std::fs;

use serde_json::Value;

use super::super::support::{Ran, Sandbox, root};

/// Two search campaigns as Google Ads Editor exports them, and one of pictures.
const EXPORT: &str = "Campaign\tCampaign Type\tAd Group\tKeyword\tCriterion Type\tStatus\r\n\
    Mobil NO\tSearch\t\t\t\tEnabled\r\n\
    Mobil NO\t\tDeksel\tbillig mobildeksel\tBroad\tEnabled\r\n\
    Mobil NO\t\tDeksel\texampel bazar rabatt\tPhrase\tEnabled\r\n\
    Mobil NO\t\tDeksel\tgratis\tNegative Phrase\tEnabled\r\n\
    Mobil NO\t\t\texample bazaar\tCampaign Negative Phrase\tEnabled\r\n\
    Lys, små\tSearch\t\t\t\tEnabled\r\n\
    Lys, små\t\tLys\tgrand bazaar\tBroad\tEnabled\r\n\
    Bilder\tDisplay\t\t\t\tEnabled\r\n";

/// Writes a text as the editor does: UTF-16 with a byte order mark.
fn write_utf16(sandbox: &Sandbox, name: &str, text: &str) {
    let mark = std::iter::once(0xfeff);
    let bytes = mark.chain(text.encode_utf16()).flat_map(u16::to_le_bytes);
    fs::write(sandbox.path(name), bytes.collect::<Vec<_>>()).expect("the file can be written");
}

#[track_caller]
fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).expect("stdout is one JSON document")
}

/// The codes that stderr tells, with line and column.
fn codes(ran: &Ran) -> Vec<String> {
    let heads = ran.err.lines().filter_map(|line| {
        let (code, place) = line.strip_prefix("warning[")?.split_once("]: ")?;
        let (_, place) = place.split_once(':')?;
        Some(format!("{code} {place}"))
    });
    heads.collect()
}

/// Writes a shipped program into the folder of schedules, with some of its program.toml replaced.
#[track_caller]
fn overlay(sandbox: &Sandbox, program: &str, from: &str, to: &str) {
    sandbox.run(&format!("schedule export {program} schedules")).expect(0);
    let path = sandbox.path(&format!("schedules/{program}/program.toml"));
    let text = fs::read_to_string(&path).expect("the file was written");
    assert!(text.contains(from), "program.toml has no {from:?}");
    fs::write(path, text.replace(from, to)).expect("the file can be written");
}

#[test]
fn an_editors_export_is_checked_and_what_is_missing_goes_back_into_the_editor() {
    let sandbox = Sandbox::new();
    write_utf16(&sandbox, "export.csv", EXPORT);
    let first = sandbox.run("sem check example export.csv").expect(1);
    assert_eq!(codes(&first), ["K003 2:1", "K002 4:18", "K003 7:1"]);
    assert_eq!(
        first.out,
        "# campaign Mobil NO\n\"examplebazaar\"\n\"exampel bazaar\"\n\"example bazar\"\n\n\
         # campaign Lys, små\n\"example bazaar\"\n\"examplebazaar\"\n\"exampel bazaar\"\n\
         \"example bazar\"\n"
    );
    let add = sandbox.run("sem check example export.csv -O csv").expect(1);
    let rows = add.rows();
    assert_eq!(rows.len(), 7);
    assert_eq!(rows[6].get("Campaign"), "Lys, små");
    assert_eq!(rows[6].get("Criterion Type"), "Campaign Negative Phrase");
    // The editor imports the rows, the bid is removed, and the account is exported again.
    let imported = rows.iter().map(|row| {
        let [campaign, keyword] = ["Campaign", "Keyword"].map(|column| row.get(column));
        format!("{campaign}\t\t\t{keyword}\t{}\tEnabled\r\n", row.get("Criterion Type"))
    });
    let again = EXPORT.replace("bazar rabatt\tPhrase\tEnabled", "bazar rabatt\tPhrase\tPaused");
    write_utf16(&sandbox, "again.csv", &(again + &imported.collect::<String>()));
    let last = sandbox.run("sem check example again.csv").expect(0);
    assert_eq!(last.out, "");
    assert_eq!(
        last.err,
        "2 campaigns, 2 bids, 9 negative keywords; policies.sem of example is limited\n\
         0 findings; 0 negative keywords to add\n1 bid not looked at: paused\n"
    );
}

#[test]
fn a_finding_names_the_term_and_how_near_it_is() {
    let sandbox = Sandbox::new();
    let list = "keyword,match type,campaign,negative\nali expres,exact,Home,n\n\
        air express,broad,Home,n\n-alibaba,broad,Home,n\n";
    sandbox.write("list.csv", list);
    let ran = sandbox.run("sem check aliexpress-nordic list.csv -O json").expect(1);
    let document = json(&ran);
    let near: Vec<&Value> = document["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| finding["brand_term"].is_string())
        .collect();
    assert_eq!(near.len(), 2, "air express is no misspelling: {document}");
    assert_eq!(near[0]["code"], "K002");
    assert_eq!(near[0]["brand_term"], "Ali Express");
    assert_eq!((&near[0]["distance"], &near[0]["line"]), (&1.into(), &2.into()));
    assert_eq!(near[1]["code"], "K001");
    let required = document["to_add"].as_array().expect("a list").len();
    assert_eq!(required, 14, "each term of the program once");
    assert!(ran.err.contains("assumed sem.negative_terms: misspellings must be negative too"));
}

#[test]
fn the_policy_of_the_program_decides() {
    let sandbox = Sandbox::new();
    let list =
        "keyword,match type,campaign,negative\nexample bazaar,exact,Home,n\nled,broad,Home,n\n";
    sandbox.write("list.csv", list);
    let policy = |word: &str| format!("sem = \"{word}\"");
    for (word, code, found) in [
        ("allowed", 0, vec![]),
        ("limited", 1, vec!["K001 2:1", "K003 2:1"]),
        ("by_approval", 1, vec!["K001 2:1", "K003 2:1"]),
        ("not_allowed", 1, vec!["K001 2:1", "K005 3:1"]),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("list.csv", list);
        overlay(&sandbox, "example", &policy("limited"), &policy(word));
        let ran = sandbox.run("sem check example list.csv").expect(code);
        let mut codes = codes(&ran);
        codes.sort();
        assert_eq!(codes, found, "{word}");
        assert_eq!(ran.err.contains("nothing to find"), word == "allowed");
    }
}

#[test]
fn an_ordinary_word_that_comes_near_is_listed_once_and_for_all() {
    let sandbox = Sandbox::new();
    let list = "keyword,match type,campaign,negative\nally express auto,exact,Home,n\n";
    sandbox.write("list.csv", list);
    let terms = "brand_terms = [\"AliExpress\"]\n";
    overlay(&sandbox, "aliexpress-portal", terms, terms);
    let near = sandbox.run("sem check aliexpress-portal list.csv").expect(1);
    assert_eq!(codes(&near), ["K002 2:1", "K003 2:1"]);
    let path = sandbox.path("schedules/aliexpress-portal/program.toml");
    let text = fs::read_to_string(&path).expect("the file was written");
    let listed = format!("{terms}ordinary_terms = [\"Ally Express\"]\n");
    fs::write(&path, text.replace(terms, &listed)).expect("the file can be written");
    let ran = sandbox.run("sem check aliexpress-portal list.csv").expect(1);
    assert_eq!(codes(&ran), ["K003 2:1"]);
}

#[test]
fn a_link_is_all_that_link_prints() {
    let sandbox = Sandbox::new();
    let ran = sandbox
        .run("link example https://www.bazaar.example/søk?q=a&click_id=9 --placement blog --sub-id n-1")
        .expect(0);
    assert_eq!(
        ran.out,
        "https://click.example.net/c/blog?to=https%3A%2F%2Fwww.bazaar.example%2Fs%25C3%25B8k\
         %3Fq%3Da&tag=n-1\n"
    );
    assert_eq!(ran.err, "left out of the address, as left there by an earlier click: click_id\n");
    let home = sandbox.run("link example --placement blog -O json").expect(0);
    let parts = json(&home);
    assert_eq!(parts["url"], "https://www.bazaar.example/");
    assert_eq!(parts["placement"], "blog");
    assert_eq!(parts["sub_id"], Value::Null);
    let row = sandbox.run("link example --placement blog -O csv").expect(0).rows().remove(0);
    assert_eq!(parts["link"], row.get("link"));
}

#[test]
fn a_template_of_ones_own_makes_links_and_the_terms_in_force_are_heard() {
    let sandbox = Sandbox::new();
    let template = "[links]\ntemplate = \"https://track.example.org/?u={url}&epi={sub_id}\"\n";
    overlay(&sandbox, "aliexpress-nordic", "[links]", template);
    let ran = sandbox.run("link aliexpress-nordic https://no.aliexpress.com/item/1.html").expect(0);
    assert_eq!(
        ran.out,
        "https://track.example.org/?u=https%3A%2F%2Fno.aliexpress.com%2Fitem%2F1.html\n"
    );
    let ran =
        sandbox.run("link aliexpress-nordic https://tmall.aliexpress.com/item/1.html").expect(0);
    assert!(
        ran.err.contains(
            "note: nothing sold on tmall.aliexpress.com earns anything (excluded_storefront of \
             2024-05-07, clause 3.c, "
        ),
        "{}",
        ran.err
    );
}

#[test]
fn links_that_the_network_makes_take_the_sub_id() {
    let sandbox = Sandbox::new();
    let short = "https://s.click.aliexpress.com/e/_AbC?cn=summer";
    let ran = sandbox.run(&format!("link aliexpress-portal {short} --sub-id news-3")).expect(0);
    assert_eq!(ran.out, format!("{short}&dp=news-3\n"));
    let own = "https://ad.example/g/1a2b/";
    let page = "https://www.aliexpress.com/item/1.html?sk=x&aff_platform=y";
    let ran = sandbox
        .run(&format!("link aliexpress-admitad-ww {page} --base {own} --sub-id a"))
        .expect(0);
    let target = "https%3A%2F%2Fwww.aliexpress.com%2Fitem%2F1.html";
    assert_eq!(ran.out, format!("{own}?ulp={target}&subid=a\n"));
}

#[test]
fn a_program_is_shown_with_all_that_its_folder_says() {
    let sandbox = Sandbox::new();
    let text = sandbox.run("program show aliexpress-nordic").expect(0).out;
    for line in [
        "since                   2015-06-03",
        "time zone               America/Los_Angeles (assumed)",
        "terms of an order       those in force when an order is paid (assumed)",
        "notice                  7 days before a change",
        "listing                 updated on 2024-05-07, cps 6.3%, click to conversion P3D",
        "  deep links            yes",
        "  search ads            limited: no bids on the brand or its misspellings, brand terms are \
         negative keywords",
        "  browser extensions    not stated",
        "  template              not known",
        "  category tree 2018: 290 categories",
        "  2024-05-07  2024-05-07         estimated      2        5        0              16",
        "  in force today: 2024-05-07",
        "    rate 6.3%: all",
        "    cap 50.00 USD per order on commission",
        "  of all programs       those of `feebook formats list`",
        "  timezone: not stated; the network's API reports US Pacific",
    ] {
        assert!(text.lines().any(|shown| shown == line), "no line {line:?} in\n{text}");
    }
    let document = json(&sandbox.run("program show aliexpress-nordic -O json").expect(0));
    assert_eq!(document["policies"]["deeplinking"], true);
    assert_eq!(document["placements"]["sem"], "limited");
    assert_eq!(document["placements"]["extension"], Value::Null);
    assert_eq!(document["versions"][0]["known"], 2);
    assert_eq!(document["in_force"]["schedule"], "2024-05-07");
    let rows = sandbox.run("program show aliexpress-nordic -O csv").expect(0).rows();
    let value = |key: &str| {
        let row = rows.iter().find(|row| row.get("key") == key).expect("the key is there");
        (row.get("value").to_owned(), !row.get("assumed").is_empty())
    };
    assert_eq!(value("sem.brand_terms"), ("Ali Express, AliExpress, Alibaba".to_owned(), true));
    assert_eq!(value("versions.2024-05-07.unknown"), ("0".to_owned(), false));
    assert_eq!(value("category_trees.2026.categories"), ("221".to_owned(), false));
}

#[test]
fn every_shipped_program_is_shown_in_every_form() {
    let sandbox = Sandbox::new();
    let programs = fs::read_dir(root().join("schedules")).expect("a folder");
    let folders = programs.map(|entry| entry.expect("an entry").path());
    let programs: Vec<_> = folders.filter(|path| path.join("program.toml").exists()).collect();
    assert!(programs.len() >= 12);
    for path in programs {
        let program = path.file_name().expect("a name").to_string_lossy().into_owned();
        let document = json(&sandbox.run(&format!("program show {program} -O json")).expect(0));
        assert_eq!(document["program"], program.as_str());
        let text = sandbox.run(&format!("program show {program}")).expect(0).out;
        assert!(text.contains("in force today"), "{text}");
        // Each version is listed, and each of its open questions counted.
        for version in document["versions"].as_array().expect("a list") {
            let id = version["schedule"].as_str().expect("a name");
            assert!(text.contains(id), "{program} {id}");
            let file = fs::read_to_string(path.join(format!("{id}.toml"))).expect("a version");
            let table: toml::Table = file.parse().expect("TOML");
            let open =
                table.get("assumed").and_then(toml::Value::as_table).map_or(0, toml::Table::len);
            assert_eq!(version["open_questions"], open, "{program} {id}");
        }
    }
}
