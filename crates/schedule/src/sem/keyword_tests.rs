//! Lists of keywords as they come, and what is found in them.

use super::{Checked, KeywordFile, check, read, required_negatives};
use crate::policies::Leave;
use crate::testing::program_with;

const SEM: &str = "[policies]\nsem = \"limited\"\n[sem]\nbrand_terms = [\"AliExpress\", \"Ali Express\"]\n\
    negative_terms = [\"aliexpres\"]\nordinary_terms = [\"aloe xpress\", \"alixpress\"]\n";

fn list(text: &str) -> KeywordFile {
    let (list, problems) = read("k.csv", text.as_bytes());
    assert!(problems.is_empty(), "{problems:?}");
    list.unwrap()
}

fn checked(text: &str) -> Checked {
    check(&program_with(SEM), Leave::Limited, &list(text))
}

/// The findings as code, line and column, campaign.
fn told(checked: &Checked) -> Vec<String> {
    let line = |finding: &super::Finding| {
        let place = &finding.told.place;
        format!("{} {}:{} {}", finding.told.code.id, place.line, place.column, finding.campaign)
    };
    checked.findings.iter().map(line).collect()
}

/// The keywords as they were read: `-` before a negative one.
fn shown(list: &KeywordFile) -> Vec<String> {
    let one = |keyword: &super::Keyword| {
        let negative = keyword.negative.map_or(String::new(), |level| format!("-{level:?} "));
        let written = keyword.matched.written(&keyword.text);
        format!("{negative}{written} in {}/{}", keyword.campaign, keyword.ad_group)
    };
    list.keywords.iter().map(one).collect()
}

/// What is wrong with a list, as code, place and message.
fn wrong(bytes: &[u8]) -> Vec<String> {
    crate::testing::told(&read("k.csv", bytes).1)
}

#[test]
fn a_list_of_ones_own() {
    let read = list(
        "Keyword;Match Type;Campaign;Negative\nled lamp;broad;Home;n\n\"ali express\";Phrase match;Home;Y\n\
         [aliexpress];exact;;yes\n+led +strip;broad;Home;\n",
    );
    assert_eq!(
        shown(&read),
        [
            "led lamp in Home/",
            "-Campaign \"ali express\" in Home/",
            "-Account [aliexpress] in /",
            "led strip in Home/",
        ]
    );
    assert!(read.tells_negatives);
}

#[test]
fn the_export_of_google_ads_editor() {
    let text = "Campaign\tCampaign Type\tAd Group\tKeyword\tCriterion Type\tStatus\tCampaign Status\r\n\
        Søk NO\tSearch\t\t\t\t\tEnabled\r\n\
        Søk NO\t\tLys\tled lamp\tBroad\tEnabled\tEnabled\r\n\
        Søk NO\t\tLys\taliexpress\tExact\tPaused\tEnabled\r\n\
        Søk NO\t\tLys\tgratis\tNegative Phrase\tEnabled\tEnabled\r\n\
        Søk NO\t\t\tali express\tCampaign Negative Exact\tEnabled\tEnabled\r\n\
        Bilder\tDisplay\t\t\t\t\tEnabled\r\n\
        Bilder\t\tB\taliexpress\tBroad\tEnabled\tEnabled\r\n\
        Gammel\tSearch\t\t\t\t\tRemoved\r\n\
        Søk NO\t\tLys\tlampe\tExact\tRemoved\tEnabled\r\n";
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let (read, problems) = read("k.csv", &bytes);
    assert!(problems.is_empty(), "{problems:?}");
    let read = read.unwrap();
    assert_eq!(
        shown(&read),
        [
            "led lamp in Søk NO/Lys",
            "-AdGroup \"gratis\" in Søk NO/Lys",
            "-Campaign [ali express] in Søk NO/",
        ]
    );
    assert_eq!((read.paused, read.campaigns.len()), (1, 1));
    // Without the mark, the zero bytes tell.
    let (plain, _) = super::read("k.csv", &bytes[2..]);
    assert_eq!(shown(&plain.unwrap()), shown(&read));
}

