//! The plugins that come with feebook, with the schedules that come with feebook: as a user has them.

use std::fs;

use super::super::support::Sandbox;
use super::{built, with_config};

/// Orders of October 2019: of the first, second and third group of the basic rates.
const ORDERS: &str = "order_no,line_no,paid_at,product_price,quantity,status,currency,category,hot\n\
    1,1,2019-10-03 10:30:00,100.00,1,approved,USD,5090301,N\n\
    2,1,2019-10-12 10:30:00,200.00,1,approved,USD,311,N\n\
    3,1,2019-10-20 10:30:00,50.00,1,settled,USD,33,N\n";

fn stamp(sandbox: &Sandbox, plugin: &str, file: &str, more: &[&str]) -> String {
    let words = ["plugin", "stamp", plugin, file, "--program", "aliexpress-tiered"];
    with_config(sandbox, &[&words, more].concat()).expect(0).err
}

fn with_orders() -> Sandbox {
    let sandbox = Sandbox::with_ledger();
    sandbox.write("orders.csv", ORDERS);
    sandbox.run("import orders.csv --program aliexpress-tiered").expect(0);
    for plugin in ["tiers", "levels"] {
        let library = built(plugin);
        let told = stamp(&sandbox, plugin, library.to_str().expect("UTF-8"), &[]);
        assert!(told.contains("serves orders of aliexpress-tiered from"), "{told}");
    }
    sandbox
}

#[test]
fn the_shipped_plugins_take_the_shipped_configs_and_answer() {
    let sandbox = with_orders();
    let told = sandbox.run("plugin check aliexpress-tiered --allow-plugins -O csv").expect(0).out;
    for (version, plugin) in
        [("2016-09-10", "tiers"), ("2017-10-16", "levels"), ("2019-09-17", "tiers")]
    {
        let taken = format!("aliexpress-tiered,{version},{version},{plugin},0.1.0,taken\n");
        assert!(told.contains(&taken), "{told}");
    }
    // Without a plugin there is no month and no posting.
    let refused = sandbox.run("recompute").expect(5).err;
    assert!(refused.contains("error[P001]"), "{refused}");

    let posted = sandbox.run("recompute --allow-plugins").expect(0).out;
    assert!(posted.contains("3 orders with 3 lines evaluated"), "{posted}");
    for order in ["1", "2", "3"] {
        // What was answered is in the ledger: it is explained without the plugin.
        let told = sandbox.run(&format!("explain {order}")).expect(0).out;
        assert!(told.contains("plugin tiers 0.1.0, SHA-256 "), "{told}");
        assert!(told.contains("the schedule's plugin"), "{told}");
        // The line of [plugin] in the version.
        assert!(told.contains("aliexpress-tiered/2019-09-17.toml:38:1"), "{told}");
    }
    assert!(sandbox.run("recompute --allow-plugins").expect(0).out.contains("0 changed"));
}

#[test]
fn another_build_for_the_same_days_leaves_lines_waiting() {
    let sandbox = with_orders();
    sandbox.run("recompute --allow-plugins").expect(0);
    let waiting = || sandbox.run("lines -O csv").expect(0).err;
    assert!(!waiting().contains("3 lines wait"), "{}", waiting());
    let mut newer = fs::read(built("tiers")).expect("a library");
    newer.push(0);
    let file = sandbox.path("newer.so");
    fs::write(&file, &newer).expect("written");
    stamp(&sandbox, "tiers", "newer.so", &["--from", "2016-09-10"]);
    assert!(waiting().contains("3 lines wait"), "{}", waiting());
    // A build for another machine takes nothing from this one's.
    sandbox.run("recompute --allow-plugins").expect(0);
    let list = sandbox.path("schedules/aliexpress-tiered/plugins.toml");
    let text = fs::read_to_string(&list).expect("a list");
    let other = format!(
        "{text}\n[[plugin]]\nname = \"tiers\"\nlibrary = \"plugins/other.so\"\nsha256 = \"{}\"\n\
         machine = \"another\"\nfrom = 2016-09-10\n",
        "0".repeat(64)
    );
    fs::write(&list, other).expect("written");
    assert!(!waiting().contains("3 lines wait"), "{}", waiting());
}

const HEADER: &str =
    "order_no,line_no,paid_at,product_price,quantity,status,currency,category,hot\n";

