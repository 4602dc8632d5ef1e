//! Two invented programs that use what the shipped ones do not.
//!
//! Owns their files' text. `oracle-bazaar` sits in a zone whose clock changes at midnight, `oracle-yen` in
//! one that changes by half an hour and pays in a currency without decimals.

/// The files, by path below the sandbox's folder.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("schedules/oracle-bazaar/program.toml", BAZAAR),
    ("schedules/oracle-bazaar/categories.csv", BAZAAR_TREE),
    ("schedules/oracle-bazaar/2022-11-06.toml", BAZAAR_A),
    ("schedules/oracle-bazaar/2023-03-12.toml", BAZAAR_B),
    ("schedules/oracle-bazaar/2023-06-15-afternoon.toml", BAZAAR_C),
    ("schedules/oracle-bazaar/2023-11-05.toml", BAZAAR_D),
    ("schedules/oracle-yen/program.toml", YEN),
    ("schedules/oracle-yen/categories/old.csv", YEN_OLD_TREE),
    ("schedules/oracle-yen/categories/new.csv", YEN_NEW_TREE),
    ("schedules/oracle-yen/2023-01-01.toml", YEN_A),
    ("schedules/oracle-yen/2023-10-01.toml", YEN_B),
    ("schedules/oracle-yen/2024-04-07.toml", YEN_C),
];

const BAZAAR: &str = r#"
format          = 1
name            = "Oracle Bazaar (invented)"
timezone        = "America/Havana"
payout_currency = "USD"
governed_by     = "ordered"
"#;

const BAZAAR_TREE: &str = "id,parent,name
1,,Home
11,1,Kitchen
111,11,Pots
12,1,Garden
2,,Technics
21,2,Phones
211,21,Cases
22,2,Laptops
221,22,Sleeves
3,,Toys
31,3,Dolls
4,,Books
9,,Vouchers
91,9,Gift Cards
";

/// Starts on a midnight that occurs twice; no default rate.
const BAZAAR_A: &str = r#"
format       = 1
effective_on = 2022-11-06
source       = "invented"

[policy]
basis        = "paid_amount"
currency     = "USD"
rounding     = "half_even"
attribution_window = "P7D"
service_fee  = { max = "60%", ship_to = ["@eu"], when_unknown = "max" }
bonus_without_commission = true
[policy.clauses]
qualified    = "A.1"
attribution_window = "A.2"
currency     = "A.3"

[groups]
eu  = ["DE", "FR"]
far = ["JP", "AU"]

[[exclude]]
clause = "A.10"
reason = "voucher"
categories = [9]

[[exclude]]
clause = "A.11"
reason = "foreign_click"
not_click_countries = ["DE", "FR", "US"]
platform = "web"

[[exclude]]
clause = "A.12"
reason = "coupon_on_toys"
coupon = "yes"
categories = [3]

[[exclude]]
clause = "A.13"
reason = "euro"
currencies = ["EUR"]

[[rate]]
clause = "A.20"
rate = "10%"
item = "hot"

[[rate]]
clause = "A.21"
rate = { min = "0.8%", max = "70%" }
categories = [21]

[[rate]]
clause = "A.22"
rate = "unknown"
categories = [22]

[[rate]]
clause = "A.23"
amount = "1.00"
categories = [3]
platform = "app"

[[rate]]
clause = "A.24"
rate = "7.5%"
not_ship_to = ["@far"]
link = "product"

[[rate]]
clause = "A.25"
rate = "2.5%"
stores = ["5001", "5002"]

[[rate]]
clause = "A.26"
rate = "2.5%"
products = ["9001"]

[[rate]]
clause = "A.27"
rate = "7.5%"
ship_to = ["@far"]

[[rate]]
clause = "A.28"
rate = "2.50%"
coupon = "no"

[[bonus]]
clause = "A.40"
for = "new_buyer"
amount = "1.50"
ship_to = ["DE"]

[[bonus]]
clause = "A.41"
for = "new_buyer"
amount = "2.25"
platform = "app"

[[bonus]]
clause = "A.42"
for = "new_buyer"
amount = "0.75"
click_countries = ["US"]