#[test]
fn a_bulk_file_of_microsoft_advertising() {
    let read = list(
        "Type,Status,Id,Parent Id,Campaign,Ad Group,Keyword,Match Type,Bid,Name\n\
         Format Version,,,,,,,,,6.0\nCampaign,Active,1,,Lys,,,,,\n\
         Keyword,Active,2,1,Lys,A,led lamp,Broad,1.00,\n\
         Ad Group Negative Keyword,Active,3,1,Lys,A,aliexpress,Phrase,,\n\
         Campaign Negative Keyword,Active,4,1,Lys,,ali express,Exact,,\n\
         Campaign Negative Keyword,Deleted,5,1,Lys,,aliexpres,Exact,,\n\
         Shared Negative Keyword,Active,6,9,,,aliexpres,Exact,,\n\
         Account Shared Negative Keyword,Active,7,9,,,billig,Phrase,,\n\
         Campaign,Deleted,8,,Borte,,,,,\nKeyword,Active,9,8,Borte,A,aliexpress,Exact,,\n",
    );
    assert_eq!(
        shown(&read),
        [
            "led lamp in Lys/A",
            "-AdGroup \"aliexpress\" in Lys/A",
            "-Campaign [ali express] in Lys/",
            "-SharedList [aliexpres] in /",
            "-Account \"billig\" in /",
        ]
    );
    let checked = check(&program_with(SEM), Leave::Limited, &read);
    assert_eq!(told(&checked), ["K003 3:1 Lys", "K004 6:43 Lys"]);
    assert_eq!(
        checked.to_import(&read),
        "Type,Status,Campaign,Ad Group,Keyword,Match Type,Name\nFormat Version,,,,,,6.0\n\
         Campaign Negative Keyword,Active,Lys,,ali express,Phrase,\n\
         Campaign Negative Keyword,Active,Lys,,aliexpres,Phrase,"
    );
}

#[test]
fn a_report_has_a_title_above_and_totals_below() {
    let read = list(
        "Search keyword report\nAll time\nKeyword status,Keyword,Match type,Campaign,Ad group\n\
         Enabled,ali expres,Exact match,Home,A\nTotal: Keywords,--,--,--,--\n",
    );
    assert_eq!(shown(&read), ["[ali expres] in Home/A"]);
    assert!(!read.tells_negatives, "bids alone do not say what is negative");
    let checked = check(&program_with(SEM), Leave::Limited, &read);
    assert_eq!(told(&checked), ["K002 4:9 Home"]);
    assert_eq!(checked.to_add, []);
}

#[test]
fn bids_on_the_brand_are_found_where_they_stand() {
    let checked = checked(
        "Campaign,Keyword,Match Type,Negative\n\"Home, NO\",billig aliexpress,broad,n\nHome,led,broad,n\n\
         Home,alliexpress,exact,n\nHome,alixpress rabatt,exact,n\n\"\",aliexpress,phrase,y\n\
         ,ali express,phrase,y\n,aliexpres,phrase,y\n",
    );
    assert_eq!(told(&checked), ["K001 2:12 Home, NO", "K002 4:6 Home"]);
    assert_eq!(
        checked.findings[1].told.message,
        "\"alliexpress\" (exact) is bid on in campaign \"Home\": \"alliexpress\" is 1 edit from the brand term \
         \"AliExpress\", up to 2 count (policies.sem, program.toml:8:1)"
    );
}

#[test]
fn lines_are_counted_as_people_count_them() {
    let rows = "Campaign,Keyword,Match Type\nA,\"a\"\"b\",broad\n\nB,aliexpress,exact\n";
    for text in [rows.to_owned(), rows.replace('\n', "\r\n")] {
        let checked = checked(&format!("title\n{text}"));
        assert_eq!(told(&checked), ["K001 5:3 B"], "{text:?}");
    }
}

#[test]
fn a_negative_blocks_by_its_match_type() {
    let lacking = |negatives: &str| {
        let head = "Campaign,Ad Group,Keyword,Match Type,Negative\nHome,A,led,broad,n\nHome,B,lamp,broad,n\n";
        let checked = checked(&format!("{head}{negatives}"));
        let terms: Vec<&str> = checked.to_add.iter().map(|add| add.term.as_str()).collect();
        terms.join(";")
    };
    assert_eq!(required_negatives(&program_with(SEM)), ["aliexpress", "ali express", "aliexpres"]);
    assert_eq!(lacking(""), "aliexpress;ali express;aliexpres");
    // A broad one needs its words in any order, a phrase in its own, an exact one nothing else.
    assert_eq!(lacking("Home,,express ali,broad,y\n"), "aliexpress;aliexpres");
    assert_eq!(lacking("Home,,express ali,phrase,y\n"), "aliexpress;ali express;aliexpres");
    assert_eq!(lacking("Home,,ali,phrase,y\n"), "aliexpress;aliexpres");
    assert_eq!(lacking("Home,,ali express,exact,y\n"), "aliexpress;ali express;aliexpres");
    assert_eq!(lacking("Home,,ali express no,broad,y\n"), "aliexpress;ali express;aliexpres");
    // One of the account counts everywhere, one of an ad group in that group only.
    assert_eq!(lacking(",,AliExpress,phrase,y\n"), "ali express;aliexpres");
    assert_eq!(lacking("Home,A,aliexpress,phrase,y\n"), "aliexpress;ali express;aliexpres");
    let both = "Home,A,aliexpress,phrase,y\nHome,B,aliexpress,broad,y\n";
    assert_eq!(lacking(both), "ali express;aliexpres");
    assert_eq!(lacking("Other,,aliexpress,phrase,y\n").split(';').count(), 5);
}

