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
    let told = sandbox.run("plugin check aliexpress-tiered --allow-plugins").expect(0).err;
    for (version, plugin) in
        [("2016-09-10", "tiers"), ("2017-10-16", "levels"), ("2019-09-17", "tiers")]
    {
        let taken = format!("aliexpress-tiered/{version}.toml: {plugin} 0.1.0 takes it, for orders from {version} on\n");
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