[cap]
clause = "A.50"
per_order = "20.00"
covers = ["commission", "bonus"]
scope = "line"
"#;

/// Starts on a midnight that does not exist, ends before the next one starts; no window, no fee.
const BAZAAR_B: &str = r#"
format       = 1
effective_on = 2023-03-12
ends_on      = 2023-06-01
source       = "invented"

[policy]
basis        = "product_price"
currency     = "USD"
rounding     = "floor"
[policy.clauses]
qualified    = "B.1"

[[exclude]]
clause = "B.10"
reason = "own_click"
click_country = "same"
link = "other"

[[exclude]]
clause = "B.11"
reason = "foreign_storefront"
not_seller_countries = ["CN", "DE"]
hosts = ["shop.example.com"]

[[exclude]]
clause = "B.12"
reason = "old_buyer_elsewhere"
not_categories = [1, 2, 3]
buyer = "returning"

[[rate]]
clause = "B.20"
rate = "12.5%"
click_country = "same"

[[rate]]
clause = "B.21"
rate = "unknown"
not_categories = [1, 2]

[[rate]]
clause = "B.22"
rate = "3.3%"
item = "affiliate"

[[rate]]
clause = "B.23"
rate = "4.4%"
item = "not_affiliate"
price_from = "10.00"
price_below = "100.00"

[[rate]]
clause = "B.24"
amount = "0.05"
coupon = "yes"

[[rate]]
clause = "B.25"
rate = "5%"
hosts = ["shop.example.com"]

[[rate]]
clause = "B.26"
rate = "0.05%"

[[bonus]]
clause = "B.40"
for = "new_buyer"
amount = "5.00"
platform = "web"

[[bonus]]
clause = "B.41"
for = "new_buyer"
amount = "4.00"

[cap]
clause = "B.50"
per_order = "4.50"
covers = ["bonus"]
scope = "order"
"#;

/// Starts in the afternoon, given with another offset; the cap's scope is left to its default.
const BAZAAR_C: &str = r#"
format       = 1
effective_at = 2023-06-16T02:30:00+05:30
source       = "invented"

[policy]
basis        = "paid_amount"
currency     = "USD"
rounding     = "half_up"
attribution_window = "P2D"
service_fee  = { max = "8%", ship_to = ["@eu"], when_unknown = "max" }
bonus_without_commission = true
[policy.clauses]
qualified    = "C.1"
attribution_window = "C.2"
currency     = "C.3"

[groups]
eu = ["DE", "FR"]

[[rate]]
clause = "C.20"
rate = "9%"
categories = [1]
on_from = 2023-07-01
on_until = 2023-08-01

[[rate]]
clause = "C.21"
rate = "1.25%"
price_from = "50.00"

[[rate]]
clause = "C.22"
amount = "0.07"
price_below = "5.00"

[[rate]]
clause = "C.23"
rate = "6.66%"
buyer = "new"
platform = "app"

[[rate]]
clause = "C.24"
rate = "5.55%"
currencies = ["USD"]
click_countries = ["US", "JP"]

[[rate]]
clause = "C.25"
rate = "5.55%"
not_click_countries = ["US", "DE"]

[[rate]]
clause = "C.26"
rate = { min = "1%", max = "5%" }
seller_countries = ["CN"]

[[rate]]
clause = "C.27"
rate = "0.5%"

[[bonus]]
clause = "C.40"
for = "new_buyer"
amount = "3.00"
seller_countries = ["CN"]
link = "store"

[[bonus]]
clause = "C.41"
for = "new_buyer"
amount = "6.00"
not_categories = [2]

[cap]
clause = "C.50"
per_order = "7.77"
covers = ["commission", "incentive", "bonus"]
"#;

/// Ends for good at an instant; no cap, no bonus.
const BAZAAR_D: &str = r#"
format       = 1
effective_on = 2023-11-05
ends_at      = 2024-02-01T00:00:00Z
source       = "invented"

[policy]
basis        = "product_price"
currency     = "USD"
rounding     = "half_up"
attribution_window = "P1D"
service_fee  = { max = "8%", ship_to = ["@eu"], when_unknown = "max" }
[policy.clauses]
qualified    = "D.1"
attribution_window = "D.2"
currency     = "D.3"