#[test]
fn what_is_missing_is_ready_to_paste_and_to_import() {
    let text = "Campaign,Ad Group,Keyword,Criterion Type\n=Home,A,led,Broad\nAway,,ali express,Campaign Negative Phrase\n";
    let checked = checked(text);
    assert_eq!(
        checked.to_paste(),
        "# campaign =Home\n\"aliexpress\"\n\"ali express\"\n\"aliexpres\"\n\n\
         # campaign Away\n\"aliexpress\"\n\"aliexpres\""
    );
    assert_eq!(
        checked.to_import(&list(text)),
        "Campaign,Ad Group,Keyword,Criterion Type\n=Home,,aliexpress,Campaign Negative Phrase\n\
         =Home,,ali express,Campaign Negative Phrase\n=Home,,aliexpres,Campaign Negative Phrase\n\
         Away,,aliexpress,Campaign Negative Phrase\nAway,,aliexpres,Campaign Negative Phrase"
    );
    // What was imported is then found to be there.
    let again = format!("{text}{}", checked.to_import(&list(text)).split_once('\n').unwrap().1);
    assert_eq!(check(&program_with(SEM), Leave::Limited, &list(&again)).to_add, []);
}

#[test]
fn the_policy_decides_what_is_found() {
    let text = "Campaign,Keyword,Match Type,Negative\nHome,led,broad,n\nHome,aliexpress,broad,n\n";
    let found = |leave| told(&check(&program_with(SEM), leave, &list(text)));
    assert_eq!(found(Leave::Allowed), [""; 0]);
    assert_eq!(found(Leave::Limited), ["K003 2:1 Home", "K001 3:6 Home"]);
    assert_eq!(found(Leave::ByApproval), found(Leave::Limited));
    assert_eq!(found(Leave::NotAllowed), ["K005 2:6 Home", "K001 3:6 Home"]);
}

#[test]
fn a_list_that_cannot_be_read_is_told_with_all_its_mistakes() {
    assert_eq!(wrong(b""), ["K012 k.csv the file is empty"]);
    assert_eq!(
        wrong(b"a,b\n1,2\n"),
        ["K011 k.csv:1:1 no column `keyword`; the file begins \"a,b\""]
    );
    assert_eq!(
        wrong(b"x\nKeyword,Max CPC\nled,1\nlamp,2\n"),
        ["K011 k.csv:2:1 no column `campaign` and no column `match type`"]
    );
    assert_eq!(
        wrong(b"Keyword,Campaign,Match Type\n,Home,\n[],Home,exact\n--,Home,\n"),
        ["K012 k.csv:1:1 no row has a keyword"]
    );
    assert_eq!(wrong(b"Keyword\xe5"), ["K013 k.csv the file is neither UTF-8 nor UTF-16"]);
    assert_eq!(
        wrong(b"Keyword,Campaign,Match Type,Negative\nled,Home,wide,n\nlamp,Home,,n\nlys,Home,broad,maybe\n"),
        [
            "K014 k.csv:2:1 match type \"wide\" of keyword \"led\"",
            "K014 k.csv:3:1 keyword \"lamp\" has no match type",
            "K015 k.csv:4:1 `negative` of keyword \"lys\" is \"maybe\"",
        ]
    );
    assert_eq!(
        wrong(b"Campaign,Keyword,Match Type\nHome,\"led,broad\nHome,lamp,broad\n"),
        ["K016 k.csv:2:6 the keyword that begins \"led,broad\" goes on in the next line"]
    );
}