/// Commission, incentive and verdict of the first line of each of some orders.
fn earned(sandbox: &Sandbox, orders: &[&str]) -> Vec<String> {
    let rows = sandbox.run("lines -O csv").expect(0).rows();
    let of = |order: &&str| {
        let row = rows.iter().find(|row| row.get("order_no") == *order).expect("an order");
        let cell = |key: &str| row.get(key).to_owned();
        format!("{} + {} {}", cell("commission"), cell("incentive"), cell("verdict"))
    };
    orders.iter().map(of).collect()
}

/// The shipped program with some orders, computed.
fn computed(orders: &str) -> Sandbox {
    let sandbox = with_orders();
    sandbox.write("more.csv", &format!("{HEADER}{orders}"));
    sandbox.run("import more.csv --program aliexpress-tiered").expect(0);
    sandbox.run("recompute --allow-plugins").expect(0);
    sandbox
}

#[test]
fn a_share_of_the_base_rate_by_last_months_turnover() {
    // August has an order, so that September is known whole: 200,000.00, which is the second tier.
    let sandbox = computed(
        "8,1,2019-08-31 10:30:00,1.00,1,pending,USD,33,N\n\
         9,1,2019-09-20 10:30:00,200000.00,1,approved,USD,33,N\n",
    );
    // 84 % of 3 % of 100.00; of 9 % of 200.00; of 7 % of 50.00.
    assert_eq!(
        earned(&sandbox, &["1", "2", "3"]),
        ["2.52 + 0.00 commissionable", "15.12 + 0.00 commissionable", "2.94 + 0.00 commissionable"]
    );
    let told = sandbox.run("explain 1").expect(0).out;
    assert!(told.contains("84% of 3%: turnover 200000.00 in 2019-09"), "{told}");
    // What August came to is not in the ledger, and explain says why.
    assert_eq!(earned(&sandbox, &["9"]), [" +  unverifiable"]);
    let told = sandbox.run("explain 9").expect(0).out;
    for part in [
        "turnover in 2019-08: not known; `stated` can say it",
        "turnover of the program, 1 calendar month earlier: not known; the period began on 2019-08-01, before \
         the ledger's first order of the program, of 2019-08-31",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn two_percent_more_from_the_tenth_of_the_month_after_on() {
    let sandbox = computed(
        "10,1,2016-08-31 10:30:00,1.00,1,pending,USD,5090301,N\n\
         11,1,2016-09-15 10:30:00,400000.00,1,approved,USD,5090301,N\n\
         12,1,2016-10-09 23:30:00,100.00,1,approved,USD,5090301,N\n\
         13,1,2016-10-10 00:30:00,100.00,1,approved,USD,5090301,N\n",
    );
    assert_eq!(
        earned(&sandbox, &["12", "13"]),
        [" +  unverifiable", "8.00 + 2.00 commissionable"],
        "on the 9th August counts, which the ledger does not know"
    );
}

#[test]
fn a_level_bites_on_the_tenth() {
    let sandbox = super::shop();
    sandbox.write(
        "schedules/shop/2024-01-01.toml",
        &super::version(
            "levels",
            "bites_on = 10\nlevels = [{ name = \"bronze\", adds = \"0%\" }, \
             { name = \"gold\", turnover = \"1000.00\", adds = \"1%\" }]\n",
        )
        .replace(
            "[plugin.config]",
            "aggregates = [{ figure = \"turnover\", of = \"program\", period = \"month\", back = 1 }, \
             { figure = \"turnover\", of = \"program\", period = \"month\", back = 2 }]\n\n[plugin.config]",
        ),
    );
    super::lay(&sandbox, "levels", &fs::read(built("levels")).expect("a library"));
    sandbox.write(
        "orders.csv",
        &format!(
            "{HEADER}1,1,2024-01-01 10:30:00,1.00,1,pending,USD,7,N\n\
             2,1,2024-01-15 10:30:00,1000.00,1,approved,USD,7,N\n\
             3,1,2024-02-15 10:30:00,999.99,1,approved,USD,7,N\n\
             4,1,2024-03-09 23:59:59,100.00,1,approved,USD,7,N\n\
             5,1,2024-03-10 00:00:00,100.00,1,approved,USD,7,N\n\
             6,1,2024-02-10 00:00:00,100.00,1,pending,USD,7,N\n"
        ),
    );
    sandbox.run("init").expect(0);
    sandbox.run("import orders.csv --program shop").expect(0);
    sandbox.run("recompute --allow-plugins").expect(0);
    // Until the 9th of March January counts, which reached gold; from the 10th on February, which did not.
    assert_eq!(
        earned(&sandbox, &["4", "5", "6"]),
        ["5.00 + 1.00 commissionable", "5.00 + 0.00 commissionable", "5.00 + 1.00 commissionable"]
    );
}