[groups]
eu = ["DE", "FR"]

[[exclude]]
clause = "D.10"
reason = "campaign_stores"
stores = ["5001"]
on_from = 2023-11-20
on_until = 2023-12-01

[[rate]]
clause = "D.20"
rate = "8%"
on_until = 2023-11-06

[[rate]]
clause = "D.21"
rate = "unknown"
on_from = 2024-01-30

[[rate]]
clause = "D.22"
rate = "0%"
categories = [12]

[[rate]]
clause = "D.23"
rate = "100%"
not_categories = [9]

[[rate]]
clause = "D.24"
amount = "0.00"
categories = [9]
"#;

const YEN: &str = r#"
format          = 1
name            = "Oracle Yen (invented)"
timezone        = "Australia/Lord_Howe"
payout_currency = "JPY"
governed_by     = "finished"
"#;

const YEN_OLD_TREE: &str = "id,parent,name
1,,All
2,1,Left
3,1,Right
31,3,Right Low
";

const YEN_NEW_TREE: &str = "id,parent,name
1,,Left
2,1,Left Low
3,,Right
31,3,Right Low
311,31,Right Lowest
";

const YEN_A: &str = r#"
format        = 1
effective_on  = 2023-01-01
source        = "invented"
category_tree = "old"

[policy]
basis         = "product_price"
currency      = "JPY"
rounding      = "half_up"
attribution_window = "P3D"
service_fee   = { max = "8%", ship_to = ["DE", "FR"], when_unknown = "max" }
[policy.clauses]
qualified     = "J.1"
attribution_window = "J.2"
currency      = "J.3"

[[exclude]]
clause = "J.10"
reason = "dear_web"
price_from = "50000"
platform = "web"

[[rate]]
clause = "J.20"
rate = "4.0%"
categories = [3]

[[rate]]
clause = "J.21"
amount = "100"
categories = [2]
coupon = "yes"

[[rate]]
clause = "J.22"
rate = "2.5%"
categories = [1]

[[rate]]
clause = "J.23"
rate = "1.5%"

[[bonus]]
clause = "J.40"
for = "new_buyer"
amount = "300"

[cap]
clause = "J.50"
per_order = "1000"
covers = ["commission"]
scope = "order"
"#;

const YEN_B: &str = r#"
format        = 1
effective_on  = 2023-10-01
source        = "invented"
category_tree = "new"

[policy]
basis         = "paid_amount"
currency      = "JPY"
rounding      = "half_even"
attribution_window = "P5D"
service_fee   = { max = "25%", ship_to = ["DE", "FR"], when_unknown = "max" }
[policy.clauses]
qualified     = "K.1"
attribution_window = "K.2"
currency      = "K.3"

[[exclude]]
clause = "K.10"
reason = "left"
categories = [1]
not_ship_to = ["JP"]

[[rate]]
clause = "K.20"
rate = "6.25%"
categories = [3]

[[rate]]
clause = "K.21"
rate = { min = "1%", max = "2%" }
item = "not_affiliate"

[[rate]]
clause = "K.22"
rate = "0.1%"

[[bonus]]
clause = "K.40"
for = "new_buyer"
amount = "250"
ship_to = ["JP"]

[cap]
clause = "K.50"
per_order = "777"
covers = ["bonus", "commission"]
scope = "order"
"#;

const YEN_C: &str = r#"
format        = 1
effective_on  = 2024-04-07
source        = "invented"
category_tree = "new"

[policy]
basis         = "product_price"
currency      = "JPY"
rounding      = "floor"
bonus_without_commission = true
[policy.clauses]
qualified     = "L.1"
currency      = "L.3"

[[rate]]
clause = "L.20"
rate = "50%"
item = "hot"
coupon = "no"

[[rate]]
clause = "L.21"
rate = "33.3333%"

[[bonus]]
clause = "L.40"
for = "new_buyer"
amount = "1"

[cap]
clause = "L.50"
per_order = "100"
covers = ["commission"]
scope = "line"
"#;
